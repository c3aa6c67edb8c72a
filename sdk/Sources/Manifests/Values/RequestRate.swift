/// So many requests in so many seconds, written `600/60`.
///
/// ```swift
/// let rate = RequestRate("600/60")
/// ```
public struct RequestRate: Sendable, Hashable, CustomStringConvertible {
    /// 1 to 1,000,000.
    public let requests: Int
    /// 1 to 86,400, a day.
    public let seconds: Int

    /// Reads a rate; nil when the text is none, or a number is out of its range or has zeros in front.
    public init?(_ text: String) {
        let parts = text.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.count == 2, let requests = Self.number(parts[0]), let seconds = Self.number(parts[1]), requests <= 1_000_000,
            seconds <= 86_400
        else { return nil }
        self.requests = requests
        self.seconds = seconds
    }

    /// As it is written.
    public var description: String { "\(requests)/\(seconds)" }

    private static func number(_ text: Substring) -> Int? {
        guard let first = text.utf8.first, first != UInt8(ascii: "0"), text.utf8.count <= 7, text.utf8.allSatisfy(Names.isDigit) else {
            return nil
        }
        return Int(text)
    }
}
