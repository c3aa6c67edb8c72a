package import Manifests
package import QueryLanguage

/// What a module's code does when records change, type-checked: which events it is told of, and what happens when it fails.
package struct EventSubscription: Sendable, Hashable {
    /// Its owner and key: `contacts.greet`, `custom.tell_sales`. Also the row that keeps its place in the log.
    package var id: String
    package var label: String
    /// Patterns of topics, `*` standing for any letters.
    package var topics: [String]
    /// Module and name of what is called: `contacts.greet`.
    package var handler: Handler
    /// The condition as the manifest has it.
    package var when: String?
    /// The condition by the record types that it is asked about; nil when all events are meant.
    package var conditions: [String: TypedExpression]?
    /// What an update has to change one of, by record type, as events name it; empty when it doesn't matter.
    package var watched: [String: Set<String>]
    /// After this quiet time the last of a record's events is handled.
    package var debounce: Duration?
    package var keepsOrder: Bool
    /// Events of one transaction at most.
    package var batch: Int
    package var start: SubscriptionStart
    /// How long the handler may take for an event.
    package var deadline: Duration
    /// How often an event is tried, the first time included.
    package var attempts: Int
    /// The pause before the second attempt; further ones double up to the longest.
    package var firstPause: Duration
    package var longestPause: Duration
    package var exhausted: ExhaustedAction

    package struct Handler: Sendable, Hashable, CustomStringConvertible {
        package var module: String
        package var name: String

        package init(module: String, name: String) {
            self.module = module
            self.name = name
        }

        package var description: String { "\(module).\(name)" }
    }

    package func hash(into hasher: inout Hasher) { hasher.combine(id) }
}

extension Catalog {
    package func subscription(id: String) -> EventSubscription? { subscriptions.first { $0.id == id } }
}

extension RecordType {
    /// What happens to records, as the last part of their topics.
    package static let eventNames = ["created", "updated", "deleted", "restored", "purged"]

    /// The topics of the changes of its records.
    package var topics: [String] { Self.eventNames.map { "\(id).\($0)" } }
}

extension Field {
    /// What events call a change of the field: its columns, and its key where it is a list.
    package var eventNames: [String] { columns.map(\.name) + (isList ? [key] : []) }

    private var isList: Bool {
        switch type {
        case .emails, .phones, .links: true
        default: false
        }
    }
}
