import QueryLanguage
import Testing

@Suite("Decimal numbers")
struct DecimalNumberTests {
    /// Operands, then sum, difference, product, quotient and remainder as PostgreSQL 15 prints them; NULL for a zero divisor.
    static let facts = """
        -0.8948 0.00000262100786 -0.89479737899214 -0.89480262100786 -0.000002345277833128 -341395.38978719430471 -0.00000102163530
        0.0000000007 0.3474 0.3474000007 -0.3473999993 0.00000000024318 0.0000000020149683362118595279 0.0000000007
        1.04277187 17155053 17155054.04277187 -17155051.95722813 17888806.69675911 0.000000060785115032871073 1.04277187
        8366 -5.587 8360.413 8371.587 -46740.842 -1497.4046894576695901 2.261
        -0.0082 -7987062.0323367 -7987062.0405367 7987062.0241367 65493.90866516094 0.0000000010266603623211128024 -0.0082000
        -230.3 28.12 -202.18 -258.42 -6476.036 -8.1899004267425320 -5.34
        922337203685477580.8 -379.8 922337203685477201.0 922337203685477960.6 -350303669959744385187.84 -2428481315654232.7035 267.2
        -4113 914861860.2695 914857747.2695 -914865973.2695 -3762826831288.4535 -0.000004495760702920102594 -4113.0000
        -0.0000000000001 -6.678 -6.6780000000001 6.6779999999999 0.0000000000006678 0.00000000000001497454327643006888 -0.0000000000001
        8.62177012221718 -249.6 -240.97822987778282 258.22177012221718 -2151.993822505408128 -0.03454234824606241987 8.62177012221718
        728.2 79690756880664 79690756881392.2 -79690756879935.8 58030809160499524.8 0.0000000000091378226095966336 728.2
        -0.3653 8.037 7.6717 -8.4023 -2.9359161 -0.04545228319024511634 -0.3653
        0 0.1 0.1 -0.1 0.0 0.0000000000000000 0.0
        0.3882 0.5633 0.9515 -0.1751 0.21867306 0.68915320433161725546 0.3882
        0.003918364700239 165.7 165.703918364700239 -165.696081635299761 0.6492730308296023 0.000023647342789613759807 0.003918364700239
        -6.00628186161 -0.9305 -6.93678186161 -5.07578186161 5.588845272228105 6.4548972182804944 -0.42328186161
        66.1 937617844 937617910.1 -937617777.9 61976539488.4 0.000000070497805073769479 66.1
        185.3 -51.15 134.15 236.45 -9478.095 -3.6226783968719453 31.85
        -92.1 45.98 -46.12 -138.08 -4234.758 -2.0030448020878643 -0.14
        """

    @Test("calculates with PostgreSQL's digits", arguments: facts.split(separator: "\n").map { String($0) })
    func arithmetic(fact: String) throws {
        let words = fact.split(separator: " ").map { String($0) }
        let left = try #require(DecimalNumber(words[0]))
        let right = try #require(DecimalNumber(words[1]))
        let results = [
            left.adding(right), left.subtracting(right), left.multiplied(by: right), left.divided(by: right),
            left.remainder(dividingBy: right),
        ]
        #expect(results.map { $0?.description ?? "NULL" } == Array(words[2...]))
    }

    @Test(
        "prints what it reads, with its scale",
        arguments: [
            ("0", "0"), ("-0", "0"), ("0.00", "0.00"), ("1.10", "1.10"), ("+5", "5"), ("007.50", "7.50"), ("1.5e3", "1500"),
            ("1.5E-3", "0.0015"),
            ("-12345678901234567890.000", "-12345678901234567890.000"), ("9223372036854775808", "9223372036854775808"),
            ("-9223372036854775808", "-9223372036854775808"), ("0e999999", "0"), ("12e0", "12"),
        ])
    func text(input: String, printed: String) {
        #expect(DecimalNumber(input)?.description == printed)
    }

    @Test(
        "refuses text that isn't a number, or is out of bounds",
        arguments: [
            "", "-", ".", "1.", ".5", "1e", "1e+", "0x1", "NaN", "1,5", " 1", "1 ", "1e131072", "1e99999999999999999999", "1e-16384",
        ])
    func refusal(input: String) {
        #expect(DecimalNumber(input) == nil)
    }

    @Test("is equal and hashes alike at any scale")
    func equality() throws {
        let groups = [["1.1", "1.10", "1.100000000000000000000000000"], ["0", "0.00", "-0.0"], ["100", "1e2"], ["-2.50", "-2.5"]]
        for group in groups {
            let numbers = group.compactMap { DecimalNumber($0) }
            #expect(Set(numbers).count == 1)
            #expect(numbers.allSatisfy { $0 == numbers[0] })
        }
        #expect(Set(groups.compactMap { DecimalNumber($0[0]) }).count == groups.count)
    }

    @Test("orders by value")
    func order() {
        let ascending = ["-1e30", "-12.5", "-12.49", "-0.001", "0", "0.0001", "0.00010000000000000000000000001", "1", "9.99", "10", "1e30"]
        let numbers = ascending.compactMap { DecimalNumber($0) }
        #expect(numbers.shuffled().sorted() == numbers)
    }

    @Test(
        "rounds half away from zero",
        arguments: [
            ("2.5", "3", "2", "3"), ("-2.5", "-3", "-3", "-2"), ("0.4999999999999999999999", "0", "0", "1"), ("-0.5", "-1", "-1", "0"),
            ("99999999999999999999.5", "100000000000000000000", "99999999999999999999", "100000000000000000000"), ("7", "7", "7", "7"),
        ])
    func rounding(input: String, nearest: String, floor: String, ceiling: String) throws {
        let number = try #require(DecimalNumber(input))
        #expect(number.rounded?.description == nearest)
        #expect(number.floor?.description == floor)
        #expect(number.ceiling?.description == ceiling)
    }

    @Test("has no result beyond PostgreSQL's bounds")
    func bounds() throws {
        let large = try #require(DecimalNumber("1e131071"))
        #expect(large.multiplied(by: DecimalNumber(10)) == nil)
        #expect(large.multiplied(by: DecimalNumber(9))?.integerDigits == 131_072)
        let small = try #require(DecimalNumber("1e-9000"))
        let product = try #require(small.multiplied(by: small))
        #expect(product.isZero && product.scale == 16_383)
        #expect(DecimalNumber("1e-1200")?.divided(by: DecimalNumber(7))?.scale == 1_000)
        #expect(DecimalNumber(1).divided(by: .zero) == nil)
        #expect(DecimalNumber("2e0")?.int64 == 2 && DecimalNumber("2.0")?.int64 == 2 && DecimalNumber("2.5")?.int64 == nil)
    }
}
