/// A moment, to the microsecond, with the offset from UTC that it was given in.
///
/// Two timestamps are equal when moment and offset are. The text form is RFC 3339: `2026-01-31T10:00:00.5+01:00`.
public struct Timestamp: TextCodable {
    /// Microseconds since 1970-01-01T00:00:00Z, leap seconds not counted; in the years that `CalendarDate` can hold.
    public let microsecondsSince1970: Int64
    /// Minutes east of UTC, −1,439 to 1,439.
    public let offsetMinutes: Int16

    /// The moment so many microseconds after 1970, or nil when moment or offset is out of range.
    public init?(microsecondsSince1970: Int64, offsetMinutes: Int = 0) {
        guard (-1439...1439).contains(offsetMinutes) else { return nil }
        let local = microsecondsSince1970.addingReportingOverflow(Int64(offsetMinutes) * Self.minute)
        guard !local.overflow, CalendarDate(daysSince1970: Self.split(local.partialValue).days) != nil else { return nil }
        self.microsecondsSince1970 = microsecondsSince1970
        self.offsetMinutes = Int16(offsetMinutes)
    }

    /// Reads RFC 3339 with an offset or `Z`; seconds may be left out, and have at most six digits behind the point.
    public init?(_ text: String) {
        var reader = DigitReader(text)
        guard let date = CalendarDate(&reader), reader.take("T"), let hour = reader.digits(2, 2)?.number, reader.take(":"),
            let minute = reader.digits(2, 2)?.number, hour < 24, minute < 60
        else { return nil }
        var time = hour * 3600 * Self.second + minute * Self.minute
        if reader.take(":") {
            guard let seconds = reader.digits(2, 2)?.number, seconds < 60 else { return nil }
            time += seconds * Self.second
            if reader.take(".") {
                guard let microseconds = reader.microseconds() else { return nil }
                time += microseconds
            }
        }
        guard let offset = Self.offset(&reader), reader.isAtEnd else { return nil }
        let midnight = date.daysSince1970.multipliedReportingOverflow(by: Self.day)
        let local = midnight.partialValue.addingReportingOverflow(time)
        let moment = local.partialValue.subtractingReportingOverflow(Int64(offset) * Self.minute)
        guard !midnight.overflow, !local.overflow, !moment.overflow else { return nil }
        self.init(microsecondsSince1970: moment.partialValue, offsetMinutes: offset)
    }

    public var description: String {
        let (days, time) = Self.split(microsecondsSince1970 + Int64(offsetMinutes) * Self.minute)
        let date = CalendarDate(daysSince1970: days)?.description ?? ""
        let hour = padded(time / (3600 * Self.second), 2)
        let minute = padded(time / Self.minute % 60, 2)
        let second = padded(time / Self.second % 60, 2)
        return "\(date)T\(hour):\(minute):\(second)\(fraction(time % Self.second))\(offsetText)"
    }

    private var offsetText: String {
        guard offsetMinutes != 0 else { return "Z" }
        let minutes = Int64(offsetMinutes.magnitude)
        return (offsetMinutes < 0 ? "-" : "+") + padded(minutes / 60, 2) + ":" + padded(minutes % 60, 2)
    }

    private static let second: Int64 = 1_000_000
    private static let minute: Int64 = 60 * second
    private static let day: Int64 = 86_400 * second

    /// Whole days since 1970 and the microseconds left, which are never negative.
    private static func split(_ local: Int64) -> (days: Int64, time: Int64) {
        let (days, time) = local.quotientAndRemainder(dividingBy: day)
        return time < 0 ? (days - 1, time + day) : (days, time)
    }

    private static func offset(_ reader: inout DigitReader) -> Int? {
        if reader.take("Z") { return 0 }
        let negative = reader.take("-")
        guard negative || reader.take("+"), let hours = reader.digits(2, 2)?.number, reader.take(":"),
            let minutes = reader.digits(2, 2)?.number, hours < 24, minutes < 60
        else { return nil }
        return Int((negative ? -1 : 1) * (hours * 60 + minutes))
    }
}
