import Catalog
import NIOCore
import NIOHTTP1
import Permissions
import QueryLanguage
import Records

/// Writes of single records.
extension Call {
    // MARK: Bodies

    func decoded(
        _ type: ApiType, _ body: ByteBuffer, nesting: RecordDecoder.Nesting? = nil, copies: ApiModel? = nil
    ) throws(APIError) -> RecordDecoder.Record {
        var negotiation = negotiation
        try negotiation.readContentType(of: request)
        return try RecordDecoder.record(
            type, Array(body.readableBytesView), ieee754Compatible: negotiation.bodyIEEE754Compatible, nesting: nesting, copies: copies)
    }

    // MARK: Reading what is asked

    /// The write that a request asks for; nil when it asks for anything else.
    func singleWrite(_ resource: Resource, _ body: ByteBuffer) throws(APIError) -> SingleWrite? {
        switch (resource, method) {
        case (.collection(let type), .POST): return try creation(type, body)
        case (.record(let type, let key, .record), .PATCH): return try change(type, key, body, replacing: false)
        case (.record(let type, let key, .record), .PUT): return try change(type, key, body, replacing: true)
        case (.record(let type, let key, .record), .DELETE):
            try options.allow([], of: "DELETE")
            return SingleWrite(type: type, action: .delete(try reference(type, key)))
        case (.record(let type, let key, .action(let action)), .POST):
            try options.allow(["select", "expand"], of: "An action")
            _ = try query(type.shape.shape)
            switch action {
            case .restore: return SingleWrite(type: type, action: .restore(try reference(type, key)))
            case .purge: return SingleWrite(type: type, action: .purge(try reference(type, key)))
            }
        default: return nil
        }
    }

    private func creation(_ type: ApiType, _ body: ByteBuffer) throws(APIError) -> SingleWrite {
        try options.allow(["select", "expand"], of: "A new record")
        _ = try query(type.shape.shape)
        let tree = try decoded(type, body, nesting: RecordDecoder.Nesting(model, limits)).tree(type)
        return SingleWrite(type: type, action: tree.nested.isEmpty ? .create(tree.input) : .createTree(tree))
    }

    private func change(_ type: ApiType, _ key: RecordKey, _ body: ByteBuffer, replacing: Bool) throws(APIError) -> SingleWrite {
        try options.allow(["select", "expand"], of: "A write")
        _ = try query(type.shape.shape)
        let preconditions = try Preconditions(request)
        let record = try decoded(type, body, copies: model)
        var input = record.input
        if replacing { input = Replacement.complete(input, of: type) }
        switch (preconditions.ifNoneMatch, key) {
        case (.tags?, _):
            throw APIError(.badRequest, "odata.bad_precondition", "If-None-Match of a write must be *.", target: "If-None-Match")
        case (.any?, _) where preconditions.ifMatch != nil:
            throw APIError(
                .badRequest, "odata.bad_precondition", "A write takes If-Match or If-None-Match, not both.", target: "If-None-Match")
        case (.any?, .id(let id)):
            input.values["id"] = .guid(id)
            return SingleWrite(type: type, action: .create(input), mustBeNew: true, copies: record.copies)
        case (.any?, .unique(let values)):
            return SingleWrite(
                type: type, action: .create(try Self.input(input, with: values)), mustBeNew: true, copies: record.copies)
        case (nil, .unique(let values)) where preconditions.ifMatch == nil && !type.record.isNumbered(by: values.keys):
            // A record named by a unique property is made when it isn't there (OData Protocol 4.01 section 11.4.4).
            return SingleWrite(
                type: type, action: .upsert(by: values.keys.sorted(), try Self.input(input, with: values)), copies: record.copies)
        case (nil, _):
            let item = RecordUpdate(
                key: key, expectedVersion: try preconditions.expectedVersion(), takesAnyVersion: preconditions.takesAnyVersion, input: input
            )
            return SingleWrite(type: type, action: .update(item), copies: record.copies)
        }
    }

    /// The body with the key of the path.
    private static func input(_ input: RecordInput, with key: [String: Value]) throws(APIError) -> RecordInput {
        var input = input
        for (name, value) in key {
            if let given = input.values[name], given != value, !given.isNull {
                throw APIError(.badRequest, "odata.key_mismatch", "\(name) in the body and in the path differ.", target: name)
            }
            input.values[name] = value
        }
        return input
    }

    private func reference(_ type: ApiType, _ key: RecordKey) throws(APIError) -> RecordReference {
        let preconditions = try Preconditions(request)
        return RecordReference(
            key: key, expectedVersion: try preconditions.expectedVersion(), takesAnyVersion: preconditions.takesAnyVersion)
    }

    // MARK: Doing it

    func perform(_ write: SingleWrite) async throws -> ServerResponse {
        try await requireAgreement(write.copies)
        let outcomes = try await SingleWrite.perform([write], on: store, options: writeOptions(), access: access)
        guard let outcome = outcomes.first, outcomes.count == 1 else {
            throw RecordsError(.internalFault, "The store answered \(outcomes.count) outcomes to one write.")
        }
        return try await response(to: outcome, of: write)
    }

    // MARK: Answers

    /// Whether the answer to a write shows the record as it is then.
    func showsRecord(_ write: SingleWrite) -> Bool {
        (preferences.returning ?? (write.makesRecord && !write.mustBeNew ? .representation : .minimal)) == .representation
    }

    /// 201 or 200 with the record, or 204 without it, as the client prefers.
    ///
    /// - Parameter read: the records that are shown by answers to several writes, by id, where they were read together.
    func response(to outcome: WriteOutcome, of write: SingleWrite, read: [GUID: StoredRecord]? = nil) async throws -> ServerResponse {
        let type = write.type
        let id: GUID
        let version: Int64
        var isNew = false
        switch outcome {
        case .created(let created, let first): (id, version, isNew) = (created, first, true)
        case .updated(let changed, let next), .restored(let changed, let next), .unchanged(let changed, let next):
            (id, version) = (changed, next)
        case .deleted, .purged: return response(.noContent, naming([outcome]))
        case .failed(let error):
            guard write.mustBeNew, error.code == .notUnique else { throw error }
            throw APIError(.preconditionFailed, error.code.description, error.message, target: "If-None-Match")
        }
        var headers = naming([outcome], label: write.label)
        if let returning = preferences.returning { headers.append(("preference-applied", "return=\(returning.rawValue)")) }
        let address = "\(root)/\(type.collection)(\(id))"
        if isNew { headers.append(("location", address)) }
        guard showsRecord(write) else {
            return response(.noContent, headers + [("etag", EntityTag(version).text), ("odata-entityid", address)])
        }
        var query = try query(type.shape.shape)
        if case .createTree(let tree) = write.action {
            query = showing(tree, in: query ?? CheckedQuery(shape: type.shape.shape), of: type)
        }
        let shown =
            if let read { read[id] } else { try await store.record(type.record, .id(id), query: query, format: format, access: access) }
        guard let record = shown else {
            // Written, and not its writer's to read: made for somebody else, given away, or deleted since.
            return response(.noContent, headers + [("etag", EntityTag(version).text), ("odata-entityid", address)])
        }
        return response(isNew ? .created : .ok, record: record, context: "\(type.collection)\(selection(query))/$entity", headers)
    }
}
