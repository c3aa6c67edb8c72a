/// A day of the proleptic Gregorian calendar: `2026-02-28` (RFC 3339 full-date). Years 0001 to 9999.
public struct DateLiteral: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// 1...9999
    public let year: Int
    /// 1...12
    public let month: Int
    /// 1...31
    public let day: Int

    /// Reads a day; nil when the text has another form or the day doesn't exist.
    public init?(_ text: String) {
        var reader = DigitReader(text)
        guard let date = DateLiteral(reading: &reader), reader.isAtEnd else { return nil }
        self = date
    }

    init?(reading reader: inout DigitReader) {
        guard let year = reader.number(digits: 4), year >= 1, reader.skip("-"),
            let month = reader.number(digits: 2), (1...12).contains(month), reader.skip("-"),
            let day = reader.number(digits: 2), day >= 1, day <= Self.days(inMonth: month, of: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// `2026-02-28`
    public var description: String { "\(Self.padded(year, 4))-\(Self.padded(month, 2))-\(Self.padded(day, 2))" }

    /// By time.
    public static func < (left: DateLiteral, right: DateLiteral) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    /// Days since 0001-01-01, which is day 0.
    var dayNumber: Int {
        let before = year - 1
        var days = before * 365 + before / 4 - before / 100 + before / 400
        for earlier in 1..<month { days += Self.days(inMonth: earlier, of: year) }
        return days + day - 1
    }

    private static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func padded(_ number: Int, _ width: Int) -> String {
        let digits = String(number)
        return String(repeating: "0", count: Swift.max(0, width - digits.utf8.count)) + digits
    }
}
