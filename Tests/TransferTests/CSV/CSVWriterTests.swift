import TestRandom
import Testing

@testable import Transfer

@Suite("Writing CSV")
struct CSVWriterTests {
    @Test(
        "quotes what needs quotes and nothing else",
        arguments: [
            (["a", "b c", "1.5"], "a,b c,1.5\r\n"),
            (["x,y", "say \"hi\"", "two\nlines", "cr\r"], "\"x,y\",\"say \"\"hi\"\"\",\"two\nlines\",\"cr\r\"\r\n"),
            ([" a", "b ", " "], "\" a\",\"b \",\" \"\r\n"), (["", nil, "z"], "\"\",,z\r\n"), ([nil, nil], ",\r\n"), ([nil], "\"\"\r\n"),
            ([""], "\"\"\r\n"), (["Müller", "日本"], "Müller,日本\r\n"), (["a;b", "it's"], "\"a;b\",it's\r\n"),
        ] as [([String?], String)])
    func writes(fields: [String?], expected: String) {
        var writer = CSVWriter()
        writer.row(fields)
        #expect(String(decoding: writer.take(), as: UTF8.self) == expected)
        #expect(writer.take() == [])
    }

    @Test("writes other delimiters and line ends, and a byte order mark for Excel")
    func options() {
        var writer = CSVWriter(delimiter: UInt8(ascii: ";"), lineEnd: "\n", byteOrderMark: true)
        writer.row(["a;b", "c,d"])
        #expect(writer.take() == [0xEF, 0xBB, 0xBF] + Array("\"a;b\";\"c,d\"\n".utf8))
        writer.row(["e"])
        #expect(writer.take() == Array("e\n".utf8))
    }

    @Test("reads back what it wrote, whatever the texts and chunks")
    func roundTrip() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let characters = Array("ab,;\t\"\r\n '=-+1é€🦊|\u{FEFF}")
        for round in 0..<400 {
            let delimiter = CSVOptions.delimiters[round % CSVOptions.delimiters.count]
            let width = Int.random(in: 1...5, using: &random)
            let rows = (0..<Int.random(in: 1...12, using: &random)).map { _ in
                (0..<width).map { _ -> String? in
                    if Int.random(in: 0..<8, using: &random) == 0 { return nil }
                    return String(
                        (0..<Int.random(in: 0...12, using: &random)).map { _ in
                            characters[Int.random(in: 0..<characters.count, using: &random)]
                        })
                }
            }
            var writer = CSVWriter(delimiter: delimiter, lineEnd: ["\r\n", "\n", "\r"][round % 3], byteOrderMark: true)
            for row in rows { writer.row(row) }
            let bytes = writer.take()
            let step = Int.random(in: 1...50, using: &random)
            var reader = CSVReader(CSVOptions(delimiter: delimiter))
            var row = TableRow()
            var read: [[String?]] = []
            func drain() throws {
                while try reader.next(into: &row) {
                    read.append((0..<row.count).map { row.isEmpty($0) && !row.isQuoted($0) ? nil : row.text($0) })
                }
            }
            for start in stride(from: 0, to: bytes.count, by: step) {
                reader.append(bytes[start..<min(start + step, bytes.count)])
                try drain()
            }
            reader.finish()
            try drain()
            // A row of one field without a value is written as an empty text: an empty line would be no row.
            let expected = rows.map { $0 == [nil] ? [""] : $0 }
            #expect(read == expected, "seed \(seed), round \(round)")
        }
    }
}
