import Manifests
import Testing

@Suite("Text patterns") struct TextPatternTests {
    @Test(
        "match a text as a whole",
        arguments: [
            ("[A-Z]{2}", ["US", "NO"], ["", "U", "USA", "us", "US\n"]),
            ("[a-z0-9.-]+", ["a", "example.com", "-"], ["", "A", "a b"]),
            ("[a-z]{2,3}(-[A-Za-z0-9]+)*", ["en", "nb-NO", "zh-Hant-TW"], ["e", "en-", "engl"]),
            ("a|b|cd", ["a", "b", "cd"], ["", "ab", "c"]),
            ("(?:ab)?c*", ["", "ab", "abcc", "c"], ["a", "ba"]),
            ("\\d{3,}", ["123", "12345"], ["12", "12a", "١٢٣"]),
            ("\\w+\\s\\W", ["a_1 !"], ["a_1 b", "a!!"]),
            ("[^a-c\\d]", ["x", "é", "\u{1F600}"], ["a", "5", "", "xx"]),
            (".", ["a", "é"], ["\n", "", "ab"]),
            ("\\.\\*\\\\", [".*\\"], [".*", "a*\\"]),
            ("[-a]", ["-", "a"], ["b"]),
            ("(a|ab)(c|bcd)(d*)", ["abcd", "acd", "abc"], ["abd"]),
            ("", [""], ["a"]),
            ("(a*)*b", ["b", "aab"], ["aaa"]),
            ("a{0}b", ["b"], ["ab"]),
        ] as [(String, [String], [String])]
    )
    func matching(text: String, inside: [String], outside: [String]) throws {
        let pattern = try TextPattern(text)
        for candidate in inside { #expect(pattern.matches(candidate), "\(text) should match '\(candidate)'") }
        for candidate in outside { #expect(!pattern.matches(candidate), "\(text) should not match '\(candidate)'") }
    }

    @Test(
        "say what is wrong with them",
        arguments: [
            ("a)", "has a ')' without its '('; write \\) for the character", 1), ("(a", "has a '(' without its ')'", 2),
            ("[a", "has a '[' without its ']'", 2),
            ("[]", "has an empty […]", 1), ("*", "has a '*' with nothing to repeat; write \\* for the character", 0),
            ("a**", "repeats a repetition; put the first into a group, lazy repetition is not known", 2),
            ("a{2,1}", "has a repetition whose greatest number is below its least", 6), ("a{1001}", "repeats more than 1000 times", 7),
            ("a{,2}", "needs a number after '{'; write \\{ for the character", 2), ("[z-a]", "has a range in […] that runs backwards", 4),
            ("\\", "ends with a '\\'", 1), ("\\p", "has \\p, which is not known", 2),
            ("[\\D]", "has \\D, \\W or \\S inside […]; use [^…] instead", 3),
            ("a$", "has '$', but a pattern always covers the whole text; leave it out, or write \\$ for the character", 1),
        ] as [(String, String, Int)]
    )
    func flaws(text: String, message: String, offset: Int) {
        #expect(throws: TextPattern.Flaw.self) {
            do {
                _ = try TextPattern(text)
            } catch let flaw as TextPattern.Flaw {
                #expect(flaw.description == message)
                #expect(flaw.offset == offset)
                throw flaw
            }
        }
    }

    @Test("take time linear in the text where backtracking would take exponential time")
    func linear() throws {
        let pattern = try TextPattern("(a|a)*(a|aa)*b")
        #expect(!pattern.matches(String(repeating: "a", count: 5000)))
    }
}
