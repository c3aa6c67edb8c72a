import NIOCore
import NIOHTTP1
import Records

/// A request of a batch, resolved as if it had come alone.
struct BatchTask: Sendable {
    var call: Call
    var resource: Resource
    var body: ByteBuffer
    /// What it writes, if it is the write of one record.
    var write: SingleWrite?

    /// - Parameter batch: the request that carries the batch: its root, access, store and change set hold for all.
    init(_ item: BatchRequest.Item, _ references: BatchReferences, in batch: Call, store: RecordStore) throws(APIError) {
        let target = try Self.target(try references.url(item.url), below: batch.root)
        var headers = HTTPHeaders()
        for (name, value) in item.headers { headers.add(name: name, value: try references.header(name, value)) }
        // What a request leaves out is as the batch has it (OData Protocol 4.01 section 11.7.7.1).
        for name in ["odata-version", "odata-maxversion"] where !headers.contains(name: name) {
            if let value = batch.request.headers.first(name: name) { headers.add(name: name, value: value) }
        }
        var bytes: [UInt8] = []
        if let body = item.body {
            bytes = try references.body(body)
            if !headers.contains(name: "content-type") { headers.add(name: "content-type", value: "application/json") }
        }
        body = ByteBuffer(bytes: bytes)
        let request = ServerRequest(head: HTTPRequestHead(version: .http1_1, method: item.method, uri: "/api/\(target)", headers: headers))
        (call, resource) = try Call.of(
            request, path: request.path.dropFirst(4), model: batch.model, store: store, limits: batch.limits, access: batch.access,
            root: batch.root, files: batch.files, jobs: batch.jobs, principals: batch.principals, changeSet: batch.changeSet)
        try call.refuseKey("A request of a batch takes no Idempotency-Key: send one with the batch.")
        // What goes on in the background can't be undone with its group: this preference is passed over.
        call.preferences.respondAsync = false
        if case .batch = resource {
            throw APIError(.badRequest, "batch.nested", "A request of a batch can't be a batch itself.", target: "url")
        }
        if case .platform(let resource) = resource, resource.takesForm {
            throw APIError.notSupported("An import can't begin in a batch: send this request alone.")
        }
        if call.takesFile(resource) { throw APIError.notSupported("A file can't be sent in a batch: send this request alone.") }
        if batch.changeSet.isRehearsal, !call.isRead, !resource.canBeTried {
            throw APIError(
                .badRequest, "query.option_not_allowed", "This can't be tried with dry_run: leave it out of the batch.", target: "url")
        }
        if !resource.holdsMany, bytes.count > batch.limits.bodySize { throw HTTPFault.bodyTooLarge(limit: batch.limits.bodySize).apiError }
        write = try call.singleWrite(resource, body)
    }

    func respond() async throws -> ServerResponse {
        if let write { return try await call.perform(write) }
        let response = try await call.respond(to: resource, body: body)
        if case .stream = response.body {
            throw APIError.notSupported("An answer that is streamed, such as CSV, can't be part of a batch: send this request alone.")
        }
        return response
    }

    /// The outcome with what later requests may refer to.
    func outcome(_ response: ServerResponse) -> BatchOutcome {
        guard (200..<300).contains(response.status.code) else { return BatchOutcome(response) }
        let address = response.headers.first { $0.0 == "odata-entityid" || $0.0 == "location" }?.1
        if let address, address.hasPrefix("\(call.root)/") {
            return BatchOutcome(response, entity: String(address.dropFirst(call.root.utf8.count + 1)), type: write?.type)
        }
        guard case .record(let type, _, .record) = resource else { return BatchOutcome(response) }
        return BatchOutcome(response, entity: String(call.request.path.dropFirst(5)), type: type)
    }

    /// What stands behind the service root in a URL: given whole, from the host's root on, or below the service root.
    private static func target(_ url: String, below root: String) throws(APIError) -> String {
        var address = url
        if address.contains("://") {
            guard address.hasPrefix("\(root)/") || address == root else { throw outside(url) }
            return String(address.dropFirst(root.count + 1))
        }
        guard address.hasPrefix("/") else { return address }
        let afterScheme = root.firstRange(of: "://").map { root[$0.upperBound...] } ?? root[...]
        let rootPath = afterScheme.firstIndex(of: "/").map { String(afterScheme[$0...]) } ?? ""
        guard address.hasPrefix("\(rootPath)/") || address == rootPath else { throw outside(url) }
        address.removeFirst(min(rootPath.count + 1, address.count))
        return address
    }

    private static func outside(_ url: String) -> APIError {
        APIError(
            .notFound, "batch.outside", "A batch reaches what lies below its own service root, such as 'COLLECTION' or '/api/COLLECTION'.",
            target: "url")
    }
}
