package import Catalog
import Permissions
import Postgres
package import QueryLanguage

/// Single records, and the records their links lead to.
extension RecordStore {
    /// One record, or nil when there is none that this access may read. Of the query only select and expand are used.
    package func record(
        _ type: RecordType, _ key: RecordKey, query: CheckedQuery? = nil, format: ReadFormat = ReadFormat(), includeDeleted: Bool = false,
        access: Access
    ) async throws -> StoredRecord? {
        let (catalog, generation) = visibleCatalog(access)
        guard let shape = catalog.typeShape(named: type.id) else { throw QueryCompiler.gone(type.id) }
        _ = try ReadLimits.pageSize(1, of: query)
        let (columns, parameters) = try Self.columns(of: key, type: type, shape: shape, access: access)
        var name = QueryKey("\(generation)|\(type.id)|\(includeDeleted ? "d" : "")\(format.signature)\(columns.joined(separator: ","))|one")
        if let query { name.append(selection: query) }
        let statement = try reads.statement(name.shape, access: access) {
            try ListCompiler(catalog: catalog, access: access, format: format, shape: shape, includeDeleted: includeDeleted)
                .record(by: columns, query: query, literals: name.literals)
        }
        let sql = statement.bound(ReadValues(literals: name.literals, recordKeys: parameters), access: access)
        let result = try await ReadFailure.translating {
            // What an expansion costs is not known, so it must not hold up the statements behind it.
            if query?.expand.isEmpty ?? true { try await statements.pipelined(sql) } else { try await statements.query(sql) }
        }
        return try result.first.map { try StoredRecord($0) }
    }

    /// Those of some records that this access may read, by their id. Of the query only select and expand are used.
    package func records(
        _ type: RecordType, _ ids: [GUID], query: CheckedQuery? = nil, format: ReadFormat = ReadFormat(), access: Access
    ) async throws -> [GUID: StoredRecord] {
        let (catalog, generation) = visibleCatalog(access)
        guard let shape = catalog.typeShape(named: type.id) else { throw QueryCompiler.gone(type.id) }
        var name = QueryKey("\(generation)|\(type.id)|\(format.signature)|many")
        if let query { name.append(selection: query) }
        let statement = try reads.statement(name.shape, access: access) {
            try ListCompiler(catalog: catalog, access: access, format: format, shape: shape, includeDeleted: false)
                .recordsByID(query: query, literals: name.literals)
        }
        let size = try ReadLimits.pageSize(ids.count, of: query)
        var records: [GUID: StoredRecord] = [:]
        for start in stride(from: 0, to: ids.count, by: size) {
            let keys = [ids[start..<min(start + size, ids.count)].map(PostgresUUID.init(guid:)).postgresParameter]
            let sql = statement.bound(ReadValues(literals: name.literals, recordKeys: keys), access: access)
            for row in try await ReadFailure.translating({ try await statements.query(sql) }).rows {
                let record = try StoredRecord(row)
                records[record.id] = record
            }
        }
        return records
    }

    /// One page of the records a record's collection link points at: `people(ID)/affiliations`. `request.type` is the link's target and
    /// `request.query` is checked against what the link leads to. Nil when the record itself is missing.
    package func links(
        _ type: RecordType, _ id: GUID, navigation: String, request: ListRequest, access: Access
    ) async throws -> Page? {
        let parent = try Self.parent(try binding(navigation, of: type, access), named: navigation)
        let reader = try ListReader(store: self, request: request, access: access, parent: parent, parentID: id)
        guard try await exists(type, id, access: access) else { return nil }
        // Seen from this record, a link may be hidden though the record isn't.
        guard try await shows(navigation, of: type, id, access: access) else {
            return Page(items: [], rowCount: 0, count: request.query.count ? 0 : nil)
        }
        return try await reader.page()
    }

    /// The record a link to one points at: `people(ID)/organisation`. Nil when the record or its target is missing.
    package func link(
        _ type: RecordType, _ id: GUID, navigation: String, query: CheckedQuery? = nil, format: ReadFormat = ReadFormat(), access: Access
    ) async throws -> StoredRecord? {
        let column: String
        let candidates: [String]
        switch try binding(navigation, of: type, access) {
        case .toOne(let name, let target): (column, candidates) = (name, [target])
        case .toAny(let field, let targets): (column, candidates) = ("\(field)_id", targets)
        default: throw RecordsError(.unknownProperty, "\(navigation) is no link to one record.", target: navigation)
        }
        guard try await shows(navigation, of: type, id, access: access) else { return nil }
        guard case .guid(let target) = try await values(type, ids: [id], fields: [column], access: access)[id]?[column] else { return nil }
        // Ids are unique over all types, so that at most one of several has it.
        for candidate in candidates {
            guard let targetType = catalog.type(id: candidate) else { throw QueryCompiler.gone(candidate) }
            let options = query?.shape.name == candidate ? query : nil
            if let found = try await record(targetType, .id(target), query: options, format: format, access: access) { return found }
        }
        return nil
    }

    private func exists(_ type: RecordType, _ id: GUID, access: Access) async throws -> Bool {
        let readable = AccessGuard.predicate(.read, on: type, alias: "t", access: access)
        let sql: SQL = "SELECT 1 FROM \(raw: type.table.sql) AS t WHERE t.\"id\" = \(bind: PostgresUUID(guid: id)) AND \(readable)"
        return try await ReadFailure.translating { try await !statements.pipelined(sql).isEmpty }
    }

    /// Whether a field of the record itself, such as a link, is seen on it by this access.
    private func shows(_ field: String, of type: RecordType, _ id: GUID, access: Access) async throws -> Bool {
        guard let mask = AccessGuard.mask(of: field, on: type, alias: "t", access: access) else { return true }
        let sql: SQL = "SELECT 1 FROM \(raw: type.table.sql) AS t WHERE t.\"id\" = \(bind: PostgresUUID(guid: id)) AND \(mask)"
        return try await ReadFailure.translating { try await !statements.pipelined(sql).isEmpty }
    }

    private func binding(_ navigation: String, of type: RecordType, _ access: Access) throws -> PropertyBinding {
        guard let binding = visibleCatalog(access).catalog.typeShape(named: type.id)?.binding(navigation) else {
            throw RecordsError(.unknownProperty, "\(type.label) has no link \(navigation).", target: navigation)
        }
        return binding
    }

    private static func parent(_ binding: PropertyBinding, named name: String) throws -> ListParent {
        switch binding {
        case .inverseOfOne(_, let column): return .inverse(column: column)
        case .toMany(let table, _): return .linked(table, isInverse: false)
        case .inverseOfMany(_, let table): return .linked(table, isInverse: true)
        default: throw RecordsError(.unknownProperty, "\(name) is no link to many records.", target: name)
        }
    }

    /// The columns and values of a key, in the order of the names.
    private static func columns(
        of key: RecordKey, type: RecordType, shape: TypeShape, access: Access
    ) throws -> (columns: [String], parameters: [PostgresParameter]) {
        switch key {
        case .id(let id): return (["id"], [id.parameter])
        case .unique(let values):
            guard !values.isEmpty else { throw RecordsError(.invalid, "A key needs at least one property.") }
            var columns: [String] = []
            var parameters: [PostgresParameter] = []
            for (name, value) in values.sorted(by: { $0.key < $1.key }) {
                // What is seen on some records only finds none.
                guard case .column(let column, let field) = shape.binding(name), access.rights.mask(of: field, on: type.id) == nil else {
                    throw RecordsError(.unknownProperty, "\(type.label) has no unique property \(name).", target: name)
                }
                columns.append(column.name)
                parameters.append(value.parameter)
            }
            return (columns, parameters)
        }
    }
}

extension StoredRecord {
    /// A row of id, version and JSON.
    fileprivate init(_ row: PostgresRow) throws {
        self.init(
            id: GUID(postgres: try row.decode(PostgresUUID.self, 0)), version: try row.decode(Int64.self, 1),
            json: try row.withBytes(2) { $0.map { [UInt8]($0) } ?? [] })
    }
}
