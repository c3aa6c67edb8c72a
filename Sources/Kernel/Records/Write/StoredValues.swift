package import Catalog
package import Postgres
package import QueryLanguage

/// Reads what records hold now, decoded: for rules, hooks and lists that are merged.
struct StoredValues {
    let store: RecordStore
    let type: RecordType
    let access: Access

    struct Record {
        var version: Int64
        /// By property name, in the shapes of `RecordInput`.
        var values: [String: Value]
    }

    /// The records among `ids` that may be read, with the fields named by key or system column.
    func load(_ ids: [GUID], fields keys: Set<String>, includeDeleted: Bool = false) async throws -> [GUID: Record] {
        let fields = type.fields.filter { keys.contains($0.key) }
        let columns = RecordType.systemColumns.filter { keys.contains($0.name) } + fields.flatMap(\.columns)
        let list = ["id", "version"] + columns.map(\.name)
        let guarded = AccessGuard.predicate(.read, on: type, alias: "t", access: access, includeDeleted: includeDeleted)
        let wanted = ids.map { PostgresUUID(guid: $0) }
        let sql: SQL = """
            SELECT \(raw: list.map { "t.\"\($0)\"" }.joined(separator: ", ")) FROM \(raw: type.table.sql) t \
            WHERE t.id = ANY(\(bind: wanted)) AND \(guarded)
            """
        var records: [GUID: Record] = [:]
        for row in try await store.statements.pipelined(sql).rows {
            var values: [String: Value] = [:]
            for (position, column) in columns.enumerated() { values[column.name] = try row.value(position + 2, column.type) }
            for field in fields where field.type == .address { values[field.key] = Self.address(field, &values) }
            records[GUID(postgres: try row.decode(PostgresUUID.self, 0))] = Record(version: try row.decode(Int64.self, 1), values: values)
        }
        for field in fields {
            guard let table = type.childTable(of: field) else { continue }
            let lists = try await rows(of: table, wanted)
            for id in records.keys { records[id]?.values[field.key] = .collection((lists[id] ?? []).map { .complex($0) }) }
        }
        return records
    }

    private func rows(of table: ChildTable, _ ids: [PostgresUUID]) async throws -> [GUID: [ListRow]] {
        let columns = ListRows.ownColumns(of: table)
        let order = table.isLinks ? "target_id" : "position"
        let sql: SQL = """
            SELECT \(raw: ([table.recordColumn] + columns.map(\.name)).quotedList) FROM \(raw: table.name.sql) \
            WHERE \(identifier: table.recordColumn) = ANY(\(bind: ids)) ORDER BY \(raw: order)
            """
        var lists: [GUID: [ListRow]] = [:]
        for row in try await store.statements.pipelined(sql).rows {
            var values: ListRow = [:]
            for (position, column) in columns.enumerated() { values[column.name] = try row.value(position + 1, column.type) }
            lists[GUID(postgres: try row.decode(PostgresUUID.self, 0)), default: []].append(values)
        }
        return lists
    }

    private static func address(_ field: Field, _ values: inout [String: Value]) -> Value {
        var members: [String: Value] = [:]
        for member in AddressMember.allCases {
            members[member.rawValue] = values.removeValue(forKey: "\(field.key)_\(member.rawValue)") ?? .null
        }
        return members.values.allSatisfy(\.isNull) ? .null : .complex(members)
    }
}

extension PostgresRow {
    /// A column decoded as the catalog knows it. JSON stays text: rules only ask whether it is there.
    package func value(_ column: Int, _ type: ColumnType) throws -> Value {
        if isNull(column) { return .null }
        switch type {
        case .uuid: return .guid(GUID(postgres: try decode(PostgresUUID.self, column)))
        case .text, .jsonb: return .string(try decode(String.self, column))
        case .bigint, .smallint: return .integer(try decode(Int64.self, column))
        case .boolean: return .bool(try decode(Bool.self, column))
        case .date: return .date(CalendarDate(daysSinceEpoch: try decode(PostgresDate.self, column).daysSince2000 + 10_957))
        case .timestamptz: return .dateTime(DateTime(microseconds: try decode(PostgresTimestamp.self, column).microsecondsSince1970))
        case .interval: return .duration(DayTimeDuration(microseconds: try decode(PostgresInterval.self, column).microseconds))
        case .numeric: return DecimalNumber(try decode(PostgresNumeric.self, column).description).map(Value.decimal) ?? .null
        case .textArray: return .collection(try decode([String].self, column).map { .string($0) })
        }
    }
}
