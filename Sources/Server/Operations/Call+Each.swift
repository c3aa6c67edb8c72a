import Catalog
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// `PATCH` and `DELETE /api/people/$each?filter=…`: the same done to every record that a condition selects (OData Protocol 4.01 sections
/// 11.4.13 and 11.4.14).
extension Call {
    func each(_ type: ApiType, _ body: ByteBuffer) async throws -> ServerResponse {
        try options.allow(["filter"], of: "$each")
        guard let filter = try query(type.shape.shape)?.filter else {
            throw APIError(
                .badRequest, "bulk.no_filter",
                "Say which \(type.record.labelPlural.lowercased()) with $filter; filter=true means all of them.", target: "$filter")
        }
        try refusePreconditions(type)
        let mode: BulkMode = preferences.continuesOnError == true ? .perItem : .atomic
        let outcomes = try await store.each(
            type.record, where: filter, try action(type, body), limit: limits.bulkItems, options: writeOptions(mode), access: access)
        var failures: [Int: APIError] = [:]
        for (index, outcome) in outcomes.enumerated() { if case .failed(let error) = outcome { failures[index] = APIError(error) } }
        guard mode == .perItem || failures.isEmpty else { throw Self.refusal(failures) }
        let applied = mode == .perItem ? [("preference-applied", "continue-on-error")] : []
        let all = Dictionary(uniqueKeysWithValues: outcomes.enumerated().map { ($0, $1) })
        return response(.ok, json: results(outcomes.count, all, failures), applied)
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
