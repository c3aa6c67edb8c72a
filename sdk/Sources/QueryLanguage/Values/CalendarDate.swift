/// A day of the proleptic Gregorian calendar without a time zone, as `Edm.Date`.
///
/// Text form `YYYY-MM-DD`. What is read from text lies between 0001-01-01 and 9999-12-31.
public struct CalendarDate: Sendable, Hashable {
    /// Days since 1970-01-01, negative before.
    public let daysSinceEpoch: Int32

    /// Makes a date of days since 1970-01-01. The range isn't checked: see `isInRange`.
    public init(daysSinceEpoch: Int32) {
        self.daysSinceEpoch = daysSinceEpoch
    }

    /// Makes a date of year 1 to 9999, month 1 to 12 and a day that the month has; nil otherwise.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1 else { return nil }
        guard day <= CalendarDate.daysInMonth(year: year, month: month) else { return nil }
        self.init(daysSinceEpoch: CalendarDate.days(year: year, month: month, day: day))
    }

    /// Reads `YYYY-MM-DD`; nil for anything else and for days that don't exist.
    public init?(_ text: String) {
        self.init(utf8: text.utf8.span)
    }

    /// Reads `YYYY-MM-DD` from UTF-8 bytes; nil for anything else and for days that don't exist.
    public init?(utf8 bytes: Span<UInt8>) {
        guard bytes.count == 10, bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-") else { return nil }
        guard let year = ASCII.digits(bytes, at: 0, count: 4) else { return nil }
        guard let month = ASCII.digits(bytes, at: 5, count: 2) else { return nil }
        guard let day = ASCII.digits(bytes, at: 8, count: 2) else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// The earliest date that Tessera holds, 0001-01-01.
    public static let earliest = CalendarDate(daysSinceEpoch: -719_162)
    /// The latest date that Tessera holds, 9999-12-31.
    public static let latest = CalendarDate(daysSinceEpoch: 2_932_896)

    /// Whether the date lies between `earliest` and `latest`; arithmetic can leave that range.
    public var isInRange: Bool {
        self >= .earliest && self <= .latest
    }

    /// Year, month (1 to 12) and day of the month (from 1).
    public var components: (year: Int, month: Int, day: Int) {
        // Years are counted from March here, so that the leap day comes last: then months have a regular length.
        let shifted = Int(daysSinceEpoch) + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    /// Appends `YYYY-MM-DD`.
    public func write(to output: inout [UInt8]) {
        let (year, month, day) = components
        if year < 0 { output.append(UInt8(ascii: "-")) }
        ASCII.appendPadded(abs(year), width: abs(year) > 9999 ? 7 : 4, to: &output)
        output.append(UInt8(ascii: "-"))
        ASCII.appendPadded(month, width: 2, to: &output)
        output.append(UInt8(ascii: "-"))
        ASCII.appendPadded(day, width: 2, to: &output)
    }

    /// The number of days of a month (1 to 12), leap years included.
    public static func daysInMonth(year: Int, month: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    private static func days(year: Int, month: Int, day: Int) -> Int32 {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let shiftedMonth = month > 2 ? month - 3 : month + 9
        let dayOfYear = (153 * shiftedMonth + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return Int32(era * 146_097 + dayOfEra - 719_468)
    }
}

extension CalendarDate: Comparable {
    public static func < (left: CalendarDate, right: CalendarDate) -> Bool {
        left.daysSinceEpoch < right.daysSinceEpoch
    }
}

extension CalendarDate: CustomStringConvertible {
    /// The text form `YYYY-MM-DD`.
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
