import Catalog
import Postgres
import QueryLanguage

/// The rows of one list table that a batch of drafts brings.
struct ListRows {
    let table: ChildTable
    private let rows: [(draft: WriteDraft, position: Int, row: ListRow)]

    init(table: ChildTable, drafts: [WriteDraft]) {
        self.table = table
        rows = drafts.flatMap { draft in
            (draft.lists[table.field] ?? []).enumerated().map { (draft, $0.offset, $0.element) }
        }
    }

    /// Inserts the rows; nil when there are none. With `after`, only rows whose record is in that CTE, and after `emptied` has run.
    func insert(after updated: String? = nil, emptied: String? = nil) -> SQL? {
        guard !rows.isEmpty else { return nil }
        let columns = Self.ownColumns(of: table)
        var batch = ColumnBatch()
        batch.add(table.recordColumn, .uuid, rows.map { .guid($0.draft.id) })
        if !table.isLinks { batch.add("position", .smallint, rows.map { .integer(Int64($0.position)) }) }
        for column in columns { batch.add(column.name, column.type, rows.map { $0.row[column.name] ?? .null }) }
        let names = batch.columns.quotedList
        var sql: SQL =
            "INSERT INTO \(raw: table.name.sql) (\(raw: names)) SELECT \(raw: batch.columnList(of: "l")) FROM \(batch.unnest(as: "l"))"
        if let updated { sql += " JOIN \(raw: updated) u ON u.id = l.\(identifier: table.recordColumn)" }
        // Reading the deleting CTE makes it run first.
        if let emptied { sql += " WHERE (SELECT count(*) FROM \(raw: emptied)) >= 0" }
        return sql
    }

    /// Columns of a list's rows beside the record's id and the position.
    static func ownColumns(of table: ChildTable) -> [Column] {
        table.columns(recordTable: table.name).filter { $0.name != table.recordColumn && $0.name != "position" }
    }

    /// The lists of a draft as the outbox keeps them: `{"emails": [{"address": …}]}`.
    static func value(of draft: WriteDraft) -> Value {
        .complex(draft.lists.mapValues { rows in .collection(rows.map { .complex($0) }) })
    }

    /// A subquery for the stored list of the record `alias`, in the same shape.
    static func stored(_ table: ChildTable, alias: String) -> String {
        let order = table.isLinks ? "c.target_id" : "c.position"
        let hidden = table.isLinks ? table.recordColumn : "\(table.recordColumn),position"
        return """
            coalesce((SELECT jsonb_agg(to_jsonb(c) - '{\(hidden)}'::text[] ORDER BY \(order)) FROM \(table.name.sql) c \
            WHERE c.\(table.recordColumn) = \(alias).id), '[]')
            """
    }
}
