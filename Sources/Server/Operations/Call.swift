import Catalog
import Files
import Jobs
import Logging
import NIOCore
import NIOHTTP1
import Principals
import QueryLanguage
import Records

/// One request to the API whose sender is known, with what its handlers need.
struct Call: Sendable {
    let request: ServerRequest
    let model: ApiModel
    var store: RecordStore
    let limits: ServerLimits
    let access: Access
    /// Address of the service root as the client sees it: `https://crm.example.org/api`.
    let root: String
    var negotiation: Negotiation
    var preferences: Preferences
    let options: RequestOptions
    let files: FileStore
    var jobs: JobQueue
    var principals: PrincipalStore
    /// What the writes of this request belong to: one change set, named when the client names it, and within a batch.
    var changeSet: ChangeSet

    /// A body that is a file: read while it arrives.
    struct Upload: Sendable {
        let body: IncomingBody
        /// Taken when all of it is there.
        let turn: FairQueue.Turn
    }

    var upload: Upload?

    /// - Parameter root: the service root as the client knows it.
    static func of(
        _ request: ServerRequest, path: Substring.UTF8View, model: ApiModel, store: RecordStore, limits: ServerLimits, access: Access,
        root: String, files: FileStore, jobs: JobQueue, principals: PrincipalStore, changeSet: ChangeSet? = nil
    ) throws(APIError) -> (Call, Resource) {
        let resource = try Resource.resolve(try ResourcePath.parse(path), in: model)
        try resource.requireRights(access, method: request.method)
        let options = try RequestOptions(request.query, version: try Negotiation.version(of: request))
        let negotiation = try Negotiation.of(
            request, format: options.system.format, serving: resource.representations(for: request.method))
        var changeSet = changeSet
        if changeSet == nil { changeSet = try ChangeSetName.changeSet(of: request) }
        let call = Call(
            request: request, model: model, store: store, limits: limits, access: access, root: root, negotiation: negotiation,
            preferences: Preferences(request), options: options, files: files, jobs: jobs, principals: principals,
            changeSet: changeSet ?? ChangeSet(id: .version7()))
        return (call, resource)
    }

    var method: HTTPMethod { request.method }
    var format: ReadFormat { negotiation.format }

    /// GET and HEAD.
    var isRead: Bool { method == .GET || method == .HEAD }

    // MARK: Queries

    /// The options checked against the type whose records the answer holds; nil when there are none, so that nothing has to be compiled.
    func query(_ shape: EntityShape) throws(APIError) -> CheckedQuery? {
        guard !options.system.ranges.isEmpty else { return nil }
        return try checked(options.system, on: shape)
    }

    func checked(_ options: QueryOptions, on shape: EntityShape) throws(APIError) -> CheckedQuery {
        try Self.checked(options, on: shape, DeploymentSchema(catalog: model.catalog, hooks: store.hooks))
    }

    static func checked(_ options: QueryOptions, on shape: EntityShape, _ schema: DeploymentSchema) throws(APIError) -> CheckedQuery {
        let query: CheckedQuery
        do {
            query = try QueryChecker(schema: schema).check(options, on: shape)
        } catch {
            throw APIError(query: error, target: option(at: error.column, in: options))
        }
        // Asked here too, so that a write whose answer is refused isn't done.
        do { _ = try ReadLimits.pageSize(1, of: query) } catch { throw APIError(error) }
        return query
    }

    /// The option in whose value a column of the query lies.
    private static func option(at column: Int, in options: QueryOptions) -> String? {
        options.ranges.first { $0.value.start <= column && column < $0.value.end }.map { "$\($0.key)" }
    }

    /// The page size the client prefers, within bounds.
    var pageSize: Int { min(preferences.maxPageSize ?? ReadLimits.defaultPageSize, ReadLimits.largestPageSize) }

    // MARK: Writes

    func writeOptions(_ mode: BulkMode = .perItem) -> WriteOptions {
        WriteOptions(changeSet: changeSet, mode: mode)
    }

    /// The header of an answer that says under which change set its request has written.
    static let changeSetHeader = "tessera-change-set-id"

    /// The header, where the change set is listed and holds what came of the writes.
    ///
    /// - Parameter label: what the change set is called unless the client names it.
    func naming(_ outcomes: some Sequence<WriteOutcome>, label: String? = nil) -> ServerResponse.Headers {
        guard !changeSet.isRehearsal, changeSet.label ?? label != nil, outcomes.contains(where: \.isChange) else { return [] }
        return [(Self.changeSetHeader, changeSet.id.description)]
    }

    // MARK: Answers

    /// An empty answer with the headers of the protocol.
    func response(_ status: HTTPResponseStatus, _ headers: ServerResponse.Headers = []) -> ServerResponse {
        ServerResponse(status, headers: [("odata-version", negotiation.versionHeader)] + headers)
    }

    /// A JSON answer.
    func response(_ status: HTTPResponseStatus, json: ByteBuffer, _ headers: ServerResponse.Headers = []) -> ServerResponse {
        ServerResponse(
            status, headers: [("content-type", negotiation.contentType), ("odata-version", negotiation.versionHeader)] + headers,
            body: .bytes(json))
    }

    func response(_ status: HTTPResponseStatus, json: [UInt8], _ headers: ServerResponse.Headers = []) -> ServerResponse {
        response(status, json: ByteBuffer(bytes: json), headers)
    }

    /// `"@context":"…",`, or nothing when the client wants no metadata. `fragment` is what stands behind `$metadata#`.
    func context(_ fragment: String) -> String {
        guard format.metadata != .none else { return "" }
        return "\"\(negotiation.prefix)context\":\"\(root)/$metadata#\(fragment)\","
    }

    /// The `(…)` of a context URL: what was selected and expanded (OData Protocol 4.01 section 10.8). 4.0 names what was expanded only where something
    /// of it was chosen.
    func selection(_ query: CheckedQuery?) -> String {
        guard let query else { return "" }
        var items: [String] = []
        if case .properties(let selected) = query.select {
            for property in selected {
                if property.members.isEmpty { items.append(property.property.name) }
                items += property.members.map { "\(property.property.name)/\($0.name)" }
            }
            items += query.computed.map(\.name)
        } else if let apply = query.apply {
            items += apply.result.properties.values.sorted { $0.ordinal < $1.ordinal }.map(\.name) + query.computed.map(\.name)
        }
        items += query.expand.compactMap { expand in
            let inner = selection(expand.query)
            if inner.isEmpty, format.version == .v4_0 { return nil }
            return "\(expand.link.name)\(inner.isEmpty ? "()" : inner)"
        }
        return items.isEmpty ? "" : "(\(items.joined(separator: ",")))"
    }

    /// One record with its context and ETag.
    ///
    /// - Parameter tag: nil for that of its version.
    func response(
        _ status: HTTPResponseStatus, record: StoredRecord, tag: EntityTag? = nil, context fragment: String,
        _ headers: ServerResponse.Headers = []
    ) -> ServerResponse {
        let context = context(fragment)
        var json = ByteBuffer()
        json.reserveCapacity(record.json.count + context.utf8.count)
        json.writeInteger(UInt8(ascii: "{"))
        json.writeString(record.json.count <= 2 ? String(context.dropLast()) : context)
        json.writeBytes(record.json.dropFirst())
        return response(status, json: json, [("etag", (tag ?? EntityTag(record.version)).text)] + headers)
    }
}
