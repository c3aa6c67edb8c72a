/// A moment with its offset: `2026-02-28T09:30:00Z`, `2026-02-28T09:30:00.5+02:00` (RFC 3339, no leap seconds, up to microseconds).
public struct DateTimeLiteral: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// As written.
    public let text: String
    /// Microseconds since 1970-01-01T00:00:00Z.
    public let microseconds: Int64

    /// 1970-01-01, counted from 0001-01-01.
    private static let firstUnixDay = 719_162

    /// Reads a moment; nil for anything else.
    public init?(_ text: String) {
        var reader = DigitReader(text)
        guard let date = DateLiteral(reading: &reader), reader.skip("T"),
            let hour = reader.number(digits: 2), hour < 24, reader.skip(":"),
            let minute = reader.number(digits: 2), minute < 60, reader.skip(":"),
            let second = reader.number(digits: 2), second < 60
        else { return nil }
        var fraction = 0
        if reader.skip(".") {
            guard let read = reader.number(atMost: 6) else { return nil }
            fraction = read.value
            for _ in read.digits..<6 { fraction *= 10 }
        }
        guard let offset = Self.offsetInMinutes(&reader), reader.isAtEnd else { return nil }
        self.text = text
        let minutes = Int64(date.dayNumber - Self.firstUnixDay) * 1440 + Int64(hour * 60 + minute - offset)
        microseconds = (minutes * 60 + Int64(second)) * 1_000_000 + Int64(fraction)
    }

    /// As written.
    public var description: String { text }

    /// By time.
    public static func < (left: DateTimeLiteral, right: DateTimeLiteral) -> Bool { left.microseconds < right.microseconds }

    private static func offsetInMinutes(_ reader: inout DigitReader) -> Int? {
        if reader.skip("Z") { return 0 }
        let isWest = reader.skip("-")
        guard isWest || reader.skip("+"), let hours = reader.number(digits: 2), hours < 24, reader.skip(":"),
            let minutes = reader.number(digits: 2), minutes < 60
        else { return nil }
        return (isWest ? -1 : 1) * (hours * 60 + minutes)
    }
}
