import Catalog
import Postgres
import QueryLanguage

/// Empties the links that point at records about to be purged. Deleted records' links are emptied too.
struct ReleaseStatement {
    let source: RecordType
    /// A link to one record, of one type or of several.
    let field: Field
    let access: Access
    let changeSet: ChangeSet

    /// - Parameter kept: records that are about to be purged themselves.
    func sql(targets: [GUID], except kept: [GUID]) -> SQL {
        let column = "\(field.key)_id"
        let columns = field.columns.map(\.name)
        let ids = targets.map { PostgresUUID(guid: $0) }
        let before = SQL("\(raw: Trace.object(of: columns, alias: "o"))")
        let after = SQL("\(raw: Trace.object(of: columns, alias: "r"))")
        let rows = "rec r JOIN old o ON o.id = r.id"
        return """
            WITH old AS MATERIALIZED (SELECT t.* FROM \(raw: source.table.sql) t WHERE t.\(identifier: column) = ANY(\(bind: ids)) \
            AND t.id <> ALL(\(bind: kept.map { PostgresUUID(guid: $0) })) ORDER BY t.id FOR NO KEY UPDATE OF t), \
            rec AS (UPDATE \(raw: source.table.sql) t SET \(raw: columns.map { "\"\($0)\" = NULL" }.joined(separator: ", ")), version = t.version + 1, updated_at = now(), \
            updated_by = \(bind: PostgresUUID(guid: access.principal)) FROM old o WHERE o.id = t.id RETURNING t.*), \
            trace AS (\(Trace.change("update", type: source, changeSet: changeSet, before: before, from: rows))) \
            \(Trace.outbox("update", type: source, access: access, changeSet: changeSet, old: before, new: after, from: rows))
            """
    }
}
