package import Manifests

/// A column as PostgreSQL has it.
package struct Column: Sendable, Hashable {
    package var name: String
    package var type: ColumnType
    package var references: ForeignKey?

    package init(_ name: String, _ type: ColumnType, references: ForeignKey? = nil) {
        self.name = name
        self.type = type
        self.references = references
    }
}

/// A foreign key to the `id` of another table.
package struct ForeignKey: Sendable, Hashable {
    package var table: TableName
    package var onDelete: DeletePolicy

    package init(table: TableName, onDelete: DeletePolicy) {
        self.table = table
        self.onDelete = onDelete
    }
}

/// The PostgreSQL types that fields are kept in. Text is compared by code point, whatever the database's locale.
package enum ColumnType: Sendable, Hashable {
    case uuid, text, bigint, boolean, date, timestamptz, interval, jsonb, textArray, smallint
    case numeric(precision: Int, scale: Int)

    /// As in a column definition.
    package var definition: String {
        switch self {
        case .text: "text COLLATE \"C\""
        case .textArray: "text[] COLLATE \"C\""
        default: sql
        }
    }

    /// As `format_type` prints it, and as a cast names it.
    package var sql: String {
        switch self {
        case .uuid: "uuid"
        case .text: "text"
        case .bigint: "bigint"
        case .smallint: "smallint"
        case .boolean: "boolean"
        case .date: "date"
        case .timestamptz: "timestamp with time zone"
        case .interval: "interval"
        case .jsonb: "jsonb"
        case .textArray: "text[]"
        case .numeric(let precision, let scale): "numeric(\(precision),\(scale))"
        }
    }
}

/// The members of an address, in the order forms show them.
package enum AddressMember: String, Sendable, CaseIterable {
    case street, city, region
    case postalCode = "postal_code"
    case country
}
