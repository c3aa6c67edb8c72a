extension RecordStore {
    /// Writes whose options ask for all or nothing, whatever statements they take: with one failed item, all are undone and the good ones say so.
    func honouring(
        _ options: WriteOptions, count: Int, _ write: (RecordStore, WriteOptions) async throws -> [WriteOutcome]
    ) async throws -> [WriteOutcome] {
        guard options.mode == .atomic, count > 1 else { return try await write(self, options) }
        var perItem = options
        perItem.mode = .perItem
        do {
            return try await transaction { store in
                let outcomes = try await write(store, perItem)
                guard !outcomes.contains(where: \.isFailure) else { throw SomeFailed(outcomes: outcomes) }
                return outcomes
            }
        } catch let failed as SomeFailed {
            return failed.outcomes.map { $0.isFailure ? $0 : .failed(.undone) }
        }
    }
}

/// Rolls back writes of which some failed.
private struct SomeFailed: Error {
    var outcomes: [WriteOutcome]
}

extension RecordsError {
    static let undone = RecordsError(.undone, "Undone, since another item of the same request failed.")
}
