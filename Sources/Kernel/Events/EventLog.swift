import JSONReading
import Postgres
import QueryLanguage
package import Records

/// The log of committed events, read by position.
package struct EventLog: Sendable {
    private let store: RecordStore

    package init(_ store: RecordStore) { self.store = store }

    /// Position of the newest event; 0 when there was none yet.
    package func head() async throws -> Int64 {
        try await store.run("SELECT position FROM tessera.event_head").first?.decode(Int64.self, 0) ?? 0
    }

    /// Position of the oldest event that is kept; behind the head when there is none.
    package func first() async throws -> Int64 {
        try await store.run("SELECT coalesce((SELECT min(position) FROM tessera.event), position + 1) FROM tessera.event_head").first?
            .decode(Int64.self, 0) ?? 1
    }

    /// Events at some positions, in their order.
    package func events(_ positions: ClosedRange<Int64>) async throws -> [Event] {
        try await events(
            """
            position BETWEEN \(bind: positions.lowerBound) AND \(bind: positions.upperBound) ORDER BY position
            """)
    }

    /// How many positions a page looks through at most, for topics that are rare.
    private static let span: Int64 = 100_000

    /// Events from a position on, in their order, and the position from which the next page goes on. It may be empty although there are more.
    ///
    /// - Parameter limit: how many at most.
    /// - Throws: `events.gone` when events from this position on were kept, and are no longer.
    package func page(from position: Int64, topic: TopicPattern? = nil, limit: Int) async throws -> (events: [Event], next: Int64) {
        let last = min(try await head(), position.addingReportingOverflow(Self.span).partialValue)
        let found = try await events(
            """
            position BETWEEN \(bind: position) AND \(bind: last)\(Self.condition(topic)) ORDER BY position LIMIT \(bind: Int64(limit))
            """)
        // What was removed meanwhile isn't in what was found.
        let first = try await first()
        guard position >= first || first == 1 else {
            throw EventsError(.gone, "Events before position \(first) are kept no longer; read from there on.")
        }
        return (found, found.count == limit ? found[limit - 1].position + 1 : max(position, last + 1))
    }

    /// The newest events, in their order.
    ///
    /// - Parameter limit: how many at most.
    package func newest(topic: TopicPattern? = nil, limit: Int) async throws -> [Event] {
        try await events("TRUE\(Self.condition(topic)) ORDER BY position DESC LIMIT \(bind: Int64(limit))").reversed()
    }

    /// The last position whose event is older than a moment, `first - 1` when none is. Moments rise with positions but for the length of a
    /// transaction, so that halving finds it.
    ///
    /// - Parameter moment: an expression in SQL.
    func last(before moment: SQL, from first: Int64, to head: Int64) async throws -> Int64 {
        var (low, high) = (first - 1, head)
        while low < high {
            let middle = low + (high - low + 1) / 2
            let sql: SQL = "SELECT at < \(moment) FROM tessera.event WHERE position = \(bind: middle)"
            if try await store.run(sql).first?.decode(Bool.self, 0) ?? true { low = middle } else { high = middle - 1 }
        }
        return low
    }

    private func events(_ selection: SQL) async throws -> [Event] {
        try await store.run("SELECT \(Event.columns) FROM tessera.event WHERE \(selection)").rows.map { try Event($0) }
    }

    private static func condition(_ topic: TopicPattern?) -> SQL { topic.map { " AND topic LIKE \(bind: $0.like)" } ?? "" }
}

extension PostgresRow {
    /// The members of a JSON object; none for NULL.
    func members(_ column: Int) throws -> [String: Value] {
        guard let json = try decode(PostgresJSON?.self, column), case .complex(let members) = try JSONReader.value(of: json.bytes) else {
            return [:]
        }
        return members
    }
}
