package import Catalog
import Permissions
import Postgres
package import QueryLanguage

/// What an access may do with one record.
extension RecordStore {
    /// Whether every one of some actions may be taken on a record that isn't deleted.
    package func allows(_ actions: [RecordAction], on type: RecordType, _ id: GUID, access: Access) async throws -> Bool {
        let conditions = actions.map { AccessGuard.predicate($0, on: type, alias: "t", access: access) }
        let sql: SQL = """
            SELECT 1 FROM \(raw: type.table.sql) t WHERE t.id = \(bind: PostgresUUID(guid: id)) \
            AND \(SQL.joined(conditions, separator: " AND "))
            """
        return try await ReadFailure.translating { try await !statements.query(sql).isEmpty }
    }

    /// The type of a record that this access may read, by its id alone; nil when there is none.
    package func type(ofRecord id: GUID, access: Access) async throws -> RecordType? {
        for type in catalog.types where access.rights.allows(.read, on: type.id) {
            if try await allows([.read], on: type, id, access: access) { return type }
        }
        return nil
    }
}
