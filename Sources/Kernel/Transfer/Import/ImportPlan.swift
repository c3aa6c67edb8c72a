package import Catalog
package import Manifests
import QueryLanguage

/// What an import will do with a file: the mapping, with the formats of its columns.
package struct ImportPlan: Sendable {
    package let type: RecordType
    package let mapping: ImportMapping
    /// Whether the file has the header of an export of the same collection: its cells are then taken exactly as an export writes them.
    package let isExport: Bool
    /// Headers that no property was found for; their columns are left out.
    package let unmapped: [String]
    /// Rows of the file below the header.
    package let rows: Int
    let readers: [(column: Int, reader: ColumnReader)]
    package let headers: [String]
    /// The values of properties by which rows link to other rows of the file.
    let ownKeys: [String: Set<String>]

    /// Looks through the whole file: guesses the mapping where none is given, and recognises the formats of dates and numbers column by column.
    ///
    /// - Throws: `ImportError`: an unreadable file, a column or property that isn't there, a format that two readings fit.
    package init(
        file path: String, type: RecordType, catalog: Catalog, mapping given: ImportMapping?, match: [String]
    ) throws(ImportError) {
        var file = try CSVFile(path)
        guard let header = try file.next() else { throw ImportError(.noHeader, "\(path) is empty; its first row must name the columns") }
        let headers = header.texts.map { $0.trimmingBlanks() }
        let exported = ExportColumn.columns(of: type, catalog: catalog)
        isExport = headers.first == "id" && Set(headers).subtracting([FailedRows.column]).isSubset(of: exported.map(\.header))
        let mapping =
            given
            ?? (isExport
                ? Self.mapping(of: exported, headers, type, match) : Self.guess(headers, type: type, catalog: catalog, match: match))
        let keys = match.isEmpty ? mapping.match : match
        guard mapping.collection == type.collection else {
            throw ImportError(.unknownColumn, "the mapping is for \(mapping.collection), not for \(type.collection)")
        }
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
        while let row = try file.next() {
            if row.count == 1, row.isEmpty(0) { continue }
            rows += 1
            survey.look(at: row)
            ownKeys.look(at: row)
        }
        self.ownKeys = ownKeys.values
        self.type = type
        self.rows = rows
        self.headers = headers
        self.readers = try survey.readers()
        self.mapping = ImportMapping(
            collection: mapping.collection, match: keys,
            columns: zip(mapping.columns, self.readers).map { column, entry in
                ImportMapping.Column(header: column.header, target: column.target, format: entry.reader.format, currency: column.currency)
            })
        let used = Set(mapping.columns.map(\.header))
        unmapped = headers.filter { !used.contains($0) && $0 != FailedRows.column }
    }

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
