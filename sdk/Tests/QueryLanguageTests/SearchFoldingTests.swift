import QueryLanguage
import Testing

@Suite("Folding of search words") struct SearchFoldingTests {
    @Test(
        "case, accents and punctuation make no difference",
        arguments: [
            ("Müller", ["muller"]), ("MULLER", ["muller"]), ("Mu\u{308}ller", ["muller"]), ("O'Brien", ["obrien"]), ("O’Brien", ["obrien"]),
            ("Straße STRASSE", ["strasse", "strasse"]), ("Søren Ærø", ["soren", "aero"]), ("Łukasz Żaneta", ["lukasz", "zaneta"]),
            ("Anne-Marie", ["anne", "marie"]), ("a.b@c.de", ["a", "b", "c", "de"]), ("ΆΛΦΑ άλφας", ["αλφα", "αλφασ"]),
            ("Пётр Ёлкин", ["петр", "елкин"]),
            ("日本 太郎", ["日本", "太郎"]), ("  \u{A0}—, ", []), ("", []), ("İstanbul Iğdır", ["istanbul", "igdir"]), ("ẞ ß", ["ss", "ss"]),
            ("x2 3y", ["x2", "3y"]), ("Ｔｅｓｓｅｒａ　２０２６", ["tessera", "2026"]), ("Ｏ＇Brien（ａ）", ["obrien", "a"]), ("［ｘ］＿ｙ", ["x", "y"]),
            ("שָׁלוֹם", ["שלום"]), ("תֵּל־אָבִיב", ["תל", "אביב"]), ("ג׳ורג׳", ["גורג"]), ("\u{FB4B}", ["\u{5D5}"]),
        ])
    func words(text: String, words: [String]) { #expect(SearchFolding.words(text) == words) }

    @Test("folding twice changes nothing")
    func idempotent() {
        for value in UInt32(1)..<0x1_0000 {
            guard let scalar = Unicode.Scalar(value) else { continue }
            let once = SearchFolding.fold(String(scalar))
            #expect(SearchFolding.fold(once) == once, "U+\(String(value, radix: 16))")
        }
    }

    @Test("no code point is both a separator and something else, and none folds to a separator")
    func disjoint() {
        let replaced = SearchFolding.pairs.map(\.from) + SearchFolding.expansions.map(\.from)
        #expect(!replaced.contains(where: SearchFolding.isSeparator))
        #expect(Set(replaced.map(\.value)).count == replaced.count)
        for range in SearchFolding.vanishing { #expect(!SearchFolding.separators.contains { $0.overlaps(range) }) }
    }

    @Test("words longer than counts are shortened")
    func long() { #expect(SearchFolding.words(String(repeating: "é", count: 70)) == [String(repeating: "e", count: 64)]) }
}
