import QueryLanguage
import Testing

@Suite("Dates, times, durations")
struct CalendarTests {
    @Test("counts the days of the calendar without a gap")
    func days() {
        var expected = CalendarDate.earliest.daysSinceEpoch
        for year in 1...9999 {
            for (month, day) in [(1, 1), (2, 28), (3, 1), (12, 31)] {
                let date = CalendarDate(year: year, month: month, day: day)
                #expect(date.map { $0.components == (year, month, day) } == true)
            }
            #expect(CalendarDate(year: year, month: 1, day: 1)?.daysSinceEpoch == expected)
            expected += CalendarDate.daysInMonth(year: year, month: 2) == 29 ? 366 : 365
        }
        #expect(expected - 1 == CalendarDate.latest.daysSinceEpoch)
        #expect(CalendarDate("1970-01-01")?.daysSinceEpoch == 0)
        #expect(CalendarDate("2000-03-01")?.daysSinceEpoch == 11_017)
    }

    @Test(
        "prints what it reads",
        arguments: [
            ("2024-02-29T08:30Z", "2024-02-29T08:30:00Z", 1_709_195_400_000_000),
            ("1969-12-31T23:59:59.999999Z", "1969-12-31T23:59:59.999999Z", -1),
            ("2024-02-29T00:30:00+01:00", "2024-02-29T00:30:00+01:00", 1_709_163_000_000_000),
            ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z", -62_135_596_800_000_000),
            ("1970-01-01T00:00:00.100-00:30", "1970-01-01T00:00:00.1-00:30", 1_800_100_000),
        ])
    func dateTimes(input: String, printed: String, microseconds: Int64) {
        let value = DateTime(input)
        #expect(value?.description == printed)
        #expect(value?.microseconds == microseconds)
    }

    @Test(
        "refuses what isn't a date, a time, a date-time or a duration",
        arguments: [
            "", "2024-2-29", "2023-02-29", "2024-13-01", "2024-00-01", "0000-01-01", "24:00", "23:60", "23:59:60", "8:30", "08:30:00.",
            "08:30:00.1234567890123",
            "2024-02-29T08:30", "2024-02-29T08:30+1:00", "2024-02-29T08:30+24:00", "2024-02-29 08:30Z", "0001-01-01T00:00:00+01:00", "P",
            "PT", "P1", "P1Y",
            "P1M", "PT1S1H", "P1DT", "PT1.5H", "P1D1D", "PT99999999999999999999S", "-", "T", "P-1D",
        ])
    func refusal(text: String) {
        #expect(CalendarDate(text) == nil && TimeOfDay(text) == nil && DateTime(text) == nil && DayTimeDuration(text) == nil)
    }

    @Test(
        "prints durations without empty parts",
        arguments: [
            ("P0D", "PT0S", 0), ("PT36H", "P1DT12H", 129_600_000_000), ("-P1DT1M0.5S", "-P1DT1M0.5S", -86_460_500_000),
            ("PT90S", "PT1M30S", 90_000_000),
            ("PT0.0000019S", "PT0.000001S", 1), ("P2D", "P2D", 172_800_000_000),
        ])
    func durations(input: String, printed: String, microseconds: Int64) {
        #expect(DayTimeDuration(input)?.description == printed)
        #expect(DayTimeDuration(input)?.microseconds == microseconds)
    }
}
