/// An expression as written, not yet parsed: the condition of a rule, the filter of a view, `required_when`.
///
/// The manifests keep the text and the place; parsing and type checking need the whole composition's types and happen in the kernel.
public struct ExpressionText: Sendable, Hashable {
    /// The expression (OData 4.01 common expression, or an `orderby` list where a view orders).
    public let text: String
    /// The place of its first character, after an opening quote.
    public let location: SourceLocation
    /// Whether a character of `text` is a character of the file, one to one, so that columns can be added. False for values with escapes,
    /// folded lines and blocks.
    public let isVerbatim: Bool

    /// Keeps an expression and its place.
    public init(_ text: String, at location: SourceLocation, isVerbatim: Bool = true) {
        self.text = text
        self.location = location
        self.isVerbatim = isVerbatim
    }

    /// The place in the file of a position in the expression.
    ///
    /// - Parameter offset: characters (Unicode scalars) from the start, from 0.
    /// - Returns: the exact place where the text stands in the file as it is, else where the expression starts.
    public func location(at offset: Int) -> SourceLocation {
        isVerbatim ? location.advanced(by: offset) : location
    }
}
