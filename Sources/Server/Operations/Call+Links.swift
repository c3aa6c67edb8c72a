import Catalog
import JSONReading
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// Links: the records they lead to, and the links themselves (`$ref`).
extension Call {
    private static let linkOptions: Set<String> = [
        "filter", "orderby", "select", "expand", "top", "skip", "skiptoken", "count", "include_deleted", "count_mode",
    ]

    func links(
        _ type: ApiType, _ key: RecordKey, _ property: Property, _ target: Resource.LinkTarget, _ body: ByteBuffer
    ) async throws -> ServerResponse {
        switch (target, method) {
        case (.records, .GET), (.records, .HEAD): return try await linkedRecords(type, key, property)
        case (.count, .GET), (.count, .HEAD): return try await linkCount(type, key, property)
        case (.references, .GET), (.references, .HEAD): return try await references(type, key, property)
        case (.references, .POST), (.references, .PUT): return try await link(type, key, property, body)
        case (.references, .DELETE): return try await unlink(type, key, property, try idOption(property))
        case (.reference(let other), .DELETE): return try await unlink(type, key, property, other)
        case (.records, .POST), (.records, .PATCH), (.records, .PUT):
            throw APIError.notSupported(
                "Writing a record through a link is not supported yet: write it in its collection, then POST its id to …/$ref."
            )
        case (.references, _): throw APIError.methodNotAllowed("GET, POST, PUT, DELETE")
        case (.reference, _): throw APIError.methodNotAllowed("DELETE")
        default: throw APIError.methodNotAllowed("GET")
        }
    }

    // MARK: Reading

    private func linkedRecords(_ type: ApiType, _ key: RecordKey, _ property: Property) async throws -> ServerResponse {
        guard let (target, shape) = many(property) else { return try await linkedRecord(type, key, property) }
        try options.allow(Self.linkOptions, of: property.name)
        let query = try query(shape) ?? CheckedQuery(shape: shape)
        let id = try await id(of: key, type)
        let page = try await store.links(type.record, id, navigation: property.name, request: listRequest(target, query), access: access)
        guard let page else { throw missing(type) }
        return response(page: page, context: target.collection + selection(query))
    }

    private func linkedRecord(_ type: ApiType, _ key: RecordKey, _ property: Property) async throws -> ServerResponse {
        try options.allow(["select", "expand"], of: property.name)
        let target = one(property)
        let query: CheckedQuery? = if let target { try query(target.shape.shape) } else { nil }
        let id = try await id(of: key, type)
        let preconditions = try Preconditions(request)
        let found = try await store.link(type.record, id, navigation: property.name, query: query, format: format, access: access)
        guard let found else {
            // An empty link is no error, a missing record is one.
            _ = try await stored(type, .id(id))
            return response(.noContent)
        }
        guard let target else { return response(.ok, record: found, context: "$entity") }
        return try response(reading: found, target, query, preconditions)
    }

    private func linkCount(_ type: ApiType, _ key: RecordKey, _ property: Property) async throws -> ServerResponse {
        guard let (target, shape) = many(property) else {
            throw APIError.notFound("\(property.name) leads to one record and has no $count.")
        }
        try options.allow(["filter", "include_deleted", "count_mode"], of: "$count")
        var query = try query(shape) ?? CheckedQuery(shape: shape)
        query.count = true
        query.top = 0
        let id = try await id(of: key, type)
        let page = try await store.links(type.record, id, navigation: property.name, request: listRequest(target, query), access: access)
        guard let count = page?.count else { throw missing(type) }
        return text(String(count))
    }

    private func references(_ type: ApiType, _ key: RecordKey, _ property: Property) async throws -> ServerResponse {
        let id = try await id(of: key, type)
        guard let (target, shape) = many(property) else {
            try options.allow([], of: "$ref")
            guard let found = try await store.link(type.record, id, navigation: property.name, access: access) else {
                _ = try await stored(type, .id(id))
                return response(.noContent)
            }
            var json = JSONWriter()
            json.object { json in
                if format.metadata != .none { json.field("\(negotiation.prefix)context", "\(root)/$metadata#$ref") }
                json.field("\(negotiation.prefix)id", entityID(found.id, try? collection(of: found.id, property)))
            }
            return response(.ok, json: json.bytes)
        }
        try options.allow(["filter", "orderby", "top", "skip", "skiptoken", "count", "include_deleted", "count_mode"], of: "$ref")
        var query = try query(shape) ?? CheckedQuery(shape: shape)
        if let id = shape.properties["id"] { query.select = .properties([CheckedSelect.SelectedProperty(property: id)]) }
        guard
            var page = try await store.links(
                type.record, id, navigation: property.name, request: listRequest(target, query), access: access)
        else { throw missing(type) }
        page.items = try referenceItems(page.items, target)
        return response(page: page, context: "Collection($ref)")
    }

    private func referenceItems(_ items: [UInt8], _ target: ApiType) throws -> [UInt8] {
        var reader = JSONReader([UInt8(ascii: "[")] + items + [UInt8(ascii: "]")])
        var output: [UInt8] = []
        var index = 0
        try reader.beginArray()
        while try reader.nextElement(index) {
            let object = Array(try reader.skipValue())
            var writer = JSONWriter()
            var idReader = JSONReader(JSONExtract.member("id", of: object) ?? [])
            let id = try idReader.readString()
            writer.object { $0.field("\(negotiation.prefix)id", "\(target.collection)(\(id))") }
            if index > 0 { output.append(UInt8(ascii: ",")) }
            output += writer.bytes
            index += 1
        }
        return output
    }

    private func entityID(_ id: GUID, _ collection: String?) -> String { collection.map { "\($0)(\(id))" } ?? "\(id)" }

    private func collection(of id: GUID, _ property: Property) throws -> String {
        guard let target = one(property) else { throw APIError.notFound("") }
        return target.collection
    }

    // MARK: Writing

    /// `{"@id": "organisations(…)"}`, for a link to many with the link's own columns beside it.
    private func link(_ type: ApiType, _ key: RecordKey, _ property: Property, _ body: ByteBuffer) async throws -> ServerResponse {
        let end = try model.linkEnd(type, property)
        let preconditions = try preconditions(of: end)
        guard method == .POST || end.isSingle else { throw APIError.methodNotAllowed("GET, POST, DELETE") }
        guard method == .PUT || !end.isSingle else { throw APIError.methodNotAllowed("GET, PUT, DELETE") }
        var negotiation = negotiation
        try negotiation.readContentType(of: request)
        var decoder = RecordDecoder(Array(body.readableBytesView), ieee754Compatible: negotiation.bodyIEEE754Compatible)
        let value = try decoder.whole { (decoder) throws(JSONSyntaxError) in
            try decoder.readReference(end.target, columns: end.columns)
        }
        guard case .complex(let members)? = value else { throw APIError(.badRequest, "records.no_key", "Name a record by @id.") }
        let (other, columns) = end.key(in: members)
        return try await change(end, LinkChange(key: key, target: other, columns: columns), preconditions)
    }

    private func unlink(_ type: ApiType, _ key: RecordKey, _ property: Property, _ other: RecordKey?) async throws -> ServerResponse {
        let end = try model.linkEnd(type, property)
        let preconditions = try preconditions(of: end)
        if let other { return try await change(end, LinkChange(key: key, target: other, isRemoval: true), preconditions) }
        guard end.isSingle else {
            throw APIError(
                .badRequest, "odata.no_link", "Say which link to remove: DELETE …/\(property.name)(id)/$ref, or $ref?$id=…", target: "$id")
        }
        let item = RecordUpdate(
            key: key, expectedVersion: try preconditions.expectedVersion(), takesAnyVersion: preconditions.takesAnyVersion,
            input: RecordInput(["\(end.field)_id": .null]))
        return try settled(await store.update(end.source, [item], options: writeOptions(), access: access))
    }

    /// - Parameter change: as seen from the record of the request's path.
    private func change(_ end: LinkEnd, _ change: LinkChange, _ preconditions: Preconditions) async throws -> ServerResponse {
        var stored = end.stored(change)
        stored.expectedVersion = try preconditions.expectedVersion()
        stored.takesAnyVersion = preconditions.takesAnyVersion
        return try settled(await store.changeLinks(end.source, field: end.field, [stored], options: writeOptions(), access: access))
    }

    private func settled(_ outcomes: [WriteOutcome]) throws -> ServerResponse {
        for case .failed(let error) in outcomes { throw error }
        return response(.noContent, naming(outcomes))
    }

    /// What the request demands of the record that holds the link.
    private func preconditions(of end: LinkEnd) throws(APIError) -> Preconditions {
        let preconditions = try Preconditions(request)
        guard preconditions.ifMatch == nil || preconditions.takesAnyVersion || !end.isInverse else {
            throw APIError.notSupported(
                "If-Match names the version of the record in the path, and this link is held by the other one: change it from there.",
                target: "If-Match")
        }
        return preconditions
    }

    /// The record that `$id` names, for DELETE …/$ref?$id=…
    private func idOption(_ property: Property) throws -> RecordKey? {
        guard let text = options.system.id else { return nil }
        let target = many(property)?.type ?? one(property)
        guard let target,
            let key = RecordDecoder.key(inReference: text, collection: target.collection, keys: target.keyTypes)
        else { throw APIError(.badRequest, "records.no_key", "$id must be the id of a record, such as collection(id).", target: "$id") }
        return key
    }

    private func many(_ property: Property) -> (type: ApiType, shape: EntityShape)? {
        guard case .entityCollection(let name) = property.type, let shape = model.catalog.typeShape(named: name),
            let type = model.typesByID[shape.recordType]
        else { return nil }
        return (type, shape.shape)
    }

    private func one(_ property: Property) -> ApiType? {
        if case .entity(let name) = property.type { return model.typesByID[name] }
        return nil
    }
}
