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
    package let headers: [String]
    /// How a record is made of what the file has.
    let form: Form
    /// The sheet of a workbook; nil for the first.
    let sheet: String?
    /// The values of properties by which rows link to other rows of the file.
    let ownKeys: [String: Set<String>]

    enum Form: Sendable {
        case columns([(column: Int, reader: ColumnReader)])
        case cards(VCardForm)
    }

    /// Looks through the whole file: guesses the mapping where none is given, and recognises the formats of dates and numbers column by column.
    ///
    /// - Throws: `ImportError`: an unreadable file, a column or property that isn't there, a format that two readings fit.
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
        let source = VCardFile(try FilePieces(path))
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
        headers = []
        sheet = nil
        ownKeys = [:]
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
        let exported = ExportColumn.columns(of: type, catalog: catalog)
        isExport = headers.first == "id" && Set(headers).subtracting([FailedRows.column]).isSubset(of: exported.map(\.header))
        let mapping =
            given
            ?? (isExport
                ? Self.mapping(of: exported, headers, type, match) : Self.guess(headers, type: type, catalog: catalog, match: match))
        guard mapping.collection == type.collection else {
            throw ImportError(.unknownColumn, "the mapping is for \(mapping.collection), not for \(type.collection)")
        }
        let keys = match.isEmpty ? mapping.match : match
        var readers: [(column: Int, reader: ColumnReader)] = []
        var filled: [ImportTarget: String] = [:]
        for column in mapping.columns {
            guard let position = headers.firstIndex(of: column.header) else {
                throw ImportError(.unknownColumn, "\(path) has no column '\(column.header)'; it has \(headers.joined(separator: ", "))")
            }
            let target = try ImportTarget(column.target, type: type, catalog: catalog)
            if let other = filled[target], target.isSingle {
                throw ImportError(.twice, "the columns '\(other)' and '\(column.header)' both fill \(column.target); leave one out")
            }
            filled[target] = column.header
            var reader = try ColumnReader(column, target, catalog: catalog)
            reader.takesQuotedAsWritten = isExport
            // A record that is made anew gets exactly what was exported, and no default; one that is changed keeps what a cell leaves out.
            reader.emptyClears = isExport && keys.isEmpty
            readers.append((position, reader))
        }
        var survey = FormatSurvey(readers, prefersStandard: isExport)
        var ownKeys = OwnKeys(readers, type: type)
        var rows = 0
        while case .row(let row)? = try source.next() {
            rows += 1
            survey.look(at: row)
            ownKeys.look(at: row)
        }
        readers = try survey.readers()
        self.ownKeys = ownKeys.values
        self.type = type
        self.format = format
        self.sheet = sheet
        self.rows = rows
        self.headers = headers
        form = .columns(readers)
        self.mapping = ImportMapping(
            collection: mapping.collection, match: keys,
            columns: zip(mapping.columns, readers).map { column, entry in
                ImportMapping.Column(
                    header: column.header, target: column.target, format: entry.reader.format, currency: column.currency)
            })
        let used = Set(mapping.columns.map(\.header))
        unmapped = headers.filter { !used.contains($0) && $0 != FailedRows.column }
    }

    /// What goes where, for people: header or property, target, format where one was recognised.
    package var assignments: [(source: String, target: String, format: String?)] {
        switch form {
        case .columns: mapping.columns.map { ($0.header, $0.target, $0.format) }
        case .cards(let form): form.places.filter { !$0.field.readOnly }.map { ($0.text, $0.field.key, nil) }
        }
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
        case .csv: return CSVFile(try FilePieces(path))
        case .vcard: return VCardFile(try FilePieces(path))
        case .xlsx: return try XLSXFile(path, sheet: sheet)
        }
    }

    /// What a record of the file says, or why it can't be read.
    func input(of record: SourceRecord) -> Result<RecordInput, RecordsError> {
        switch (record, form) {
        case (.row(let row), .columns(let readers)): return input(of: row, readers)
        case (.card(let item), .cards(let form)):
            return item.card.map { RecordInput(form.read($0).values) }.mapError { RecordsError(.invalid, $0.description) }
        default: return .failure(RecordsError(.internalFault, "The file changed its format while it was read."))
        }
    }

    private func input(of row: TableRow, _ readers: [(column: Int, reader: ColumnReader)]) -> Result<RecordInput, RecordsError> {
        if row.count > headers.count {
            return .failure(RecordsError(.invalid, "the row has \(row.count) cells, the header \(headers.count)"))
        }
        var values: [String: Value] = [:]
        for (column, reader) in readers where column < row.count {
            do throws(ColumnReader.Refusal) {
                try reader.read(row.text(column), isQuoted: row.isQuoted(column), origin: row.origin(column), into: &values)
            } catch {
                return .failure(RecordsError(.invalid, error.message))
            }
        }
        return .success(RecordInput(values))
    }

    // MARK: Guessing

    /// An export's own header names the targets.
    private static func mapping(of exported: [ExportColumn], _ headers: [String], _ type: RecordType, _ match: [String]) -> ImportMapping {
        let imported = Set(exported.filter(\.isImported).map(\.header))
        return ImportMapping(
            collection: type.collection, match: match,
            columns: headers.filter(imported.contains).map { ImportMapping.Column(header: $0, target: $0) })
    }

    private static func guess(_ headers: [String], type: RecordType, catalog: Catalog, match: [String]) -> ImportMapping {
        let matches = HeaderMatcher(targets(of: type, catalog), typeNames: [type.key, type.label, type.labelPlural]).match(headers)
        let columns = zip(headers, matches).compactMap { header, match in
            match.key.flatMap { key in header == FailedRows.column ? nil : ImportMapping.Column(header: header, target: key) }
        }
        return ImportMapping(collection: type.collection, match: match, columns: columns)
    }

    /// Every property that a column may be meant for; what only modules or the store write is no target.
    private static func targets(of type: RecordType, _ catalog: Catalog) -> [HeaderTarget] {
        var targets = [HeaderTarget(key: "id", label: "Id")]
        for field in type.fields where !field.readOnly {
            let isTitle = field.key == type.displayField
            switch field.type {
            case .autoNumber: continue
            case .address:
                targets += AddressMember.allCases.map {
                    HeaderTarget(key: "\(field.key)/\($0.rawValue)", label: "\(field.label) \($0.rawValue.replacingUnderscores)")
                }
            case .link(let link):
                targets.append(HeaderTarget(key: "\(field.key)_id", label: "\(field.label) id"))
                guard let name = catalog.type(id: link.target)?.displayField else { continue }
                targets.append(HeaderTarget(key: "\(field.key)/\(name)", label: field.label, synonyms: [field.key]))
            case .links(let links):
                targets.append(HeaderTarget(key: "\(field.key)/id", label: "\(field.label) id"))
                guard catalog.type(id: links.target)?.displayField != nil else { continue }
                targets.append(HeaderTarget(key: field.key, label: field.label))
            case .money:
                targets.append(HeaderTarget(key: field.key, label: field.label, isTitle: isTitle))
                targets.append(HeaderTarget(key: "\(field.key)_currency", label: "\(field.label) currency"))
            case .emails, .phones:
                targets.append(HeaderTarget(key: field.key, label: field.label, synonyms: field.primaryProperty.map { [$0] } ?? []))
            case .user, .file: targets.append(HeaderTarget(key: "\(field.key)_id", label: "\(field.label) id"))
            case .linkAny:
                targets.append(HeaderTarget(key: "\(field.key)_type", label: "\(field.label) type"))
                targets.append(HeaderTarget(key: "\(field.key)_id", label: "\(field.label) id"))
            default: targets.append(HeaderTarget(key: field.key, label: field.label, isTitle: isTitle))
            }
        }
        return targets
    }
}

extension String {
    fileprivate var replacingUnderscores: String { String(map { $0 == "_" ? " " : $0 }) }
}
