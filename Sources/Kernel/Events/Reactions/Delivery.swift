import Postgres
package import QueryLanguage
import Records

/// An event that a subscription has put aside.
package struct Delivery: Sendable, Equatable {
    package var subscription: String
    /// `waiting` to be tried, `quiet` until its record comes to rest, `held` behind another one of its record, `parked` for somebody to look at.
    package var state: String
    /// When it is tried.
    package var dueAt: DateTime?
    package var attempts: Int
    /// Why it couldn't be handled, and when that was.
    package var error: String?
    package var failedAt: DateTime?
    package var event: Event
}

extension Delivery {
    /// What `init(_:)` reads.
    static let columns: SQL = "\(Event.columns), subscription, state, due_at, attempts, error, failed_at"

    init(_ row: PostgresRow) throws {
        let first = Event.width
        self.init(
            subscription: try row.decode(String.self, first), state: try row.decode(String.self, first + 1),
            dueAt: try row.moment(first + 2),
            attempts: Int(try row.decode(Int32.self, first + 3)), error: try row.decode(String?.self, first + 4),
            failedAt: try row.moment(first + 5), event: try Event(row))
    }

    /// As the API and `--output json` show it.
    ///
    /// - Parameter source: what the event comes from, a URI.
    package func value(source: String) -> Value {
        .complex([
            "subscription": .string(subscription), "state": .string(state), "due_at": dueAt.map(Value.dateTime) ?? .null,
            "attempts": .integer(Int64(attempts)), "error": error.map(Value.string) ?? .null,
            "failed_at": failedAt.map(Value.dateTime) ?? .null, "event": event.cloudEvent(source: source),
        ])
    }

    /// Reads what `value` wrote, after its way through JSON.
    package init?(_ value: Value) {
        guard let subscription = value["subscription"]?.asText, let state = value["state"]?.asText, let attempts = value["attempts"]?.asInt,
            let event = value["event"].flatMap({ Event(cloudEvent: $0) })
        else { return nil }
        self.init(
            subscription: subscription, state: state, dueAt: value["due_at"]?.asDateTime, attempts: attempts, error: value["error"]?.asText,
            failedAt: value["failed_at"]?.asDateTime, event: event)
    }
}
