import Catalog
import Postgres
import QueryLanguage

/// What every write leaves behind in its own statement: the before-values of its change set, and the outbox row.
enum Trace {
    /// `from` yields rows `r` with `id` and the new `version`.
    static func change(_ action: String, type: RecordType, changeSet: ChangeSet, before: SQL, from: String) -> SQL {
        """
        INSERT INTO tessera.change (change_set, record_id, version, record_type, action, before) \
        SELECT \(bind: PostgresUUID(guid: changeSet.id)), r.id, r.version, \(bind: type.id), '\(raw: action)', \(before) FROM \(raw: from)
        """
    }

    /// Old and new hold the changed columns only, as they are stored, and changed lists whole.
    static func outbox(
        _ action: String, type: RecordType, access: Access, changeSet: ChangeSet, old: SQL, new: SQL, from: String
    ) -> SQL {
        let onBehalfOf = access.onBehalfOf.map { PostgresUUID(guid: $0) }.postgresParameter
        return """
            INSERT INTO tessera.outbox (record_type, action, record_id, version, old, new, principal_id, on_behalf_of, channel, change_set, cause) \
            SELECT \(bind: type.id), '\(raw: action)', r.id, r.version, \(old), \(new), \(bind: PostgresUUID(guid: access.principal)), \
            \(bind: onBehalfOf), \(bind: access.channel.rawValue), \
            \(bind: PostgresUUID(guid: changeSet.id)), \(bind: access.cause.map(PostgresUUID.init(guid:))) FROM \(raw: from)
            """
    }

    /// The row of a named change set, before its first write; nil where none is needed.
    static func begin(_ changeSet: ChangeSet, access: Access) -> SQL? {
        guard let label = changeSet.label, !changeSet.isListed, !changeSet.isRehearsal else { return nil }
        let undoes = changeSet.undoes.map { PostgresUUID(guid: $0) }.postgresParameter
        return """
            INSERT INTO tessera.change_set (id, label, principal_id, channel, automation, undoes, state, finished_at) \
            VALUES (\(bind: PostgresUUID(guid: changeSet.id)), \(bind: label), \(bind: PostgresUUID(guid: access.principal)), \
            \(bind: access.channel.rawValue), \(bind: changeSet.runsAutomation), \(bind: undoes), \
            '\(raw: changeSet.isOpen ? "running" : "done")', \(raw: changeSet.isOpen ? "NULL" : "now()")) ON CONFLICT (id) DO NOTHING
            """
    }

    /// `jsonb_build_object` over columns of `alias`; the function takes 100 arguments, so that wide changes are joined.
    static func object(of columns: [String], alias: String) -> String {
        guard !columns.isEmpty else { return "'{}'::jsonb" }
        return stride(from: 0, to: columns.count, by: 50).map { start in
            let pairs = columns[start..<min(start + 50, columns.count)].map { "'\($0)', \(alias).\"\($0)\"" }
            return "jsonb_build_object(\(pairs.joined(separator: ", ")))"
        }.joined(separator: " || ")
    }
}
