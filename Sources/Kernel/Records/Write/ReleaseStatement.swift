import Catalog
import Postgres
import QueryLanguage

/// Empties the links that point at records about to be purged. Deleted records' links are emptied too.
struct ReleaseStatement {
    let inbound: InboundLink
    let access: Access
    let changeSet: ChangeSet

    func sql(targets: [GUID]) -> SQL {
        let source = inbound.source
        let column = "\(inbound.field.key)_id"
        let ids = targets.map { PostgresUUID(guid: $0) }
        let before = SQL("\(raw: Trace.object(of: [column], alias: "o"))")
        let after = SQL("\(raw: Trace.object(of: [column], alias: "r"))")
        let rows = "rec r JOIN old o ON o.id = r.id"
        return """
            WITH old AS MATERIALIZED (SELECT t.* FROM \(raw: source.table.sql) t WHERE t.\(identifier: column) = ANY(\(bind: ids)) \
            ORDER BY t.id FOR UPDATE OF t), \
            rec AS (UPDATE \(raw: source.table.sql) t SET \(identifier: column) = NULL, version = t.version + 1, updated_at = now(), \
            updated_by = \(bind: PostgresUUID(guid: access.principal)) FROM old o WHERE o.id = t.id RETURNING t.*), \
            trace AS (\(Trace.change("update", type: source, changeSet: changeSet, before: before, from: rows))) \
            \(Trace.outbox("update", type: source, access: access, changeSet: changeSet, old: before, new: after, from: rows))
            """
    }
}
