/// What a Range header asks of a content (RFC 9110 section 14). Several ranges at once are answered with the whole, as the standard allows.
enum ByteRange: Sendable, Hashable {
    case whole
    case part(Range<Int64>)
    /// Nothing of it is in the content.
    case unsatisfiable

    init(_ header: String?, size: Int64) {
        self = .whole
        guard let header, header.lowercased().hasPrefix("bytes=") else { return }
        let text = header.dropFirst(6).filter { $0 != " " && $0 != "\t" }
        let ends = text.split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        guard ends.count == 2, !text.contains(",") else { return }
        if ends[0].isEmpty {
            guard let length = Self.number(ends[1]) else { return }
            self = length == 0 || size == 0 ? .unsatisfiable : .part(max(0, size - length)..<size)
            return
        }
        guard let first = Self.number(ends[0]) else { return }
        let last = ends[1].isEmpty ? Int64.max : Self.number(ends[1])
        guard let last, last >= first else { return }
        self = first < size ? .part(first..<(min(last, size - 1) + 1)) : .unsatisfiable
    }

    private static func number(_ text: Substring) -> Int64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ $0 &- 48 < 10 }) else { return nil }
        return Int64(text) ?? .max
    }
}
