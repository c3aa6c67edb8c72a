import Glibc
import Transfer

/// Workbooks: as zip files when the input is one, else the input is the XML of a sheet with texts and styles before it.
struct XLSXFront: Front {
    static let name = "xlsx"
    static let longestInput = 64 << 10
    static let dictionary = [
        "PK\u{3}\u{4}", "<row r=\"1\">", "</row>", "<c r=\"A1\" t=\"s\"><v>0</v></c>", "<c t=\"inlineStr\"><is><t>x</t></is></c>",
        "<c t=\"b\"><v>1</v></c>",
        "<c t=\"e\"><v>#N/A</v></c>", "<c s=\"1\"><v>45000.5</v></c>", "<c t=\"d\"><v>2024-02-29</v></c>", "<v>1E+308</v>", "<v>-0.1</v>",
        "<rPh>",
        "</rPh>", "<si><t>", "</t></si>", "r=\"XFD1\"", "r=\"ZZZZ9\"", "_x000D_", "_xD800_", "<!DOCTYPE a [<!ENTITY b \"c\">]>", "&amp;",
        "&b;",
        "<numFmt numFmtId=\"200\" formatCode=\"yyyy\"/>", "<cellXfs><xf numFmtId=\"14\"/></cellXfs>", "[h]:mm", "0.00;[Red]-0.00", "\0",
        "<![CDATA[x]]>", "<?xml version=\"1.0\" encoding=\"UTF-16\"?>", "\u{FEFF}",
    ]

    func run(_ input: [UInt8]) -> Outcome {
        let limits = XLSXLimits(partBytes: 8 << 20, inflation: 200, sharedBytes: 1 << 20, cellBytes: 4096, cells: 300)
        do throws(XLSXError) {
            let rows =
                input.starts(with: [0x50, 0x4B])
                ? try XLSXSheets.rows(ofWorkbook: input, limits: limits) : try XLSXSheets.rows(ofSheet: input, limits: limits)
            for row in rows {
                if row.count > limits.cells { return Outcome("", finding: "a row of \(row.count) cells where \(limits.cells) are allowed") }
                for cell in row.texts where cell.utf8.count > 4 * limits.cellBytes {
                    return Outcome("", finding: "a cell of \(cell.utf8.count) bytes where \(limits.cellBytes) are allowed")
                }
            }
            let kinds = Set(rows.flatMap(\.texts).map { Self.kind($0) }).sorted()
            return Outcome("\(min(rows.count, 4)) \(Set(rows.map { min($0.count, 6) }).sorted()) \(kinds)")
        } catch {
            return Outcome(error.description.withoutDetails)
        }
    }

    private static func kind(_ text: String) -> String {
        if text.isEmpty { return "" }
        return String(
            text.prefix(12).map { $0.isNumber ? "9" : $0.isLetter ? "a" : $0 }.reduce(into: "") { if $0.last != $1 { $0.append($1) } })
    }
}
