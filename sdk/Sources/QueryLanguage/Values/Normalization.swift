@_spi(_Unicode) import Swift

/// The text in Unicode normalization form C, in which all text is stored and compared.
///
/// Text whose code points all lie below U+0300 is in that form already, so most text is only looked at.
public func normalizedNFC(_ text: String) -> String {
    // Lead bytes below CC belong to code points below U+0300.
    guard !ASCII.allSatisfy(text.utf8.span, below: 0xCC) else { return text }
    var result = String.UnicodeScalarView()
    for scalar in text._nfc { result.append(scalar) }
    return String(result)
}

/// White space that `trim` takes away: the code points with Unicode's property White_Space.
public enum WhiteSpace {
    /// The code points, in ascending order.
    public static let scalars: [Unicode.Scalar] = [
        "\u{9}", "\u{A}", "\u{B}", "\u{C}", "\u{D}", "\u{20}", "\u{85}", "\u{A0}", "\u{1680}", "\u{2000}", "\u{2001}", "\u{2002}",
        "\u{2003}", "\u{2004}", "\u{2005}", "\u{2006}", "\u{2007}", "\u{2008}", "\u{2009}", "\u{200A}", "\u{2028}", "\u{2029}",
        "\u{202F}", "\u{205F}", "\u{3000}",
    ]

    /// Whether a code point is white space.
    public static func contains(_ scalar: Unicode.Scalar) -> Bool {
        switch scalar.value {
        case 0x09...0x0D, 0x20, 0x85, 0xA0, 0x1680, 0x2000...0x200A, 0x2028, 0x2029, 0x202F, 0x205F, 0x3000: true
        default: false
        }
    }
}
