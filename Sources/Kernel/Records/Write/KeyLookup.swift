import Catalog
import Permissions
import Postgres
import QueryLanguage

/// Finds records by the value of one property, or of several that are unique together.
struct KeyLookup {
    let store: RecordStore
    let type: RecordType
    let access: Access
    var includeDeleted = false
    /// Where it looks, if elsewhere than the store.
    var runner: StatementRunner?

    /// Ids by value. A value that several records have lists two of them, so that callers can tell.
    func ids(of property: String, values: Set<Value>) async throws -> [Value: [GUID]] {
        let rows = try await ids(of: [property], keys: values.map { [$0] })
        return Dictionary(uniqueKeysWithValues: rows.compactMap { key, ids in key.first.map { ($0, ids) } })
    }

    /// Ids by the values of several properties, in the order of `properties`.
    func ids(of properties: [String], keys: [[Value]]) async throws -> [[Value]: [GUID]] {
        let columns = try properties.map { try keyColumn($0) }
        var batch = ColumnBatch()
        batch.add("n", .bigint, keys.indices.map { .integer(Int64($0)) })
        for (position, column) in columns.enumerated() {
            batch.add("k\(position)", column.type, keys.map { $0[position] })
        }
        let matches = columns.enumerated().map { position, column -> SQL in
            switch column.source {
            case .row(let name): "t.\(identifier: name) = i.k\(raw: String(position))"
            case .list(let table, let name):
                "t.id IN (SELECT c.record_id FROM \(raw: table.name.sql) c WHERE c.\(identifier: name) = i.k\(raw: String(position)))"
            }
        }
        let guarded = AccessGuard.predicate(.read, on: type, alias: "t", access: access, includeDeleted: includeDeleted)
        let sql: SQL = """
            SELECT i.n, t.id FROM \(batch.unnest(as: "i")) CROSS JOIN LATERAL \
            (SELECT t.id FROM \(raw: type.table.sql) t WHERE \(SQL.joined(matches, separator: " AND ")) AND \(guarded) LIMIT 2) t
            """
        var found: [[Value]: [GUID]] = [:]
        for row in try await (runner ?? store.statements).query(sql).rows {
            let position = Int(try row.decode(Int64.self, 0))
            guard keys.indices.contains(position) else { continue }
            found[keys[position], default: []].append(GUID(postgres: try row.decode(PostgresUUID.self, 1)))
        }
        return found
    }

    private enum Source {
        case row(String)
        case list(ChildTable, String)
    }

    private func keyColumn(_ property: String) throws -> (source: Source, type: ColumnType) {
        if property == "id" { return (.row("id"), .uuid) }
        // A field that isn't seen on every record would find others by their hidden values.
        let named = type.fields.first { $0.key == property || $0.primaryProperty == property } ?? type.field(ofColumn: property)
        if let named, access.rights.mask(of: named.key, on: type.id) != nil { throw noProperty(property) }
        for field in type.fields {
            if field.key == property || field.primaryProperty == property, let table = type.childTable(of: field), !table.isLinks {
                return (.list(table, "normalised"), .text)
            }
            if let column = field.columns.first(where: { $0.name == property }) { return (.row(column.name), column.type) }
            if field.key == property, case .link = field.type { return (.row("\(property)_id"), .uuid) }
        }
        throw noProperty(property)
    }

    private func noProperty(_ property: String) -> RecordsError {
        RecordsError(.unknownProperty, "\(type.label) has no property \(property) to find records by.", target: property)
    }
}
