extension RecordStore {
    /// Carries writes out, tells what they change, and keeps nothing of it.
    ///
    /// - Parameter body: writes under the change set it is given, through the store it is given.
    /// - Returns: what `body` gave, and the changes, up to `limit` of them.
    package func rehearse<R: Sendable>(
        limit: Int, access: Access, _ body: (_ store: RecordStore, _ changeSet: ChangeSet) async throws -> R
    ) async throws -> (result: R, changes: [RecordChange]) {
        let changeSet = ChangeSet(id: .version7())
        do {
            return try await transaction { store in
                let result = try await body(store, changeSet)
                let page = try await ChangeSetLog(store, access: access).changes(of: changeSet.id, limit: limit)
                throw Rehearsal(result: (result, page.changes))
            }
        } catch let rehearsal as Rehearsal<(R, [RecordChange])> {
            return (rehearsal.result.0, rehearsal.result.1)
        }
    }
}

/// Rolls back, with what is known by then.
private struct Rehearsal<R: Sendable>: Error {
    var result: R
}
