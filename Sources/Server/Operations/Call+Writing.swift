import Catalog
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// Writes of single records.
extension Call {
    // MARK: Bodies

    func decoded(_ type: ApiType, _ body: ByteBuffer) throws(APIError) -> RecordDecoder.Record {
        var negotiation = negotiation
        try negotiation.readContentType(of: request)
        return try RecordDecoder.record(type, Array(body.readableBytesView), ieee754Compatible: negotiation.bodyIEEE754Compatible)
    }

    // MARK: Create

    func create(_ type: ApiType, _ body: ByteBuffer) async throws -> ServerResponse {
        try options.allow(["select", "expand"], of: "A new record")
        let record = try decoded(type, body)
        let outcome = try only(await store.create(type.record, [record.input], options: writeOptions(), access: access))
        return try await response(to: outcome, type, byDefault: .representation)
    }

    // MARK: Update, replace, upsert

    func update(_ type: ApiType, _ key: RecordKey, _ body: ByteBuffer, replacing: Bool) async throws -> ServerResponse {
        try options.allow(["select", "expand"], of: "A write")
        let preconditions = try Preconditions(request)
        try demandPrecondition(type, preconditions)
        var input = try decoded(type, body).input
        if replacing { input = Replacement.complete(input, of: type) }
        if case .unique(let values) = key, preconditions.ifMatch == nil {
            return try await upsert(type, values, input, preconditions)
        }
        guard preconditions.ifNoneMatch == nil else {
            throw APIError(.badRequest, "odata.bad_precondition", "A change of an existing record takes If-Match.", target: "If-None-Match")
        }
        let item = RecordUpdate(key: key, expectedVersion: try preconditions.expectedVersion(), input: input)
        let outcome = try only(await store.update(type.record, [item], options: writeOptions(), access: access))
        return try await response(to: outcome, type, byDefault: .minimal)
    }

    /// A record named by a unique property is made when it isn't there (OData Protocol 4.01 section 11.4.4).
    private func upsert(
        _ type: ApiType, _ key: [String: Value], _ input: RecordInput, _ preconditions: Preconditions
    ) async throws -> ServerResponse {
        var input = input
        for (name, value) in key {
            if let given = input.values[name], given != value, !given.isNull {
                throw APIError(.badRequest, "odata.key_mismatch", "\(name) in the body and in the path differ.", target: name)
            }
            input.values[name] = value
        }
        let outcomes: [WriteOutcome]
        switch preconditions.ifNoneMatch {
        case nil: outcomes = try await store.upsert(type.record, by: key.keys.sorted(), [input], options: writeOptions(), access: access)
        case .any: outcomes = try await store.create(type.record, [input], options: writeOptions(), access: access)
        case .versions:
            throw APIError(.badRequest, "odata.bad_precondition", "If-None-Match of a write must be *.", target: "If-None-Match")
        }
        if preconditions.ifNoneMatch != nil, case .failed(let error)? = outcomes.first, error.code == .notUnique {
            throw APIError(
                .preconditionFailed, error.code.description, "There is such a \(type.record.label) already.", target: "If-None-Match")
        }
        return try await response(to: try only(outcomes), type, byDefault: .minimal)
    }

    func demandPrecondition(_ type: ApiType, _ preconditions: Preconditions) throws(APIError) {
        guard type.record.requiresIfMatch, preconditions.ifMatch == nil, preconditions.ifNoneMatch == nil else { return }
        throw APIError(
            .preconditionRequired, RecordsError.Code.preconditionRequired.description,
            "A change of a \(type.record.label) must say which version it changes: send If-Match with the ETag that was read.",
            target: "If-Match")
    }

    // MARK: Delete, restore, purge

    func delete(_ type: ApiType, _ key: RecordKey) async throws -> ServerResponse {
        try options.allow([], of: "DELETE")
        let preconditions = try Preconditions(request)
        try demandPrecondition(type, preconditions)
        let item = RecordReference(key: key, expectedVersion: try preconditions.expectedVersion())
        _ = try only(await store.delete(type.record, [item], options: writeOptions(), access: access))
        return response(.noContent)
    }

    func act(_ action: Resource.Action, _ type: ApiType, _ key: RecordKey) async throws -> ServerResponse {
        try options.allow(["select", "expand"], of: "An action")
        let preconditions = try Preconditions(request)
        try demandPrecondition(type, preconditions)
        let item = RecordReference(key: key, expectedVersion: try preconditions.expectedVersion())
        switch action {
        case .restore:
            let outcome = try only(await store.restore(type.record, [item], options: writeOptions(), access: access))
            return try await response(to: outcome, type, byDefault: .minimal)
        case .purge:
            _ = try only(await store.purge(type.record, [item], options: writeOptions(), access: access))
            return response(.noContent)
        }
    }

    // MARK: Answers

    /// 201 or 200 with the record, or 204 without it, as the client prefers.
    func response(to outcome: WriteOutcome, _ type: ApiType, byDefault: Preferences.Return) async throws -> ServerResponse {
        let id: GUID
        let version: Int64
        var isNew = false
        switch outcome {
        case .created(let created, let first): (id, version, isNew) = (created, first, true)
        case .updated(let changed, let next), .restored(let changed, let next), .unchanged(let changed, let next),
            .deleted(let changed, let next):
            (id, version) = (changed, next)
        case .purged: return response(.noContent)
        case .failed(let error): throw error
        }
        var headers: [(String, String)] = []
        if let returning = preferences.returning { headers.append(("preference-applied", "return=\(returning.rawValue)")) }
        let address = "\(root)/\(type.collection)(\(id))"
        if isNew { headers.append(("location", address)) }
        if (preferences.returning ?? byDefault) == .minimal {
            return response(.noContent, headers + [("etag", Preconditions.etag(version)), ("odata-entityid", address)])
        }
        let query = try query(type.shape.shape)
        guard let record = try await store.record(type.record, .id(id), query: query, format: format, access: access) else {
            throw missing(type)
        }
        return response(isNew ? .created : .ok, record: record, context: "\(type.collection)\(Self.selection(query))/$entity", headers)
    }
}
