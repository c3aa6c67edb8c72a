/// What patterns of topics mean.
package enum TopicMatch {
    /// - Parameter pattern: `*` stands for any letters, none and dots included.
    package static func matches(_ pattern: String, _ topic: String) -> Bool {
        let parts = pattern.split(separator: "*", omittingEmptySubsequences: false).map { Array($0.utf8) }
        var rest = Array(topic.utf8)[...]
        guard let head = parts.first, let tail = parts.last, parts.count > 1 else { return pattern == topic }
        guard rest.starts(with: head), rest.count >= head.count + tail.count, rest.suffix(tail.count).elementsEqual(tail) else {
            return false
        }
        rest = rest.dropFirst(head.count).dropLast(tail.count)
        // Taking each part at its first place leaves most for those behind it.
        for part in parts.dropFirst().dropLast() where !part.isEmpty {
            guard let place = rest.indices.first(where: { rest[$0...].starts(with: part) }) else { return false }
            rest = rest[(place + part.count)...]
        }
        return true
    }

    /// The pattern as one of LIKE.
    package static func like(_ pattern: String) -> String { pattern.replacing("_", with: "\\_").replacing("*", with: "%") }
}
