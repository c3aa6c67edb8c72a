package import Catalog
import Postgres

/// A question about stored values that decides what a plan may do. Asked only where an answer matters, since some read a table through.
package enum PlanProbe: Sendable, Hashable {
    /// Whether there are rows: 0 or 1.
    case rows(TableName)
    case total(TableName)
    /// Rows without a value in a column.
    case missing(TableName, column: String)
    /// Of these rows the deleted ones, which can be restored.
    case deleted(TableName, among: RowCondition)
    /// Combinations of values that occur more than once among the records that an index covers.
    case repeated(TableName, columns: [String], predicate: String?)
    /// Rows whose number has more digits before the point than the new type keeps.
    case large(TableName, column: String, power: Int)
    /// Records that hold a choice; `record` is the column with their ids.
    case holding(TableName, column: String, choice: String, isList: Bool, record: String)

    var sql: SQL {
        switch self {
        case .rows(let table):
            return "SELECT count(*) FROM (SELECT FROM \(raw: table.sql) LIMIT 1) AS any_row"
        case .total(let table):
            return "SELECT count(*) FROM \(raw: table.sql)"
        case .missing(let table, let column):
            return "SELECT count(*) FROM \(raw: table.sql) WHERE \(raw: RowCondition.missing(column).sql)"
        case .deleted(let table, let condition):
            return "SELECT count(*) FROM \(raw: table.sql) WHERE deleted_at IS NOT NULL AND \(raw: condition.sql)"
        case .repeated(let table, let columns, let predicate):
            let group = "SELECT \(RepeatedValues(table: table, columns: columns, predicate: predicate).groups)"
            return "SELECT count(*) FROM (\(raw: group)) AS repeated"
        case .large(let table, let column, let power):
            return "SELECT count(*) FROM \(raw: table.sql) WHERE \(raw: RowCondition.large(column, power: power).sql)"
        case .holding(let table, let column, let choice, let isList, let record):
            let name = SQLName.quoted(column)
            let condition = isList ? "\(name) @> ARRAY[\(SQLName.literal(choice))]" : "\(name) = \(SQLName.literal(choice))"
            return "SELECT count(DISTINCT \(raw: SQLName.quoted(record))) FROM \(raw: table.sql) WHERE \(raw: condition)"
        }
    }
}

/// What rows have that stand in a change's way.
package enum RowCondition: Sendable, Hashable {
    case any
    case missing(String)
    /// A number of more digits before the point than `power`.
    case large(String, power: Int)

    var sql: String {
        switch self {
        case .any: return "true"
        case .missing(let column): return "\(SQLName.quoted(column)) IS NULL"
        case .large(let column, let power):
            let (name, limit) = (SQLName.quoted(column), "1" + String(repeating: "0", count: power))
            return "(\(name)::numeric >= \(limit) OR \(name)::numeric <= -\(limit))"
        }
    }
}

/// Values that occur more than once.
struct RepeatedValues: Sendable, Hashable {
    var table: TableName
    var columns: [String]
    var predicate: String?

    private var list: String { columns.map(SQLName.quoted).joined(separator: ", ") }

    /// From FROM to HAVING.
    var groups: String {
        let conditions = columns.map { "\(SQLName.quoted($0)) IS NOT NULL" } + (predicate.map { [$0] } ?? [])
        return "FROM \(table.sql) WHERE \(conditions.joined(separator: " AND ")) GROUP BY \(list) HAVING count(*) > 1"
    }

    /// The most frequent ones as text, with how often they occur.
    var examples: String {
        let texts = columns.map { "\(SQLName.quoted($0))::text" }.joined(separator: ", ")
        return "SELECT count(*), ARRAY[\(texts)] \(groups) ORDER BY count(*) DESC, \(list) LIMIT 5"
    }

    /// All of them, with the ids of their records.
    func listing(id: String) -> String {
        "SELECT \(list), array_agg(\(SQLName.quoted(id))) AS records \(groups) ORDER BY \(list)"
    }
}

/// Answers to probes. What isn't known yet is noted and taken as "yes, there are rows" and "no, nothing is in the way".
struct PlanFacts {
    private var answers: [PlanProbe: Int64] = [:]
    private(set) var unanswered: [PlanProbe] = []
    private var examples: [RepeatedValues: [SchemaProblem.Example]] = [:]
    private var unseen: [RepeatedValues] = []

    mutating func count(_ probe: PlanProbe) -> Int64 {
        if let answer = answers[probe] { return answer }
        if !unanswered.contains(probe) { unanswered.append(probe) }
        if case .rows = probe { return 1 }
        return 0
    }

    /// Some of the values that occur more than once; none while they aren't known.
    mutating func examples(of repeated: RepeatedValues) -> [SchemaProblem.Example] {
        if let known = examples[repeated] { return known }
        if !unseen.contains(repeated) { unseen.append(repeated) }
        return []
    }

    mutating func hasRows(_ table: TableName) -> Bool { count(.rows(table)) > 0 }

    /// Asks what is open; gives false when nothing was.
    mutating func ask(_ connection: PostgresConnection) async throws -> Bool {
        guard !unanswered.isEmpty || !unseen.isEmpty else { return false }
        for probe in unanswered {
            answers[probe] = try await connection.query(probe.sql).first?.decode(Int64.self, 0) ?? 0
        }
        unanswered = []
        for repeated in unseen {
            examples[repeated] = try await connection.query(SQL(verbatim: repeated.examples)).rows.map { row in
                SchemaProblem.Example(values: try row.decode([String].self, 1), records: try row.value(0))
            }
        }
        unseen = []
        return true
    }
}
