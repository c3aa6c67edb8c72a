/// A decimal number as written, compared and measured without loss.
///
/// The form is `-?digits(.digits)?`, without exponent, at most 38 digits. The text is kept in canonical form: no leading zeros, no zeros
/// at the end of the fraction, no negative zero.
public struct DecimalLiteral: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The most digits, before and after the point together.
    public static let maxDigits = 38

    /// Whether it is below zero.
    public let isNegative: Bool
    /// The digits before the point, without leading zeros; empty for values below one.
    public let integerDigits: String
    /// The digits after the point, without zeros at the end.
    public let fractionDigits: String

    /// Reads a number; nil for anything else.
    public init?(_ text: String) {
        var rest = text.utf8[...]
        let isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        let parts = rest.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        guard let whole = parts.first, Self.isDigits(whole) else { return nil }
        let fraction = parts.count == 2 ? parts[1] : rest[rest.endIndex...]
        if parts.count == 2, !Self.isDigits(fraction) { return nil }
        guard whole.count + fraction.count <= Self.maxDigits else { return nil }
        let zero = UInt8(ascii: "0")
        let integerDigits = String(Substring(whole.drop { $0 == zero }))
        var kept = fraction
        while kept.last == zero { kept = kept.dropLast() }
        let fractionDigits = String(Substring(kept))
        self.integerDigits = integerDigits
        self.fractionDigits = fractionDigits
        self.isNegative = isNegative && !(integerDigits.isEmpty && fractionDigits.isEmpty)
    }

    /// The canonical text: `-12.5`, `0`, `0.05`.
    public var description: String {
        (isNegative ? "-" : "") + (integerDigits.isEmpty ? "0" : integerDigits) + (fractionDigits.isEmpty ? "" : "." + fractionDigits)
    }

    /// By value.
    public static func < (left: DecimalLiteral, right: DecimalLiteral) -> Bool {
        if left.isNegative != right.isNegative { return left.isNegative }
        return left.isNegative ? right.hasSmallerMagnitude(than: left) : left.hasSmallerMagnitude(than: right)
    }

    private func hasSmallerMagnitude(than other: DecimalLiteral) -> Bool {
        if integerDigits.utf8.count != other.integerDigits.utf8.count { return integerDigits.utf8.count < other.integerDigits.utf8.count }
        if integerDigits != other.integerDigits { return integerDigits < other.integerDigits }
        return fractionDigits < other.fractionDigits
    }

    private static func isDigits(_ text: Substring.UTF8View) -> Bool {
        !text.isEmpty && text.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }
}
