import QueryLanguage
import Testing

@Suite("Case mapping and normalization")
struct CaseMappingTests {
    @Test("the table is Unicode's mapping of one code point to one code point")
    func table() {
        var lower: [Unicode.Scalar: Unicode.Scalar] = [:]
        for (from, to) in CaseMapping.lowercasePairs { lower[from] = to }
        var upper: [Unicode.Scalar: Unicode.Scalar] = [:]
        for (from, to) in CaseMapping.uppercasePairs { upper[from] = to }
        #expect(lower.count == 1487)
        #expect(upper.count == 1478)
        for value: UInt32 in 0...0x1FFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            #expect(lower[scalar] ?? scalar == single(scalar.properties.lowercaseMapping, else: scalar))
            #expect(upper[scalar] ?? scalar == single(scalar.properties.uppercaseMapping, else: scalar))
        }
    }

    @Test(
        "maps texts by the table",
        arguments: [
            ("Straße", "straße", "STRAßE"), ("ÅNGSTRÖM", "ångström", "ÅNGSTRÖM"), ("İx", "İx", "İX"), ("ΣΑΣ", "σασ", "ΣΑΣ"),
            ("abcXYZ09", "abcxyz09", "ABCXYZ09"), ("", "", ""), ("𐐀", "𐐨", "𐐀"),
        ])
    func texts(text: String, lower: String, upper: String) {
        #expect(Array(CaseMapping.lowercased(text).unicodeScalars) == Array(lower.unicodeScalars))
        #expect(Array(CaseMapping.uppercased(text).unicodeScalars) == Array(upper.unicodeScalars))
    }

    @Test("composes what can be composed and leaves the rest alone")
    func normalization() {
        #expect(Array(normalizedNFC("e\u{301}").unicodeScalars) == ["\u{E9}"])
        #expect(Array(normalizedNFC("\u{212B}").unicodeScalars) == ["\u{C5}"])
        #expect(Array(normalizedNFC("q\u{301}").unicodeScalars) == ["q", "\u{301}"])
        #expect(normalizedNFC("plain ASCII, ÄÖÜ") == "plain ASCII, ÄÖÜ")
    }

    @Test("white space is Unicode's property White_Space")
    func whiteSpace() {
        for value: UInt32 in 0...0xFFFF {
            guard let scalar = Unicode.Scalar(value) else { continue }
            #expect(WhiteSpace.contains(scalar) == scalar.properties.isWhitespace)
            #expect(WhiteSpace.contains(scalar) == WhiteSpace.scalars.contains(scalar))
        }
    }

    private func single(_ text: String, else scalar: Unicode.Scalar) -> Unicode.Scalar {
        text.unicodeScalars.count == 1 ? text.unicodeScalars.first ?? scalar : scalar
    }
}
