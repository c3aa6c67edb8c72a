import Catalog
import Manifests
import QueryLanguage

/// Recognises how the columns of a file write dates and numbers, from all of their values.
struct FormatSurvey {
    private var entries: [(column: Int, reader: ColumnReader)]
    private var dates: [Int: DateFormatGuess] = [:]
    private var numbers: [Int: NumberFormatGuess] = [:]
    private let prefersStandard: Bool

    /// - Parameter prefersStandard: whether a column that fits the forms of an export is read so, though it could be read otherwise.
    init(_ readers: [(column: Int, reader: ColumnReader)], prefersStandard: Bool) {
        entries = readers
        self.prefersStandard = prefersStandard
        for (index, entry) in readers.enumerated() {
            if entry.reader.holdsDates, entry.reader.dates == nil { dates[index] = DateFormatGuess() }
            if entry.reader.holdsNumbers, entry.reader.numbers == nil {
                numbers[index] = NumberFormatGuess(takesFractions: !entry.reader.holdsWholeNumbers)
            }
        }
    }

    mutating func look(at row: TableRow) {
        for index in dates.keys where isText(index, of: row) {
            texts(index, of: row) { dates[index]?.add($0, line: row.line) }
        }
        for index in numbers.keys where isText(index, of: row) {
            texts(index, of: row) { numbers[index]?.add($0, line: row.line) }
        }
    }

    private func isText(_ index: Int, of row: TableRow) -> Bool {
        entries[index].column < row.count && row.origin(entries[index].column) == .text
    }

    /// What a cell holds: one value, or several where its column links to many records by dates or numbers of theirs.
    private func texts(_ index: Int, of row: TableRow, _ body: (ArraySlice<UInt8>) -> Void) {
        guard case .links(_, let form, _) = entries[index].reader.target else { return body(row[entries[index].column]) }
        for entry in CellList.entries(of: row.text(entries[index].column), notes: form.notes) where GUID(entry.text) == nil {
            body(Array(entry.text.utf8)[...])
        }
    }

    /// The readers with their formats, and the columns that can be read in several ways. Where no format is recognised, the standard one is taken
    /// and the rows say what is wrong.
    func readers() -> (readers: [(column: Int, reader: ColumnReader)], doubts: [FormatDoubt]) {
        var entries = entries
        var doubts: [FormatDoubt] = []
        for (index, guess) in dates.sorted(by: { $0.key < $1.key }) {
            if prefersStandard, guess.matching(.iso) == guess.values { continue }
            switch guess.outcome {
            case .recognised(let format): entries[index].reader.dates = format
            case .ambiguous(let formats):
                doubts.append(FormatDoubt(header: entries[index].reader.header, candidates: formats.map(\.pattern)))
            case .none: entries[index].reader.misfit = guess.likeliest.map { Self.misfit($0.pattern, guess.matching($0), guess.values) }
            }
        }
        for (index, guess) in numbers.sorted(by: { $0.key < $1.key }) {
            if prefersStandard, guess.matching(.plain) == guess.values { continue }
            switch guess.outcome {
            case .recognised(let format): entries[index].reader.numbers = format
            case .ambiguous(let formats):
                doubts.append(FormatDoubt(header: entries[index].reader.header, candidates: formats.map(\.description)))
            case .none: entries[index].reader.misfit = guess.likeliest.map { Self.misfit($0.description, guess.matching($0), guess.values) }
            }
        }
        return (entries, doubts)
    }

    private static func misfit(_ format: String, _ fitting: Int, _ values: Int) -> String {
        "no one format fits the column (\(format) fits \(fitting) of \(values)); set `format` in the mapping"
    }
}

extension ColumnReader {
    /// - Throws: `import.bad_format` for a format that isn't one of dates or numbers, and for a currency, a zone or `replace` where the target
    ///   has no use for it.
    init(_ column: ImportMapping.Column, _ target: ImportTarget, catalog: Catalog) throws(ImportError) {
        self.init(header: column.header, target: target)
        currency = column.currency
        currencies = [column.currency, catalog.currency].compactMap(\.self)
        zone = column.zone ?? catalog.timeZone
        guard currency == nil || holdsAmounts else {
            throw ImportError(.badFormat, "the column '\(column.header)' has a `currency`, but \(column.target) is no amount")
        }
        guard column.zone == nil || holdsMoments else {
            throw ImportError(.badFormat, "the column '\(column.header)' has a `zone`, but \(column.target) is no date and time")
        }
        guard !column.replaces || target.joinedList != nil else {
            throw ImportError(
                .badFormat, "the column '\(column.header)' has `replace`, but \(column.target) is no list that rows are added to")
        }
        guard let format = column.format else { return }
        if holdsDates { dates = DateFormat(pattern: format) }
        if holdsNumbers { numbers = NumberFormat(example: format) }
        guard dates != nil || numbers != nil else {
            throw ImportError(
                .badFormat, "the format '\(format)' of column '\(column.header)' isn't one; write dates like d.M.yyyy, numbers like 1.234,5"
            )
        }
    }

    /// As a mapping file has it.
    var format: String? { dates?.pattern ?? numbers?.description }

    /// How an export writes the column's values, where they have a format.
    var exportFormat: String? {
        holdsDates ? DateFormat.iso.pattern : holdsNumbers ? NumberFormat.plain.description : nil
    }

    /// The field whose values the cells have: the column's own, or the one that its link finds records by.
    private var valueField: Field? {
        switch target {
        case .property(_, let field): field
        case .link(_, let key), .links(_, _, let key): key?.readField
        default: nil
        }
    }

    var holdsDates: Bool {
        guard let field = valueField else { return false }
        switch field.type {
        case .date, .dateTime: return true
        default: return false
        }
    }

    private var holdsMoments: Bool {
        guard case .property(_, let field?) = target, case .dateTime = field.type else { return false }
        return true
    }

    var holdsWholeNumbers: Bool {
        if case .integer? = valueField?.type { true } else { false }
    }

    private var holdsAmounts: Bool {
        guard case .property(_, let field?) = target, case .money = field.type else { return false }
        return true
    }

    var holdsNumbers: Bool {
        guard let field = valueField else { return false }
        switch field.type {
        case .integer, .decimal, .money: return true
        default: return false
        }
    }
}
