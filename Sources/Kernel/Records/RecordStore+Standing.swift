package import Catalog
import Permissions
import Postgres
package import QueryLanguage

/// What an access may do with one record.
extension RecordStore {
    /// Whether every one of some actions may be taken on a record that isn't deleted.
    ///
    /// - Parameters:
    ///   - givesAway: whether the record has to be one that may be given to another owner, too.
    ///   - lasting: how long, as far as that hangs on shares.
    package func allows(
        _ actions: [RecordAction], on type: RecordType, _ id: GUID, access: Access, givesAway: Bool = false,
        lasting: ShareDuration = .now
    ) async throws -> Bool {
        var conditions = actions.map { AccessGuard.predicate($0, on: type, alias: "t", access: access, lasting: lasting) }
        if givesAway { conditions.append(AccessGuard.givable(type, alias: "t", access: access, lasting: lasting)) }
        let sql: SQL = """
            SELECT 1 FROM \(raw: type.table.sql) t WHERE t.id = \(bind: PostgresUUID(guid: id)) \
            AND \(SQL.joined(conditions, separator: " AND "))
            """
        return try await ReadFailure.translating { try await !statements.query(sql).isEmpty }
    }

    /// Last in a transaction of long work: refuses it when whoever asked for it was deactivated meanwhile. Until it is over nobody deactivates them, so that
    /// what it has written is there to be handed over.
    ///
    /// - Throws: `records.forbidden`; `records.unavailable` while they are being changed, for the work to be tried again: waiting could wait for itself.
    package func requireActive(_ principal: GUID) async throws {
        let sql: SQL = """
            SELECT disabled_at IS NULL FROM tessera.principal WHERE id = \(bind: PostgresUUID(guid: principal)) FOR SHARE SKIP LOCKED
            """
        guard let row = try await run(sql).first else {
            throw RecordsError(.unavailable, "Whoever asked for this work is being changed at this moment. Try again.")
        }
        guard try row.decode(Bool.self, 0) else {
            throw RecordsError(.forbidden, "Whoever asked for this work was deactivated; what isn't done stays undone.")
        }
    }

    /// The type of a record that this access may read, by its id alone; nil when there is none.
    package func type(ofRecord id: GUID, access: Access) async throws -> RecordType? {
        for type in catalog.types where access.rights.allows(.read, on: type.id) {
            if try await allows([.read], on: type, id, access: access) { return type }
        }
        return nil
    }
}
