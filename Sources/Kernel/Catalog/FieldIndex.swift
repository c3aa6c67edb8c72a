/// The fields of a record type by what names them, and what follows from them: made once for a type, asked by every write.
package final class FieldIndex: Sendable {
    /// Positions of fields by their keys.
    let positions: [String: Int]
    /// Positions of fields by the columns that they have in the record's own row.
    let positionsByColumn: [String: Int]
    /// The columns of all fields, in table order.
    let columns: [Column]
    let childTables: [ChildTable]
    /// The fields that are kept in tables of their own.
    let listFields: [Field]
    /// Keys of the fields that are required in some records only.
    let requiredSometimes: Set<String>
    let inputs: [String: InputProperty]

    init(module: String, key: String, fields: [Field]) {
        positions = Dictionary(fields.enumerated().map { ($1.key, $0) }, uniquingKeysWith: { first, _ in first })
        positionsByColumn = Dictionary(
            fields.enumerated().flatMap { position, field in field.columns.map { ($0.name, position) } },
            uniquingKeysWith: { first, _ in first })
        columns = fields.flatMap(\.columns)
        let lists = fields.compactMap { field in ChildTable(of: field, module: module, type: key).map { (field, $0) } }
        listFields = lists.map(\.0)
        childTables = lists.map(\.1)
        requiredSometimes = Set(fields.filter { $0.requiredWhen != nil }.map(\.key))
        inputs = InputProperty.all(of: fields)
    }
}

extension FieldIndex: Hashable {
    /// It follows from the fields, which are compared themselves.
    package static func == (_: FieldIndex, _: FieldIndex) -> Bool { true }
    package func hash(into _: inout Hasher) {}
}

/// A property that a writer names, and what it is to its field: an amount of money and its currency are two of one field.
package struct InputProperty: Sendable {
    package enum Role: Sendable {
        case value, currency, linkID, anyType, anyID, primary
    }

    /// Position of the field in the type.
    let position: Int
    package let role: Role

    fileprivate static func all(of fields: [Field]) -> [String: InputProperty] {
        var all: [String: InputProperty] = [:]
        for (position, field) in fields.enumerated() {
            for (name, role) in names(of: field) { all[name] = InputProperty(position: position, role: role) }
        }
        return all
    }

    private static func names(of field: Field) -> [(String, Role)] {
        switch field.type {
        case .money: [(field.key, .value), ("\(field.key)_currency", .currency)]
        case .link, .file: [(field.key, .value), ("\(field.key)_id", .linkID)]
        case .user: [("\(field.key)_id", .linkID)]
        case .linkAny: [("\(field.key)_type", .anyType), ("\(field.key)_id", .anyID)]
        case .emails, .phones: [(field.key, .value)] + (field.primaryProperty.map { [($0, .primary)] } ?? [])
        default: [(field.key, .value)]
        }
    }
}

extension RecordType {
    package func field(_ key: String) -> Field? { index.positions[key].map { fields[$0] } }

    /// The field that a column of the record's own row belongs to; nil for those that every record has.
    package func field(ofColumn column: String) -> Field? { index.positionsByColumn[column].map { fields[$0] } }

    /// The fields with these keys, in their order.
    package func fields(of keys: Set<String>) -> [Field] { keys.compactMap { index.positions[$0] }.sorted().map { fields[$0] } }

    /// The columns that its fields have in the record's own row, in table order.
    package var fieldColumns: [Column] { index.columns }

    /// Tables that hold the lists of this type's records: its emails, phones and links to many.
    package var childTables: [ChildTable] { index.childTables }

    /// Emails, phones and links to many.
    package var listFields: [Field] { index.listFields }

    /// Keys of the fields that are required in some records only.
    package var requiredSometimes: Set<String> { index.requiredSometimes }

    /// What a writer may name, by name.
    package var inputs: [String: InputProperty] { index.inputs }

    /// The field of a property that a writer names.
    package func field(of input: InputProperty) -> Field { fields[input.position] }
}
