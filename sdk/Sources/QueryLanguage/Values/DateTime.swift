/// A point in time to the microsecond with the offset from UTC in which it was written, as `Edm.DateTimeOffset`.
///
/// Two values are equal, and hash alike, when they are the same instant: the offset only decides how the value is printed
/// and what `year()`, `hour()`, `date()` and their kin answer.
public struct DateTime: Sendable {
    /// Microseconds since 1970-01-01T00:00:00Z, negative before.
    public let microseconds: Int64
    /// Minutes east of UTC, -1,439 to 1,439; 0 is UTC.
    public let offsetMinutes: Int16

    /// Makes an instant of microseconds since 1970 UTC. The range isn't checked: see `isInRange`.
    public init(microseconds: Int64, offsetMinutes: Int16 = 0) {
        self.microseconds = microseconds
        self.offsetMinutes = offsetMinutes
    }

    /// Reads `YYYY-MM-DDTHH:MM[:SS[.ffffff]]` followed by `Z` or `+HH:MM` or `-HH:MM`; nil for anything else.
    public init?(_ text: String) {
        self.init(utf8: text.utf8.span)
    }

    /// Reads the text form from UTF-8 bytes; nil for anything else.
    public init?(utf8 bytes: Span<UInt8>) {
        guard bytes.count >= 17, bytes[10] | 0x20 == UInt8(ascii: "t") else { return nil }
        guard let date = CalendarDate(utf8: bytes.extracting(0..<10)) else { return nil }
        guard let (time, end) = TimeOfDay.scan(bytes, at: 11) else { return nil }
        guard let offset = DateTime.scanOffset(bytes, at: end) else { return nil }
        let local = Int64(date.daysSinceEpoch) * DateTime.microsecondsPerDay + time.microseconds
        self.init(microseconds: local - Int64(offset) * 60_000_000, offsetMinutes: offset)
        guard isInRange else { return nil }
    }

    /// Microseconds of a day.
    public static let microsecondsPerDay: Int64 = 86_400_000_000
    /// The earliest instant that Tessera holds, 0001-01-01T00:00:00Z; `mindatetime()`.
    public static let earliest = DateTime(microseconds: Int64(CalendarDate.earliest.daysSinceEpoch) * microsecondsPerDay)
    /// The latest instant that Tessera holds, 9999-12-31T23:59:59.999999Z; `maxdatetime()`.
    public static let latest = DateTime(microseconds: (Int64(CalendarDate.latest.daysSinceEpoch) + 1) * microsecondsPerDay - 1)

    /// Whether the instant lies between `earliest` and `latest`; arithmetic can leave that range.
    public var isInRange: Bool {
        microseconds >= DateTime.earliest.microseconds && microseconds <= DateTime.latest.microseconds
    }

    /// The date at the value's own offset.
    public var date: CalendarDate {
        let local = localMicroseconds
        let days = local / DateTime.microsecondsPerDay - (local % DateTime.microsecondsPerDay < 0 ? 1 : 0)
        return CalendarDate(daysSinceEpoch: Int32(truncatingIfNeeded: days))
    }

    /// The clock time at the value's own offset.
    public var time: TimeOfDay {
        TimeOfDay(wrapping: localMicroseconds)
    }

    /// Microseconds since 1970-01-01T00:00:00 on the clock of the value's offset.
    private var localMicroseconds: Int64 {
        let (sum, overflow) = microseconds.addingReportingOverflow(Int64(offsetMinutes) * 60_000_000)
        return overflow ? microseconds : sum
    }

    /// Appends the text form, with `Z` for UTC.
    public func write(to output: inout [UInt8]) {
        date.write(to: &output)
        output.append(UInt8(ascii: "T"))
        time.write(to: &output)
        guard offsetMinutes != 0 else { return output.append(UInt8(ascii: "Z")) }
        output.append(UInt8(ascii: offsetMinutes < 0 ? "-" : "+"))
        let minutes = Int(offsetMinutes.magnitude)
        ASCII.appendPadded(minutes / 60 % 100, width: 2, to: &output)
        output.append(UInt8(ascii: ":"))
        ASCII.appendPadded(minutes % 60, width: 2, to: &output)
    }

    private static func scanOffset(_ bytes: Span<UInt8>, at start: Int) -> Int16? {
        guard start < bytes.count else { return nil }
        if bytes[start] | 0x20 == UInt8(ascii: "z") { return start + 1 == bytes.count ? 0 : nil }
        let isNegative = bytes[start] == UInt8(ascii: "-")
        guard isNegative || bytes[start] == UInt8(ascii: "+"), start + 6 == bytes.count else { return nil }
        guard let hour = ASCII.digits(bytes, at: start + 1, count: 2), hour < 24 else { return nil }
        guard bytes[start + 3] == UInt8(ascii: ":") else { return nil }
        guard let minute = ASCII.digits(bytes, at: start + 4, count: 2), minute < 60 else { return nil }
        let minutes = Int16(hour * 60 + minute)
        return isNegative ? -minutes : minutes
    }
}

extension DateTime: Hashable, Comparable {
    public static func == (left: DateTime, right: DateTime) -> Bool {
        left.microseconds == right.microseconds
    }

    public static func < (left: DateTime, right: DateTime) -> Bool {
        left.microseconds < right.microseconds
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(microseconds)
    }
}

extension DateTime: CustomStringConvertible {
    /// The text form, with `Z` for UTC.
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
