import Postgres
package import Records

/// Gives committed events their positions: moves them from the outbox into the log. Any number of sequencers may work on one database; they take
/// turns at the head of the log.
package struct Sequencer: Sendable {
    /// Events that one transaction moves at most.
    package static let batch = 2_000

    private let store: RecordStore

    package init(_ store: RecordStore) { self.store = store }

    /// Moves the next events, and tells every node that listens.
    ///
    /// - Returns: how many, and the newest position by now. With fewer than `batch`, the outbox was empty for a moment.
    package func move(_ most: Int = batch) async throws -> (moved: Int, head: Int64) {
        guard let row = try await store.run("SELECT moved, head FROM tessera.sequence_events(\(bind: Int32(most)))").first else {
            return (0, 0)
        }
        return (Int(try row.decode(Int64.self, 0)), try row.decode(Int64.self, 1))
    }

    /// Moves all there is.
    package func drain() async throws {
        while try await move().moved == Self.batch {}
    }
}
