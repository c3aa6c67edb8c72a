/// A decimal number in its exact text form, without rounding: `-12.50`.
///
/// The form is PostgreSQL's `numeric` output without exponent: an optional minus, digits, and optionally a point and digits.
/// Two values are equal when their texts are: `1.0` and `1.00` differ, since a scale can matter.
public struct ExactDecimal: TextCodable {
    /// The number as text.
    public let description: String

    /// Reads a decimal number of at most 1,000 characters; nil if the text is anything else, an exponent included.
    public init?(_ text: String) {
        guard text.utf8.count <= 1000 else { return nil }
        var bytes = text.utf8[...]
        if bytes.first == UInt8(ascii: "-") { bytes = bytes.dropFirst() }
        let parts = bytes.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        let areDigits = parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        }
        guard areDigits else { return nil }
        description = text
    }

    /// The decimal form of a whole number.
    public init(_ integer: Int64) {
        description = String(integer)
    }
}
