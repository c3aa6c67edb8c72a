import Catalog
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// From a resource and a method to the handler.
extension Call {
    /// Whether this method on this resource carries a body that is read.
    func readsBody(_ resource: Resource) -> Bool {
        switch method {
        case .POST, .PATCH, .PUT:
            switch resource {
            case .record(_, _, .action), .file: return false
            case .platform(let resource): return resource.takesJSON
            case .directory: return true
            default: return true
            }
        default: return false
        }
    }

    func respond(to resource: Resource, body: ByteBuffer) async throws -> ServerResponse {
        if let write = try singleWrite(resource, body) { return try await perform(write) }
        switch resource {
        case .serviceDocument: return try readOnly { serviceDocument() }
        case .metadata: return try readOnly { metadata() }
        case .openAPI: return try readOnly { openAPI() }
        case .views: return try readOnly { views() }
        case .batch:
            guard method == .POST else { throw APIError.methodNotAllowed("POST") }
            return try await batch(body)
        case .search:
            guard isRead else { throw APIError.methodNotAllowed("GET") }
            return try await searchEverything()
        case .collection(let type):
            if isRead {
                if let format = try exportFormat { return try export(type, as: format) }
                return try await list(type)
            }
            throw APIError.methodNotAllowed("GET, POST")
        case .count(let type):
            guard isRead else { throw APIError.methodNotAllowed("GET") }
            return try await count(type)
        case .bulk(let type):
            guard method == .POST else { throw APIError.methodNotAllowed("POST") }
            return try await bulk(type, body)
        case .files: return try await upload()
        case .file(let id, let content): return try await file(id, content: content)
        case .each(let type):
            guard method == .PATCH || method == .DELETE else { throw APIError.methodNotAllowed("PATCH, DELETE") }
            return try await each(type, body)
        case .record(let type, let key, let tail):
            return try await respond(type, key, tail, body)
        case .platform(let resource):
            return try await respond(resource, body)
        case .directory(let resource):
            return try await respond(resource, body)
        }
    }

    private func respond(_ type: ApiType, _ key: RecordKey, _ tail: Resource.Tail, _ body: ByteBuffer) async throws -> ServerResponse {
        switch tail {
        case .record:
            guard isRead else { throw APIError.methodNotAllowed("GET, PATCH, PUT, DELETE") }
            return try await read(type, key)
        case .action:
            throw APIError.methodNotAllowed("POST")
        case .history: return try await history(type, key)
        case .property(let property, let member, let raw):
            guard isRead else { throw APIError.methodNotAllowed("GET") }
            return try await self.property(type, key, property, member: member, raw: raw)
        case .elementCount(let property): return try await elementCount(type, key, property)
        case .stream(let property): return try await stream(type, key, property)
        case .links(let property, let target):
            return try await links(type, key, property, target, body)
        case .hop(let property, let target, let rest):
            let id = try await id(of: key, type)
            guard let found = try await store.link(type.record, id, navigation: property.name, access: access) else {
                throw APIError.notFound("This \(type.record.label) has no \(property.name).")
            }
            return try await respond(to: .record(target, .id(found.id), rest), body: body)
        case .pick(let property, let target, let picked, let rest):
            let id = try await pick(picked, of: target, from: property, of: key, type)
            return try await respond(to: .record(target, .id(id), rest), body: body)
        }
    }

    private func readOnly(_ make: () -> ServerResponse) throws(APIError) -> ServerResponse {
        guard isRead else { throw APIError.methodNotAllowed("GET") }
        try options.allow([], of: "This document")
        return make()
    }

    // MARK: Ids

    /// The id behind a key; 404 when there is no such record.
    func id(of key: RecordKey, _ type: ApiType) async throws -> GUID {
        if case .id(let id) = key { return id }
        return try await stored(type, key).id
    }

    /// A record with nothing but its key.
    func stored(_ type: ApiType, _ key: RecordKey) async throws -> StoredRecord {
        var query = CheckedQuery(shape: type.shape.shape)
        if let id = type.property("id") { query.select = .properties([CheckedSelect.SelectedProperty(property: id)]) }
        let found = try await store.record(
            type.record, key, query: query, format: format, includeDeleted: options.includeDeleted, access: access)
        guard let found else { throw missing(type) }
        return found
    }

    func missing(_ type: ApiType) -> APIError {
        APIError(.notFound, RecordsError.Code.notFound.description, "There is no such \(type.record.label), or it is deleted.")
    }

    /// The id of one of the records that a link leads to; 404 when the link doesn't lead there.
    private func pick(
        _ picked: RecordKey, of target: ApiType, from property: Property, of key: RecordKey, _ type: ApiType
    ) async throws -> GUID {
        let source = try await id(of: key, type)
        let wanted = try await id(of: picked, target)
        guard case .entityCollection(let name) = property.type, let shape = model.catalog.entityShape(named: name) else {
            throw missing(target)
        }
        var options = QueryOptions()
        do { options.filter = try Expression.parse("id eq \(wanted)") } catch { throw APIError(error) }
        let request = ListRequest(type: target.record, query: try checked(options, on: shape), pageSize: 1)
        let page = try await store.links(type.record, source, navigation: property.name, request: request, access: access)
        guard let page, page.rowCount == 1 else { throw missing(target) }
        return wanted
    }
}
