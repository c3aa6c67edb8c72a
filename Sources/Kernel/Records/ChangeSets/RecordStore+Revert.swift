import Catalog
import QueryLanguage

/// Values to put back into a record, as they were stored.
struct Reversion: Sendable {
    var id: GUID
    /// The version that nothing newer may stand on.
    var version: Int64
    /// By column name.
    var columns: [String: Value]
    /// By field key, whole.
    var lists: [String: [ListRow]]

    var isEmpty: Bool { columns.isEmpty && lists.isEmpty }
}

extension RecordStore {
    /// Puts stored values back, through the same statement, trace and rules as any update. Outcomes are in the order of the items.
    func revert(_ type: RecordType, _ items: [Reversion], options: WriteOptions, access: Access) async throws -> [WriteOutcome] {
        let catalog = self.catalog
        var drafts = items.enumerated().map { index, item in
            var draft = WriteDraft(index: index, id: item.id, expectedVersion: item.version, isUpdate: true)
            draft.columns = item.columns
            draft.lists = item.lists
            draft.fields = Set(
                type.fields.filter { field in
                    item.lists[field.key] != nil || field.columns.contains { item.columns[$0.name] != nil }
                }.map(\.key))
            return draft
        }
        let preparation = WritePreparation(store: self, catalog: catalog, type: type, access: access, options: options)
        for index in drafts.indices { preparation.refuseReverting(&drafts[index]) }
        try await preparation.reversions(&drafts)
        let runner = BatchRunner(store: self, catalog: catalog, type: type, access: access, options: options)
        return try await runner.run(drafts, first: UpdateLock(of: type, for: access)) { drafts, runner in
            try await self.updateGroups(type, drafts, changeSet: options.changeSet, access: access, runner: runner)
        }
    }
}
