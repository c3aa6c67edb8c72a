import Catalog
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// `PATCH` and `DELETE /api/people/$each?filter=…`: the same done to every record that a condition selects (OData Protocol 4.01 sections
/// 11.4.13 and 11.4.14); tried without keeping anything with `dry_run=true`.
extension Call {
    func each(_ type: ApiType, _ body: ByteBuffer) async throws -> ServerResponse {
        try options.allow(["filter", "dry_run"], of: "$each")
        guard let filter = try query(type.shape.shape)?.filter else {
            throw APIError(
                .badRequest, "bulk.no_filter",
                "Say which \(type.record.labelPlural.lowercased()) with $filter; filter=true means all of them.", target: "$filter")
        }
        try refusePreconditions(type)
        let action = try action(type, body)
        let label = "\(method == .PATCH ? "update" : "delete") \(type.collection) that a condition selects"
        return try await many(bulkMode, label: label) { store, options in
            let outcomes = try await store.each(
                type.record, where: filter, action, limit: limits.bulkItems, options: options, access: access)
            let numbered = Dictionary(uniqueKeysWithValues: outcomes.enumerated().map { ($0, $1) })
            let failures = numbered.compactMapValues { if case .failed(let error) = $0 { APIError(error) } else { nil } }
            return BulkOutcome(count: outcomes.count, outcomes: numbered, failures: failures)
        }
    }

    private func action(_ type: ApiType, _ body: ByteBuffer) throws(APIError) -> EachAction {
        guard method == .PATCH else { return .delete }
        let record = try decoded(type, body)
        guard record.key == nil, record.version == nil else {
            throw APIError(.badRequest, "records.no_key", "The body names no record: $filter selects them.", target: "id")
        }
        return .update(record.input)
    }

    /// One ETag can't stand for many records.
    private func refusePreconditions(_ type: ApiType) throws(APIError) {
        let preconditions = try Preconditions(request)
        guard preconditions.ifMatch == nil, preconditions.ifNoneMatch == nil else {
            throw APIError(
                .badRequest, "odata.bad_precondition", "$each takes no If-Match: its records have versions of their own.",
                target: "If-Match")
        }
        guard !type.record.requiresIfMatch else {
            throw APIError(RecordsError.preconditionRequired(type.record))
        }
    }
}
