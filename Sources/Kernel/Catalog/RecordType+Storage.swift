import Manifests

/// Where records and their fields lie. Everything that builds SQL asks here, and nothing else names a column.
extension RecordType {
    /// Columns every record has, in table order.
    package static let systemColumns: [Column] = [
        Column("id", .uuid), Column("version", .bigint),
        Column("created_at", .timestamptz), Column("created_by", .uuid, references: ForeignKey(table: .principals, onDelete: .restrict)),
        Column("updated_at", .timestamptz), Column("updated_by", .uuid, references: ForeignKey(table: .principals, onDelete: .restrict)),
        Column("owner_id", .uuid, references: ForeignKey(table: .principals, onDelete: .restrict)),
        Column("deleted_at", .timestamptz),
    ]

    /// The table of a list field, or nil when the field is kept in the record's own row.
    package func childTable(of field: Field) -> ChildTable? { ChildTable(of: field, module: module, type: key) }
}

extension RecordType {
    /// Whether one of these properties is a number that the store makes.
    package func isNumbered(by properties: some Sequence<String>) -> Bool {
        properties.contains { field($0)?.isNumbered == true }
    }
}

extension TableName {
    /// Users and service principals: whoever can act or own.
    package static let principals = TableName(schema: "tessera", name: "principal")
    /// What is shared with whom.
    package static let shares = TableName(schema: "tessera", name: "share")
    package static let files = TableName(schema: "tessera", name: "file")
}

extension Field {
    /// The columns this field has in the record's own row; lists have their primary value there and the rest in a table of their own.
    package var columns: [Column] {
        switch type {
        case .text, .longText, .url, .choice, .autoNumber: [Column(key, .text)]
        case .integer: [Column(key, .bigint)]
        case .decimal(let precision, let scale, _): [Column(key, .numeric(precision: precision, scale: scale))]
        case .money: [Column(key, .numeric(precision: 19, scale: 4)), Column("\(key)_currency", .text)]
        case .boolean: [Column(key, .boolean)]
        case .date: [Column(key, .date)]
        case .dateTime: [Column(key, .timestamptz)]
        case .duration: [Column(key, .interval)]
        case .multiChoice, .tags: [Column(key, .textArray)]
        case .emails: [Column("primary_email", .text)]
        case .phones: [Column("primary_phone", .text)]
        case .address: AddressMember.allCases.map { Column("\(key)_\($0.rawValue)", .text) }
        case .link(let link):
            [Column("\(key)_id", .uuid, references: ForeignKey(table: TableName(typeID: link.target), onDelete: link.onDelete))]
        case .links: []
        case .linkAny: [Column("\(key)_type", .text), Column("\(key)_id", .uuid)]
        case .user: [Column("\(key)_id", .uuid, references: ForeignKey(table: .principals, onDelete: .restrict))]
        case .file: [Column("\(key)_id", .uuid, references: ForeignKey(table: .files, onDelete: .restrict))]
        case .json: [Column(key, .jsonb)]
        }
    }

    /// Whether the store makes its values, each once: they find records, and no record is made by one.
    package var isNumbered: Bool { if case .autoNumber = type { true } else { false } }

    /// The column and property that holds the primary entry of a list of emails or phones; a type has one of each at most. Nil for other fields.
    package var primaryProperty: String? {
        switch type {
        case .emails: "primary_email"
        case .phones: "primary_phone"
        default: nil
        }
    }
}

extension TableName {
    /// The table of a record type by its full id: `contacts.person`. A module id may hold dots itself, and so may the schema.
    package init(typeID: String) {
        let dot = typeID.lastIndex(of: ".") ?? typeID.startIndex
        self.init(schema: String(typeID[..<dot]), name: String(typeID[dot...].dropFirst()))
    }
}

/// A table beside the record's own that holds one of its lists.
package struct ChildTable: Sendable, Hashable {
    package enum Kind: Sendable, Hashable {
        case emails, phones
        case links(Links)
    }

    package var name: TableName
    /// Key of the field it belongs to.
    package var field: String
    package var kind: Kind

    /// Name of the column that points at the record.
    package var recordColumn: String { isLinks ? "source_id" : "record_id" }

    /// Nil when the field is kept in the record's own row.
    init?(of field: Field, module: String, type key: String) {
        switch field.type {
        case .emails: kind = .emails
        case .phones: kind = .phones
        case .links(let links): kind = .links(links)
        default: return nil
        }
        name = TableName(schema: module, name: "\(key)__\(field.key)")
        self.field = field.key
    }

    package var isLinks: Bool { if case .links = kind { true } else { false } }

    /// All columns, in table order. `record_id`/`source_id` always cascades.
    package func columns(recordTable: TableName) -> [Column] {
        let record = Column(recordColumn, .uuid, references: ForeignKey(table: recordTable, onDelete: .cascade))
        switch kind {
        case .emails:
            return [
                record, Column("position", .smallint), Column("address", .text), Column("normalised", .text), Column("kind", .text),
                Column("is_primary", .boolean), Column("opted_out", .boolean), Column("invalid", .boolean),
            ]
        case .phones:
            return [
                record, Column("position", .smallint), Column("number", .text), Column("normalised", .text), Column("extension", .text),
                Column("kind", .text), Column("is_primary", .boolean), Column("invalid", .boolean),
            ]
        case .links(let links):
            return [
                record, Column("target_id", .uuid, references: ForeignKey(table: TableName(typeID: links.target), onDelete: .cascade)),
                Column("is_primary", .boolean),
            ] + links.columns.flatMap(\.columns)
        }
    }

    /// Columns of the primary key.
    package var primaryKey: [String] { isLinks ? ["source_id", "target_id"] : ["record_id", "position"] }
}
