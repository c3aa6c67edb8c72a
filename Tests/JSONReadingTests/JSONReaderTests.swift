import JSONReading
import TestRandom
import Testing

@Suite("Reading JSON")
struct JSONReaderTests {
    static let good = [
        "null", "true", "false", "0", "-0", "1.5e10", "\"\"", "\"a\\u00e9\\ud83d\\ude00\\n\"", "[]", "[1,2]", "{}", " { \"a\" : [ { } ] } ",
        "\"é\"",
    ]

    @Test("takes what the standard allows", arguments: good)
    func accepts(text: String) throws {
        var reader = JSONReader(Array(text.utf8))
        try reader.skipValue()
        try reader.finish()
    }

    static let bad: [(String, Int)] = [
        ("", 0), ("nul", 0), ("01", 0), ("1.", 2), (".5", 0), ("+1", 0), ("1e", 2), ("NaN", 0), ("'a'", 0), ("\"a", 0), ("\"\\x\"", 1),
        ("\"\\u12\"", 1),
        ("\"\\ud800\"", 1), ("\"\\ud800\\u0041\"", 1), ("\"\\udc00\"", 1), ("\"\\u0000\"", 1), ("\"a\nb\"", 2), ("[1,]", 3), ("[1 2]", 3),
        ("[,1]", 1),
        ("{\"a\"}", 4), ("{\"a\":}", 5), ("{\"a\":1,}", 7), ("{a:1}", 1), ("{\"a\":1 \"b\":2}", 7), ("{\"a\":1,\"a\":2}", 7), ("{,}", 1),
        ("[", 1), ("{", 1),
        ("1 2", 2), ("\u{FEFF}1", 0), ("[1]]", 3), ("//c\n1", 0), ("tru", 0), ("{\"x\":{\"y\":1,\"y\":1}}", 12),
    ]

    @Test("refuses what it doesn't, and says where", arguments: bad)
    func refuses(text: String, offset: Int) {
        var reader = JSONReader(Array(text.utf8))
        let error = #expect(throws: JSONSyntaxError.self) {
            try reader.skipValue()
            try reader.finish()
        }
        #expect(error?.offset == offset, "\(text): \(error?.message ?? "")")
    }

    @Test("refuses bytes that aren't UTF-8")
    func refusesBrokenText() {
        for bytes: [UInt8] in [[0xFF], [0xC0, 0x80], [0xED, 0xA0, 0x80], [0xF5, 0x80, 0x80, 0x80], [0xE2, 0x82]] {
            var reader = JSONReader([0x22] + bytes + [0x22])
            #expect(throws: JSONSyntaxError.self) { try reader.readString() }
        }
    }

    @Test("nests up to its limit, and no deeper")
    func depth() throws {
        let most = JSONReader.maximumDepth
        var reader = JSONReader(Array((String(repeating: "[", count: most) + String(repeating: "]", count: most)).utf8))
        try reader.skipValue()
        var deeper = JSONReader(Array(String(repeating: "[", count: 1_000_000).utf8))
        let error = #expect(throws: JSONSyntaxError.self) { try deeper.skipValue() }
        #expect(error?.offset == most)
    }

    @Test("keeps numbers as they were written")
    func numbers() throws {
        var reader = JSONReader(Array("-12345678901234567890.10".utf8))
        #expect(String(decoding: try reader.readNumber(), as: UTF8.self) == "-12345678901234567890.10")
    }

    @Test("counts lines and columns as editors do")
    func positions() {
        let bytes = Array("ab\ncd\n".utf8)
        #expect(JSONPosition(of: 0, in: bytes).description == "line 1, column 1")
        #expect(JSONPosition(of: 4, in: bytes).description == "line 2, column 2")
        #expect(JSONPosition(of: 99, in: bytes).description == "line 3, column 1")
    }

    @Test("survives any bytes: what it takes, it takes twice alike; nothing traps")
    func anyBytes() {
        var generator = SeededGenerator(seed: .random(in: .min ... .max))
        print("seed \(generator.seed)")
        let alphabet = Array("{}[]:,\"\\u0019eE+-.tfn \n".utf8) + [0xC3, 0xA9, 0xFF, 0x00]
        for _ in 0..<20_000 {
            let bytes = (0..<Int.random(in: 0..<40, using: &generator)).map { _ in alphabet.randomElement(using: &generator) ?? 0 }
            var reader = JSONReader(bytes)
            let first = try? reader.skipValue()
            #expect(reader.offset <= bytes.count)
            guard let first else { continue }
            var again = JSONReader(Array(first))
            #expect((try? again.skipValue()) == ArraySlice(first.map { $0 }))
        }
    }
}
