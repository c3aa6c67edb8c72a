import Catalog
import Postgres
import QueryLanguage

/// One statement that changes some columns and lists of records, if their versions are the expected ones: the rows are locked in the order of
/// their ids, changed where they differ, and traced with old and new values of what differs.
///
/// The lock is the one that PostgreSQL takes for changes that leave keys alone: who links to a record isn't kept waiting by who changes it, and
/// can't come to wait for somebody who waits for them.
///
/// Its rows are (position in the batch, version before or NULL when missing, version after or NULL when nothing changed).
struct UpdateStatement {
    let type: RecordType
    let access: Access
    let changeSet: ChangeSet
    /// All drafts of one statement set the same columns and lists, and all or none of them are set aside.
    let columns: [Column]
    let lists: [ChildTable]

    func sql(for drafts: [WriteDraft]) -> SQL {
        var batch = ColumnBatch()
        batch.add("_n", .bigint, drafts.indices.map { .integer(Int64($0)) })
        batch.add("id", .uuid, drafts.map { .guid($0.id) })
        batch.add("_expected", .bigint, drafts.map { $0.expectedVersion.map(Value.integer) ?? .null })
        for column in columns { batch.add(column.name, column.type, drafts.map { $0.columns[column.name] ?? .null }) }
        let principal = PostgresUUID(guid: access.principal)
        let table = type.table.sql
        let values = columns.indices.map { batch.column($0 + 3, of: "i") }
        let given = drafts.reduce(into: Set<String>()) { $0.formUnion($1.given) }
        let assignments = zip(columns, values).map { ", \"\($0.name)\" = \($1)" }.joined()
        let areAside = drafts.first?.isSetAside == true
        let standing = AccessGuard.predicate(.update, on: type, alias: "t", access: access, includeDeleted: areAside)
        let guarded: SQL = areAside ? "t.deleted_at = \(raw: SetAside.mark) AND \(standing)" : standing

        let targets = AnyTargets(drafts, of: type)
        let loops = LoopGuard(drafts, of: type)
        var sql: SQL = "WITH input AS MATERIALIZED (SELECT * FROM \(batch.unnest(as: "i")))"
        sql += loops.turns
        // What is linked to is locked before what links, as a purge does it.
        sql += targets.locks
        sql += ", old AS MATERIALIZED (SELECT t.* FROM \(raw: table) t JOIN input i ON i.id = t.id WHERE \(guarded)"
        if let condition = targets.condition { sql += " AND \(condition)" }
        if let condition = loops.hasTurns { sql += " AND \(condition)" }
        sql += " ORDER BY t.id FOR NO KEY UPDATE OF t)"
        for (position, list) in lists.enumerated() {
            let brought = ListRows(table: list, drafts: drafts)
            sql += ", brought\(raw: String(position)) AS MATERIALIZED (\(brought.selection))"
            sql += ", list\(raw: String(position)) AS MATERIALIZED (SELECT o.id, \(raw: ListRows.stored(list, alias: "o")) AS was, "
            sql +=
                "coalesce(b.list, '[]') AS will FROM old o LEFT JOIN (\(raw: ListRows.json(of: list, in: "brought\(position)"))) b USING (id))"
        }
        let joins = lists.indices.map { " JOIN list\($0) ON list\($0).id = o.id" }.joined()
        sql += ", rec AS (UPDATE \(raw: table) t SET version = t.version + 1, updated_at = now(), updated_by = \(bind: principal)"
        if areAside { sql += ", deleted_at = NULL" }
        sql +=
            "\(raw: assignments) FROM input i JOIN old o ON o.id = i.id\(raw: joins) WHERE t.id = i.id AND (i._expected IS NULL OR o.version = i._expected)"
        sql += " AND \(changes(values: values, given: given)) RETURNING t.*)"
        for (position, list) in lists.enumerated() {
            let table = list.name.sql
            let record = "\"\(list.recordColumn)\""
            let names = ListRows.columns(of: list).map(\.name).quotedList
            let differing = "(SELECT u.id FROM rec u JOIN list\(position) l ON l.id = u.id WHERE l.was IS DISTINCT FROM l.will)"
            sql +=
                ", emptied\(raw: String(position)) AS (DELETE FROM \(raw: table) c WHERE c.\(raw: record) IN \(raw: differing) RETURNING 1)"
            // Reading the deleting CTE makes it run first.
            sql +=
                ", filled\(raw: String(position)) AS (INSERT INTO \(raw: table) (\(raw: names)) SELECT \(raw: names) FROM brought\(raw: String(position)) "
            sql += "WHERE \(raw: record) IN \(raw: differing) AND (SELECT count(*) FROM emptied\(raw: String(position))) >= 0)"
        }
        let old = SQL("\(raw: trace(columnsOf: "o", lists: "was"))")
        let new = SQL("\(raw: trace(columnsOf: "r", lists: "will"))")
        let source = "rec r JOIN old o ON o.id = r.id\(joins)"
        let set = Set(columns.map { type.field(ofColumn: $0.name)?.key ?? $0.name } + lists.map(\.field))
        let granted = AccessGuard.granting(
            old, if: AccessGuard.change(of: type, old: "o", new: "r", fields: set, given: given, access: access))
        sql += ", trace AS (\(Trace.change("update", type: type, changeSet: changeSet, before: granted, from: source)))"
        sql += ", told AS (\(Trace.outbox("update", type: type, access: access, changeSet: changeSet, old: old, new: new, from: source)))"
        sql += loops.walks
        sql += " SELECT i._n, o.version, r.version FROM input i LEFT JOIN old o ON o.id = i.id LEFT JOIN rec r ON r.id = i.id"
        if let condition = loops.areNone { sql += " WHERE \(condition)" }
        sql += " ORDER BY i._n"
        return sql
    }

    /// Whether anything of the record is other than it was, or was written without being seen: whether that is the same isn't told.
    private func changes(values: [String], given: Set<String>) -> SQL {
        var differences = lists.indices.map { "list\($0).was IS DISTINCT FROM list\($0).will" }
        if !columns.isEmpty {
            let stored = columns.map { "o.\"\($0.name)\"" }.joined(separator: ", ")
            let given = zip(columns, values).map { Self.cast($1, to: $0) }.joined(separator: ", ")
            differences.append("ROW(\(stored)) IS DISTINCT FROM ROW(\(given))")
        }
        let unseen = given.sorted().compactMap { AccessGuard.mask(of: $0, on: type, alias: "o", access: access) }.map {
            "(\($0)) IS NOT TRUE" as SQL
        }
        let parts = differences.map { "\(raw: $0)" as SQL } + unseen
        return parts.isEmpty ? "FALSE" : "(\(SQL.joined(parts, separator: " OR ")))"
    }

    /// What of the statement's columns and lists differs, on the side of `alias`.
    private func trace(columnsOf alias: String, lists side: String) -> String {
        let all =
            Trace.object(of: columns.map(\.name), alias: alias)
            + lists.enumerated().map { " || jsonb_build_object('\($1.field)', list\($0).\(side))" }.joined()
        // What is the only one to be set is what differs, or there were no trace.
        guard columns.count + lists.count > 1 else { return all }
        let same =
            columns.map { "CASE WHEN o.\"\($0.name)\" IS NOT DISTINCT FROM r.\"\($0.name)\" THEN '\($0.name)' END" }
            + lists.enumerated().map { "CASE WHEN list\($0).was = list\($0).will THEN '\($1.field)' END" }
        return "(\(all)) - ARRAY[\(same.joined(separator: ", "))]::text[]"
    }

    /// jsonb and numerics are compared as stored.
    private static func cast(_ value: String, to column: Column) -> String {
        if case .numeric = column.type { return "\(value)::\(column.type.sql)" }
        return value
    }
}
