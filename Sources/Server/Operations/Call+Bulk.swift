import Catalog
import Jobs
import NIOCore
import NIOHTTP1
import Permissions
import QueryLanguage
import Records

/// Many writes of one collection in one request: all or nothing, or item by item with `Prefer: continue-on-error`; in the background with
/// `Prefer: respond-async`; tried without keeping anything with `dry_run=true`.
extension Call {
    func bulk(_ type: ApiType, _ body: ByteBuffer) async throws -> ServerResponse {
        try options.allow(["dry_run"], of: "bulk")
        var negotiation = negotiation
        try negotiation.readContentType(of: request)
        let bytes = Array(body.readableBytesView)
        let bulk = try BulkRequest.decode(
            type, bytes, maximumItems: limits.bulkItems, ieee754Compatible: negotiation.bodyIEEE754Compatible,
            nesting: RecordDecoder.Nesting(model, limits)
        ) { (property) throws(APIError) in try model.linkEnd(type, property) }
        let write = BulkWrite(bulk: bulk, type: type, mode: bulkMode)
        if bulk.operation != .create { try access.require(.bulk, on: type.record) }
        if preferences.respondAsync {
            let input = BulkJob.input(
                type, body: bytes, mode: write.mode, ieee754Compatible: negotiation.bodyIEEE754Compatible, isRehearsal: options.dryRun)
            let label = jobLabel(write.label)
            return accepted(try await jobs.enqueue(kind: BulkJob.kind, label: label, input: input, total: bulk.items.count, access: access))
        }
        return try await many(write.mode, label: write.label) { store, options in
            let (outcomes, failures) = try await write.write(
                bulk.items.indices, store: store, options: options, access: access.changingMany)
            var result = BulkOutcome(bulk.items.indices, outcomes: outcomes, failures: failures)
            result.trees = write.trees
            return result
        }
    }
}
