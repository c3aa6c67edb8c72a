/// Why the event log can't be read as asked. `code` is stable.
package struct EventsError: Error, Sendable, CustomStringConvertible {
    package struct Code: Sendable, Hashable, CustomStringConvertible {
        package let description: String

        /// The events are kept no longer.
        package static let gone = Code(description: "events.gone")
        /// No such topics can be asked for.
        package static let badTopic = Code(description: "events.bad_topic")
        /// A node serves no more live streams, or no more of one principal.
        package static let tooManyListeners = Code(description: "events.too_many_listeners")
    }

    package let code: Code
    package let message: String

    init(_ code: Code, _ message: String) {
        self.code = code
        self.message = message
    }

    package var description: String { "\(code): \(message)" }
}
