import Postgres
package import QueryLanguage
package import Records

/// How the event log and those who follow it stand.
package struct EventStatus: Sendable, Equatable {
    package struct Follower: Sendable, Equatable {
        package var id: String
        /// `active`, `paused` by somebody, `halted` before an event that can't be handled, `lost` when events were removed that it hadn't handled,
        /// `retired` when no manifest declares it any more.
        package var state: String
        /// The last event that it handled.
        package var position: Int64
        /// Events that it hasn't handled yet.
        package var lag: Int64
        /// Attempts since its last success.
        package var attempts: Int
        /// When it tries again after a failure.
        package var retryAt: DateTime?
        /// When it handled something last.
        package var movedAt: DateTime?
        /// What went wrong last, also when it was overcome, and when that was.
        package var error: String?
        package var failedAt: DateTime?
        /// Events that are kept for it alone, though they are old.
        package var holds: Int64
        /// Events that it has handled, and that it passed over after they were tried in vain.
        package var handled: Int64 = 0
        package var skipped: Int64 = 0
        /// Events a second, over the last minute.
        package var rate: Double = 0
        /// Events that are put aside: parked for somebody to look at, waiting to be tried (again), held behind one of these of the same record.
        package var parked: Int64 = 0
        package var waiting: Int64 = 0
        package var held: Int64 = 0
    }

    /// Position of the newest event.
    package var head: Int64
    /// Position of the oldest event that is kept.
    package var first: Int64
    /// Events that have no position yet.
    package var backlog: Int64
    package var followers: [Follower]
}

extension EventStatus {
    /// - Parameter limits: what is kept, to tell who holds back what is kept longer.
    package static func read(_ store: RecordStore, _ limits: EventRetention.Limits = .init()) async throws -> EventStatus {
        // Followers before the head: what is handled meanwhile is lag for a moment, and no lag is below nothing.
        let sql: SQL = """
            SELECT id, state, position, attempts, retry_at, moved_at, error, failed_at, handled, skipped, \
            rate * exp(-extract(epoch FROM now() - coalesce(moved_at, now()))::double precision / 60), d.parked, d.waiting, d.held \
            FROM tessera.subscription s, LATERAL (SELECT count(*) FILTER (WHERE d.state = 'parked') AS parked, \
            count(*) FILTER (WHERE d.state IN ('waiting', 'quiet')) AS waiting, count(*) FILTER (WHERE d.state = 'held') AS held \
            FROM tessera.delivery d WHERE d.subscription = s.id) d ORDER BY id
            """
        let rows = try await store.run(sql).rows
        let backlog = try await store.run("SELECT count(*) FROM tessera.outbox").first?.decode(Int64.self, 0) ?? 0
        let log = EventLog(store)
        let (first, head) = (try await log.first(), try await log.head())
        let old = try await EventRetention.last(store, olderThan: limits.days, from: first, to: head)
        let followers = try rows.map { row -> Follower in
            let position = try row.decode(Int64.self, 2)
            let state = try row.decode(String.self, 1)
            return Follower(
                id: try row.decode(String.self, 0), state: state, position: position, lag: head - position,
                attempts: Int(try row.decode(Int32.self, 3)), retryAt: try row.moment(4), movedAt: try row.moment(5),
                error: try row.decode(String?.self, 6), failedAt: try row.moment(7),
                holds: ["active", "paused", "halted"].contains(state) ? max(0, old - max(position, first - 1)) : 0,
                handled: try row.decode(Int64.self, 8), skipped: try row.decode(Int64.self, 9),
                rate: (try row.decode(Double.self, 10) * 100).rounded() / 100, parked: try row.decode(Int64.self, 11),
                waiting: try row.decode(Int64.self, 12), held: try row.decode(Int64.self, 13))
        }
        return EventStatus(head: head, first: first, backlog: backlog, followers: followers)
    }
}

// MARK: JSON

extension EventStatus {
    /// As the API and `--output json` show it.
    package var value: Value {
        .complex([
            "head": .integer(head), "first": .integer(first), "backlog": .integer(backlog),
            "subscriptions": .collection(followers.map(\.value)),
        ])
    }

    /// Reads what `value` wrote, after its way through JSON.
    package init?(_ value: Value) {
        guard let head = value["head"]?.asInt, let first = value["first"]?.asInt, let backlog = value["backlog"]?.asInt else { return nil }
        self.init(
            head: Int64(head), first: Int64(first), backlog: Int64(backlog),
            followers: value["subscriptions"]?.items.compactMap(Follower.init) ?? [])
    }
}

extension EventStatus.Follower {
    var value: Value {
        .complex([
            "id": .string(id), "state": .string(state), "position": .integer(position), "lag": .integer(lag),
            "attempts": .integer(Int64(attempts)), "retry_at": retryAt.map(Value.dateTime) ?? .null,
            "moved_at": movedAt.map(Value.dateTime) ?? .null, "error": error.map(Value.string) ?? .null,
            "failed_at": failedAt.map(Value.dateTime) ?? .null, "holds": .integer(holds),
            "handled": .integer(handled), "skipped": .integer(skipped), "rate": .decimal(DecimalNumber("\(rate)") ?? .zero),
            "parked": .integer(parked), "waiting": .integer(waiting), "held": .integer(held),
        ])
    }

    init?(_ value: Value) {
        guard let id = value["id"]?.asText, let state = value["state"]?.asText, let position = value["position"]?.asInt,
            let lag = value["lag"]?.asInt
        else { return nil }
        self.init(
            id: id, state: state, position: Int64(position), lag: Int64(lag), attempts: value["attempts"]?.asInt ?? 0,
            retryAt: value["retry_at"]?.asDateTime, movedAt: value["moved_at"]?.asDateTime, error: value["error"]?.asText,
            failedAt: value["failed_at"]?.asDateTime, holds: Int64(value["holds"]?.asInt ?? 0),
            handled: Int64(value["handled"]?.asInt ?? 0),
            skipped: Int64(value["skipped"]?.asInt ?? 0), rate: value["rate"]?.asDouble ?? 0, parked: Int64(value["parked"]?.asInt ?? 0),
            waiting: Int64(value["waiting"]?.asInt ?? 0), held: Int64(value["held"]?.asInt ?? 0))
    }
}

extension Value {
    /// A figure for people, as near as a floating-point number comes.
    fileprivate var asDouble: Double? {
        switch self {
        case .integer(let number): Double(number)
        case .decimal(let number): Double(number.description)
        default: nil
        }
    }
}
