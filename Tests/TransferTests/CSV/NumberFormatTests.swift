import TestRandom
import Testing

@testable import Transfer

@Suite("Numbers and booleans")
struct NumberFormatTests {
    @Test(
        "reads a number in its format",
        arguments: [
            ("1234.5", "1100.04", "1100.04"), ("1234.5", "007", "7"), ("1234.5", "-0.50", "-0.50"), ("1234.5", "-0.00", "0.00"),
            ("1234.5", ".5", "0.5"),
            ("1234.5", "+3", "3"), ("1,234.5", "1,234,567.89", "1234567.89"), ("1,234.5", "12,34,567", "1234567"),
            ("1,234.5", "1234567", "1234567"),
            ("1.234,5", "1.234.567,89", "1234567.89"), ("1 234,5", "1\u{00A0}234\u{202F}567,8", "1234567.8"),
            ("1'234.5", "1’234.50", "1234.50"),
            ("1234,5", "3,14", "3.14"), ("1,234.5", "(1,234)", "-1234"), ("1,234.5", "1,234-", "-1234"), ("1,234.5", "\u{2212}5", "-5"),
            ("1234.5", "123456789012345678901234567890.123456789", "123456789012345678901234567890.123456789"),
        ])
    func numbers(format: String, text: String, expected: String) throws {
        #expect(try #require(NumberFormat(example: format)).number(text)?.digits == expected)
    }

    @Test(
        "takes currencies and percent signs off",
        arguments: [
            ("$1,234.50", "1234.50", "$", false), ("1,234.50 €", "1234.50", "€", false), ("EUR 5", "5", "EUR", false),
            ("-£5", "-5", "£", false),
            ("£-5", "-5", "£", false), ("($5.25)", "-5.25", "$", false), ("R$ 3", "3", "R$", false), ("12 kr", "12", "kr", false),
            ("15 %", "15", nil, true), ("1234", "1234", nil, false),
        ] as [(String, String, String?, Bool)])
    func currencies(text: String, digits: String, currency: String?, isPercentage: Bool) {
        let number = NumberFormat(decimal: .point, grouping: .comma).number(text)
        #expect(number == ParsedNumber(digits: digits, currency: currency, isPercentage: isPercentage))
    }

    @Test(
        "takes nothing else for a number",
        arguments: [
            ("1,234.5", "12,34"), ("1,234.5", "1,23,4"), ("1,234.5", "0,123"), ("1,234.5", ",123"), ("1,234.5", "1234,567"),
            ("1,234.5", "1.2.3"),
            ("1,234.5", "5."), ("1234.5", ""), ("1234.5", "."), ("1234.5", "-"), ("1234.5", "--5"), ("1234.5", "-5-"), ("1234.5", "(-5)"),
            ("1234.5", "1e5"),
            ("1234.5", "abc"), ("1234.5", "$"), ("1234.5", "$5€"), ("1234.5", "5%%"), ("1234.5", "1 2"), ("1234.5", "٣"),
            ("1234.5", "Q4 2016"),
            ("1234.5", String(repeating: "9", count: 200)),
        ])
    func refuses(format: String, text: String) throws {
        #expect(try #require(NumberFormat(example: format)).number(text) == nil)
    }

    @Test(
        "finds the format over the whole column",
        arguments: [
            (["1100.04", "251.41", "4618"], ["1234.5"]), (["1,5", "2"], ["1234,5"]), (["1,234.50", "12"], ["1,234.5"]),
            (["1.234,50", "12"], ["1.234,5"]),
            (["1,234,567"], ["1,234.5"]), (["1 234,5"], ["1 234,5"]), (["1'234.50"], ["1'234.5"]), (["1,234"], ["1234,5", "1,234.5"]),
            (["1.234"], ["1234.5", "1.234,5"]), (["1.234", "0.5"], ["1234.5"]), (["1.234", "2822"], ["1234.5"]),
            (["1.234", "12.345,6"], ["1.234,5"]),
            (["12", "34"], ["1234.5"]), (["$5", "$1,000"], ["1234,5", "1,234.5"]), (["$5", "$1,000.00"], ["1,234.5"]), (["", " "], []),
            (["abc"], []),
            (["1", "2", "3", "4", "n/a"], ["1234.5"]), (["1", "x", "y"], []), (["0.125"], ["1234.5"]), (["20-10-16"], []),
        ])
    func guesses(column: [String], expected: [String]) {
        var guess = NumberFormatGuess()
        for (index, text) in column.enumerated() { guess.add(text, line: index + 2) }
        switch guess.outcome {
        case .recognised(let format): #expect([format.description] == expected)
        case .ambiguous(let formats): #expect(formats.map(\.description) == expected)
        case .none: #expect(expected.isEmpty)
        }
    }

    @Test("tells currencies, percentages, integers and what is no number")
    func evidence() {
        var guess = NumberFormatGuess()
        for (index, text) in ["€5", "7 €", "$1.50", "10%", "", "many", "12"].enumerated() { guess.add(text, line: index + 2) }
        #expect(guess.values == 6)
        #expect(guess.currencies == ["€": 2, "$": 1])
        #expect(guess.percentages == 1)
        #expect(guess.plainIntegers == 4)
        #expect(guess.unreadableLines == [7])
        #expect(guess.matching(NumberFormat(decimal: .point)) == 5)
    }

    @Test("reads every number of the sales data", .enabled(if: SharedData.folder != nil, "the shared data are not there"))
    func sales() throws {
        let rows = try CSVReader.rows(of: SharedData.bytes("sales/accounts.csv"))
        for name in ["revenue", "employees", "year_established"] {
            let column = try #require(rows[0].firstIndex(of: name))
            var guess = NumberFormatGuess()
            for (index, row) in rows.dropFirst().enumerated() { guess.add(row[column], line: index + 2) }
            #expect(guess.outcome == .recognised(NumberFormat(decimal: .point)))
            #expect(guess.matching(NumberFormat(decimal: .point)) == 85)
        }
    }

    @Test("never traps on arbitrary text, and what it reads is digits")
    func arbitrary() {
        let seed = UInt64.random(in: 0 ... .max)
        var random = SeededGenerator(seed: seed)
        let pieces = ["0", "1", "12", "345", "6789", ",", ".", " ", "'", "’", "-", "(", ")", "%", "$", "€", "EUR", "x", "\u{00A0}", "−"]
        for round in 0..<10000 {
            let text = (0..<Int.random(in: 0...8, using: &random)).map { _ in pieces[Int.random(in: 0..<pieces.count, using: &random)] }
                .joined()
            for format in NumberFormat.all {
                guard let number = format.number(text) else { continue }
                let parts = number.digits.drop { $0 == "-" }.split(separator: ".", omittingEmptySubsequences: false)
                #expect(
                    parts.count <= 2 && parts.allSatisfy { !$0.isEmpty && $0.allSatisfy { "0"..."9" ~= $0 } },
                    "seed \(seed), round \(round)")
            }
        }
    }

    @Test(
        "knows the words for true and false",
        arguments: [
            ("Yes", true), ("NO", false), (" true ", true), ("0", false), ("1", true), ("x", true), ("✓", true), ("Ja", true), ("SÍ", true),
            ("Faux", false),
            ("", nil), ("maybe", nil), ("2", nil), (String(repeating: "y", count: 100), nil),
        ] as [(String, Bool?)])
    func booleans(text: String, expected: Bool?) {
        #expect(BooleanWords.value(text) == expected)
    }
}
