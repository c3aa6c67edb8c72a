import CLibZip
import Foundation
import Testing

@testable import Transfer

@Suite("Workbooks")
struct XLSXTests {
    private static let main = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"

    /// A workbook as a zip file in memory would be written by a program that uses all the forms.
    private static func workbook(_ sheets: [String], date1904: Bool = false, extra: [String: String] = [:]) throws -> String {
        var parts = [
            "_rels/.rels": "<Relationships><Relationship Id='r1' Type='\(main)/officeDocument' Target='xl/workbook.xml'/></Relationships>",
            "xl/workbook.xml":
                "<workbook xmlns:r='\(main)'><workbookPr date1904='\(date1904 ? 1 : 0)'/><sheets>"
                + sheets.indices.map { "<sheet name='Sheet \($0 + 1)' sheetId='\($0 + 1)' r:id='s\($0)'/>" }.joined()
                + "</sheets></workbook>",
            "xl/_rels/workbook.xml.rels":
                "<Relationships>"
                + sheets.indices.map { "<Relationship Id='s\($0)' Type='\(main)/worksheet' Target='worksheets/sheet\($0).xml'/>" }.joined()
                + "<Relationship Id='t' Type='\(main)/sharedStrings' Target='sharedStrings.xml'/>"
                + "<Relationship Id='f' Type='\(main)/styles' Target='/xl/styles.xml'/></Relationships>",
            "xl/sharedStrings.xml":
                "<sst><si><t>plain</t></si><si><r><t>rich</t></r><r><t xml:space='preserve'> text</t></r><rPh><t>x</t></rPh></si><si><t>a_x000D_b</t></si></sst>",
            "xl/styles.xml":
                "<styleSheet><numFmts><numFmt numFmtId='200' formatCode='dd\\.mm\\.yyyy'/><numFmt numFmtId='201' formatCode='[h]:mm'/>"
                + "<numFmt numFmtId='202' formatCode='0.00\" d\";[Red]-0.00'/></numFmts><cellStyleXfs><xf numFmtId='14'/></cellStyleXfs>"
                + "<cellXfs><xf numFmtId='0'/><xf numFmtId='14'/><xf numFmtId='200'/><xf numFmtId='201'/><xf numFmtId='202'/><xf numFmtId='22'/></cellXfs></styleSheet>",
        ]
        for (index, sheet) in sheets.enumerated() {
            parts["xl/worksheets/sheet\(index).xml"] = "<worksheet><sheetData>\(sheet)</sheetData></worksheet>"
        }
        parts.merge(extra) { $1 }
        let path = "\(NSTemporaryDirectory())/tessera-\(UUID().uuidString).xlsx"
        var code: Int32 = 0
        let archive = try #require(zip_open(path, Int32(ZIP_CREATE | ZIP_TRUNCATE), &code))
        let kept = parts.map { (name: $0, text: strdup($1), count: UInt64($1.utf8.count)) }
        defer { kept.forEach { free($0.text) } }
        for (name, text, count) in kept {
            let source = try #require(zip_source_buffer(archive, text, count, 0))
            try #require(zip_file_add(archive, name, source, 0) >= 0)
        }
        try #require(zip_close(archive) == 0)
        return path
    }

    private static func rows(_ path: String, sheet: String? = nil, limits: XLSXLimits = XLSXLimits()) throws -> [TableRow] {
        let file = try XLSXFile(path, sheet: sheet, limits: limits)
        var rows: [TableRow] = []
        while case .row(let row)? = try file.next() { rows.append(row) }
        return rows
    }

    @Test(
        "are read cell by cell",
        arguments: [
            ("<c t='s'><v>0</v></c>", "plain"), ("<c t='s'><v>1</v></c>", "rich text"), ("<c t='s'><v>2</v></c>", "a\rb"),
            ("<c t='inlineStr'><is><t>here</t></is></c>", "here"), ("<c t='str'><f>A1</f><v>result</v></c>", "result"),
            ("<c t='b'><v>1</v></c>", "true"), ("<c t='b'><v>0</v></c>", "false"), ("<c><v>12.50</v></c>", "12.50"),
            ("<c><v>0.30000000000000004</v></c>", "0.3"), ("<c><v>1E+20</v></c>", "100000000000000000000"),
            ("<c><v>-1.5E-3</v></c>", "-0.0015"),
            ("<c><v>19.989999999999998</v></c>", "19.99"), ("<c s='4'><v>2.5</v></c>", "2.5"), ("<c s='1'><v>45351</v></c>", "2024-02-29"),
            ("<c s='2'><v>45351.75</v></c>", "2024-02-29T18:00:00"), ("<c s='2'><v>1</v></c>", "1900-01-01"),
            ("<c s='2'><v>61</v></c>", "1900-03-01"),
            ("<c s='2'><v>0.5</v></c>", "12:00:00"), ("<c s='3'><v>1.5</v></c>", "P1DT12H"),
            ("<c s='5'><v>44000.00001157407</v></c>", "2020-06-18T00:00:01"),
            ("<c t='d'><v>2024-02-29</v></c>", "2024-02-29"), ("<c t='e'><v>#N/A</v></c>", "#N/A"),
        ])
    func cells(xml: String, text: String) throws {
        let path = try Self.workbook(["<row>\(xml)</row>"])
        defer { unlink(path) }
        #expect(try Self.rows(path).map(\.texts) == [[text]])
    }

    @Test("keep places of cells, leave out empty rows and empty ends")
    func places() throws {
        let path = try Self.workbook([
            "<row r='2'><c r='B2'><v>1</v></c><c r='D2'><v>2</v></c><c r='F2' s='1'/></row><row r='3'/><row r='7'><c r='A7'><v>3</v></c></row>",
            "<row><c><v>9</v></c></row>",
        ])
        defer { unlink(path) }
        let rows = try Self.rows(path)
        #expect(rows.map(\.texts) == [["", "1", "", "2"], ["3"]])
        #expect(rows.map(\.line) == [2, 7])
        #expect(try Self.rows(path, sheet: "sheet 2").map(\.texts) == [["9"]])
        #expect(throws: ImportError.self) { try Self.rows(path, sheet: "Sheet 3") }
    }

    @Test("count days from 1904 where they say so")
    func epoch() throws {
        let path = try Self.workbook(["<row><c s='1'><v>43889</v></c><c s='1'><v>0</v></c></row>"], date1904: true)
        defer { unlink(path) }
        #expect(try Self.rows(path).map(\.texts) == [["2024-02-29", "1904-01-01"]])
    }

    @Test(
        "are refused when they are none or would fill the memory",
        arguments: [
            ("<row><c t='s'><v>7</v></c></row>", "a text that the workbook doesn't have"),
            ("<row><c r='ZZZ1'><v>7</v></c></row>", "beyond the 300th column"),
            ("<row><c r='B1'><v>1</v></c><c r='A1'><v>7</v></c></row>", "out of order"), ("<row", "is no XML"),
            ("<row><c t='inlineStr'><is><t>\(String(repeating: "x", count: 5000))</t></is></c></row>", "more than 4096 bytes"),
            (String(repeating: "<row><c><v>1</v></c></row>", count: 1_000_000), "inflates to more than 20 times"),
        ])
    func refusals(xml: String, reason: String) throws {
        let path = try Self.workbook([xml])
        defer { unlink(path) }
        let error = try #require(throws: ImportError.self) {
            try Self.rows(path, limits: XLSXLimits(inflation: 20, cellBytes: 4096, cells: 300))
        }
        #expect(error.message.contains(reason), "\(error)")
    }

    @Test("refuse document types, so that no entity grows")
    func doctype() throws {
        let path = try Self.workbook([""], extra: ["xl/worksheets/sheet0.xml": "<!DOCTYPE a [<!ENTITY b 'c'>]><worksheet>&b;</worksheet>"])
        defer { unlink(path) }
        let error = try #require(throws: ImportError.self) { try Self.rows(path) }
        #expect(error.message.contains("document type"), "\(error)")
    }

    @Test("are read back as they were written")
    func writing() throws {
        let writer = try XLSXWriter(sheet: "people", headers: ["id", "name"])
        try writer.add([.text("1"), .text(" Ü\r\n_x000D_ <&> ")])
        try writer.add([.number(-1234.5), .boolean(true)])
        try writer.add([.date(45351), .moment(45351.25)])
        let descriptor = try writer.finish()
        defer { close(descriptor) }
        var bytes = [UInt8](repeating: 0, count: 1 << 20)
        let count = read(descriptor, &bytes, bytes.count)
        let rows = try XLSXSheets.rows(ofWorkbook: Array(bytes.prefix(max(0, count))))
        #expect(
            rows.map(\.texts) == [
                ["id", "name"], ["1", " Ü\r\n_x000D_ <&> "], ["-1234.5", "true"], ["2024-02-29", "2024-02-29T06:00:00"],
            ])
    }

    @Test(
        "tell dates from numbers by their formats",
        arguments: [
            ("yyyy\\-mm\\-dd", "date"), ("[$-409]d. mmmm yyyy;@", "date"), ("[h]:mm:ss", "elapsed"), ("0.00", "number"),
            ("#,##0 \"days\"", "number"),
            ("[Red]0.0", "number"), ("0_d", "number"), ("General", "number"), ("0;\"dd\"", "number"),
        ])
    func formats(code: String, kind: String) {
        #expect("\(CellStyle(code: code))" == kind)
    }
}
