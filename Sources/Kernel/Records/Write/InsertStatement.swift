import Catalog
import Manifests
import Postgres
import QueryLanguage

/// One statement that stores new records with their lists, keeps the change set's trace and writes the outbox.
struct InsertStatement {
    let type: RecordType
    let timeZone: String
    let access: Access
    let changeSet: ChangeSet

    func sql(for drafts: [WriteDraft]) -> SQL {
        var batch = ColumnBatch()
        batch.add("_n", .bigint, drafts.indices.map { .integer(Int64($0)) })
        batch.add("id", .uuid, drafts.map { .guid($0.id) })
        batch.add("owner_id", .uuid, drafts.map { $0.columns["owner_id"] ?? .guid(access.principal) })
        let stored = storedColumns(of: drafts)
        batch.add("_lists", .jsonb, drafts.map { $0.lists.isEmpty ? .null : ListRows.value(of: $0) })
        for column in stored { batch.add(column.name, column.type, drafts.map { $0.columns[column.name] ?? .null }) }
        let numbers = type.autoNumbers
        let names = (["id", "version", "created_by", "updated_by", "owner_id"] + stored.map(\.name) + numbers.map(\.field)).quotedList
        let principal = PostgresUUID(guid: access.principal)

        let targets = AnyTargets(drafts, of: type)
        var sql: SQL = "WITH input AS MATERIALIZED (SELECT * FROM \(batch.unnest(as: "i")))"
        sql += targets.locks
        for (position, number) in numbers.enumerated() {
            sql += ", counter\(raw: String(position)) AS (\(counter(number, count: drafts.count)))"
        }
        sql += ", rec AS (INSERT INTO \(raw: type.table.sql) (\(raw: names), created_at, updated_at) SELECT i.id, 1, \(bind: principal), "
        sql += "\(bind: principal), i.owner_id\(raw: stored.isEmpty ? "" : ", " + batch.columnList(of: "i", from: 4))"
        for (position, number) in numbers.enumerated() { sql += ", \(text(of: number, counter: "counter\(position)"))" }
        sql += ", now(), now() FROM input i"
        if let condition = targets.condition { sql += " WHERE \(condition)" }
        sql += " ORDER BY i._n RETURNING *)"
        for (position, table) in type.childTables.enumerated() {
            guard let insert = ListRows(table: table, drafts: drafts).insert() else { continue }
            sql += ", list\(raw: String(position)) AS (\(insert))"
        }
        let given = drafts.reduce(into: Set<String>()) { $0.formUnion($1.given) }
        let granted = AccessGuard.granting("NULL", if: AccessGuard.creation(of: type, alias: "r", fields: given, access: access))
        sql += ", trace AS (\(Trace.change("create", type: type, changeSet: changeSet, before: granted, from: "rec r")))"
        let own = "jsonb_strip_nulls(to_jsonb(r.*) - '{id,version}'::text[])"
        let new: SQL = drafts.allSatisfy(\.lists.isEmpty) ? "\(raw: own)" : "\(raw: own) || coalesce(i._lists, '{}')"
        sql += " "
        sql += Trace.outbox(
            "create", type: type, access: access, changeSet: changeSet, old: "NULL", new: new, from: "rec r JOIN input i USING (id)")
        return sql
    }

    /// Columns that any of the drafts sets, in the type's order.
    private func storedColumns(of drafts: [WriteDraft]) -> [Column] {
        var set: Set<String> = []
        for draft in drafts { set.formUnion(draft.columns.keys) }
        return type.fieldColumns.filter { set.contains($0.name) }
    }

    /// Takes as many numbers as there are rows; the counter's row stays locked until the write commits, so that no number is skipped.
    private func counter(_ number: RecordType.AutoNumber, count: Int) -> SQL {
        let period: String =
            switch number.pattern.period {
            case .never: "''"
            case .yearly: "to_char(now() AT TIME ZONE \(SQL.quoted(literal: timeZone)), 'YYYY')"
            case .monthly: "to_char(now() AT TIME ZONE \(SQL.quoted(literal: timeZone)), 'YYYYMM')"
            }
        return """
            INSERT INTO tessera.counter AS c (record_type, field, period, value) VALUES (\(bind: type.id), \(bind: number.field), \
            \(raw: period), \(bind: Int64(count))) ON CONFLICT (record_type, field, period) DO UPDATE SET value = c.value + excluded.value \
            RETURNING c.value - \(bind: Int64(count)) AS base
            """
    }

    private func text(of number: RecordType.AutoNumber, counter: String) -> SQL {
        let zone = SQL.quoted(literal: timeZone)
        let parts = number.pattern.parts.map { part -> SQL in
            switch part {
            case .literal(let text): "\(bind: text)::text"
            case .year: "to_char(now() AT TIME ZONE \(raw: zone), 'YYYY')"
            case .shortYear: "to_char(now() AT TIME ZONE \(raw: zone), 'YY')"
            case .month: "to_char(now() AT TIME ZONE \(raw: zone), 'MM')"
            case .counter(let digits):
                // lpad would cut a number that has outgrown its zeros.
                """
                (SELECT CASE WHEN length(v) >= \(raw: String(digits)) THEN v ELSE lpad(v, \(raw: String(digits)), '0') END \
                FROM (SELECT ((SELECT base FROM \(raw: counter)) + i._n + 1)::text AS v) numbered)
                """
            }
        }
        return SQL.joined(parts, separator: " || ")
    }
}

extension RecordType {
    struct AutoNumber {
        var field: String
        var pattern: AutoNumberPattern
    }

    var autoNumbers: [AutoNumber] {
        fields.compactMap { field in
            if case .autoNumber(let pattern) = field.type { AutoNumber(field: field.key, pattern: pattern) } else { nil }
        }
    }
}

extension [String] {
    /// Identifiers for SQL text. Catalog names are `[a-z][a-z0-9_]*`.
    var quotedList: String { map { "\"\($0)\"" }.joined(separator: ", ") }
}
