import Catalog
import JSONReading
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// GET of collections, records, properties and counts.
extension Call {
    private static let listOptions: Set<String> = [
        "filter", "orderby", "select", "expand", "top", "skip", "skiptoken", "deltatoken", "count", "compute", "search", "apply",
        "include_deleted", "count_mode",
    ]
    private static let recordOptions: Set<String> = ["select", "expand", "compute", "include_deleted"]

    func list(_ type: ApiType) async throws -> ServerResponse {
        try options.allow(Self.listOptions, of: type.collection)
        let query = try query(type.shape.shape) ?? CheckedQuery(shape: type.shape.shape)
        if query.deltaToken != nil || preferences.tracksChanges { return try await tracked(type, query) }
        let page = try await store.list(listRequest(type, query), access: access)
        return response(page: page, context: type.collection + selection(query))
    }

    func listRequest(_ type: ApiType, _ query: CheckedQuery) -> ListRequest {
        ListRequest(
            type: type.record, query: query, format: format, pageSize: pageSize, includeDeleted: options.includeDeleted,
            countMode: options.countMode)
    }

    /// - Parameter delta: the token that the pages of a tracked list carry along, and that its delta link ends with.
    func response(page: Page, context fragment: String, delta: String? = nil) -> ServerResponse {
        var json = ByteBuffer()
        json.reserveCapacity(page.items.count + 512)
        json.writeString("{\(context(fragment))")
        if let count = page.count {
            json.writeString("\"\(negotiation.prefix)count\":")
            json.writeString(format.ieee754Compatible ? "\"\(count)\"," : "\(count),")
        }
        json.writeString("\"value\":[")
        json.writeBytes(page.items)
        json.writeString("]")
        let deltaOption = delta.map { ["$deltatoken=\(PercentEncoding.encode($0))"] } ?? []
        if let token = page.nextToken {
            let link = link(deltaOption + ["$skiptoken=\(PercentEncoding.encode(token))"])
            json.writeString(",\"\(negotiation.prefix)nextLink\":\"\(link)\"")
        } else if delta != nil {
            json.writeString(",\"\(negotiation.prefix)deltaLink\":\"\(link(deltaOption))\"")
        }
        json.writeString("}")
        return response(.ok, json: json, appliedPreferences(tracks: delta != nil))
    }

    func appliedPreferences(tracks: Bool) -> ServerResponse.Headers {
        let applied = (preferences.maxPageSize == nil ? [] : ["maxpagesize=\(pageSize)"]) + (tracks ? ["track-changes"] : [])
        guard !applied.isEmpty else { return [] }
        let prefix = negotiation.version == .v4_0 ? "odata." : ""
        return [("preference-applied", applied.map { prefix + $0 }.joined(separator: ", "))]
    }

    /// The same request with other tokens.
    func link(_ tokens: [String]) -> String {
        let path = String(Substring(request.path))
        let kept = (request.query ?? "").split(separator: "&").filter { option in
            let name = option.prefix { $0 != "=" }.lowercased().replacing("%24", with: "$")
            return !["skiptoken", "deltatoken"].contains(name.hasPrefix("$") ? String(name.dropFirst()) : name)
        }
        let options = kept.map(String.init) + tokens
        let target = "\(path)?\(options.joined(separator: "&"))"
        // What clients send unescaped against the standard must not end the JSON string.
        return String(root.dropLast(4)) + target.replacing("\\", with: "%5C").replacing("\"", with: "%22")
    }

    func count(_ type: ApiType) async throws -> ServerResponse {
        try options.allow(["filter", "search", "include_deleted", "count_mode"], of: "$count")
        let query = try query(type.shape.shape)
        let count = try await store.count(
            type.record, filter: query?.filter, search: query?.search, mode: options.countMode,
            includeDeleted: options.includeDeleted, access: access)
        return text(String(count))
    }

    /// `text/plain`, as `$count` and `$value` have it.
    func text(_ text: String) -> ServerResponse {
        ServerResponse(
            .ok, headers: [("content-type", "text/plain;charset=utf-8"), ("odata-version", negotiation.versionHeader)],
            body: .bytes(ByteBuffer(string: text)))
    }

    func read(_ type: ApiType, _ key: RecordKey) async throws -> ServerResponse {
        try options.allow(Self.recordOptions, of: "One record")
        let preconditions = try Preconditions(request)
        let query = try query(type.shape.shape)
        let found = try await store.record(
            type.record, key, query: query, format: format, includeDeleted: options.includeDeleted, access: access)
        guard let found else { throw missing(type) }
        return try response(reading: found, type, query, preconditions)
    }

    /// A record as the answer to GET, if the client doesn't have it yet.
    func response(
        reading record: StoredRecord, _ type: ApiType, _ query: CheckedQuery?, _ preconditions: Preconditions
    ) throws -> ServerResponse {
        // It speaks of the record alone, not of what is read along with it or computed.
        let tag = EntityTag(record.version, form: type.form + negotiation.mark)
        let isAlone = query.map { $0.expand.isEmpty && $0.computed.isEmpty } ?? true
        if isAlone, preconditions.isUnmodified(tag) { return response(.notModified, [("etag", tag.text)]) }
        if case .tags(let tags)? = preconditions.ifMatch, !tags.contains(where: { $0.version == record.version }) {
            throw APIError(
                .preconditionFailed, RecordsError.Code.versionConflict.description,
                "The record has another version than If-Match asks for.",
                target: "If-Match")
        }
        return response(.ok, record: record, tag: tag, context: "\(type.collection)\(selection(query))/$entity")
    }

    // MARK: Properties

    func property(_ type: ApiType, _ key: RecordKey, _ property: Property, member: Property?, raw: Bool) async throws -> ServerResponse {
        try options.allow(["include_deleted"], of: "One property")
        var query = CheckedQuery(shape: type.shape.shape)
        query.select = .properties([CheckedSelect.SelectedProperty(property: property, members: member.map { [$0] } ?? [])])
        let found = try await store.record(
            type.record, key, query: query, format: format, includeDeleted: options.includeDeleted, access: access)
        guard let found else { throw missing(type) }
        var value = JSONExtract.member(property.name, of: found.json)
        if let member { value = value.flatMap { JSONExtract.member(member.name, of: $0) } }
        guard let value, value != Array("null".utf8) else { return response(.noContent, [("etag", EntityTag(found.version).text)]) }
        if raw { return try rawValue(value, of: member ?? property) }
        let path = [property.name, member?.name].compactMap { $0 }.joined(separator: "/")
        var json = ByteBuffer()
        json.writeString("{\(context("\(type.collection)(\(found.id))/\(path)"))")
        if case .complex = (member ?? property).type {
            // A structured value is the answer itself, not the value of one (OData JSON 4.01 section 11).
            json.writeBytes(value.dropFirst())
            return response(.ok, json: json, [("etag", EntityTag(found.version).text)])
        }
        if format.metadata == .full, let name = (member ?? property).type.controlName(format.version) {
            json.writeString("\"\(negotiation.prefix)type\":\"\(name)\",")
        }
        json.writeString("\"value\":")
        json.writeBytes(value)
        json.writeString("}")
        return response(.ok, json: json, [("etag", EntityTag(found.version).text)])
    }

    /// How many values a list of them has.
    func elementCount(_ type: ApiType, _ key: RecordKey, _ property: Property) async throws -> ServerResponse {
        try options.allow(["include_deleted"], of: "$count")
        var query = CheckedQuery(shape: type.shape.shape)
        query.select = .properties([CheckedSelect.SelectedProperty(property: property)])
        let found = try await store.record(
            type.record, key, query: query, format: format, includeDeleted: options.includeDeleted, access: access)
        guard let found else { throw missing(type) }
        let value = try JSONExtract.member(property.name, of: found.json).map { try JSONReader.value(of: $0) }
        return text(String(value?.items.count ?? 0))
    }

    private func rawValue(_ json: [UInt8], of property: Property) throws -> ServerResponse {
        switch property.type {
        case .complex, .collection, .untyped:
            throw APIError(.badRequest, "odata.no_raw_value", "\(property.name) has no raw value: leave out $value.")
        default:
            var reader = JSONReader(json)
            if json.first == UInt8(ascii: "\"") { return text(try reader.readString()) }
            return text(String(decoding: json, as: UTF8.self))
        }
    }
}

/// Takes single members out of finished JSON.
enum JSONExtract {
    static func member(_ name: String, of object: [UInt8]) -> [UInt8]? {
        var reader = JSONReader(object)
        do {
            guard try reader.peek() == .object else { return nil }
            var keys = try reader.beginObject()
            while let key = try reader.nextKey(&keys) {
                let value = try reader.skipValue()
                if key.name == name { return Array(value) }
            }
        } catch {
            return nil
        }
        return nil
    }
}
