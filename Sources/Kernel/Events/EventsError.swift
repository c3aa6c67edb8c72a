/// Why the event log can't be read as asked, or an event not be handled. `code` is stable.
package struct EventsError: Error, Sendable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        /// The events are kept no longer.
        package static let gone = Code(description: "events.gone")
        /// No such topics can be asked for.
        package static let badTopic = Code(description: "events.bad_topic")
        /// A node serves no more live streams, or no more of one principal.
        package static let tooManyListeners = Code(description: "events.too_many_listeners")
        /// A handler says why it can't handle an event.
        package static let handlerFailed = Code(description: "events.handler_failed")
        /// A handler took longer than it may.
        package static let late = Code(description: "events.late")
        /// A chain of events that cause one another is too long.
        package static let loop = Code(description: "events.loop")
        /// No such subscription.
        package static let noSubscription = Code(description: "events.no_subscription")
        /// An order that makes no sense.
        package static let badOrder = Code(description: "events.bad_order")
        /// Events that aren't put aside.
        package static let notAside = Code(description: "events.not_aside")
        /// What the state of a subscription or event doesn't allow.
        package static let notPossible = Code(description: "events.not_possible")
        /// A handler goes on though its transaction has ended.
        package static let ended = Code(description: "events.ended")
    }

    package let code: Code
    package let message: String

    package init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code): \(message)" }
}
