import NIOCore
import NIOHTTP1
import Permissions
import QueryLanguage
import Records

/// `POST /api/$batch`: many requests in one (OData JSON 4.01 section 19).
extension Call {
    func batch(_ body: ByteBuffer) async throws -> ServerResponse {
        try options.allow(["dry_run"], of: "$batch")
        if let type = request.header(.contentType), type.lowercased().hasPrefix("multipart/") {
            throw APIError(
                .unsupportedMediaType, "batch.multipart",
                "Batches in multipart/mixed are not supported: send application/json with requests (OData JSON 4.01, section 19).",
                target: "Content-Type")
        }
        var negotiation = negotiation
        try negotiation.readContentType(of: request)
        let batch = try BatchRequest.decode(Array(body.readableBytesView), maximumItems: limits.batchRequests)
        guard !options.dryRun else { return try await rehearse(batch) }
        var call = self
        call.changeSet.label = changeSet.label ?? "batch of \(batch.items.count) request\(batch.items.count == 1 ? "" : "s")"
        let outcomes = await BatchExecution(call, batch.items).run()
        try Task.checkCancellation()
        let named = outcomes.contains(where: \.hasWritten) ? [(Self.changeSetHeader, changeSet.id.description)] : []
        return response(.ok, json: Self.responses(batch.items, outcomes), appliedToBatch + named)
    }

    /// All of it in one transaction that is rolled back, and what it would have changed.
    private func rehearse(_ batch: BatchRequest) async throws -> ServerResponse {
        let (outcomes, changes) = try await store.rehearse(limit: BulkOutcome.listedChanges, access: access) { store, changeSet in
            var call = self
            call.store = store
            call.changeSet = changeSet
            let outcomes = await BatchExecution(call, batch.items).run()
            try Task.checkCancellation()
            return outcomes
        }
        return response(.ok, json: Self.responses(batch.items, outcomes, rehearsed: changes), appliedToBatch)
    }

    private var appliedToBatch: ServerResponse.Headers {
        preferences.continuesOnError.map { [("preference-applied", "continue-on-error=\($0)")] } ?? []
    }

    private static func responses(
        _ items: [BatchRequest.Item], _ outcomes: [BatchOutcome], rehearsed: RehearsedChanges? = nil
    ) -> [UInt8] {
        var json = JSONWriter(reserving: outcomes.count * 512)
        json.object { json in
            json.array("responses") { json in
                for (item, outcome) in zip(items, outcomes) {
                    json.object { json in
                        json.field("id", item.id)
                        if let group = item.group { json.field("atomicityGroup", group) }
                        write(outcome.response, to: &json)
                    }
                }
            }
            if let rehearsed {
                json.field("dry_run", true)
                json.key("counts")
                json.raw(Value.collection(rehearsed.counts.map(\.value)).json)
                json.key("changes")
                json.raw(Value.collection(rehearsed.changes.map(\.value)).json)
            }
        }
        return json.bytes
    }

    private static func write(_ response: ServerResponse, to json: inout JSONWriter) {
        json.field("status", Int(response.status.code))
        let type = response.headers.first { $0.0 == "content-type" }?.1 ?? "application/json"
        // `application/json` alone goes without saying, and the change set is that of the batch.
        let headers = response.headers.filter { $0.0 != changeSetHeader && ($0.0 != "content-type" || $0.1 != "application/json") }
        if !headers.isEmpty {
            json.object("headers") { json in
                for (name, value) in headers { json.field(name, value) }
            }
        }
        guard case .bytes(let body) = response.body, body.readableBytes > 0 else { return }
        json.key("body")
        if type.hasPrefix("application/json") {
            json.raw(Array(body.readableBytesView))
        } else if type.hasPrefix("text/") {
            json.string(String(buffer: body))
        } else {
            json.string(Base64URL.encode(body.readableBytesView))
        }
    }
}
