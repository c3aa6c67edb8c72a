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
    package func matches(_ topic: String) -> Bool {
        var (pattern, text) = (Array(description.utf8)[...], Array(topic.utf8)[...])
        // Where to go on when what follows the last star doesn't fit here: one letter later.
        var retry: (pattern: ArraySlice<UInt8>, text: ArraySlice<UInt8>)?
        while let letter = text.first {
            if pattern.first == UInt8(ascii: "*") {
                pattern.removeFirst()
                retry = (pattern, text)
            } else if pattern.first == letter {
                pattern.removeFirst()
                text.removeFirst()
            } else if let last = retry {
                (pattern, text) = (last.pattern, last.text.dropFirst())
                retry = (pattern, text)
            } else {
                return false
            }
        }
        return pattern.allSatisfy { $0 == UInt8(ascii: "*") }
    }

    /// The same as a pattern of LIKE.
    var like: String { description.replacing("_", with: "\\_").replacing("*", with: "%") }
}
