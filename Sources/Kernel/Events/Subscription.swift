import Postgres
package import Records

/// What follows the log from a place of its own.
protocol Follower: Sendable {
    /// The row of `tessera.subscription` that keeps the place.
    var id: String { get }

    /// Handles the next events; whether there is more at once.
    func advance() async throws -> Bool
}

/// A handler with its place in the log. Any number of nodes may run the same one; they take turns, batch by batch.
package struct Subscription: Follower {
    /// Seconds between two attempts, at most.
    private static let longestPause = 60

    private let store: RecordStore
    private let handler: any EventHandler

    package init(_ store: RecordStore, _ handler: any EventHandler) {
        self.store = store
        self.handler = handler
    }

    package var id: String { handler.subscription }

    /// Handles the next batch, unless another node is at it, nothing has come, or it pauses after a failure. The events of a batch that failed are
    /// handled one by one, so that those before the one that can't be handled are.
    ///
    /// - Returns: whether there is more.
    /// - Throws: what the handler throws; it is kept with the subscription too, which then pauses: 2, 4, … 60 seconds.
    package func advance() async throws -> Bool {
        var last: Int64 = 0
        do {
            return try await store.transaction { store in
                guard let turn = try await turn(in: store) else { return false }
                last = turn.last
                try await handler.handle((turn.position + 1)...turn.last, in: store)
                _ = try await store.run(
                    """
                    UPDATE tessera.subscription SET position = \(bind: turn.last), attempts = 0, retry_at = NULL, moved_at = now() \
                    WHERE id = \(bind: id)
                    """)
                return turn.last < turn.head
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            try await note(error, last)
            throw error
        }
    }

    private struct Turn {
        var position: Int64
        /// The last event of the batch.
        var last: Int64
        var head: Int64
    }

    /// Locks the place; nil when there is nothing to handle, or another node is at it.
    private func turn(in store: RecordStore) async throws -> Turn? {
        let sql: SQL = """
            SELECT s.position, s.careful_until, h.position FROM tessera.subscription s, tessera.event_head h \
            WHERE s.id = \(bind: id) AND s.state = 'active' AND s.position < h.position AND (s.retry_at IS NULL OR s.retry_at <= now()) \
            FOR UPDATE OF s SKIP LOCKED
            """
        guard let row = try await store.run(sql).first else { return nil }
        let (position, careful, head) = (try row.decode(Int64.self, 0), try row.decode(Int64.self, 1), try row.decode(Int64.self, 2))
        let last = min(position + (position < careful ? 1 : Int64(handler.batch)), head)
        // Another node has moved it further than this one's look at the head.
        return last > position ? Turn(position: position, last: last, head: head) : nil
    }

    private func note(_ error: any Error, _ last: Int64) async throws {
        _ = try await store.run(
            """
            UPDATE tessera.subscription SET attempts = attempts + 1, error = \(bind: "\(error)"), failed_at = now(), \
            careful_until = greatest(careful_until, \(bind: last)), \
            retry_at = now() + least(power(2, attempts + 1), \(raw: String(Self.longestPause))) * interval '1 second' WHERE id = \(bind: id)
            """)
    }
}
