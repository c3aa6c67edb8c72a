/// Where something stands in the text that the user typed.
///
/// Columns count UTF-8 bytes from 1 of the text handed to the parser. For a query string they count in the string as it was
/// typed, percent-encoding included.
public struct SourceRange: Sendable, Hashable {
    /// Column of the first byte, from 1.
    public var start: Int
    /// Column behind the last byte.
    public var end: Int

    /// Makes a range of the columns from `start` up to, not including, `end`.
    public init(start: Int, end: Int) {
        self.start = start
        self.end = end
    }

    /// For trees made by code instead of text.
    public static let none = SourceRange(start: 0, end: 0)
}
