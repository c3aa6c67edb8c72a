import TesseraKit
import Testing

@Suite("Text forms of values")
struct ValueTextTests {
    @Test(
        "reads a decimal as it stands",
        arguments: ["0", "-0", "12.50", "-12.5", "00.10", "123456789012345678901234567890.123456789"])
    func decimals(text: String) {
        #expect(ExactDecimal(text)?.description == text)
    }

    @Test("refuses what is no decimal", arguments: ["", "-", ".5", "5.", "1e3", "+1", "1,5", " 1", "1.2.3", "NaN", "--1", "١"])
    func badDecimals(text: String) {
        #expect(ExactDecimal(text) == nil)
    }

    @Test("refuses a decimal of more than a thousand characters")
    func longDecimal() {
        #expect(ExactDecimal(String(repeating: "9", count: 1000)) != nil)
        #expect(ExactDecimal(String(repeating: "9", count: 1001)) == nil)
    }

    @Test(
        "knows the days since 1970",
        arguments: [
            ("1970-01-01", 0), ("1969-12-31", -1), ("2000-02-29", 11016), ("2000-03-01", 11017), ("2026-01-31", 20484),
            ("0000-01-01", -719_528), ("-0001-12-31", -719_529), ("9999999-12-31", 3_651_705_471),
        ] as [(String, Int64)])
    func days(text: String, days: Int64) throws {
        let date = try #require(CalendarDate(text))
        #expect(date.daysSince1970 == days)
        #expect(CalendarDate(daysSince1970: days) == date)
        #expect(date.description == text)
    }

    @Test("counts days without a gap over four centuries")
    func consecutiveDays() throws {
        var expected = try #require(CalendarDate("1799-12-31")).daysSince1970
        for year in 1800...2200 {
            for month in 1...12 {
                for day in 1...31 {
                    guard let date = CalendarDate(year: year, month: month, day: day) else { continue }
                    expected += 1
                    #expect(date.daysSince1970 == expected)
                    #expect(CalendarDate(daysSince1970: expected) == date)
                }
            }
        }
    }

    @Test(
        "refuses what is no date",
        arguments: [
            "", "2026-02-29", "1900-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-1-1", "26-01-01", "2026-01-01 ", "2026-01-01T",
        ])
    func badDates(text: String) {
        #expect(CalendarDate(text) == nil)
    }

    @Test(
        "writes a timestamp in its own offset",
        arguments: [
            ("1970-01-01T00:00:00Z", "1970-01-01T00:00:00Z", 0),
            ("2026-01-31T10:00:00.5+01:00", "2026-01-31T10:00:00.5+01:00", 1_769_850_000_500_000),
            ("2026-01-31T10:00Z", "2026-01-31T10:00:00Z", 1_769_853_600_000_000),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z", -1),
            ("2026-01-01T00:30:00-03:30", "2026-01-01T00:30:00-03:30", 1_767_240_000_000_000),
            ("2026-01-01T00:00:00.100000000Z", "2026-01-01T00:00:00.1Z", 1_767_225_600_100_000),
        ] as [(String, String, Int64)])
    func timestamps(text: String, written: String, microseconds: Int64) throws {
        let timestamp = try #require(Timestamp(text))
        #expect(timestamp.microsecondsSince1970 == microseconds)
        #expect(timestamp.description == written)
    }

    @Test(
        "refuses what is no timestamp",
        arguments: [
            "2026-01-31", "2026-01-31T10:00:00", "2026-01-31T24:00:00Z", "2026-01-31T10:60:00Z", "2026-01-31T10:00:60Z",
            "2026-01-31T10:00:00.1234567Z",
            "2026-01-31T10:00:00.Z", "2026-01-31T10:00:00+24:00", "2026-01-31 10:00:00Z", "2026-01-31T10:00:00Zx",
            "9999999-12-31T00:00:00Z",
        ])
    func badTimestamps(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test("takes no moment outside of the calendar", arguments: [Int64.min, .max])
    func momentsOutOfRange(microseconds: Int64) {
        for offset in [-1440, -1439, 0, 1439, 1440] {
            if let timestamp = Timestamp(microsecondsSince1970: microseconds, offsetMinutes: offset) {
                #expect(Timestamp(timestamp.description) == timestamp)
            }
        }
        #expect(Timestamp(microsecondsSince1970: 0, offsetMinutes: 1440) == nil)
    }

    @Test(
        "writes a duration in days, hours, minutes and seconds",
        arguments: [
            ("PT0S", 0, "PT0S"), ("P1DT2H3M4.5S", 93_784_500_000, "P1DT2H3M4.5S"), ("-PT90M", -5_400_000_000, "-PT1H30M"),
            ("PT0.000001S", 1, "PT0.000001S"), ("P0D", 0, "PT0S"), ("P2D", 172_800_000_000, "P2D"),
        ] as [(String, Int64, String)])
    func durations(text: String, microseconds: Int64, written: String) throws {
        let span = try #require(TimeSpan(text))
        #expect(span.microseconds == microseconds)
        #expect(span.description == written)
    }

    @Test("writes the shortest and longest durations", arguments: [Int64.min, .min + 1, .max, -1])
    func extremeDurations(microseconds: Int64) {
        let span = TimeSpan(microseconds: microseconds)
        if microseconds != .min { #expect(TimeSpan(span.description) == span) }
        #expect(span.description.hasPrefix(microseconds < 0 ? "-P" : "P"))
    }

    @Test(
        "refuses what is no duration",
        arguments: ["", "P", "PT", "P1", "1D", "P1H", "PT1D", "PT1M1H", "P1DT", "PT1.5H", "P1Y", "PT1S1S", "P999999999999999999D", "PT1.S"])
    func badDurations(text: String) {
        #expect(TimeSpan(text) == nil)
    }

    @Test("reads an id in either case and writes it in lower case")
    func ids() throws {
        let guid = try #require(Guid("018F5C1E-7abc-7def-8012-3456789ABCDE"))
        #expect(guid.description == "018f5c1e-7abc-7def-8012-3456789abcde")
        #expect(guid.high == 0x018f_5c1e_7abc_7def)
        #expect(guid.low == 0x8012_3456_789a_bcde)
    }

    @Test(
        "refuses what is no id",
        arguments: [
            "", "018f5c1e7abc7def80123456789abcde", "018f5c1e-7abc-7def-8012-3456789abcdg", "018f5c1e-7abc-7def-80123-456789abcde",
            "{018f5c1e-7abc-7def-8012-3456789abcd}",
        ])
    func badIDs(text: String) {
        #expect(Guid(text) == nil)
    }
}
