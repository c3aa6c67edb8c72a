package import Catalog
package import Manifests
import QueryLanguage
import Records

/// What an import will do with a file: the mapping, with the formats of its columns.
package struct ImportPlan: Sendable {
    package let type: RecordType
    package let format: ImportFormat
    /// For cards it has no columns: the fields' `vcard` says where what goes.
    package let mapping: ImportMapping
    /// Whether the file has the header of an export of the same collection: its cells are then taken exactly as an export writes them.
    package let isExport: Bool
    /// Headers, or properties of cards, that no field was found for; they are left out.
    package let unmapped: [String]
    /// Records of the file, below the header of a table.
    package let rows: Int
    /// Columns that can be read in several ways. The plan says so, and an import waits until a mapping says which.
    package let doubts: [FormatDoubt]
    package let headers: [String]
    /// How a record is made of what the file has.
    let form: Form
    /// Keys of lists whose entries join those that a record has which is changed.
    let joining: Set<String>
    /// Links whose missing records can't be made, and why.
    private let makingNone: [String]
    /// The sheet of a workbook; nil for the first.
    let sheet: String?
    /// How a file of failed rows is read: as this file was. Nil for cards.
    package let failedRowsMapping: ImportMapping?
    /// Rows of a CSV file that have fewer cells than its header, and the lines of the first ones.
    private let shortRows: (count: Int, lines: [Int])
    /// Rows of a table whose cells are all empty: they are no records.
    private let blankRows: Int

    enum Form: Sendable {
        case columns([(column: Int, reader: ColumnReader)])
        case cards(VCardForm)

        /// Whether records may get a value of a property by which they can be found.
        func fills(key: String) -> Bool {
            switch self {
            case .columns(let readers): readers.contains { $0.reader.target.fills(key: key) }
            case .cards(let form):
                key == "id" || form.places.contains { [$0.field.key, "\($0.field.key)_id", $0.field.primaryProperty].contains(key) }
            }
        }
    }

    /// Looks through the whole file: guesses the mapping where none is given, and recognises the formats of dates and numbers column by column.
    ///
    /// - Throws: `ImportError`: an unreadable file, a column or property that isn't there.
    package init(
        file path: String, sheet: String? = nil, type: RecordType, catalog: Catalog, mapping given: ImportMapping?, match: [String]
    ) throws(ImportError) {
        let format = try FilePieces(path).format()
        guard sheet == nil || format == .xlsx else { throw ImportError(.unknownColumn, "\(path) is no workbook and has no sheets") }
        if format == .vcard {
            try self.init(cards: path, type: type, catalog: catalog, mapping: given, match: match)
        } else {
            try self.init(table: path, format: format, sheet: sheet, type: type, catalog: catalog, mapping: given, match: match)
        }
    }

    private init(cards path: String, type: RecordType, catalog: Catalog, mapping: ImportMapping?, match: [String]) throws(ImportError) {
        guard mapping == nil else {
            throw ImportError(.unknownColumn, "\(path) holds cards, which need no mapping: fields say their `vcard`")
        }
        let form = try VCardForm(type: type, catalog: catalog)
        try Self.requireKeys(match, of: type, form: .cards(form))
        let source = PiecewiseFile(try FilePieces(path), VCardReader())
        var leftOut: Set<String> = []
        var rows = 0
        while case .card(let item)? = try source.next() {
            rows += 1
            if case .success(let card) = item.card { leftOut.formUnion(form.read(card).leftOut) }
        }
        self.type = type
        self.form = .cards(form)
        self.rows = rows
        self.mapping = ImportMapping(collection: type.collection, match: match, columns: [])
        unmapped = leftOut.sorted()
        format = .vcard
        isExport = false
        doubts = []
        headers = []
        sheet = nil
        failedRowsMapping = nil
        shortRows = (0, [])
        blankRows = 0
        joining = Set(
            form.places.map(\.field).filter { field in
                switch field.type {
                case .emails, .phones, .links: true
                default: false
                }
            }.map(\.key))
        makingNone = []
    }

    private init(
        table path: String, format: ImportFormat, sheet: String?, type: RecordType, catalog: Catalog, mapping given: ImportMapping?,
        match: [String]
    ) throws(ImportError) {
        let source = try Self.open(path, format, sheet: sheet)
        guard case .row(let header)? = try source.next() else {
            throw ImportError(.noHeader, "\(path) is empty; its first row must name the columns")
        }
        let headers = header.texts.map { $0.trimmingBlanks() }
        let exported = Set(ExportColumn.columns(of: type, catalog: catalog).map(\.header))
        let mapping: ImportMapping
        if let given {
            mapping = given
        } else {
            let columns = try Self.guess(headers, type, catalog, match) { () throws(ImportError) in
                try Self.open(path, format, sheet: sheet)
            }
            mapping = ImportMapping(collection: type.collection, match: match, columns: columns)
        }
        let isExport =
            headers.first == "id" && (given != nil || mapping.columns.contains { $0.header == "id" && $0.target == "id" })
            && headers.allSatisfy { $0 == FailedRows.column || exported.contains($0) || Self.isLinked($0, type, catalog) }
        self.isExport = isExport
        let keys = match.isEmpty ? mapping.match : match
        var faults = Self.faults(of: mapping, keys, type)
        var readers: [(column: Int, reader: ColumnReader)] = []
        var filled: [ImportTarget.Slot: String] = [:]
        for column in mapping.columns {
            let position = Self.noting(&faults, column) { () throws(ImportError) in try Self.position(of: column, in: headers, path) }
            let reader = Self.noting(&faults, column) { () throws(ImportError) in
                let target = try ImportTarget(column.target, type: type, catalog: catalog, keys: keys)
                for slot in target.slots {
                    if let other = filled[slot] {
                        throw ImportError(
                            .twice, "the columns '\(other)' and '\(column.header)' both fill \(column.target); leave one out")
                    }
                    filled[slot] = column.header
                }
                var reader = try ColumnReader(column, target, catalog: catalog)
                reader.takesQuotedAsWritten = isExport
                // An export writes moments in UTC, also where a workbook's cells have no zone.
                if isExport, column.zone == nil { reader.zone = "UTC" }
                // A record that is made anew gets exactly what was exported, and no default; one that is changed keeps what a cell leaves out.
                reader.emptyClears = isExport && keys.isEmpty
                return reader
            }
            if let position, let reader { readers.append((position, reader)) }
        }
        if let error = ImportError.one(of: faults) { throw error }
        try Self.requireKeys(keys, of: type, form: .columns(readers))
        var survey = FormatSurvey(readers, prefersStandard: isExport)
        var rows = 0
        var short: (count: Int, lines: [Int]) = (0, [])
        let width = headers.last == FailedRows.column ? headers.count - 1 : headers.count
        while case .row(let row)? = try source.next() {
            rows += 1
            survey.look(at: row)
            guard format == .csv, row.count < width else { continue }
            short.count += 1
            if short.lines.count < Self.shownLines { short.lines.append(row.line) }
        }
        shortRows = short
        blankRows = source.blankRows
        let formatted = survey.readers()
        readers = formatted.readers
        doubts = formatted.doubts
        self.type = type
        self.format = format
        self.sheet = sheet
        self.rows = rows
        self.headers = headers
        // What a column says of currencies is known before the amounts are read.
        form = .columns(readers.filter { $0.reader.isCurrency } + readers.filter { !$0.reader.isCurrency })
        let lists = Set(readers.compactMap { $0.reader.target.joinedList?.key })
        let replaced = zip(mapping.columns, readers).filter(\.0.replaces).compactMap { $1.reader.target.joinedList?.key }
        joining = lists.subtracting(replaced)
        makingNone = readers.compactMap { Self.whyNoneIsMade(for: $0.reader, catalog) }
        func settled(_ format: (ColumnReader) -> String?) -> ImportMapping {
            ImportMapping(
                collection: mapping.collection, match: keys,
                columns: zip(mapping.columns, readers).map { column, entry in
                    ImportMapping.Column(
                        header: column.header, target: column.target, format: format(entry.reader), currency: column.currency,
                        zone: column.zone, replaces: column.replaces)
                })
        }
        self.mapping = settled(\.format)
        // Values of a workbook go into that file in the forms of an export.
        failedRowsMapping = settled { $0.format ?? (format == .xlsx ? $0.exportFormat : nil) }
        let used = Set(mapping.columns.map(\.header))
        unmapped = headers.filter { !used.contains($0) && $0 != FailedRows.column }
    }

    /// What the columns fill by their headers. `id`, `Record ID` and their like are often another system's numbers: they are ids of records here,
    /// and of those that links lead to, where some of the first values are.
    private static func guess(
        _ headers: [String], _ type: RecordType, _ catalog: Catalog, _ match: [String],
        open: () throws(ImportError) -> any ImportSource
    ) throws(ImportError) -> [ImportMapping.Column] {
        let columns = MappingGuess(type: type, catalog: catalog, match: match).columns(for: headers)
        let doubtful = columns.filter { column in
            guard !match.contains(column.target) else { return false }
            if column.target == "id" { return true }
            guard column.header != column.target else { return false }
            if case .link(_, by: nil)? = try? ImportTarget(column.target, type: type, catalog: catalog) { return true }
            return false
        }
        guard !doubtful.isEmpty else { return columns }
        let source = try open()
        _ = try source.next()
        var strange: [String: Bool] = [:]
        var looked = 0
        while looked < sampledRows, case .row(let row)? = try source.next() {
            looked += 1
            for column in doubtful {
                guard let index = headers.firstIndex(of: column.header), !row.isEmpty(index) else { continue }
                let isID = GUID(row.text(index).trimmingBlanks()) != nil
                strange[column.header] = !isID && strange[column.header] ?? true
            }
        }
        return columns.filter { column in !doubtful.contains(column) || strange[column.header] != true }
    }

    /// So many rows are looked at for ids.
    private static let sampledRows = 100

    /// Whether a header is that of an exported link to one, such as `organisation/name`.
    private static func isLinked(_ header: String, _ type: RecordType, _ catalog: Catalog) -> Bool {
        guard header.contains("/"), case .link(_, by: _?)? = try? ImportTarget(header, type: type, catalog: catalog) else { return false }
        return true
    }

    /// Whether the file may give values of a property by which records can be found.
    func fills(key: String) -> Bool { form.fills(key: key) }

    /// What goes where, for people: header or property, target, format where one was recognised.
    package var assignments: [(source: String, target: String, format: String?)] {
        switch form {
        case .columns: mapping.columns.map { ($0.header, $0.target, $0.format) }
        case .cards(let form): form.places.filter { !$0.field.readOnly }.map { ($0.text, $0.field.key, nil) }
        }
    }

    /// What people should know before the import begins, a sentence each.
    package func notes(createsMissingLinks: Bool) -> [String] {
        var notes: [String] = []
        if !mapping.match.isEmpty, !joining.isEmpty {
            let lists = type.fields.map(\.key).filter(joining.contains).joined(separator: ", ")
            let remedy = format == .vcard ? "" : "; `replace: true` of a column in the mapping makes it the whole list"
            notes.append("\(lists): what a row has joins what its record has\(remedy)")
        }
        if shortRows.count > 0 {
            let more = shortRows.count > shortRows.lines.count ? ", …" : ""
            let lines =
                "\(shortRows.lines.count == 1 ? "line" : "lines") \(shortRows.lines.map(String.init).joined(separator: ", "))\(more)"
            notes.append(
                "\(shortRows.count == 1 ? "1 row has" : "\(shortRows.count) rows have") fewer cells than the header (\(lines)); the cells that "
                    + "are missing at the end count as empty")
        }
        if blankRows > 0 {
            notes.append("\(blankRows == 1 ? "1 row without any value is" : "\(blankRows) rows without any value are") left out")
        }
        return notes + (createsMissingLinks ? makingNone : [])
    }

    /// So many lines does a note name.
    private static let shownLines = 5

    private static func whyNoneIsMade(for reader: ColumnReader, _ catalog: Catalog) -> String? {
        guard let link = reader.target.linkByKey, let target = catalog.type(id: link.target),
            let field = target.fields.first(where: { $0.key == link.property || $0.primaryProperty == link.property })
        else { return nil }
        guard field.isNumbered || field.readOnly && (link.property != target.displayField || target.nameParts == nil) else { return nil }
        let writer = field.isNumbered ? "the store" : "its module"
        return "\(reader.header): no \(target.label.lowercased()) is made that isn't there, since \(link.property) is written by \(writer)"
    }

    // MARK: Reading

    /// The records of the file, without the header of a table.
    func open(_ path: String) throws(ImportError) -> any ImportSource {
        let source = try Self.open(path, format, sheet: sheet)
        if format != .vcard { _ = try source.next() }
        return source
    }

    private static func open(_ path: String, _ format: ImportFormat, sheet: String?) throws(ImportError) -> any ImportSource {
        switch format {
        case .csv: return PiecewiseFile(try FilePieces(path), CSVRows())
        case .vcard: return PiecewiseFile(try FilePieces(path), VCardReader())
        case .xlsx: return try XLSXFile(path, sheet: sheet)
        }
    }

    /// What a record of the file says, or why it can't be read.
    func record(of source: SourceRecord) -> Result<ImportedRecord, UnreadRecord> {
        switch (source, form) {
        case (.row(let row), .columns(let readers)): return record(of: row, readers)
        case (.card(let item), .cards(let form)):
            return item.card.mapError { UnreadRecord(RecordsError(.invalid, $0.description)) }.flatMap { card in
                let reading = form.read(card)
                guard reading.refusals.isEmpty else {
                    return .failure(UnreadRecord(RecordsError(.invalid, reading.refusals.joined(separator: " "))))
                }
                return .success(ImportedRecord(input: input(reading.values), files: reading.files))
            }
        default: return .failure(UnreadRecord(RecordsError(.internalFault, "The file changed its format while it was read.")))
        }
    }

    private func input(_ values: [String: Value]) -> RecordInput {
        var input = RecordInput(values)
        input.joining = joining
        return input
    }

    private func record(of row: TableRow, _ readers: [(column: Int, reader: ColumnReader)]) -> Result<ImportedRecord, UnreadRecord> {
        var refusals: [String] = []
        // Empty cells at the end are no more than separators too many.
        if let last = row.cells.lastIndex(where: { $0 != nil }), last >= headers.count {
            let own = headers.contains(FailedRows.column) ? 1 : 0
            refusals.append("the row has \(last + 1 - own) cells, the header \(headers.count - own)")
        }
        var values = RowValues()
        for (column, reader) in readers where column < row.count {
            do throws(ColumnReader.Refusal) {
                try reader.read(row.text(column), isQuoted: row.isQuoted(column), origin: row.origin(column), into: &values)
            } catch {
                refusals.append(error.message)
            }
        }
        guard refusals.isEmpty else {
            let error = RecordsError(.invalid, refusals.joined(separator: ". "))
            return .failure(UnreadRecord(error, moments: values.values, localTimes: values.localTimes))
        }
        for field in type.fields { ChannelForm.join(field, in: &values.values) }
        return .success(ImportedRecord(input: input(values.values), localTimes: values.localTimes))
    }

    // MARK: Checking

    /// The one column of a name.
    private static func position(of column: ImportMapping.Column, in headers: [String], _ path: String) throws(ImportError) -> Int {
        let positions = headers.indices.filter { headers[$0] == column.header }
        guard let position = positions.first else {
            throw ImportError(.unknownColumn, "\(path) has no column '\(column.header)'; it has \(headers.joined(separator: ", "))")
        }
        guard positions.count == 1 else {
            let places = positions.map { "\($0 + 1)" }.joined(separator: " and ")
            throw ImportError(
                .twice,
                "\(path) has several columns '\(column.header)' (\(places)), so that it can't be told which one fills \(column.target); "
                    + "rename those that don't")
        }
        return position
    }

    /// Refuses what names no property of the type: all that can be told of an import without its file.
    ///
    /// - Throws: `ImportError` with the property that was probably meant.
    package static func requireProperties(
        _ mapping: ImportMapping?, match: [String], of type: RecordType, catalog: Catalog
    ) throws(ImportError) {
        let keys = match.isEmpty ? mapping?.match ?? [] : match
        var faults = faults(of: mapping, keys, type)
        for column in mapping?.columns ?? [] {
            _ = noting(&faults, column) { () throws(ImportError) in
                try ImportTarget(column.target, type: type, catalog: catalog, keys: keys)
            }
        }
        if let error = ImportError.one(of: faults) { throw error }
        try requireDistinct(keys)
        let known = Self.keys(of: type)
        for key in keys where !known.contains(key) { throw unknownKey(key, of: type, among: known) }
    }

    /// What a mapping says wrong beside its columns, before its keys are looked for in them.
    private static func faults(of mapping: ImportMapping?, _ keys: [String], _ type: RecordType) -> [ImportError] {
        guard let mapping, mapping.collection != type.collection else { return [] }
        return [ImportError(.unknownColumn, "the mapping is for \(mapping.collection), not for \(type.collection)")]
    }

    /// What is wrong with one column doesn't hide what is wrong with the next.
    private static func noting<R>(
        _ faults: inout [ImportError], _ column: ImportMapping.Column, _ body: () throws(ImportError) -> R
    ) -> R? {
        do throws(ImportError) {
            return try body()
        } catch {
            faults.append(error.at(column))
            return nil
        }
    }

    private static func requireDistinct(_ keys: [String]) throws(ImportError) {
        guard let index = keys.indices.first(where: { keys[..<$0].contains(keys[$0]) }) else { return }
        throw ImportError(.twice, "match: \(keys[index]) is named twice; name each property once")
    }

    /// What records can be found by.
    private static func keys(of type: RecordType) -> [String] {
        ["id", "owner_id"] + type.fields.flatMap { [$0.key] + ($0.primaryProperty.map { [$0] } ?? []) + $0.columns.map(\.name) }
    }

    private static func unknownKey(_ key: String, of type: RecordType, among known: [String], otherwise: String = "") -> ImportError {
        let hint = Spelling.closest(to: key, in: known).map { "; did you mean \($0)?" } ?? otherwise
        return ImportError(.unknownProperty, "match: \(type.collection) have no property '\(key)'\(hint)")
    }

    /// Refuses keys that aren't there, and those that no row would have a value of.
    private static func requireKeys(_ keys: [String], of type: RecordType, form: Form) throws(ImportError) {
        try requireDistinct(keys)
        for key in keys where !form.fills(key: key) {
            let known = Self.keys(of: type)
            guard known.contains(key) else {
                let filled = distinct(known.filter(form.fills))
                throw unknownKey(
                    key, of: type, among: known, otherwise: "; the file fills \(filled.isEmpty ? "none" : filled.joined(separator: ", "))")
            }
            throw ImportError(
                .unknownColumn,
                "match: no column of the file fills \(key), so that no row could be found by it; say in the mapping which does")
        }
    }

    private static func distinct(_ names: [String]) -> [String] {
        var known: Set<String> = []
        return names.filter { known.insert($0).inserted }
    }
}

/// A record of a file that can't be read, and why.
struct UnreadRecord: Error {
    var error: RecordsError
    /// Moments of it that were read, and those of them that are without a zone: what is wrong with these is told too.
    var moments: [String: Value] = [:]
    var localTimes: [String: LocalTime] = [:]

    var message: String { error.message }

    init(_ error: RecordsError, moments: [String: Value] = [:], localTimes: [String: LocalTime] = [:]) {
        self.error = error
        self.moments = moments
        self.localTimes = localTimes
    }
}

/// A record as an import is about to store it.
struct ImportedRecord: Sendable {
    var input: RecordInput
    /// Moments without a zone, as `RowValues` has them.
    var localTimes: [String: LocalTime] = [:]
    /// Files that aren't stored yet, by the key of the field that gets them.
    var files: [String: CardFile] = [:]
}
