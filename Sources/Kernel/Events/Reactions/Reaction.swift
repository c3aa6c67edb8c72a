import Catalog
package import Logging
import Postgres
import QueryLanguage
package import Records

/// A subscription of the manifests with its place in the log. Nodes take turns, a transaction each; see
/// docs/decisions/0031-one-place-and-what-is-put-aside.md.
package struct Reaction: Follower {
    /// Positions that one turn looks through at most, for topics that are rare.
    static let span: Int64 = 100_000
    /// Seconds between two turns that failed as a whole, at most.
    private static let longestPause = 60

    package let id: String
    let store: RecordStore
    let reactions: any EventReactions
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(
        _ id: String, _ store: RecordStore, _ reactions: any EventReactions, clock: any Clock<Duration> = ContinuousClock(), logger: Logger
    ) {
        self.id = id
        self.store = store
        self.reactions = reactions
        self.clock = clock
        self.logger = logger
    }

    /// Handles what is due of the events that were put aside, and the next ones of the log: a batch of each at most, in one transaction. Nothing
    /// happens while another node is at it, while the subscription isn't active, or where its handler isn't.
    ///
    /// - Returns: whether there is more at once.
    /// - Throws: what is no fault of an event's: the database's errors. The subscription pauses then: 2, 4, … 60 seconds.
    package func advance() async throws -> Bool {
        guard let subscription = store.catalog.subscription(id: id), reactions.hasHandler(subscription.handler) else { return false }
        var late: LateEvent?
        while true {
            do {
                let (hasMore, lines) = try await store.transaction { [late] store -> (Bool, [String]) in
                    guard let place = try await place(in: store) else { return (false, []) }
                    var turn = ReactionTurn(subscription, place, late: late, store: store, reactions: reactions, clock: clock)
                    if place.hasDue { try await turn.handleDue() }
                    try await turn.handleNext()
                    try await turn.keep()
                    return (turn.hasMore, turn.lines)
                }
                for line in lines { logger.warning("\(line)", metadata: ["subscription": "\(id)"]) }
                return hasMore
            } catch let error as CancellationError {
                throw error
            } catch let error as LateEvent {
                // What its handler left behind went with the transaction, and what was handled before it: the turn is taken again up to it.
                late = error
            } catch {
                try await note(error)
                throw error
            }
        }
    }

    /// Locks the place; nil when there is nothing to do, or another node does it.
    private func place(in store: RecordStore) async throws -> ReactionTurn.Place? {
        let sql: SQL = """
            SELECT s.position, h.position, s.attempts, s.principal_id, d.some, d.due FROM tessera.subscription s, tessera.event_head h, \
            LATERAL (SELECT count(*) > 0 AS some, coalesce(bool_or(state IN ('waiting', 'quiet') AND due_at <= now()), false) AS due \
            FROM (SELECT state, due_at FROM tessera.delivery WHERE subscription = s.id ORDER BY due_at LIMIT 1) l) d \
            WHERE s.id = \(bind: id) AND s.state = 'active' AND (s.position < h.position OR d.due) \
            AND (s.retry_at IS NULL OR s.retry_at <= now()) FOR UPDATE OF s SKIP LOCKED
            """
        guard let row = try await store.run(sql).first else { return nil }
        return ReactionTurn.Place(
            position: try row.decode(Int64.self, 0), head: try row.decode(Int64.self, 1), attempts: Int(try row.decode(Int32.self, 2)),
            principal: try row.decode(PostgresUUID?.self, 3).map(GUID.init(postgres:)) ?? .administrator,
            hasAside: try row.decode(Bool.self, 4), hasDue: try row.decode(Bool.self, 5))
    }

    /// Pauses, twice as long as the last time while nothing has gone well in between. It is no attempt at an event.
    private func note(_ error: any Error) async throws {
        _ = try await store.run(
            """
            UPDATE tessera.subscription SET error = \(bind: "\(error)"), failed_at = now(), \
            retry_at = now() + least(greatest(2 * coalesce(extract(epoch FROM retry_at - failed_at), 1), 2), \(raw: String(Self.longestPause))) \
            * interval '1 second' WHERE id = \(bind: id)
            """)
    }
}

/// A handler didn't come to its end in time.
struct LateEvent: Error {
    var event: Event
    var reason: String
}
