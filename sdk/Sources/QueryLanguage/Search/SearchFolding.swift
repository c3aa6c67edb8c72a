/// The one table by which words are looked for: case, accents and punctuation make no difference.
///
/// SQL does the same with `tessera.search_fold`, which is made from this table, so that what was stored and what is typed always meet.
/// ```swift
/// SearchFolding.words("Müller & Søn, O'Brien")  // ["muller", "son", "obrien"]
/// ```
public enum SearchFolding {
    /// The longest word that is kept, in characters; of longer ones only the beginning counts.
    public static let maximumWordLength = 64

    /// Every code point that becomes another one, with what it becomes, beside upper case (`CaseMapping`).
    public static var pairs: [(from: Unicode.Scalar, to: Unicode.Scalar)] {
        letters.flatMap { entry in entry.marked.unicodeScalars.map { ($0, entry.base) } } + fullWidth
    }

    /// Every code point that becomes two letters.
    public static var expansions: [(from: Unicode.Scalar, to: String)] { ligatures.map { ($0.letter, $0.text) } }

    /// Code points that vanish within a word: apostrophes, soft hyphens, joiners, combining marks (U+0300 to U+036F), and the points and accents
    /// of Hebrew, of which the geresh is an apostrophe.
    public static let vanishing: [ClosedRange<UInt32>] = [
        0x27...0x27, 0x60...0x60, 0xAD...0xAD, 0xB4...0xB4, 0x2B9...0x2BC, 0x300...0x36F, 0x591...0x5BD, 0x5BF...0x5BF, 0x5C1...0x5C2,
        0x5C4...0x5C5, 0x5C7...0x5C7, 0x5F3...0x5F3, 0x200B...0x200D, 0x2018...0x201B, 0x2060...0x2060, 0xFF07...0xFF07, 0xFF40...0xFF40,
    ]

    /// Code points that stand between words: white space, control characters and punctuation.
    public static let separators: [ClosedRange<UInt32>] = [
        0x01...0x26, 0x28...0x2F, 0x3A...0x40, 0x5B...0x5F, 0x7B...0xA9, 0xAB...0xAC, 0xAE...0xB3, 0xB6...0xB9, 0xBB...0xBF, 0xD7...0xD7,
        0xF7...0xF7, 0x5BE...0x5BE, 0x5C0...0x5C0, 0x5C3...0x5C3, 0x5C6...0x5C6, 0x5F4...0x5F4, 0x1680...0x1680, 0x2000...0x200A,
        0x200E...0x2017, 0x201C...0x205F, 0x2061...0x206F, 0x20A0...0x20CF,
        0x2190...0x2BFF, 0x3000...0x3004, 0x3008...0x3020, 0xFF01...0xFF06, 0xFF08...0xFF0F, 0xFF1A...0xFF20, 0xFF3B...0xFF3F,
        0xFF5B...0xFF65,
    ]

    /// The text with case, marks and vanishing characters taken away; separators stay.
    public static func fold(_ text: String) -> String {
        var result = String.UnicodeScalarView()
        for scalar in CaseMapping.lowercased(normalizedNFC(text)).unicodeScalars {
            if scalar.isASCII {
                if scalar != "'", scalar != "`" { result.append(scalar) }
            } else if let text = replacements[scalar] {
                result.append(contentsOf: text.unicodeScalars)
            } else {
                result.append(scalar)
            }
        }
        return String(result)
    }

    /// The words of a text, folded, in their order.
    public static func words(_ text: String) -> [String] {
        var words: [String] = []
        var word = String.UnicodeScalarView()
        var length = 0
        for scalar in fold(text).unicodeScalars {
            if isSeparator(scalar) {
                if length > 0 { words.append(String(word)) }
                word = String.UnicodeScalarView()
                length = 0
            } else {
                if length < maximumWordLength { word.append(scalar) }
                length += 1
            }
        }
        if length > 0 { words.append(String(word)) }
        return words
    }

    /// Whether a code point stands between words.
    public static func isSeparator(_ scalar: Unicode.Scalar) -> Bool { separators.contains { $0.contains(scalar.value) } }

    /// What takes the place of a code point that is not ASCII; empty for those that vanish.
    private static let replacements: [Unicode.Scalar: String] = {
        var table: [Unicode.Scalar: String] = [:]
        for pair in pairs { table[pair.from] = String(pair.to) }
        for expansion in expansions { table[expansion.from] = expansion.to }
        for range in vanishing {
            for value in range { if let scalar = Unicode.Scalar(value) { table[scalar] = "" } }
        }
        return table
    }()
}
