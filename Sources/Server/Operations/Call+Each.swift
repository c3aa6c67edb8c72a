import Catalog
import Jobs
import NIOCore
import NIOHTTP1
import Permissions
import QueryLanguage
import Records

/// `PATCH` and `DELETE /api/people/$each?filter=…`: the same done to every record that a condition selects (OData Protocol 4.01 sections
/// 11.4.13 and 11.4.14); in the background with `Prefer: respond-async`; tried without keeping anything with `dry_run=true`.
extension Call {
    func each(_ type: ApiType, _ body: ByteBuffer) async throws -> ServerResponse {
        try options.allow(["filter", "dry_run"], of: "$each")
        let filter = try EachWrite.filter(try query(type.shape.shape), of: type)
        try access.require(.bulk, on: type.record)
        try refusePreconditions(type)
        let action: EachAction = method == .PATCH ? try EachWrite.update(try decoded(type, body)) : .delete
        let label = EachWrite.label(type, isDelete: method == .DELETE)
        if preferences.respondAsync {
            var negotiation = negotiation
            if method == .PATCH { try negotiation.readContentType(of: request) }
            let input = EachJob.Input(
                collection: type.collection, query: String(request.query ?? ""), version: format.version,
                body: method == .PATCH ? String(buffer: body) : nil, ieee754Compatible: negotiation.bodyIEEE754Compatible, mode: bulkMode,
                isRehearsal: options.dryRun)
            let id = try await jobs.enqueue(kind: EachJob.kind, label: jobLabel(label), input: input.value, access: access)
            return accepted(id)
        }
        return try await many(bulkMode, label: label) { store, options in
            let ids = try await selected(type, filter, store)
            return EachWrite.result(
                type, ids, try await store.each(type.record, ids, action, options: options, access: access.changingMany))
        }
    }

    private func selected(_ type: ApiType, _ filter: TypedExpression, _ store: RecordStore) async throws -> [GUID] {
        do {
            return try await store.selected(type.record, where: filter, limit: limits.bulkItems, access: access.changingMany)
        } catch let error as RecordsError where error.code == .tooMany {
            var refusal = APIError(error)
            refusal.message += " With Prefer: respond-async up to \(EachJob.mostRecords) of them are written, or tried, in the background."
            throw refusal
        }
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
