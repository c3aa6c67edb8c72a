import TestRandom
import Testing

@testable import Transfer

@Suite("Reading CSV")
struct CSVReaderTests {
    struct Case: Sendable, CustomTestStringConvertible {
        let name: String
        let input: [UInt8]
        let rows: [[String]]
        var testDescription: String { name }

        init(_ name: String, _ input: String, _ rows: [[String]]) { self.init(name, Array(input.utf8), rows) }

        init(_ name: String, _ input: [UInt8], _ rows: [[String]]) {
            self.name = name
            self.input = input
            self.rows = rows
        }
    }

    static let cases = [
        Case("nothing", "", []),
        Case("line breaks only", "\n\r\n\r", []),
        Case("one field", "a", [["a"]]),
        Case("RFC 4180: rows end with CRLF", "aaa,bbb,ccc\r\nzzz,yyy,xxx\r\n", [["aaa", "bbb", "ccc"], ["zzz", "yyy", "xxx"]]),
        Case("RFC 4180: no break after the last row", "aaa,bbb\r\nzzz,yyy", [["aaa", "bbb"], ["zzz", "yyy"]]),
        Case(
            "RFC 4180: quoted fields", "\"aaa\",\"b\r\nbb\",\"ccc\"\r\nzzz,yyy,xxx", [["aaa", "b\r\nbb", "ccc"], ["zzz", "yyy", "xxx"]]),
        Case("RFC 4180: doubled quotes", "\"aaa\",\"b\"\"bb\",\"ccc\"", [["aaa", "b\"bb", "ccc"]]),
        Case("only doubled quotes", "\"\"\"\",\"\"\"\"\"\"", [["\"", "\"\""]]),
        Case("empty fields", ",\n,,\n\"\",\n", [["", ""], ["", "", ""], ["", ""]]),
        Case("CR alone ends lines", "a,b\rc,d\r", [["a", "b"], ["c", "d"]]),
        Case("mixed line ends and empty lines", "a,b\n\n\r\nc,d\r\re,f\n", [["a", "b"], ["c", "d"], ["e", "f"]]),
        Case("spaces belong to unquoted fields", " a , b \n  ,c\n", [[" a ", " b "], ["  ", "c"]]),
        Case("spaces around quotes do not", "a,b\n  \"x,y\"  , \"z\" \n", [["a", "b"], ["x,y", "z"]]),
        Case("quotes inside an unquoted field are text", "5\" disk,say \"hi\"\n", [["5\" disk", "say \"hi\""]]),
        Case("semicolons", "a;b;c\n1,5;2;x,y\n", [["a", "b", "c"], ["1,5", "2", "x,y"]]),
        Case("tabs", "a\tb\n1,2\t3;4\n", [["a", "b"], ["1,2", "3;4"]]),
        Case("bars", "a|b\n1|2\n", [["a", "b"], ["1", "2"]]),
        Case("tabs within commas", "a,b\n\tx\ty,z\n", [["a", "b"], ["\tx\ty", "z"]]),
        Case(
            "commas in texts between semicolons", "Name;City, land\nJo;Oslo, Norway\nAl;Rome, Italy\n",
            [
                ["Name", "City, land"], ["Jo", "Oslo, Norway"], ["Al", "Rome, Italy"],
            ]),
        Case("semicolons in one text between commas", "a,b\n\"x;y\",c\nd,e;f\n", [["a", "b"], ["x;y", "c"], ["d", "e;f"]]),
        Case("a delimiter named in the first line", "sep=;\r\na;b\r\n1,2;3\r\n", [["a", "b"], ["1,2", "3"]]),
        Case("a byte order mark", [0xEF, 0xBB, 0xBF] + Array("näme,b\n".utf8), [["näme", "b"]]),
        Case("a byte order mark before a quote", [0xEF, 0xBB, 0xBF] + Array("\"a\",b\n".utf8), [["a", "b"]]),
        Case("UTF-8 beyond the basic plane", "🦊,日本\né,ß\n", [["🦊", "日本"], ["é", "ß"]]),
        Case(
            "Windows-1252",
            Array("name,fee\nM".utf8) + [0xFC] + Array("ller,".utf8) + [0x80] + Array("5\n\"".utf8) + [0x93] + Array("a\"\"b".utf8)
                + [0x94] + Array("\",c".utf8), [["name", "fee"], ["Müller", "€5"], ["“a\"b”", "c"]]),
        Case("rows of different lengths", "a,b,c\n1\n2,3,4,5\n", [["a", "b", "c"], ["1"], ["2", "3", "4", "5"]]),
    ]

    @Test("reads what spreadsheets and databases write", arguments: cases)
    func reads(_ test: Case) throws {
        #expect(try CSVReader.rows(of: test.input) == test.rows)
    }

    @Test("gives the same rows wherever the chunks are cut", arguments: cases)
    func chunks(_ test: Case) throws {
        for cut in 0...test.input.count {
            #expect(try Self.rows(of: [Array(test.input[..<cut]), Array(test.input[cut...])]) == test.rows, "cut after \(cut) bytes")
        }
        #expect(try Self.rows(of: test.input.map { [$0] }) == test.rows, "byte by byte")
    }

    @Test(
        "gives the same rows wherever the chunks are cut when delimiter and encoding are named",
        arguments: [0, 1, 2, 3, 5, 7, 8, 9, 15, 16, 17])
    func namedChunks(size: Int) throws {
        let text = "name,note\r\n\"Zoë \"\"Z\"\" O'Neil\",\"two\r\nlines, one \"\"field\"\"\"\r\n" + "plain,row\r\n\r\n ,\"\"\r\nlast,\"x\""
        let expected = [
            ["name", "note"], ["Zoë \"Z\" O'Neil", "two\r\nlines, one \"field\""], ["plain", "row"], [" ", ""], ["last", "x"],
        ]
        let options = CSVOptions(delimiter: UInt8(ascii: ","), encoding: .utf8)
        let bytes = Array(text.utf8)
        let step = size == 0 ? bytes.count : size
        let chunks = stride(from: 0, to: bytes.count, by: step).map { Array(bytes[$0..<min($0 + step, bytes.count)]) }
        #expect(try Self.rows(of: chunks, options) == expected)
    }

    struct Fault: Sendable, CustomTestStringConvertible {
        let input: [UInt8]
        let options: CSVOptions
        let error: String
        var testDescription: String { error }

        init(_ input: [UInt8], _ error: String, _ options: CSVOptions = CSVOptions()) {
            self.input = input
            self.options = options
            self.error = error
        }

        init(_ input: String, _ error: String, _ options: CSVOptions = CSVOptions()) { self.init(Array(input.utf8), error, options) }
    }

    static let faults = [
        Fault(
            "a,b\nc,\"d\n",
            "csv.unclosed_quote: line 2, column 3, field 2: "
                + "a quote is opened here and never closed; close it, or double a quote that is text"),
        Fault(
            "a,b\n\"x\ny\nz,\"q\" w\n",
            "csv.text_after_quote: line 4, column 4, field 1: "
                + "text after a closing quote; double the quotes that are text, or remove them"),
        Fault(
            "é,\"ü\r\nß\"x",
            "csv.text_after_quote: line 2, column 3, field 2: "
                + "text after a closing quote; double the quotes that are text, or remove them"),
        Fault("a,b\n1,\u{0}", "csv.zero_byte: line 2, column 3, field 2: a zero byte; if this is a UTF-16 file, save it as CSV in UTF-8"),
        Fault(
            "a,b\n\"1\n\u{0}\"", "csv.zero_byte: line 3, column 1, field 1: a zero byte; if this is a UTF-16 file, save it as CSV in UTF-8"),
        Fault([0xFF, 0xFE, 0x61, 0x00], "csv.encoding: line 1, column 1, field 1: the file is UTF-16; save it as CSV in UTF-8"),
        Fault(
            Array("ä,b\n\"x\ny\",z".utf8) + [0xE9],
            "csv.encoding: line 3, column 5, field 2: byte 0xE9 is not UTF-8, "
                + "which the file is otherwise; save the whole file in UTF-8"),
        Fault(
            "a,bcdefghi\n", "csv.field_too_long: line 1, column 3, field 2: a field of more than 6 bytes; is the delimiter the right one?",
            CSVOptions(limits: CSVLimits(fieldBytes: 6))),
        Fault(
            "a,b\n\n1,\"cde\nfghi",
            "csv.field_too_long: line 3, column 3, field 2: a field of more than 6 bytes; "
                + "is the quote that opens it closed?", CSVOptions(limits: CSVLimits(fieldBytes: 6))),
        Fault(
            "a,b,c\n1,2,3,4\n",
            "csv.too_many_fields: line 2, column 7, field 4: the row has more than 3 fields; is the delimiter the right one?",
            CSVOptions(limits: CSVLimits(fields: 3))),
        Fault(
            "a,b\n\"12345\n6789\",0\n", "csv.row_too_long: line 2, column 1, field 1: a row of more than 10 bytes; are all quotes closed?",
            CSVOptions(limits: CSVLimits(rowBytes: 10))),
    ]

    @Test("names the line and column of what it cannot read, and repeats it", arguments: faults)
    func rejects(_ fault: Fault) throws {
        var reader = CSVReader(fault.options)
        reader.append(fault.input)
        reader.finish()
        for _ in 0..<2 {
            let error = #expect(throws: CSVError.self) {
                var row = TableRow()
                while try reader.next(into: &row) {}
            }
            #expect(error?.description == fault.error)
        }
    }

    @Test("names the same place wherever the chunks are cut", arguments: faults)
    func rejectsInChunks(_ fault: Fault) {
        for cut in 0...fault.input.count {
            let error = #expect(throws: CSVError.self) {
                try Self.rows(of: [Array(fault.input[..<cut]), Array(fault.input[cut...])], fault.options)
            }
            #expect(error?.description == fault.error, "cut after \(cut) bytes")
        }
    }

    @Test("tells the line of each row, and an empty text from no value")
    func places() throws {
        var reader = CSVReader()
        reader.append("a,b\r\n\r\n\"x\ny\",\"\"\n,z".utf8)
        reader.finish()
        var row = TableRow()
        var lines: [Int] = []
        var quoted: [[Bool]] = []
        while try reader.next(into: &row) {
            lines.append(row.line)
            quoted.append((0..<3).map(row.isQuoted))
        }
        #expect(lines == [1, 3, 5])
        #expect(quoted == [[false, false, false], [true, true, false], [false, false, false]])
        #expect(row.isEmpty(0))
        #expect(row.text(1) == "z")
        #expect(row.text(2) == "")
        #expect(row.isEmpty(2))
        #expect(row.text(-1) == "")
    }

    @Test("tells what it recognised")
    func recognised() throws {
        var reader = CSVReader()
        var row = TableRow()
        reader.append("a;b\n1;2\n".utf8)
        #expect(try reader.next(into: &row) == false)
        #expect(reader.delimiter == nil)
        reader.finish()
        #expect(try reader.next(into: &row))
        #expect(reader.delimiter == UInt8(ascii: ";"))
        #expect(reader.encoding == nil)
    }

    @Test("keeps its memory flat over a long file")
    func flat() throws {
        var reader = CSVReader()
        var row = TableRow()
        let line = Array("some text,\"quoted, with \"\"quotes\"\"\",1234567890,second text\r\n".utf8)
        let chunk = (0..<2000).flatMap { _ in line }
        var rows = 0
        for _ in 0..<50 {
            reader.append(chunk)
            while try reader.next(into: &row) { rows += 1 }
        }
        reader.finish()
        while try reader.next(into: &row) { rows += 1 }
        #expect(rows == 100_000)
        let buffer = try #require(Mirror(reflecting: reader).descendant("buffer") as? [UInt8])
        #expect(buffer.capacity <= 4 * chunk.count)
    }

    @Test("never traps on arbitrary bytes, and reads them the same in any chunks")
    func arbitrary() throws {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let alphabet = Array("\",;\t|\r\n ab=é'".utf8) + [0x00, 0x80, 0xC3, 0xFF, 0xEF, 0xBB, 0xBF]
        for round in 0..<3000 {
            let bytes = (0..<Int.random(in: 0...40, using: &random)).map { _ in alphabet[Int.random(in: 0..<alphabet.count, using: &random)]
            }
            let whole = Result { try Self.rows(of: [bytes]) }
            let cut = Int.random(in: 0...bytes.count, using: &random)
            let parts = Result { try Self.rows(of: [Array(bytes[..<cut]), Array(bytes[cut...])]) }
            let single = Result { try Self.rows(of: bytes.map { [$0] }) }
            for other in [parts, single] {
                switch (whole, other) {
                case (.success(let left), .success(let right)): #expect(left == right, "seed \(seed), round \(round), bytes \(bytes)")
                case (.failure(let left), .failure(let right)):
                    #expect("\(left)" == "\(right)", "seed \(seed), round \(round), bytes \(bytes)")
                default: Issue.record("seed \(seed), round \(round), bytes \(bytes): \(whole) and \(other)")
                }
            }
        }
    }

    static func rows(of chunks: [[UInt8]], _ options: CSVOptions = CSVOptions()) throws -> [[String]] {
        var reader = CSVReader(options)
        var row = TableRow()
        var rows: [[String]] = []
        for chunk in chunks {
            reader.append(chunk)
            while try reader.next(into: &row) { rows.append(row.texts) }
        }
        reader.finish()
        while try reader.next(into: &row) { rows.append(row.texts) }
        return rows
    }
}
