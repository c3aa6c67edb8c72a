package import Catalog
package import QueryLanguage

/// The code behind the deployment's subscriptions. The host of the modules adapts them to this.
package protocol EventReactions: Sendable {
    /// Whether there is such a handler: one of a module whose code isn't loaded is nowhere.
    func hasHandler(_ handler: EventSubscription.Handler) -> Bool

    /// Lets the handler of a subscription handle an event.
    ///
    /// - Throws: `EventsError` with `events.handler_failed` and what the handler says about it.
    func handle(_ event: EventImage, of subscription: EventSubscription, writingTo records: ReactionRecords) async throws
}

/// An event with the values of its record, decoded as their columns hold them.
package struct EventImage: Sendable, Equatable {
    package var event: Event
    /// What changed, as it was before and has become; lists as they are stored.
    package var old: [String: Value] = [:]
    package var new: [String: Value] = [:]
    /// The record's own values by property name, after the event and before it. Empty where there was no record.
    package var record: [String: Value] = [:]
    package var before: [String: Value] = [:]

    /// `$event` of conditions.
    var value: Value {
        var members: [String: Value] = [
            EventScope.changed.name: .collection(event.changed.map(Value.string)), EventValue.old: .complex(before),
        ]
        for member in EventValue.allCases {
            members[member.rawValue] =
                switch member {
                case .topic: .string(event.topic)
                case .action: .string(event.action)
                case .at: .dateTime(event.at)
                case .version: .integer(event.version)
                case .channel: .string(event.channel)
                case .actor: .guid(event.principal)
                case .onBehalfOf: event.onBehalfOf.map(Value.guid) ?? .null
                case .changeSet: .guid(event.changeSet)
                }
        }
        return .complex(members)
    }
}

extension Event {
    /// `create`, `update`, `delete`, `restore`, `purge`: the last part of its topic is that with a d.
    var action: String { String(topic.split(separator: ".").last?.dropLast() ?? "") }
}

extension EventSubscription {
    /// Whether an event whose topic is meant is one to be handled.
    func means(_ image: EventImage) -> Bool {
        let event = image.event
        if event.action == "update", let watched = watched[event.recordType], watched.isDisjoint(with: event.changed) { return false }
        guard let conditions else { return true }
        guard let condition = conditions[event.recordType] else { return false }
        return Evaluator(now: event.at, event: image.value).isTrue(condition, on: RecordValues(image.record))
    }
}
