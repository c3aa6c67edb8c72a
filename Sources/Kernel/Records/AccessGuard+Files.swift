package import Catalog
package import Postgres
import QueryLanguage

/// Files follow the records that refer to them.
extension AccessGuard {
    /// A condition over `tessera.file` as `alias` that holds for the files of records that this access may read, and for its own uploads as
    /// long as no record refers to them.
    package static func filePredicate(alias: String, catalog: Catalog, access: Access) -> SQL {
        let referring = catalog.types.flatMap { type in references(of: type, to: alias, access: access) }
        let principal = PostgresUUID(guid: access.principal)
        guard !referring.isEmpty else { return "\(raw: alias).created_by = \(bind: principal)" }
        let readable = SQL.joined(referring.map { "EXISTS (\($0.readable))" }, separator: " OR ")
        let any = SQL.joined(referring.map { "EXISTS (\($0.any))" }, separator: " OR ")
        return "(\(readable) OR (\(raw: alias).created_by = \(bind: principal) AND NOT (\(any))))"
    }

    /// For each file field of a type: the records that refer to the file, those that may be read and all of them.
    private static func references(of type: RecordType, to alias: String, access: Access) -> [(readable: SQL, any: SQL)] {
        type.fields.filter(\.isFile).flatMap { field -> [(readable: SQL, any: SQL)] in
            field.columns.map { column in
                let any: SQL = "SELECT 1 FROM \(raw: type.table.sql) r WHERE r.\(identifier: column.name) = \(raw: alias).id"
                let readable = any + " AND " + predicate(.read, on: type, alias: "r", access: access)
                return (mask(of: field.key, on: type, alias: "r", access: access).map { readable + " AND " + $0 } ?? readable, any)
            }
        }
    }
}

extension Field {
    package var isFile: Bool { if case .file = type { true } else { false } }
}
