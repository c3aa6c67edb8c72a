import Catalog
import NIOHTTP1
import QueryLanguage
import Records

/// Carries a bulk request out, in a request or in the background.
struct BulkWrite {
    let bulk: BulkRequest
    let type: ApiType
    let mode: BulkMode
    /// The items of a create of which some have new records in them, by their place.
    let trees: [RecordTree]?

    init(bulk: BulkRequest, type: ApiType, mode: BulkMode) {
        self.bulk = bulk
        self.type = type
        self.mode = mode
        let isNested = bulk.operation == .create && bulk.items.contains { !$0.record.nested.isEmpty }
        trees = isNested ? bulk.items.map { $0.record.tree(type) } : nil
    }

    /// What it is called in lists.
    var label: String {
        let count = bulk.items.count
        return "\(bulk.operation.rawValue) \(count) \(count == 1 ? type.record.label.lowercased() : type.collection)"
    }

    /// How many items one step of background work takes: all of them where they are kept or undone together, or link to later ones.
    func stepSize(_ usual: Int) -> Int {
        let count = bulk.items.count
        guard mode == .perItem, bulk.operation == .create, count > usual else { return mode == .atomic ? max(1, count) : usual }
        let trees = trees ?? bulk.items.map { $0.record.tree(type) }
        let links = ForwardLinks(trees)
        let isLinked = trees.enumerated().contains { links.lead(outOf: $0, $1, itemsPerStep: usual) }
        return isLinked ? count : usual
    }

    /// What is wrong with items before the store sees them.
    var refusals: [Int: APIError] {
        var failures: [Int: APIError] = [:]
        for (index, item) in bulk.items.enumerated() {
            if let refusal = refusal(of: item, at: index) { failures[index] = refusal }
        }
        return failures
    }

    /// Writes the items in `range`, and gives what became of them by their place.
    func write(
        _ range: Range<Int>, store: RecordStore, options: WriteOptions, access: Access
    ) async throws -> (outcomes: [Int: WriteOutcome], failures: [Int: APIError]) {
        var failures = refusals.filter { range.contains($0.key) }
        var outcomes: [Int: WriteOutcome] = [:]
        guard mode == .perItem || failures.isEmpty else { return ([:], failures) }
        let open = range.filter { failures[$0] == nil }
        guard !open.isEmpty else { return ([:], failures) }
        let written =
            if let trees {
                try await store.create(open.map { trees[$0] }, options: options, access: access)
            } else {
                try await write(open.map { bulk.items[$0] }, store, options, access)
            }
        guard written.count == open.count else {
            throw RecordsError(.internalFault, "The store answered \(written.count) outcomes to \(open.count) writes.")
        }
        for (outcome, index) in zip(written, open) {
            if case .failed(var error) = outcome {
                if error.code == .preconditionRequired { error.target = "items/\(index)/@etag" }
                failures[index] = APIError(error)
            }
            outcomes[index] = outcome
        }
        return (outcomes, failures)
    }

    private func write(
        _ items: [BulkRequest.Item], _ store: RecordStore, _ options: WriteOptions, _ access: Access
    ) async throws -> [WriteOutcome] {
        let records = items.map(\.record)
        let type = type.record
        switch bulk.operation {
        case .create:
            return try await store.create(type, records.map(\.inputWithID), options: options, access: access)
        case .upsert:
            let inputs = bulk.by.contains("id") ? records.map(\.inputWithID) : records.map(\.input)
            return try await store.upsert(
                type, by: bulk.by, inputs, expecting: records.map(\.version), options: options, access: access)
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
        case .link, .unlink:
            guard let end = bulk.link else { return [] }
            let changes = items.compactMap { item -> LinkChange? in
                guard let key = item.record.key, let target = item.target else { return nil }
                var change = LinkChange(key: key, target: target, columns: item.columns, isRemoval: bulk.operation == .unlink)
                change.expectedVersion = item.record.version
                return end.stored(change)
            }
            return try await store.changeLinks(end.source, field: end.field, changes, options: options, access: access)
        }
    }

    private func refusal(of item: BulkRequest.Item, at index: Int) -> APIError? {
        if let first = item.issues.first {
            return APIError(.badRequest, first.code, first.message, target: first.target, details: item.issues.count > 1 ? item.issues : [])
        }
        guard bulk.operation != .create, bulk.operation != .upsert, !bulk.operation.changesLinks else { return nil }
        if item.record.key == nil {
            return APIError(.badRequest, "records.no_key", "The item needs the id of its record.", target: "items/\(index)/id")
        }
        if bulk.operation.namesRecords, !item.record.input.values.isEmpty {
            return APIError(
                .badRequest, "bulk.unexpected_values", "To \(bulk.operation.rawValue) a record takes its id alone.",
                target: "items/\(index)")
        }
        return nil
    }

    static let refusalCode = "bulk.failed"

    /// The error of an atomic request: every item that fails, by its place.
    static func refusal(_ result: BulkOutcome) -> APIError {
        // Items that failed only because others did are no news.
        let failures = result.failures.filter { $0.value.code != RecordsError.Code.undone.description }
        let ordered = failures.sorted { $0.key < $1.key }
        var details: [APIError.Detail] = []
        for (index, error) in ordered.prefix(RecordDecoder.maximumIssues) {
            let place = result.place(index)
            let inner =
                error.details.isEmpty ? [APIError.Detail(code: error.code, message: error.message, target: error.target)] : error.details
            details += inner.map { detail in
                let target = detail.target.map { $0.hasPrefix("items/") ? $0 : "\(place)/\($0)" } ?? place
                return APIError.Detail(code: detail.code, message: detail.message, target: target)
            }
        }
        let status = ordered.first?.value.status ?? .badRequest
        return APIError(
            status, refusalCode,
            "\(failures.count) of the items can't be written, so nothing was: see details. Prefer: continue-on-error keeps the others.",
            details: details)
    }
}
