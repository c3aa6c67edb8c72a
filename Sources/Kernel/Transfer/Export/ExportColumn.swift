import Catalog
import QueryLanguage

/// A column of an export and how a record's JSON fills it. Its header is also the target of an import.
struct ExportColumn: Sendable {
    let header: String
    /// The property of the record's JSON that it is made of.
    let property: String
    /// Whether an import of the same collection reads it back: what modules or the store write is not read.
    let isImported: Bool
    /// What a workbook keeps it as.
    var kind = Kind.text
    /// Whether a cell holds one value as it is, and neither a list nor JSON.
    private(set) var isSingle = false
    /// For links: the link, and what is shown of its targets. One of several columns of a link has it.
    var expansion: (field: Field, selection: String)?
    let cell: @Sendable ([String: Value]) -> String?

    enum Kind: Sendable {
        case text, number, boolean, date, moment
    }

    private init(
        _ header: String, of property: String? = nil, isImported: Bool = true, _ cell: @escaping @Sendable ([String: Value]) -> String?
    ) {
        self.header = header
        self.property = property ?? header
        self.isImported = isImported
        self.cell = cell
    }

    /// In the order of the fields, the id first.
    static func columns(of type: RecordType, catalog: Catalog) -> [ExportColumn] {
        [plain("id")] + type.fields.flatMap { columns(of: $0, catalog) }
            + [plain("owner_id")] + ["created_at", "updated_at"].map { plain($0, isImported: false, kind: .moment) }
    }

    private static func columns(of field: Field, _ catalog: Catalog) -> [ExportColumn] {
        let isImported = !field.readOnly
        switch field.type {
        case .address:
            return AddressMember.allCases.map { member in
                ExportColumn("\(field.key)/\(member.rawValue)", of: field.key, isImported: isImported) { record in
                    guard case .complex(let members)? = record[field.key] else { return nil }
                    return text(members[member.rawValue])
                }
            }
        case .emails, .phones: return [channels(field)]
        case .tags, .multiChoice:
            return [
                list(field.key, of: field.key, isImported: isImported) { item in
                    text(item).map { CellList.Entry(text: $0) }
                }
            ]
        case .json:
            return [ExportColumn(field.key, isImported: isImported) { record in record[field.key].flatMap { $0.isNull ? nil : $0.json } }]
        case .links(let links): return [self.links(field, links, catalog)]
        case .autoNumber: return [plain(field.key, isImported: false)]
        default: return field.columns.map { plain($0.name, isImported: isImported, kind: Kind($0.type)) }
        }
    }

    private static func plain(_ name: String, isImported: Bool = true, kind: Kind = .text) -> ExportColumn {
        var column = ExportColumn(name, isImported: isImported) { text($0[name]) }
        column.kind = kind
        column.isSingle = true
        return column
    }

    private static func list(
        _ header: String, of property: String, isImported: Bool, _ entry: @escaping @Sendable (Value) -> CellList.Entry?
    ) -> ExportColumn {
        ExportColumn(header, of: property, isImported: isImported) { record in
            guard case .collection(let items)? = record[property], !items.isEmpty else { return nil }
            return CellList.text(items.compactMap(entry))
        }
    }

    /// In the order they are kept in; the first is primary unless another is flagged.
    private static func channels(_ field: Field) -> ExportColumn {
        let form = ChannelForm(field)
        return ExportColumn(field.key, isImported: !field.readOnly) { record in
            guard case .collection(let items)? = record[field.key], !items.isEmpty else { return nil }
            return CellList.text(items.enumerated().compactMap { form.entry($1, isFirst: $0 == 0) })
        }
    }

    private static func links(_ field: Field, _ links: Links, _ catalog: Catalog) -> ExportColumn {
        let form = LinkForm(field, links, catalog)
        var column = list("\(field.key)/\(form.property)", of: field.key, isImported: !field.readOnly) { form.entry($0) }
        column.expansion = (field, form.selection)
        return column
    }

    /// What is shown of the record that a link to one leads to, under names such as `organisation/name`, by which an import finds it.
    ///
    /// - Returns: nil for what is no value of one column.
    static func linked(_ field: Field, to target: RecordType, properties: [String], _ catalog: Catalog) -> [ExportColumn]? {
        let plain = columns(of: target, catalog: catalog).filter(\.isSingle)
        var columns: [ExportColumn] = []
        for property in properties {
            guard let shown = plain.first(where: { $0.property == property }) else { return nil }
            var column = ExportColumn("\(field.key)/\(property)", of: field.key, isImported: !field.readOnly) { record in
                guard case .complex(let members)? = record[field.key] else { return nil }
                return shown.cell(members)
            }
            column.kind = shown.kind
            columns.append(column)
        }
        if !columns.isEmpty { columns[0].expansion = (field, properties.joined(separator: ",")) }
        return columns
    }

    private static func text(_ value: Value?) -> String? {
        guard let value, !value.isNull else { return nil }
        return value.text
    }
}

extension ExportColumn.Kind {
    init(_ type: ColumnType) {
        switch type {
        case .bigint, .smallint, .numeric: self = .number
        case .boolean: self = .boolean
        case .date: self = .date
        case .timestamptz: self = .moment
        case .uuid, .text, .interval, .jsonb, .textArray: self = .text
        }
    }
}
