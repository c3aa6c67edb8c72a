/// What writes would have changed that were carried out and rolled back.
package struct RehearsedChanges: Sendable, Equatable {
    /// By record type; of everything.
    package var counts: [ChangeSetEntry.Count]
    /// The first ones, in the order of the records' ids.
    package var changes: [RecordChange]

    package init(counts: [ChangeSetEntry.Count] = [], changes: [RecordChange] = []) {
        self.counts = counts
        self.changes = changes
    }
}

extension RecordStore {
    /// Carries writes out, tells what they change, and keeps nothing of it.
    ///
    /// - Parameters:
    ///   - limit: changes that are told one by one; all are counted.
    ///   - body: writes under the change set it is given, through the store it is given.
    /// - Returns: what `body` gave, and the changes.
    package func rehearse<R: Sendable>(
        limit: Int, access: Access, _ body: (_ store: RecordStore, _ changeSet: ChangeSet) async throws -> R
    ) async throws -> (result: R, changes: RehearsedChanges) {
        var changeSet = ChangeSet(id: .version7())
        changeSet.isRehearsal = true
        let rehearsed = changeSet
        do {
            return try await transaction { store in
                let result = try await body(store, rehearsed)
                let log = ChangeSetLog(store, access: access)
                let counts = try await log.shownCounts(of: [rehearsed.id])[rehearsed.id] ?? []
                let page = try await log.changes(of: rehearsed.id, limit: limit)
                throw Rehearsal(result: (result, RehearsedChanges(counts: counts, changes: page.changes)))
            }
        } catch let rehearsal as Rehearsal<(R, RehearsedChanges)> {
            return (rehearsal.result.0, rehearsal.result.1)
        }
    }
}

/// Rolls back, with what is known by then.
private struct Rehearsal<R: Sendable>: Error {
    var result: R
}
