/// Turns the XML of a sheet into rows. Numbers, days and truth values come in the forms of an export, and are marked as such.
final class SheetReader: XMLEventHandler {
    /// Rows that are complete and not taken yet.
    private var rows: [TableRow] = []
    private var taken = 0
    private(set) var failure: XLSXError?

    private let workbook: Workbook
    private let limits: XLSXLimits
    private var row = TableRow()
    private var cell = Cell()
    private var text: [UInt8] = []
    private var isText = false
    private var phonetic = 0

    private struct Cell {
        var column = 0
        var type = "n"
        var style = CellStyle.number
    }

    init(workbook: Workbook, limits: XLSXLimits) {
        self.workbook = workbook
        self.limits = limits
    }

    func next() -> TableRow? {
        guard taken < rows.count else {
            rows.removeAll(keepingCapacity: true)
            taken = 0
            return nil
        }
        defer { taken += 1 }
        return rows[taken]
    }

    // MARK: Events

    func start(_ element: String, _ attributes: [String: String]) {
        switch element {
        case "row":
            row.clear(line: attributes["r"].flatMap { Int($0) } ?? row.line + 1)
        case "c":
            let column = attributes["r"].map(Self.column) ?? row.count
            guard let column, column >= row.count, column < limits.cells else {
                failure = XLSXError(
                    "row \(row.line): the cell \(attributes["r"] ?? "") is out of order or beyond the \(limits.cells)th column")
                return
            }
            let style = attributes["s"].flatMap { Int($0) } ?? 0
            cell = Cell(
                column: column, type: attributes["t"] ?? "n",
                style: workbook.styles.indices.contains(style) ? workbook.styles[style] : .number)
            text.removeAll(keepingCapacity: true)
        case "v", "t": isText = phonetic == 0
        case "rPh": phonetic += 1
        default: return
        }
    }

    func text(_ bytes: UnsafeBufferPointer<UInt8>) {
        guard isText else { return }
        guard text.count + bytes.count <= limits.cellBytes else {
            failure = XLSXError("row \(row.line): a cell holds more than \(limits.cellBytes) bytes")
            return
        }
        text.append(contentsOf: bytes)
    }

    func end(_ element: String) {
        switch element {
        case "v", "t": isText = false
        case "rPh": phonetic = max(0, phonetic - 1)
        case "c": addCell()
        case "row":
            row.dropEmptyEnd()
            if row.count > 0 { rows.append(row) }
        default: return
        }
    }

    // MARK: Cells

    private func addCell() {
        guard !text.isEmpty || cell.type == "inlineStr" || cell.type == "str" else { return }
        while row.count < cell.column { row.append([UInt8]()) }
        switch cell.type {
        case "s":
            guard let shared = Int(String(decoding: text, as: UTF8.self)).flatMap({ workbook.shared[$0] }) else {
                failure = XLSXError("row \(row.line): a cell refers to a text that the workbook doesn't have")
                return
            }
            row.append(XLSXText.unescaped(shared), isQuoted: true)
        case "inlineStr", "str": row.append(XLSXText.unescaped(text[...]), isQuoted: true)
        case "b": row.append(text == [UInt8(ascii: "1")] ? "true".utf8 : "false".utf8, origin: .value)
        case "e": row.append(text, origin: .error)
        case "d": row.append(text, origin: .value)
        default: row.append(Array(number(String(decoding: text, as: UTF8.self)).utf8), origin: .value)
        }
    }

    private func number(_ text: String) -> String {
        switch cell.style {
        case .number: return SerialNumber.plain(text)
        case .date: return SerialNumber.moment(text, countsFrom1904: workbook.countsFrom1904) ?? text
        case .elapsed: return SerialNumber.duration(text) ?? text
        }
    }

    /// `BC12` is column 54, from 0. Nil for what is no reference.
    static func column(_ reference: String) -> Int? {
        var column = 0
        for byte in reference.utf8 {
            guard byte >= 0x41, byte <= 0x5A else { break }
            column = column * 26 + Int(byte) - 0x40
            guard column <= 16_384 else { return nil }
        }
        return column > 0 ? column - 1 : nil
    }
}

/// `_x000D_`: how texts hold characters that XML doesn't (ECMA-376, 22.9.2.19).
enum XLSXText {
    static func unescaped(_ bytes: ArraySlice<UInt8>) -> [UInt8] {
        guard bytes.contains(UInt8(ascii: "_")) else { return Array(bytes) }
        var result: [UInt8] = []
        var index = bytes.startIndex
        while index < bytes.endIndex {
            if let scalar = escape(bytes[index...]) {
                result.append(contentsOf: String(scalar).utf8)
                index += 7
            } else {
                result.append(bytes[index])
                index += 1
            }
        }
        return result
    }

    /// The same text with what looks like such an escape escaped.
    static func escaped(_ text: String) -> String {
        guard text.contains("_x") else { return text }
        let bytes = Array(text.utf8)
        var result: [UInt8] = []
        for index in bytes.indices {
            if escape(bytes[index...]) != nil { result.append(contentsOf: "_x005F".utf8) }
            result.append(bytes[index])
        }
        return String(decoding: result, as: UTF8.self)
    }

    private static func escape(_ bytes: ArraySlice<UInt8>) -> Unicode.Scalar? {
        guard bytes.count >= 7, bytes[bytes.startIndex] == 0x5F, bytes[bytes.startIndex + 1] == 0x78, bytes[bytes.startIndex + 6] == 0x5F
        else {
            return nil
        }
        let digits = bytes[(bytes.startIndex + 2)..<(bytes.startIndex + 6)]
        guard digits.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || ($0 | 0x20) >= 0x61 && ($0 | 0x20) <= 0x66 }) else { return nil }
        return UInt32(String(decoding: digits, as: UTF8.self), radix: 16).flatMap { Unicode.Scalar($0) }
    }
}
