/// A clock time without a date, to the microsecond, as `Edm.TimeOfDay`.
///
/// Text form `HH:MM`, `HH:MM:SS` or `HH:MM:SS.ffffff`; printed always with seconds, the fraction without trailing zeros.
public struct TimeOfDay: Sendable, Hashable {
    /// Microseconds since midnight, 0 to 86,399,999,999.
    public let microseconds: Int64

    /// Makes a time of microseconds since midnight; nil outside of 0 to 86,399,999,999.
    public init?(microseconds: Int64) {
        guard microseconds >= 0, microseconds < DateTime.microsecondsPerDay else { return nil }
        self.microseconds = microseconds
    }

    /// The time part of any number of microseconds since some midnight: what exceeds whole days.
    init(wrapping microseconds: Int64) {
        let remainder = microseconds % DateTime.microsecondsPerDay
        self.microseconds = remainder < 0 ? remainder + DateTime.microsecondsPerDay : remainder
    }

    /// Reads the text form; nil for anything else. Fractions of up to twelve digits are cut to microseconds.
    public init?(_ text: String) {
        self.init(utf8: text.utf8.span)
    }

    /// Reads the text form from UTF-8 bytes; nil for anything else.
    public init?(utf8 bytes: Span<UInt8>) {
        guard let (value, end) = TimeOfDay.scan(bytes, at: 0), end == bytes.count else { return nil }
        self = value
    }

    /// Reads a time that starts at an offset and says where it ends.
    static func scan(_ bytes: Span<UInt8>, at start: Int) -> (value: TimeOfDay, end: Int)? {
        guard let hour = ASCII.digits(bytes, at: start, count: 2), hour < 24 else { return nil }
        guard start + 5 <= bytes.count, bytes[start + 2] == UInt8(ascii: ":") else { return nil }
        guard let minute = ASCII.digits(bytes, at: start + 3, count: 2), minute < 60 else { return nil }
        var end = start + 5
        var total = Int64(hour * 3_600 + minute * 60) * 1_000_000
        if end + 2 < bytes.count, bytes[end] == UInt8(ascii: ":"), let second = ASCII.digits(bytes, at: end + 1, count: 2) {
            guard second < 60 else { return nil }
            total += Int64(second) * 1_000_000
            end += 3
            if let fraction = ASCII.fraction(bytes, at: end) {
                total += Int64(fraction.microseconds)
                end = fraction.end
            }
        }
        return (TimeOfDay(wrapping: total), end)
    }

    /// Hour of the day, 0 to 23.
    public var hour: Int { Int(microseconds / 3_600_000_000) }
    /// Minute of the hour, 0 to 59.
    public var minute: Int { Int(microseconds / 60_000_000 % 60) }
    /// Second of the minute, 0 to 59.
    public var second: Int { Int(microseconds / 1_000_000 % 60) }
    /// Microseconds of the second, 0 to 999,999.
    public var fraction: Int { Int(microseconds % 1_000_000) }

    /// Appends the text form.
    public func write(to output: inout [UInt8]) {
        ASCII.appendPadded(hour, width: 2, to: &output)
        output.append(UInt8(ascii: ":"))
        ASCII.appendPadded(minute, width: 2, to: &output)
        output.append(UInt8(ascii: ":"))
        ASCII.appendPadded(second, width: 2, to: &output)
        ASCII.appendFraction(microseconds: fraction, to: &output)
    }
}

extension TimeOfDay: Comparable {
    public static func < (left: TimeOfDay, right: TimeOfDay) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension TimeOfDay: CustomStringConvertible {
    /// The text form `HH:MM:SS[.ffffff]`.
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
