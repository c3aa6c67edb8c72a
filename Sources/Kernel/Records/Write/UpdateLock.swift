import Catalog
import Postgres
import QueryLanguage

/// What a batch of changes takes before its first statement when it needs several: the turns to set links that may have no loop, then all of its
/// records in the order of their ids. Two batches that share records or such a link come one after the other, however each of them is cut into
/// statements.
///
/// One statement alone takes both by itself, in the same order.
struct UpdateLock {
    private let type: RecordType
    private let access: Access

    init(of type: RecordType, for access: Access) {
        self.type = type
        self.access = access
    }

    /// Nil where the statements that follow lock in one order by themselves: one statement, or several over records in the order of their ids
    /// that wait for no turn.
    func sql(for drafts: [WriteDraft]) -> SQL? {
        let loops = LoopGuard(drafts, of: type)
        let isCut = drafts.count > BatchRunner.rowsPerStatement && loops.hasTurns != nil
        return isCut || drafts.contains(where: { $0.statementKey != drafts[0].statementKey }) ? whole(for: drafts) : nil
    }

    /// The lock whatever follows.
    func whole(for drafts: [WriteDraft]) -> SQL {
        let loops = LoopGuard(drafts, of: type)
        var batch = ColumnBatch()
        batch.add("id", .uuid, drafts.map { .guid($0.id) })
        for column in loops.columns { batch.add(column, .uuid, drafts.map { $0.columns[column] ?? .null }) }
        var sql: SQL = "WITH input AS MATERIALIZED (SELECT * FROM \(batch.unnest(as: "i")))"
        sql += loops.turns
        sql += """
            , held AS MATERIALIZED (SELECT t.id FROM \(raw: type.table.sql) t WHERE t.id IN (SELECT i.id FROM input i) \
            AND \(AccessGuard.predicate(.update, on: type, alias: "t", access: access))
            """
        if let condition = loops.hasTurns { sql += " AND \(condition)" }
        sql += " ORDER BY t.id FOR NO KEY UPDATE OF t) SELECT count(*) FROM held"
        return sql
    }
}
