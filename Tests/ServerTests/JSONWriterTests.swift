import JSONReading
import Testing

@testable import Server

@Suite("Writing JSON")
struct JSONWriterTests {
    @Test("writes what it reads")
    func writes() throws {
        var writer = JSONWriter()
        writer.object { json in
            json.field("a\"b", "tab\tnul\u{1}é\\")
            json.field("n", 3)
            json.array("l") { json in
                json.raw("null")
                json.object { _ in }
            }
        }
        let text = String(decoding: writer.bytes, as: UTF8.self)
        #expect(text == #"{"a\"b":"tab\tnul\u0001é\\","n":3,"l":[null,{}]}"#)
        var reader = JSONReader(writer.bytes)
        try reader.skipValue()
    }
}
