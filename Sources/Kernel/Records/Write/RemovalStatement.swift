import Catalog
import Postgres
import QueryLanguage

/// Deletes records so that they can be restored, restores them, or purges them for good. The rows are those of `UpdateStatement`.
struct RemovalStatement {
    enum Action: String {
        case delete, restore, purge

        var recordAction: RecordAction {
            switch self {
            case .delete: .delete
            case .restore: .restore
            case .purge: .purge
            }
        }
    }

    let action: Action
    let type: RecordType
    let access: Access
    let changeSet: ChangeSet
    /// Whether what is restored becomes the record of whoever restores it: where its owner was deactivated.
    var takesOver = false

    func sql(for drafts: [WriteDraft]) -> SQL {
        var batch = ColumnBatch()
        batch.add("_n", .bigint, drafts.indices.map { .integer(Int64($0)) })
        batch.add("id", .uuid, drafts.map { .guid($0.id) })
        batch.add("_expected", .bigint, drafts.map { $0.expectedVersion.map(Value.integer) ?? .null })
        let table = type.table.sql
        var sql: SQL = "WITH input AS MATERIALIZED (SELECT * FROM \(batch.unnest(as: "i")))"
        // What stays leaves those alone who link to it.
        let lock = action == .purge ? "FOR UPDATE" : "FOR NO KEY UPDATE"
        sql +=
            ", old AS MATERIALIZED (SELECT t.* FROM \(raw: table) t JOIN input i ON i.id = t.id WHERE \(scope) ORDER BY t.id \(raw: lock) OF t)"
        for (position, list) in type.childTables.enumerated() where action == .purge {
            sql +=
                ", was\(raw: String(position)) AS MATERIALIZED (SELECT o.id, \(raw: ListRows.stored(list, alias: "o")) AS list FROM old o)"
        }
        sql += ", rec AS (\(change))"
        let joins = action == .purge ? type.childTables.indices.map { " JOIN was\($0) ON was\($0).id = r.id" }.joined() : ""
        let source = "rec r JOIN old o ON o.id = r.id\(joins)"
        let changed = ["deleted_at"] + (takesOver ? ["owner_id"] : [])
        var before = SQL("\(raw: action == .purge ? purged : Trace.object(of: changed, alias: "o"))")
        if takesOver { before = AccessGuard.granting(before, if: AccessGuard.giving(of: type, old: "o", new: "r", access: access)) }
        let after = SQL("\(raw: action == .purge ? "NULL" : Trace.object(of: changed, alias: "r"))")
        sql += ", trace AS (\(Trace.change(action.rawValue, type: type, changeSet: changeSet, before: before, from: source)))"
        sql +=
            ", told AS (\(Trace.outbox(action.rawValue, type: type, access: access, changeSet: changeSet, old: before, new: after, from: source)))"
        sql += " SELECT i._n, o.version, r.version FROM input i LEFT JOIN old o ON o.id = i.id LEFT JOIN rec r ON r.id = i.id ORDER BY i._n"
        return sql
    }

    private var scope: SQL {
        switch action {
        case .delete: AccessGuard.predicate(.delete, on: type, alias: "t", access: access)
        case .restore: AccessGuard.predicate(.restore, on: type, alias: "t", access: access, includeDeleted: true)
        case .purge: AccessGuard.predicate(.purge, on: type, alias: "t", access: access, includeDeleted: true)
        }
    }

    private var change: SQL {
        let expected = "t.id = i.id AND (i._expected IS NULL OR o.version = i._expected)"
        let table = type.table.sql
        switch action {
        case .purge:
            // One version further than any write of the record had.
            return """
                DELETE FROM \(raw: table) t USING input i JOIN old o ON o.id = i.id WHERE \(raw: expected) RETURNING t.id, t.version + 1 AS version
                """
        case .delete, .restore:
            let value = action == .delete ? "now()" : "NULL"
            let differs = action == .delete ? "o.deleted_at IS NULL" : "o.deleted_at IS NOT NULL"
            let owner: SQL = takesOver ? ", owner_id = \(bind: PostgresUUID(guid: access.principal))" : ""
            return """
                UPDATE \(raw: table) t SET deleted_at = \(raw: value)\(owner), version = t.version + 1, updated_at = now(), \
                updated_by = \(bind: PostgresUUID(guid: access.principal)) FROM input i JOIN old o ON o.id = i.id \
                WHERE \(raw: expected) AND \(raw: differs) RETURNING t.*
                """
        }
    }

    private var purged: String {
        "to_jsonb(o.*)" + type.childTables.enumerated().map { " || jsonb_build_object('\($1.field)', was\($0).list)" }.joined()
    }
}
