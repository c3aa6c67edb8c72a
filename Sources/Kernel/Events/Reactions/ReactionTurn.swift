import Catalog
import Manifests
import Permissions
import Postgres
import QueryLanguage
import Records
import ServiceLifecycle

/// One turn of a subscription, within a transaction that has its place locked.
struct ReactionTurn {
    struct Place {
        /// The last event that was handled, passed over or put aside.
        var position: Int64
        var head: Int64
        /// Failures at the event behind it, of a subscription that halts.
        var attempts: Int
        /// Whom the handler acts as.
        var principal: GUID
        /// Whether events are put aside, and some of them due.
        var hasAside: Bool
        var hasDue: Bool
    }

    /// Events that may have led to one that is handled: what goes on for longer is taken for a loop.
    static let deepest = 16

    private let subscription: EventSubscription
    private let store: RecordStore
    private let reactions: any EventReactions
    private let clock: any Clock<Duration>
    /// The event whose handler had to be ended when this turn was taken before: it isn't handled again, and the turn ends behind it.
    private let late: LateEvent?
    /// The late event has been seen to.
    private var isOver = false
    private var place: Place
    private var handled: Int64 = 0
    private var skipped: Int64 = 0
    /// Why it stops at the event behind its place.
    private var failure: (reason: String, halts: Bool)?
    private(set) var hasMore = false
    private var hasPutAside = false
    /// What an operator has to know.
    private(set) var lines: [String] = []

    init(
        _ subscription: EventSubscription, _ place: Place, late: LateEvent?, store: RecordStore, reactions: any EventReactions,
        clock: any Clock<Duration>
    ) {
        self.late = late
        self.subscription = subscription
        self.place = place
        self.store = store
        self.reactions = reactions
        self.clock = clock
    }

    // MARK: Events that were put aside

    /// Handles those whose time has come, and lets later ones of their records follow.
    mutating func handleDue() async throws {
        let rows = try await store.run(
            """
            SELECT \(Event.columns), state, attempts FROM tessera.delivery WHERE subscription = \(bind: subscription.id) \
            AND state IN ('waiting', 'quiet') AND due_at <= now() AND position <= \(bind: place.position) ORDER BY due_at, position LIMIT \(bind: Int64(subscription.batch))
            """
        ).rows
        let due = try rows.map { (event: try Event($0), attempts: Int(try $0.decode(Int32.self, Event.width + 1))) }
        let images = try await EventImages(store: store).load(due.map(\.event), from: .deliveries(subscription.id))
        for (event, attempts) in due {
            guard failure == nil, !isOver, !Task.isShuttingDownGracefully else { break }
            if let failed = try await failure(handling: images[event.position], event) {
                try await retry(event, after: attempts + 1, failed)
            } else {
                try await forget(event)
            }
        }
        // What waited behind them is due now.
        hasMore = !due.isEmpty
    }

    /// What is done with an event, it is done with: the next one of its record may be handled.
    private func forget(_ event: Event) async throws {
        _ = try await store.run(
            "DELETE FROM tessera.delivery WHERE subscription = \(bind: subscription.id) AND position = \(bind: event.position)")
        try await Deliveries(store, subscription.id).release(event.record)
    }

    private mutating func retry(_ event: Event, after attempts: Int, _ failed: FailedEvent) async throws {
        let reason = failed.reason
        let isExhausted = failed.isFinal || attempts >= subscription.attempts
        if isExhausted, subscription.exhausted == .skip {
            skip(event, reason)
            return try await forget(event)
        }
        if isExhausted, subscription.exhausted == .halt { failure = (reason, true) }
        let state = isExhausted && subscription.exhausted == .park ? "parked" : "waiting"
        if state == "parked" { lines.append("The event \(event.position) is parked: \(reason)") }
        _ = try await store.run(
            """
            UPDATE tessera.delivery SET state = \(bind: state), attempts = \(bind: Int32(attempts)), error = \(bind: reason), failed_at = now(), \
            due_at = CASE WHEN \(bind: state) = 'waiting' THEN now() + \(pause(attempts)) END \
            WHERE subscription = \(bind: subscription.id) AND position = \(bind: event.position)
            """)
    }

    // MARK: The next events

    mutating func handleNext() async throws {
        guard failure == nil, !isOver, place.position < place.head else { return }
        let last = min(place.head, place.position + Reaction.span)
        let patterns = subscription.topics.map(TopicMatch.like)
        let events = try await store.run(
            """
            SELECT \(Event.columns) FROM tessera.event e WHERE position > \(bind: place.position) AND position <= \(bind: last) \
            AND topic LIKE ANY(\(bind: patterns)) \
            AND NOT EXISTS (SELECT FROM tessera.delivery d WHERE d.subscription = \(bind: subscription.id) AND d.position = e.position) \
            AND NOT EXISTS (SELECT FROM tessera.change_set c WHERE c.id = e.change_set AND NOT c.automation) \
            ORDER BY position LIMIT \(bind: Int64(subscription.batch))
            """
        ).rows.map { try Event($0) }
        let isCut = events.count == subscription.batch
        var end = isCut ? events[events.count - 1].position : last
        if place.hasAside { _ = try await forgetPurged(through: end) }
        var held = subscription.keepsOrder && place.hasAside ? try await heldRecords(of: events) : [:]
        let images = try await EventImages(store: store).load(events, from: .log)
        for event in events {
            // What is done so far is kept: a server that stops waits for no more than one event.
            guard !isOver, !Task.isShuttingDownGracefully else {
                end = event.position - 1
                break
            }
            guard let image = images[event.position], subscription.means(image) else { continue }
            if let before = held[event.record], before < event.position {
                try await putAside(event, "held")
            } else if subscription.debounce != nil {
                try await quieten(event)
            } else if let failed = try await failure(handling: image, event) {
                switch try await fail(event, failed) {
                case .stops: return
                case .isAside where subscription.keepsOrder: held[event.record] = min(held[event.record] ?? .max, event.position)
                case .isAside, .isPassed: break
                }
            }
        }
        // What was put aside just now may be of a record that is purged further on; what waits behind it goes on without it.
        for record in hasPutAside ? try await forgetPurged(through: end) : [] {
            try await Deliveries(store, subscription.id).release(record)
            hasMore = true
        }
        place.position = end
        place.attempts = 0
        hasMore = hasMore || isCut || end < place.head
    }

    /// What becomes of an event that couldn't be handled.
    private enum Failing {
        /// The subscription stands before it.
        case stops
        /// It is tried again, or parked; of its record nothing else is handled before.
        case isAside
        case isPassed
    }

    private mutating func fail(_ event: Event, _ failed: FailedEvent) async throws -> Failing {
        let reason = failed.reason
        guard subscription.exhausted != .halt else {
            let attempts = (event.position == place.position + 1 ? place.attempts : 0) + 1
            place.position = event.position - 1
            place.attempts = attempts
            failure = (reason, failed.isFinal || attempts >= subscription.attempts)
            return .stops
        }
        if subscription.attempts > 1, !failed.isFinal {
            try await putAside(event, "waiting", attempts: 1, reason)
        } else if subscription.exhausted == .skip {
            skip(event, reason)
            return .isPassed
        } else {
            lines.append("The event \(event.position) is parked: \(reason)")
            try await putAside(event, "parked", attempts: 1, reason)
        }
        return .isAside
    }

    private mutating func skip(_ event: Event, _ reason: String) {
        skipped += 1
        lines.append("The event \(event.position) is passed over: \(reason)")
    }

    private mutating func putAside(_ event: Event, _ state: String, attempts: Int = 0, _ reason: String? = nil) async throws {
        hasPutAside = true
        let due: SQL = state == "waiting" ? "now() + \(pause(attempts))" : "NULL"
        _ = try await store.run(
            """
            INSERT INTO tessera.delivery (\(Event.columns), subscription, state, attempts, error, failed_at, due_at) \
            SELECT \(Event.columns), \(bind: subscription.id), \(bind: state), \(bind: Int32(attempts)), \(bind: reason), \
            CASE WHEN \(bind: reason) IS NOT NULL THEN now() END, \(due) FROM tessera.event WHERE position = \(bind: event.position) \
            ON CONFLICT (subscription, position) DO NOTHING
            """)
    }

    /// The last event of a record waits for its quiet time, in place of those before it.
    private mutating func quieten(_ event: Event) async throws {
        hasPutAside = true
        let quiet = Self.seconds(subscription.debounce ?? .zero)
        _ = try await store.run(
            """
            WITH gone AS (DELETE FROM tessera.delivery WHERE subscription = \(bind: subscription.id) AND record_id = \
            \(bind: PostgresUUID(guid: event.record)) AND state = 'quiet') \
            INSERT INTO tessera.delivery (\(Event.columns), subscription, state, due_at) SELECT \(Event.columns), \(bind: subscription.id), 'quiet', \
            at + \(bind: quiet) * interval '1 second' FROM tessera.event WHERE position = \(bind: event.position)
            """)
    }

    /// Behind which position events of a record wait.
    private func heldRecords(of events: [Event]) async throws -> [GUID: Int64] {
        let rows = try await store.run(
            """
            SELECT record_id, min(position) FROM tessera.delivery WHERE subscription = \(bind: subscription.id) \
            AND record_id = ANY(\(bind: events.map { PostgresUUID(guid: $0.record) })) AND state <> 'quiet' GROUP BY record_id
            """
        ).rows
        return try rows.reduce(into: [:]) { $0[GUID(postgres: try $1.decode(PostgresUUID.self, 0))] = try $1.decode(Int64.self, 1) }
    }

    /// What is put aside of a record that was purged goes with it: its values are to be nowhere.
    ///
    /// - Returns: the records of which something was put aside.
    private func forgetPurged(through end: Int64) async throws -> Set<GUID> {
        let rows = try await store.run(
            """
            DELETE FROM tessera.delivery d USING tessera.event e WHERE d.subscription = \(bind: subscription.id) \
            AND e.position > \(bind: place.position) AND e.position <= \(bind: end) AND e.topic LIKE '%.purged' \
            AND e.record_id = d.record_id AND d.position < e.position RETURNING d.record_id
            """
        ).rows
        return Set(try rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 0)) })
    }

    // MARK: Handling

    /// Lets the handler handle an event within a savepoint of its own; why it couldn't, or nil.
    ///
    private mutating func failure(handling image: EventImage?, _ event: Event) async throws -> FailedEvent? {
        // Of a type that the deployment has no longer, which nothing can be done with.
        guard let image else { return nil }
        if let late, late.event.position == event.position {
            isOver = true
            return FailedEvent(reason: late.reason)
        }
        guard event.cause.count < Self.deepest else { return FailedEvent(reason: try await loop(to: event), isFinal: true) }
        let access = Access(principal: place.principal, channel: .module, cause: event.cause + [event.id], rights: .unlimited)
        let (subscription, limit) = (subscription, subscription.deadline)
        do {
            try await store.transaction { [reactions, clock] store in
                let gate = RecordGate(store)
                let result: Result<Void, any Error>
                do {
                    try await Deadline.run(limit, clock) {
                        try await reactions.handle(image, of: subscription, writingTo: ReactionRecords(gate, access: access))
                    }
                    result = .success(())
                } catch {
                    result = .failure(error)
                }
                await gate.close()
                if case .failure(let error) = result, error is Deadline.Passed {
                    throw LateEvent(
                        event: event,
                        reason: "\(EventsError.Code.late): The handler was not done after \(limit), its deadline, and was ended.")
                }
                if let fault = await gate.fault { throw fault }
                try result.get()
            }
            handled += 1
            return nil
        } catch let error as EventsError where error.code == .handlerFailed {
            return FailedEvent(reason: error.message)
        }
    }

    /// Names the chain of events that led to one.
    private func loop(to event: Event) async throws -> String {
        let rows = try await store.run(
            """
            SELECT position, topic FROM tessera.event WHERE position BETWEEN \(bind: event.position - Reaction.span) AND \(bind: event.position) \
            AND id = ANY(\(bind: event.cause.map(PostgresUUID.init(guid:)))) ORDER BY position
            """
        ).rows
        let chain =
            try rows.map { "\(try $0.decode(Int64.self, 0)) \(try $0.decode(String.self, 1))" } + ["\(event.position) \(event.topic)"]
        return
            "\(EventsError.Code.loop): \(event.cause.count) events led to this one, each the effect of the one before, which looks like a loop: "
            + "\(chain.joined(separator: " → ")). Give the subscription a condition (`when`) that ends it."
    }

    /// Keeps how far the turn has come.
    func keep() async throws {
        let halts = failure?.halts ?? false
        _ = try await store.run(
            """
            UPDATE tessera.subscription SET position = \(bind: place.position), attempts = \(bind: Int32(failure == nil ? 0 : place.attempts)), \
            state = \(bind: halts ? "halted" : "active"), \
            retry_at = CASE WHEN \(bind: failure != nil && !halts) THEN now() + \(pause(place.attempts)) END, \
            error = coalesce(\(bind: failure?.reason), error), failed_at = CASE WHEN \(bind: failure != nil) THEN now() ELSE failed_at END, \
            moved_at = CASE WHEN \(bind: handled) > 0 THEN now() ELSE moved_at END, handled = handled + \(bind: handled), skipped = skipped + \(bind: skipped), \
            rate = CASE WHEN \(bind: handled) > 0 THEN rate * exp(-extract(epoch FROM now() - coalesce(moved_at, now())) / 60) \
            + \(bind: Double(handled)) / 60 ELSE rate END \
            WHERE id = \(bind: subscription.id)
            """)
    }

    /// The pause behind so many attempts: doubled each time, cut at random by up to a half, so that what failed together isn't tried together.
    private func pause(_ attempts: Int) -> SQL {
        let longest = Self.seconds(subscription.longestPause)
        let seconds = min(longest, Self.seconds(subscription.firstPause) * Double(1 << min(max(attempts, 1) - 1, 30)))
        return "\(bind: seconds) * (0.5 + random() / 2) * interval '1 second'"
    }

    private static func seconds(_ duration: Duration) -> Double {
        Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
    }
}

/// Why an event couldn't be handled.
private struct FailedEvent {
    var reason: String
    /// Trying it again would come to the same.
    var isFinal = false
}
