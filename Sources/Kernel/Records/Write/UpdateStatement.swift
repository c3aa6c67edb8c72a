import Catalog
import Postgres
import QueryLanguage

/// One statement that changes some columns and lists of records, if their versions are the expected ones: the rows are locked in the order of
/// their ids, changed where they differ, and traced with old and new values.
///
/// Its rows are (position in the batch, version before or NULL when missing, version after or NULL when nothing changed).
struct UpdateStatement {
    let type: RecordType
    let access: Access
    let changeSet: ChangeSet
    /// All drafts of one statement set the same columns and lists.
    let columns: [Column]
    let lists: [ChildTable]

    func sql(for drafts: [WriteDraft]) -> SQL {
        var batch = ColumnBatch()
        batch.add("n", .bigint, drafts.indices.map { .integer(Int64($0)) })
        batch.add("id", .uuid, drafts.map { .guid($0.id) })
        batch.add("expected", .bigint, drafts.map { $0.expectedVersion.map(Value.integer) ?? .null })
        for column in columns { batch.add(column.name, column.type, drafts.map { $0.columns[column.name] ?? .null }) }
        if !lists.isEmpty { batch.add("_lists", .jsonb, drafts.map { ListRows.value(of: $0) }) }
        let principal = PostgresUUID(guid: access.principal)
        let table = type.table.sql
        let values = columns.indices.map { batch.column($0 + 3, of: "i") }
        let assignments = zip(columns, values).map { ", \"\($0.name)\" = \($1)" }.joined()
        let guarded = AccessGuard.predicate(.update, on: type, alias: "t", access: access)

        var sql: SQL = "WITH input AS MATERIALIZED (SELECT * FROM \(batch.unnest(as: "i")))"
        sql +=
            ", old AS MATERIALIZED (SELECT t.* FROM \(raw: table) t JOIN input i ON i.id = t.id WHERE \(guarded) ORDER BY t.id FOR UPDATE OF t)"
        for (position, list) in lists.enumerated() {
            sql +=
                ", was\(raw: String(position)) AS MATERIALIZED (SELECT o.id, \(raw: ListRows.stored(list, alias: "o")) AS list FROM old o)"
        }
        sql += ", rec AS (UPDATE \(raw: table) t SET version = t.version + 1, updated_at = now(), updated_by = \(bind: principal)"
        sql +=
            "\(raw: assignments) FROM input i JOIN old o ON o.id = i.id WHERE t.id = i.id AND (i.expected IS NULL OR o.version = i.expected)"
        sql += " AND \(raw: changes(values: values)) RETURNING t.*)"
        for (position, list) in lists.enumerated() {
            sql += ", emptied\(raw: String(position)) AS (DELETE FROM \(raw: list.name.sql) c USING rec u "
            sql += "WHERE c.\(identifier: list.recordColumn) = u.id RETURNING 1)"
            guard let insert = ListRows(table: list, drafts: drafts).insert(after: "rec", emptied: "emptied\(position)") else { continue }
            sql += ", filled\(raw: String(position)) AS (\(insert))"
        }
        let changed = columns.map(\.name)
        let joins = lists.indices.map { " JOIN was\($0) ON was\($0).id = r.id" }.joined()
        let oldLists = lists.enumerated().map { " || jsonb_build_object('\($1.field)', was\($0).list)" }.joined()
        let old = SQL("\(raw: Trace.object(of: changed, alias: "o"))\(raw: oldLists)")
        var new = SQL("\(raw: Trace.object(of: changed, alias: "r"))")
        if !lists.isEmpty { new += " || i._lists" }
        let source = "rec r JOIN old o ON o.id = r.id JOIN input i ON i.id = r.id\(joins)"
        sql += ", trace AS (\(Trace.change("update", type: type, changeSet: changeSet, before: old, from: source)))"
        sql += ", told AS (\(Trace.outbox("update", type: type, access: access, changeSet: changeSet, old: old, new: new, from: source)))"
        sql += " SELECT i.n, o.version, r.version FROM input i LEFT JOIN old o ON o.id = i.id LEFT JOIN rec r ON r.id = i.id ORDER BY i.n"
        return sql
    }

    /// Lists are always taken as changed; columns only where they differ.
    private func changes(values: [String]) -> String {
        guard lists.isEmpty, !columns.isEmpty else { return "TRUE" }
        let stored = columns.map { "o.\"\($0.name)\"" }.joined(separator: ", ")
        return "ROW(\(stored)) IS DISTINCT FROM ROW(\(zip(columns, values).map { Self.cast($1, to: $0) }.joined(separator: ", ")))"
    }

    /// jsonb and numerics are compared as stored.
    private static func cast(_ value: String, to column: Column) -> String {
        if case .numeric = column.type { return "\(value)::\(column.type.sql)" }
        return value
    }
}
