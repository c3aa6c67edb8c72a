/// The file of rows that failed: the columns of the import's file and one with the reason, so that it can be corrected and fed again. Cards stay
/// cards, with the reason as a property of theirs.
package struct FailedRows: Sendable {
    /// Header of the column with the reason; an import leaves it out.
    package static let column = "import_error"
    /// A property of cards with the reason; an import leaves it out.
    static let property = "X-IMPORT-ERROR"

    private let format: ImportFormat
    private var writer = CSVWriter()
    private var cards: [UInt8] = []
    private let width: Int
    /// Where the import's file has reasons of an earlier one.
    private let reasons: Int?
    package private(set) var count = 0

    package init(plan: ImportPlan) {
        format = plan.format
        let own = plan.headers.filter { $0 != Self.column }
        width = own.count
        reasons = plan.headers.firstIndex(of: Self.column)
        if format != .vcard { writer.row(own + [Self.column]) }
    }

    /// Cells for which the header has no name stand behind the reason.
    ///
    /// - Parameter cells: as they stood in the file; nil for those that held nothing.
    package mutating func add(_ cells: [String?], reason: String) {
        count += 1
        if format == .vcard {
            for card in cells.compactMap(\.self) { cards += Self.card(card, reason: reason) }
        } else {
            var cells = cells
            if let reasons, reasons < cells.count { cells.remove(at: reasons) }
            cells += [String?](repeating: nil, count: max(0, width - cells.count))
            writer.row(cells[..<width] + [reason] + cells[width...])
        }
    }

    /// The bytes that have come together; nil while there are fewer than make a piece worth writing.
    package mutating func take(atEnd: Bool = false) -> [UInt8]? {
        guard atEnd || writer.count + cards.count > 64 * 1024 else { return nil }
        defer { cards = [] }
        return writer.take() + cards
    }

    /// What a file of failed rows is called, beside its import's file.
    package static func path(beside file: String, _ format: ImportFormat) -> String { "\(file).failed.\(format == .vcard ? "vcf" : "csv")" }

    /// Whether a file that begins so is one of failed rows, as it was written or corrected since.
    package static func isOne(_ beginning: [UInt8]) -> Bool {
        let text = String(decoding: beginning, as: UTF8.self)
        if text.hasPrefix("BEGIN:VCARD") { return text.contains("\r\n\(property):") }
        let header = text.prefix { !$0.isNewline }
        return header == column || header.hasSuffix(",\(column)")
    }

    private static func card(_ text: String, reason: String) -> [UInt8] {
        let lines = text.split(separator: "\r\n", omittingEmptySubsequences: false)
        let end = lines.lastIndex { $0.uppercased().contains("END:VCARD") } ?? lines.endIndex
        let escaped = VCardText.escaped(reason).unicodeScalars.filter { $0.value >= 0x20 }
        let marked = lines[..<end] + ["\(property):\(String(String.UnicodeScalarView(escaped)))"] + lines[end...]
        return Array(marked.joined(separator: "\r\n").utf8)
    }
}
