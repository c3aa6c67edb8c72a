import Catalog
import JSONReading
package import QueryLanguage
import Records

/// The records as the handler of an event has them: within its transaction, as its module, because of the event.
package struct ReactionRecords: Sendable {
    /// Records of one search, at most.
    package static let most = 1_000

    let gate: RecordGate
    let access: Access

    init(_ gate: RecordGate, access: Access) {
        self.gate = gate
        self.access = access
    }

    package struct Found: Sendable, Equatable {
        package var id: GUID
        package var version: Int64
        package var values: [String: Value]
    }

    /// One record with some fields, in the shapes of `RecordInput`; nil when there is none.
    package func get(_ type: String, _ id: GUID, fields: [String]) async throws -> Found? {
        try await reading { store in try await Self.read(store, try Self.type(type, store), [id], fields, access).first }
    }

    /// The records that fulfil a condition, in their order.
    package func find(_ type: String, condition: String?, order: String?, fields: [String], limit: Int) async throws -> [Found] {
        guard (1...Self.most).contains(limit) else {
            throw RecordsError(
                .invalid, "A search gives 1 to \(Self.most) records at once, not \(limit): ask for the next ones after these.")
        }
        return try await reading { store in
            let type = try Self.type(type, store)
            guard let shape = store.catalog.entityShape(named: type.id) else { throw Self.unknown(type.id, store) }
            var options = QueryOptions()
            options.filter = try condition.map { text throws(QueryError) in try Expression.parse(text) }
            if let order { options.orderBy = try QueryOptions.parseOrderBy(order) }
            options.top = Int64(limit)
            options.select = try QueryOptions.parse(urlQuery: "$select=id").select
            let query = try QueryChecker(schema: store.catalog).check(options, on: shape)
            let page = try await store.list(ListRequest(type: type, query: query, pageSize: limit), access: access)
            let items = try JSONReader.value(of: Array("[".utf8) + page.items + Array("]".utf8)).items
            return try await Self.read(store, type, items.compactMap { $0["id"]?.asGUID }, fields, access)
        }
    }

    package func create(_ type: String, _ values: [String: Value]) async throws -> (id: GUID, version: Int64) {
        try await gate.perform { store in
            try Self.written(try await store.create(Self.type(type, store), [RecordInput(values)], options: Self.options, access: access))
        }
    }

    package func update(_ type: String, _ id: GUID, _ values: [String: Value], version: Int64?) async throws -> (id: GUID, version: Int64) {
        let change = RecordUpdate(key: .id(id), expectedVersion: version, takesAnyVersion: version == nil, input: RecordInput(values))
        return try await gate.perform { store in
            try Self.written(try await store.update(Self.type(type, store), [change], options: Self.options, access: access))
        }
    }

    package func delete(_ type: String, _ id: GUID) async throws -> (id: GUID, version: Int64) {
        let reference = RecordReference(key: .id(id), takesAnyVersion: true)
        return try await gate.perform { store in
            try Self.written(try await store.delete(Self.type(type, store), [reference], options: Self.options, access: access))
        }
    }

    /// A read that fails spoils nothing of what comes after it.
    private func reading<R: Sendable>(_ body: @Sendable (RecordStore) async throws -> R) async throws -> R {
        try await gate.perform { store in try await store.transaction { try await body($0) } }
    }

    private static var options: WriteOptions { WriteOptions(changeSet: ChangeSet(id: .version7())) }

    private static func type(_ id: String, _ store: RecordStore) throws -> RecordType {
        guard let type = store.catalog.type(id: id) else { throw unknown(id, store) }
        return type
    }

    private static func unknown(_ id: String, _ store: RecordStore) -> RecordsError {
        let nearest = Spelling.closest(to: id, in: store.catalog.types.map(\.id)).map { ": is it '\($0)'?" } ?? "."
        return RecordsError(.invalid, "The deployment has no record type '\(id)'\(nearest)")
    }

    private static func read(
        _ store: RecordStore, _ type: RecordType, _ ids: [GUID], _ fields: [String], _ access: Access
    ) async throws -> [Found] {
        let names = fields.flatMap { type.field($0)?.hookProperties ?? [$0] }
        let found = try await store.values(type, ids: ids, fields: names + ["version"], access: access)
        return ids.compactMap { id in
            guard var values = found[id], case .integer(let version)? = values["version"] else { return nil }
            if !names.contains("version") { values["version"] = nil }
            return Found(id: id, version: version, values: values)
        }
    }

    private static func written(_ outcomes: [WriteOutcome]) throws -> (id: GUID, version: Int64) {
        switch outcomes.first {
        case .created(let id, let version)?, .updated(let id, let version)?, .unchanged(let id, let version)?,
            .deleted(let id, let version)?, .restored(let id, let version)?:
            return (id, version)
        case .failed(let error)?: throw error
        case .purged?, nil: throw RecordsError(.internalFault, "The write of one record had no outcome.")
        }
    }
}
