import NIOHTTP1
import Permissions
import QueryLanguage
import Records

/// What all writes of many records have in common: one change set, a rehearsal on request, and an answer with one entry for each record.
extension Call {
    var bulkMode: BulkMode { preferences.continuesOnError == true ? .perItem : .atomic }

    /// - Parameters:
    ///   - label: what the change set is called unless the client names it.
    ///   - write: writes through the store and with the options that it is given.
    func many(
        _ mode: BulkMode, label: String, _ write: (RecordStore, WriteOptions) async throws -> BulkOutcome
    ) async throws -> ServerResponse {
        var result: BulkOutcome
        var changeSet = changeSet
        changeSet.label = changeSet.label ?? label
        if options.dryRun {
            let (rehearsed, changes) = try await store.rehearse(limit: BulkOutcome.listed, access: access) { store, changeSet in
                try await write(store, WriteOptions(changeSet: changeSet, mode: mode))
            }
            result = rehearsed
            result.note(changes)
        } else {
            result = try await write(store, WriteOptions(changeSet: changeSet, mode: mode))
        }
        guard mode == .perItem || result.failures.isEmpty else { throw BulkWrite.refusal(result) }
        let applied = mode == .perItem ? [("preference-applied", "continue-on-error")] : []
        let named = options.dryRun ? [] : naming(result.outcomes.values, label: label)
        return response(.ok, json: json(result, changeSet), applied + named)
    }

    private func json(_ result: BulkOutcome, _ changeSet: ChangeSet) -> [UInt8] {
        let prefix = format.metadata == .none ? nil : negotiation.prefix
        var json = JSONWriter(reserving: result.count * 96)
        json.object { json in
            if let prefix { json.field("\(prefix)context", "\(root)/$metadata#Collection(tessera.bulk_result)") }
            // Where nothing was written there is nothing to show or take back.
            if changeSet.label != nil, !changeSet.isRehearsal, result.changes == nil, result.isChange {
                json.field("change_set", changeSet.id.description)
            }
            json.field("succeeded", result.count - result.failures.count)
            json.field("failed", result.failures.count)
            if result.changes != nil {
                json.field("dry_run", true)
                json.key("counts")
                json.raw(Value.collection(result.counts.map(\.value)).json)
            }
            json.array("value") { result.writeItems(result.items, prefix: prefix, to: &$0) }
        }
        return json.bytes
    }
}
