import Catalog
import JSONReading
import Postgres
import QueryLanguage

/// Reads what a change set did to records and how they stand now, values decoded as their columns hold them.
struct UndoFacts {
    let store: RecordStore
    let changeSet: GUID
    let type: RecordType
    let access: Access

    func load(_ ids: [GUID]) async throws -> [UndoPlan.Facts] {
        let records = ids.map { PostgresUUID(guid: $0) }
        let columns = (RecordType.systemColumns.filter { $0.name == "owner_id" }) + type.fieldColumns
        let values = columns.map { ", p.\"\($0.name)\"" }.joined()
        let table = type.table.sql
        let guarded = AccessGuard.predicate(.read, on: type, alias: "t", access: access, includeDeleted: true)
        let sql: SQL = """
            WITH mine AS MATERIALIZED (SELECT record_id, version, action, before FROM tessera.change \
            WHERE change_set = \(bind: PostgresUUID(guid: changeSet)) AND record_id = ANY(\(bind: records))), \
            did AS (SELECT record_id, min(version) AS first, max(version) AS last, count(*) AS n, array_agg(action ORDER BY version) AS actions \
            FROM mine GROUP BY record_id), \
            was AS (SELECT record_id, jsonb_object_agg(key, value) AS before FROM (SELECT DISTINCT ON (m.record_id, e.key) m.record_id, e.key, \
            e.value FROM mine m, jsonb_each(m.before) e ORDER BY m.record_id, e.key, m.version) earliest GROUP BY record_id) \
            SELECT d.record_id, d.first, d.last, d.n, d.actions, CASE WHEN jsonb_exists(w.before, 'deleted_at') \
            THEN w.before ->> 'deleted_at' IS NOT NULL END, t.version, t.deleted_at IS NOT NULL, \
            ARRAY(SELECT change_set FROM tessera.change c WHERE c.record_id = d.record_id AND c.version > d.last ORDER BY c.version), \
            ARRAY(SELECT jsonb_object_keys(w.before))\(raw: values) \
            FROM did d LEFT JOIN was w USING (record_id) LEFT JOIN \(raw: table) t ON t.id = d.record_id AND \(guarded) \
            LEFT JOIN LATERAL jsonb_populate_record(NULL::\(raw: table), coalesce(w.before, '{}')) p ON true ORDER BY d.record_id DESC
            """
        var found: [UndoPlan.Facts] = []
        for row in try await store.statements.query(sql).rows {
            let keys = Set(try row.decode([String].self, 9))
            var facts = UndoPlan.Facts(
                id: GUID(postgres: try row.decode(PostgresUUID.self, 0)), first: try row.decode(Int64.self, 1),
                last: try row.decode(Int64.self, 2), count: try row.decode(Int64.self, 3), actions: try row.decode([String].self, 4),
                wasDeleted: try row.decode(Bool?.self, 5), version: try row.decode(Int64?.self, 6), isDeleted: try row.decode(Bool.self, 7),
                since: try row.decode([PostgresUUID].self, 8).map(GUID.init(postgres:)), gone: [], columns: [:], lists: [:])
            for (position, column) in columns.enumerated() where keys.contains(column.name) {
                facts.columns[column.name] = try row.storedValue(position + 10, column.type)
            }
            let known = Set(columns.map(\.name) + type.childTables.map(\.field) + RecordType.systemColumns.map(\.name))
            facts.gone = keys.filter { !known.contains($0) }
            found.append(facts)
        }
        for table in type.childTables {
            let lists = try await lists(table, records)
            for index in found.indices { if let rows = lists[found[index].id] { found[index].lists[table.field] = rows } }
        }
        return found
    }

    /// The lists that the change set replaced, as they were before.
    private func lists(_ table: ChildTable, _ records: [PostgresUUID]) async throws -> [GUID: [ListRow]] {
        let columns = ListRows.ownColumns(of: table)
        let values = columns.map { ", l.\"\($0.name)\"" }.joined()
        let sql: SQL = """
            SELECT was.record_id, l.ordinality\(raw: values) FROM (SELECT DISTINCT ON (record_id) record_id, before -> \(bind: table.field) AS list \
            FROM tessera.change WHERE change_set = \(bind: PostgresUUID(guid: changeSet)) AND record_id = ANY(\(bind: records)) \
            AND jsonb_exists(before, \(bind: table.field)) ORDER BY record_id, version) was LEFT JOIN LATERAL \
            jsonb_populate_recordset(NULL::\(raw: table.name.sql), was.list) WITH ORDINALITY AS l ON true ORDER BY was.record_id, l.ordinality
            """
        var lists: [GUID: [ListRow]] = [:]
        for row in try await store.statements.query(sql).rows {
            let id = GUID(postgres: try row.decode(PostgresUUID.self, 0))
            var rows = lists[id] ?? []
            if !row.isNull(1) {
                var values: ListRow = [:]
                for (position, column) in columns.enumerated() { values[column.name] = try row.storedValue(position + 2, column.type) }
                rows.append(values)
            }
            lists[id] = rows
        }
        return lists
    }
}

extension PostgresRow {
    /// A column decoded so that it can be stored again: JSON as its value.
    fileprivate func storedValue(_ column: Int, _ type: ColumnType) throws -> Value {
        guard type == .jsonb, !isNull(column) else { return try value(column, type) }
        return try JSONReader.value(of: try decode(PostgresJSON.self, column).bytes)
    }
}
