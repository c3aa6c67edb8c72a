package import QueryLanguage
import Records

/// What an operator wants of a subscription.
package struct SubscriptionOrder: Sendable, Equatable {
    package enum Action: String, Sendable, CaseIterable {
        /// Handles nothing until it is resumed.
        case pause
        /// Goes on: after a pause, before the event that it halted at, or behind what was removed while it was lost.
        case resume
        /// Tries parked and waiting events now, as if for the first time.
        case retry
        /// Passes over events that are put aside.
        case skip
        /// Changes what an event that is put aside says that the record became, and tries it.
        case edit
        /// Handles everything from a position on, again where it was handled.
        case replay
    }

    package var subscription: String
    package var action: Action
    /// Of `retry`, `skip`, `edit`: which events; nil for all that are parked.
    package var positions: [Int64]?
    /// Of `edit`: new values by the names that the event has.
    package var new: [String: Value] = [:]
    /// Of `replay`: from which position or moment on.
    package var from: Int64?
    package var since: DateTime?

    package init(_ action: Action, _ subscription: String, positions: [Int64]? = nil) {
        self.action = action
        self.subscription = subscription
        self.positions = positions
    }
}

// MARK: JSON

extension SubscriptionOrder {
    package var value: Value {
        var members: [String: Value] = ["subscription": .string(subscription), "action": .string(action.rawValue)]
        if let positions { members["positions"] = .collection(positions.map(Value.integer)) }
        if !new.isEmpty { members["new"] = .complex(new) }
        if let from { members["from"] = .integer(from) }
        if let since { members["since"] = .dateTime(since) }
        return .complex(members)
    }

    /// Reads an order that came as JSON.
    ///
    /// - Throws: `events.bad_order` with what is wrong and what would be right.
    package init(_ value: Value) throws(EventsError) {
        guard case .complex(let members) = value, let subscription = members["subscription"]?.asText,
            let action = members["action"]?.asText.flatMap({ Action(rawValue: $0) })
        else {
            let actions = Action.allCases.map(\.rawValue).joined(separator: ", ")
            throw Self.bad("An order has 'subscription', its id, and 'action': \(actions).")
        }
        self.init(action, subscription)
        let known: [String] =
            switch action {
            case .pause, .resume: []
            case .retry, .skip: ["positions"]
            case .edit: ["positions", "new"]
            case .replay: ["from", "since"]
            }
        for name in members.keys.sorted() where !["subscription", "action"].contains(name) && !known.contains(name) {
            throw Self.bad("'\(action.rawValue)' takes no '\(name)'.")
        }
        if let given = members["positions"] {
            let positions = given.items.compactMap { $0.asInt.map(Int64.init) }
            guard !positions.isEmpty, positions.count == given.items.count, positions.count <= 1_000 else {
                throw Self.bad("'positions' is a list of 1 to 1,000 positions, as the list of what is put aside has them.")
            }
            self.positions = positions
        }
        if let given = members["from"] {
            guard let position = given.asInt, position > 0 else { throw Self.bad("'from' is a position, a number from 1 on.") }
            from = Int64(position)
        }
        if let given = members["since"] {
            guard let moment = given.asDateTime else { throw Self.bad("'since' is a moment such as 2026-02-28T09:30:00Z.") }
            since = moment
        }
        if case .complex(let values)? = members["new"] { new = values }
        if action == .edit, new.isEmpty || positions?.count != 1 {
            throw Self.bad("'edit' takes one of 'positions', and in 'new' the values that the event shall have.")
        }
        if action == .replay, (from == nil) == (since == nil) { throw Self.bad("'replay' takes either 'from' or 'since'.") }
    }

    static func bad(_ message: String) -> EventsError { EventsError(.badOrder, message) }
}
