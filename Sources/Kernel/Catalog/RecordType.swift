/// A kind of record: its table, its collection in the API and what holds for each record.
package struct RecordType: Sendable, Hashable {
    /// Full id, such as `contacts.person`.
    package var id: String
    /// Module id, also the name of the SQL schema; `custom` for the integrator's own types.
    package var module: String
    package var key: String
    /// Name of the OData entity set: `people`.
    package var collection: String
    package var label: String
    package var labelPlural: String
    package var description: String?
    /// The field that names a record to people.
    package var displayField: String?
    package var fields: [Field] { didSet { index = FieldIndex(module: module, key: key, fields: fields) } }
    package var indexes: [IndexRule]
    package var uniques: [UniqueRule]
    package var rules: [Rule]
    /// A write without If-Match is refused with 428.
    package var requiresIfMatch: Bool
    /// Where the rights to its records come from; nil where roles say themselves what may be done.
    package var parent: ParentLink?
    /// Other names of the records, by which an import recognises columns.
    package var alsoCalled: [String]
    /// What follows from the fields.
    private(set) var index: FieldIndex

    init(
        id: String, module: String, key: String, collection: String, label: String, labelPlural: String, description: String?,
        displayField: String?, fields: [Field], indexes: [IndexRule], uniques: [UniqueRule], rules: [Rule], requiresIfMatch: Bool,
        parent: ParentLink? = nil, alsoCalled: [String] = []
    ) {
        self.id = id
        self.module = module
        self.key = key
        self.collection = collection
        self.label = label
        self.labelPlural = labelPlural
        self.description = description
        self.displayField = displayField
        self.fields = fields
        self.indexes = indexes
        self.uniques = uniques
        self.rules = rules
        self.requiresIfMatch = requiresIfMatch
        self.parent = parent
        self.alsoCalled = alsoCalled
        index = FieldIndex(module: module, key: key, fields: fields)
    }

    package var table: TableName { TableName(schema: module, name: key) }

    /// Links to records of this type that may not lead back to where one came from.
    package var acyclicLinks: [Field] {
        fields.filter { if case .link(let link) = $0.type { link.isAcyclic } else { false } }
    }
}

/// The link of a detail to the record that its rights come from. It is required, so that there is such a record.
package struct ParentLink: Sendable, Hashable {
    /// Key of the field.
    package var field: String
    /// Full id of the type that it leads to.
    package var type: String

    package init(field: String, type: String) {
        self.field = field
        self.type = type
    }

    /// The column that holds the id of the record that it leads to.
    package var column: String { "\(field)_id" }
}

/// A table and the schema it lies in.
package struct TableName: Sendable, Hashable, CustomStringConvertible {
    package var schema: String
    package var name: String

    package init(schema: String, name: String) {
        self.schema = schema
        self.name = name
    }

    package var description: String { "\(schema).\(name)" }

    /// Quoted for SQL text. Names are `[a-z][a-z0-9_.]*`, so that nothing needs escaping.
    package var sql: String { "\"\(schema)\".\"\(name)\"" }
}
