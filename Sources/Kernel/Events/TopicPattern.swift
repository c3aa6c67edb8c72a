import Catalog

/// Which topics are meant: one by its name, or several with `*` for any letters, dots included: `contacts.person.*`, `*.created`.
package struct TopicPattern: Sendable, Hashable, CustomStringConvertible {
    package let description: String

    /// - Throws: `events.bad_topic` for what no topic could have: they have small letters, digits, `_` and dots.
    package init(_ text: String) throws(EventsError) {
        let isTopic = text.utf8.allSatisfy { byte in
            byte &- 48 < 10 || byte &- 97 < 26 || "_.*".utf8.contains(byte)
        }
        guard isTopic, !text.isEmpty, text.utf8.count <= 200 else {
            throw EventsError(
                .badTopic, "'\(text.prefix(60))' names no topics: write them like module.type.updated, with * for what may vary.")
        }
        description = text
    }

    /// Whether a topic is one of these.
    package func matches(_ topic: String) -> Bool { TopicMatch.matches(description, topic) }

    /// The same as a pattern of LIKE.
    var like: String { TopicMatch.like(description) }
}
