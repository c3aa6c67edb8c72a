import Postgres
import QueryLanguage
package import Records

/// Where operators look after subscriptions: what is put aside, and what is to become of it.
package struct SubscriptionDesk: Sendable {
    private let store: RecordStore

    package init(_ store: RecordStore) { self.store = store }

    /// Events that are put aside, by subscription and position.
    ///
    /// - Parameters:
    ///   - subscription: whose; everybody's without it.
    ///   - state: `parked` and such; all without it.
    ///   - limit: how many at most.
    package func aside(of subscription: String? = nil, state: String? = nil, limit: Int) async throws -> [Delivery] {
        try await store.run(
            """
            SELECT \(Delivery.columns) FROM tessera.delivery WHERE (\(bind: subscription)::text IS NULL OR subscription = \(bind: subscription)) \
            AND (\(bind: state)::text IS NULL OR state = \(bind: state)) ORDER BY subscription, position LIMIT \(bind: Int64(limit))
            """
        ).rows.map { try Delivery($0) }
    }

    /// Does what an operator wants. What a node has just begun of the subscription is finished before.
    ///
    /// - Returns: how many events it concerns; of `replay` and `resume` those that are to be handled.
    /// - Throws: `events.no_subscription`, `events.not_aside`, `events.not_possible`, `events.gone`.
    package func carryOut(_ order: SubscriptionOrder) async throws -> Int64 {
        try await store.transaction { store in
            let sql: SQL = """
                SELECT s.state, s.position, h.position, s.is_declared FROM tessera.subscription s, tessera.event_head h \
                WHERE s.id = \(bind: order.subscription) FOR UPDATE OF s
                """
            guard let row = try await store.run(sql).first else {
                throw EventsError(.noSubscription, "There is no subscription '\(order.subscription)'; `tessera events` lists them.")
            }
            let place = Place(
                state: try row.decode(String.self, 0), position: try row.decode(Int64.self, 1), head: try row.decode(Int64.self, 2),
                isDeclared: try row.decode(Bool.self, 3))
            switch order.action {
            case .pause: return try await pause(order.subscription, place, store)
            case .resume: return try await resume(order.subscription, place, store)
            case .retry: return try await retry(order, store)
            case .skip: return try await skip(order, store)
            case .edit: return try await edit(order, store)
            case .replay: return try await replay(order, place, store)
            }
        }
    }

    private struct Place {
        var state: String
        var position: Int64
        var head: Int64
        var isDeclared: Bool
    }

    private func pause(_ id: String, _ place: Place, _ store: RecordStore) async throws -> Int64 {
        guard place.state == "active" || place.state == "paused" else {
            throw EventsError(.notPossible, "The subscription \(id) is \(place.state), and handles nothing anyway.")
        }
        _ = try await store.run("UPDATE tessera.subscription SET state = 'paused' WHERE id = \(bind: id)")
        return 0
    }

    private func resume(_ id: String, _ place: Place, _ store: RecordStore) async throws -> Int64 {
        guard place.state != "retired" else {
            throw EventsError(
                .notPossible,
                "The subscription \(id) is retired: no manifest declares it. One that does, and `tessera apply`, bring it back.")
        }
        // A lost one goes on with what there is.
        let position = place.state == "lost" ? max(place.position, try await EventLog(store).first() - 1) : place.position
        _ = try await store.run(
            """
            UPDATE tessera.subscription SET state = 'active', position = \(bind: position), attempts = 0, retry_at = NULL WHERE id = \(bind: id)
            """)
        return place.head - position
    }

    private func retry(_ order: SubscriptionOrder, _ store: RecordStore) async throws -> Int64 {
        try await found(
            order,
            try await store.run(
                """
                UPDATE tessera.delivery SET state = 'waiting', attempts = 0, due_at = now() WHERE subscription = \(bind: order.subscription) \
                AND (state = 'parked' OR state IN ('waiting', 'quiet') AND \(bind: order.positions != nil)) \
                AND (\(bind: order.positions == nil) OR position = ANY(\(bind: order.positions ?? []))) RETURNING position
                """), in: store)
    }

    private func skip(_ order: SubscriptionOrder, _ store: RecordStore) async throws -> Int64 {
        let gone = try await store.run(
            """
            DELETE FROM tessera.delivery WHERE subscription = \(bind: order.subscription) \
            AND (state = 'parked' OR \(bind: order.positions != nil)) \
            AND (\(bind: order.positions == nil) OR position = ANY(\(bind: order.positions ?? []))) RETURNING position, record_id
            """)
        let count = try await found(order, gone, in: store)
        let records = Set(try gone.rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 1)) })
        for record in records { try await Deliveries(store, order.subscription).release(record) }
        _ = try await store.run("UPDATE tessera.subscription SET skipped = skipped + \(bind: count) WHERE id = \(bind: order.subscription)")
        return count
    }

    private func edit(_ order: SubscriptionOrder, _ store: RecordStore) async throws -> Int64 {
        let position = order.positions?.first ?? 0
        let sql: SQL = """
            SELECT \(Delivery.columns) FROM tessera.delivery WHERE subscription = \(bind: order.subscription) AND position = \(bind: position)
            """
        guard let delivery = try await store.run(sql).first.map({ try Delivery($0) }) else { throw Self.notAside([position], order) }
        guard delivery.state != "held" else {
            throw EventsError(.notPossible, "The event \(position) waits behind another one of its record; see to that one first.")
        }
        let names = delivery.event.new.keys.sorted()
        if let unknown = order.new.keys.sorted().first(where: { !names.contains($0) }) {
            throw SubscriptionOrder.bad(
                "The event \(position) says nothing of '\(unknown)'. What can be edited of it: \(names.joined(separator: ", ")).")
        }
        _ = try await store.run(
            """
            UPDATE tessera.delivery SET new = new || \(bind: PostgresJSON(Value.complex(order.new).json)), state = 'waiting', attempts = 0, due_at = now() \
            WHERE subscription = \(bind: order.subscription) AND position = \(bind: position)
            """)
        return 1
    }

    private func replay(_ order: SubscriptionOrder, _ place: Place, _ store: RecordStore) async throws -> Int64 {
        guard place.isDeclared else {
            throw EventsError(.notPossible, "\(order.subscription) is the platform's own: what it keeps would be there twice.")
        }
        let log = EventLog(store)
        let first = try await log.first()
        var from = order.from ?? first
        if let since = order.since {
            from = try await log.last(before: "\(bind: since.description)::timestamptz", from: first, to: place.head) + 1
        }
        guard from >= first else {
            throw EventsError(.gone, "Events before position \(first) are kept no longer; replay from there on.")
        }
        guard from <= place.head + 1 else {
            throw SubscriptionOrder.bad("The newest event has the position \(place.head); there is none \(from) to begin with.")
        }
        // They come again from the log.
        _ = try await store.run(
            "DELETE FROM tessera.delivery WHERE subscription = \(bind: order.subscription) AND position >= \(bind: from)")
        _ = try await store.run(
            """
            UPDATE tessera.subscription SET position = \(bind: from - 1), attempts = 0, retry_at = NULL, \
            state = CASE WHEN state IN ('halted', 'lost') THEN 'active' ELSE state END WHERE id = \(bind: order.subscription)
            """)
        return place.head - from + 1
    }

    /// How many events a statement concerned; all of them have to be there that were named.
    private func found(_ order: SubscriptionOrder, _ result: PostgresResult, in store: RecordStore) async throws -> Int64 {
        let found = Set(try result.rows.map { try $0.decode(Int64.self, 0) })
        let missing = Set(order.positions ?? []).subtracting(found).sorted()
        guard missing.isEmpty else { throw Self.notAside(missing, order) }
        return Int64(found.count)
    }

    private static func notAside(_ positions: [Int64], _ order: SubscriptionOrder) -> EventsError {
        let list = positions.map(String.init).joined(separator: ", ")
        let why = order.action == .retry ? ", or waits behind another event of its record" : ""
        return EventsError(
            .notAside,
            "Of \(order.subscription), this isn't put aside\(why): \(list). `tessera events parked` lists what is; nothing was changed.")
    }
}
