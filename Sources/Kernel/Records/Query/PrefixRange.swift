/// Prefix conditions as ranges, which an index serves: `a >= 'Sm' AND a < 'Sn'`.
enum PrefixRange {
    /// The least text greater than every text that starts with the prefix, by code point; nil when there is none, because the prefix is
    /// empty or nothing but U+10FFFF.
    static func end(of prefix: String) -> String? {
        var scalars = Array(prefix.unicodeScalars)
        while let last = scalars.popLast() {
            guard let next = successor(of: last) else { continue }
            scalars.append(next)
            var text = ""
            text.unicodeScalars.append(contentsOf: scalars)
            return text
        }
        return nil
    }

    /// The next code point that text can hold: surrogates are none.
    private static func successor(of scalar: Unicode.Scalar) -> Unicode.Scalar? {
        scalar.value == 0xD7FF ? "\u{E000}" : Unicode.Scalar(scalar.value + 1)
    }

    /// Whether `endInLanguage` bounds all texts with this prefix. True for ASCII that ends in a letter or digit, in languages that sort those
    /// as everybody does; elsewhere a letter of two characters could sort outside.
    static func isContiguous(_ prefix: String, in collation: String) -> Bool {
        guard collation == "en-x-icu", let last = prefix.utf8.last else { return false }
        let isDigit = (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(last)
        guard isDigit || (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(last | 0x20) else { return false }
        return prefix.utf8.allSatisfy { (0x20...0x7E).contains($0) }
    }

    /// A text that sorts behind all texts with this plain prefix, in a language-aware order: its last letter or digit becomes the next one.
    /// Digits stand before letters, Greek behind Latin (CLDR root collation), and case and accents only count among equals.
    static func endInLanguage(of prefix: String) -> String {
        guard let last = prefix.utf8.last else { return "\u{FFFF}" }
        let next: Unicode.Scalar =
            switch last | 0x20 {  // Digits have that bit already.
            case UInt8(ascii: "9"): "a"
            case UInt8(ascii: "z"): "α"
            case let byte: Unicode.Scalar(byte + 1)
            }
        return prefix.dropLast() + String(next)
    }
}
