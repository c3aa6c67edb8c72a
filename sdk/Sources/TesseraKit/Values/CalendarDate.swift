/// A day of the proleptic Gregorian calendar, without time and place. Its text form is ISO 8601: `2026-01-31`.
public struct CalendarDate: TextCodable, Comparable {
    /// The year, −9999 to 9999999; 0 is 1 BC.
    public let year: Int32
    /// The month, 1 to 12.
    public let month: UInt8
    /// The day of the month, 1 to 31.
    public let day: UInt8

    /// The day with these numbers, or nil if there is none.
    public init?(year: Int, month: Int, day: Int) {
        guard (-9999...9_999_999).contains(year), (1...12).contains(month), day >= 1, day <= Self.days(in: month, of: year) else {
            return nil
        }
        self.year = Int32(year)
        self.month = UInt8(month)
        self.day = UInt8(day)
    }

    /// Reads `YYYY-MM-DD`; years take four to seven digits and may begin with a minus.
    public init?(_ text: String) {
        var reader = DigitReader(text)
        guard let date = CalendarDate(&reader), reader.isAtEnd else { return nil }
        self = date
    }

    init?(_ reader: inout DigitReader) {
        let negative = reader.take("-")
        guard let year = reader.digits(4, 7), reader.take("-"), let month = reader.digits(2, 2), reader.take("-"),
            let day = reader.digits(2, 2)
        else { return nil }
        self.init(year: Int(negative ? -year.number : year.number), month: Int(month.number), day: Int(day.number))
    }

    public var description: String {
        padded(Int64(year), 4) + "-" + padded(Int64(month), 2) + "-" + padded(Int64(day), 2)
    }

    public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    private static func days(in month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }
}

extension CalendarDate {
    /// Days since 1970-01-01, negative before it.
    ///
    /// Years are counted from March, so that the leap day is a year's last and months have a regular pattern.
    public var daysSince1970: Int64 {
        let shifted = Int64(year) - (month <= 2 ? 1 : 0)
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * Int64(month > 2 ? month - 3 : month + 9) + 2) / 5 + Int64(day) - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear - 719_468
    }

    /// The day so many days after 1970-01-01, or nil when it lies outside of the years that a date can have.
    public init?(daysSince1970: Int64) {
        guard (-5_000_000...3_700_000_000).contains(daysSince1970) else { return nil }
        let days = daysSince1970 + 719_468
        let era = (days >= 0 ? days : days - 146_096) / 146_097
        let dayOfEra = days - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        self.init(year: Int(year), month: Int(month), day: Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1))
    }
}
