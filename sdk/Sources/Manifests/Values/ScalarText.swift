/// A YAML scalar as written, before its type is known.
public struct ScalarText: Sendable, Hashable {
    /// The text, with quotes, escapes and folding undone.
    public let text: String
    /// Whether it stood without quotes and not as a block, so that it may be a number or a boolean.
    public let isPlain: Bool

    /// Keeps a scalar.
    public init(_ text: String, isPlain: Bool) {
        self.text = text
        self.isPlain = isPlain
    }

    /// Whether it is a plain word that YAML readers take for "nothing": empty, `~`, `null`.
    var isNull: Bool { isPlain && ["", "~", "null", "Null", "NULL"].contains(text) }
}
