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

    /// Whether a language-aware order keeps all texts with this prefix between the prefix and the prefix with U+FFFF. True for plain Latin
    /// letters and digits in languages without letters of two characters; elsewhere a contraction could sort outside.
    static func isContiguous(_ prefix: String, in collation: String) -> Bool {
        guard collation == "en-x-icu", !prefix.isEmpty else { return false }
        return prefix.utf8.allSatisfy { byte in
            (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte | 0x20) || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        }
    }
}
