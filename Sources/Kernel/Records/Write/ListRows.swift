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

    /// Inserts the rows; nil when there are none.
    func insert() -> SQL? {
        guard !rows.isEmpty else { return nil }
        let names = Self.columns(of: table).map(\.name).quotedList
        return "INSERT INTO \(raw: table.name.sql) (\(raw: names)) \(selection)"
    }

    /// Selects the rows as the table stores them.
    var selection: SQL {
        var batch = ColumnBatch()
        let columns = Self.columns(of: table)
        for column in columns {
            let values = rows.map { entry -> Value in
                switch column.name {
                case table.recordColumn: .guid(entry.draft.id)
                case "position" where !table.isLinks: .integer(Int64(entry.position))
                default: entry.row[column.name] ?? .null
                }
            }
            batch.add(column.name, column.type, values)
        }
        let typed = columns.map { "l.\"\($0.name)\"::\($0.type.sql) AS \"\($0.name)\"" }.joined(separator: ", ")
        return "SELECT \(raw: typed) FROM \(batch.unnest(as: "l"))"
    }

    static func columns(of table: ChildTable) -> [Column] { table.columns(recordTable: table.name) }

    /// Columns of a list's rows beside the record's id and the position.
    static func ownColumns(of table: ChildTable) -> [Column] {
        columns(of: table).filter { $0.name != table.recordColumn && $0.name != "position" }
    }

    /// The lists of a draft as the outbox keeps them: `{"emails": [{"address": …}]}`.
    static func value(of draft: WriteDraft) -> Value {
        .complex(draft.lists.mapValues { rows in .collection(rows.map { .complex($0) }) })
    }

    /// A subquery for the stored list of the record `alias`, in the same shape.
    static func stored(_ table: ChildTable, alias: String) -> String {
        "coalesce((SELECT \(aggregate(table)) FROM \(table.name.sql) c WHERE c.\(table.recordColumn) = \(alias).id), '[]')"
    }

    /// Selects id and list of the records that have rows in `rows`, which has the table's columns; again in the same shape.
    static func json(of table: ChildTable, in rows: String) -> String {
        "SELECT c.\(table.recordColumn) AS id, \(aggregate(table)) AS list FROM \(rows) c GROUP BY 1"
    }

    private static func aggregate(_ table: ChildTable) -> String {
        let order = table.isLinks ? "c.target_id" : "c.position"
        let hidden = table.isLinks ? table.recordColumn : "\(table.recordColumn),position"
        return "jsonb_agg(to_jsonb(c.*) - '{\(hidden)}'::text[] ORDER BY \(order))"
    }
}
