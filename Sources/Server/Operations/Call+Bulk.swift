import Catalog
import NIOCore
import NIOHTTP1
import QueryLanguage
import Records

/// Many writes of one collection in one request: all or nothing, or item by item with `Prefer: continue-on-error`.
extension Call {
    func bulk(_ type: ApiType, _ body: ByteBuffer) async throws -> ServerResponse {
        try options.allow([], of: "bulk")
        var negotiation = negotiation
        try negotiation.readContentType(of: request)
        let bulk = try BulkRequest.decode(
            type, Array(body.readableBytesView), maximumItems: limits.bulkItems, ieee754Compatible: negotiation.bodyIEEE754Compatible)
        let mode: BulkMode = preferences.continueOnError ? .perItem : .atomic
        var failures: [Int: APIError] = [:]
        for (index, item) in bulk.items.enumerated() {
            if let refusal = refusal(of: item, at: index, bulk, type) { failures[index] = refusal }
        }
        guard mode == .perItem || failures.isEmpty else { throw Self.refusal(failures) }
        let open = bulk.items.indices.filter { failures[$0] == nil }
        var outcomes: [Int: WriteOutcome] = [:]
        if !open.isEmpty {
            let written = try await write(bulk, open.map { bulk.items[$0].record }, type, mode)
            guard written.count == open.count else {
                throw RecordsError(.internalFault, "The store answered \(written.count) outcomes to \(open.count) writes.")
            }
            for (position, index) in open.enumerated() {
                if case .failed(let error) = written[position] { failures[index] = APIError(error) }
                outcomes[index] = written[position]
            }
        }
        guard mode == .perItem || failures.isEmpty else { throw Self.refusal(failures) }
        let applied = preferences.continueOnError ? [("preference-applied", "continue-on-error")] : []
        return response(.ok, json: results(bulk.items.count, outcomes, failures), applied)
    }

    private func write(
        _ bulk: BulkRequest, _ records: [RecordDecoder.Record], _ type: ApiType, _ mode: BulkMode
    ) async throws -> [WriteOutcome] {
        let options = writeOptions(mode)
        let type = type.record
        switch bulk.operation {
        case .create: return try await store.create(type, records.map(\.input), options: options, access: access)
        case .upsert: return try await store.upsert(type, by: bulk.by, records.map(\.input), options: options, access: access)
        case .update:
            let items = records.compactMap { record in
                record.key.map { RecordUpdate(key: $0, expectedVersion: record.version, input: record.input) }
            }
            return try await store.update(type, items, options: options, access: access)
        case .delete, .restore, .purge:
            let items = records.compactMap { record in record.key.map { RecordReference(key: $0, expectedVersion: record.version) } }
            switch bulk.operation {
            case .delete: return try await store.delete(type, items, options: options, access: access)
            case .restore: return try await store.restore(type, items, options: options, access: access)
            default: return try await store.purge(type, items, options: options, access: access)
            }
        }
    }

    /// What is wrong with an item before the store sees it.
    private func refusal(of item: BulkRequest.Item, at index: Int, _ bulk: BulkRequest, _ type: ApiType) -> APIError? {
        if let first = item.issues.first {
            return APIError(.badRequest, first.code, first.message, target: first.target, details: item.issues.count > 1 ? item.issues : [])
        }
        guard bulk.operation != .create, bulk.operation != .upsert else { return nil }
        if item.record.key == nil {
            return APIError(.badRequest, "records.no_key", "The item needs the id of its record.", target: "items/\(index)/id")
        }
        if bulk.operation.namesRecords, !item.record.input.values.isEmpty {
            return APIError(
                .badRequest, "bulk.unexpected_values", "To \(bulk.operation.rawValue) a record takes its id alone.",
                target: "items/\(index)")
        }
        if type.record.requiresIfMatch, item.record.version == nil {
            return APIError(
                .preconditionRequired, RecordsError.Code.preconditionRequired.description,
                "A change of a \(type.record.label) must say which version it changes: give @etag.", target: "items/\(index)/@etag")
        }
        return nil
    }

    /// The error of an atomic request: every item that fails, by its place.
    private static func refusal(_ failures: [Int: APIError]) -> APIError {
        // Items that failed only because others did are no news.
        let failures = failures.filter { $0.value.code != RecordsError.Code.undone.description }
        let ordered = failures.sorted { $0.key < $1.key }
        var details: [APIError.Detail] = []
        for (index, error) in ordered.prefix(RecordDecoder.maximumIssues) {
            let place = "items/\(index)"
            let inner =
                error.details.isEmpty ? [APIError.Detail(code: error.code, message: error.message, target: error.target)] : error.details
            details += inner.map { detail in
                let target = detail.target.map { $0.hasPrefix("items/") ? $0 : "\(place)/\($0)" } ?? place
                return APIError.Detail(code: detail.code, message: detail.message, target: target)
            }
        }
        let status = ordered.first?.value.status ?? .badRequest
        return APIError(
            status, "bulk.failed",
            "\(failures.count) of the items can't be written, so nothing was: see details. Prefer: continue-on-error keeps the others.",
            details: details)
    }

    private func results(_ count: Int, _ outcomes: [Int: WriteOutcome], _ failures: [Int: APIError]) -> [UInt8] {
        var json = JSONWriter(reserving: count * 96)
        json.object { json in
            if format.metadata != .none { json.field("\(negotiation.prefix)context", "\(root)/$metadata#Collection(tessera.bulk_result)") }
            json.field("succeeded", count - failures.count)
            json.field("failed", failures.count)
            json.array("value") { json in
                for index in 0..<count {
                    json.object { json in
                        if let failure = failures[index] {
                            json.field("status", Int(failure.status.code))
                            json.key("error")
                            failure.write(to: &json)
                        } else {
                            write(outcomes[index], to: &json)
                        }
                    }
                }
            }
        }
        return json.bytes
    }

    private func write(_ outcome: WriteOutcome?, to json: inout JSONWriter) {
        let (status, id, version): (Int, GUID?, Int64?) =
            switch outcome {
            case .created(let id, let version): (201, id, version)
            case .updated(let id, let version), .restored(let id, let version), .unchanged(let id, let version): (200, id, version)
            case .deleted(let id, _): (204, id, nil)
            case .purged(let id): (204, id, nil)
            case .failed, nil: (500, nil, nil)
            }
        json.field("status", status)
        if let id { json.field("id", id.description) }
        if let version, format.metadata != .none { json.field("\(negotiation.prefix)etag", Preconditions.etag(version)) }
    }
}
