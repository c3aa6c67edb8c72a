/// A point in time (`timestamptz`) to the microsecond, or one of PostgreSQL's infinities.
package struct PostgresTimestamp: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Microseconds since 2000-01-01T00:00:00Z; the extremes of Int64 stand for the infinities.
    package let microsecondsSince2000: Int64

    package static let infinity = PostgresTimestamp(microsecondsSince2000: .max)
    package static let negativeInfinity = PostgresTimestamp(microsecondsSince2000: .min)

    private static let epochDistance: Int64 = 946_684_800_000_000

    package init(microsecondsSince2000: Int64) { self.microsecondsSince2000 = microsecondsSince2000 }

    /// nil before 292,000 BC, which PostgreSQL couldn't hold either.
    package init?(microsecondsSince1970: Int64) {
        let (value, overflow) = microsecondsSince1970.subtractingReportingOverflow(Self.epochDistance)
        guard !overflow else { return nil }
        self.microsecondsSince2000 = value
    }

    package var isFinite: Bool { microsecondsSince2000 != .max && microsecondsSince2000 != .min }

    /// Microseconds since 1970. The infinities and the last 30 years before 294,277 AD give the largest (smallest) Int64.
    package var microsecondsSince1970: Int64 {
        guard isFinite else { return microsecondsSince2000 }
        let (value, overflow) = microsecondsSince2000.addingReportingOverflow(Self.epochDistance)
        return overflow ? .max : value
    }

    /// RFC 3339 in UTC, such as `2026-02-28T09:30:00.25Z`; a BC year or an infinity is written as PostgreSQL does.
    package var description: String {
        guard isFinite else { return microsecondsSince2000 == .max ? "infinity" : "-infinity" }
        let perDay = PostgresCalendar.microsecondsPerDay
        var days = microsecondsSince2000 / perDay
        var time = microsecondsSince2000 % perDay
        if time < 0 {
            days -= 1
            time += perDay
        }
        let (year, month, day) = PostgresCalendar.date(daysSince2000: days)
        let date = PostgresCalendar.text(year: year > 0 ? year : 1 - year, month: month, day: day)
        return "\(date)T\(Self.timeText(time))Z" + (year > 0 ? "" : " BC")
    }

    package static func < (left: PostgresTimestamp, right: PostgresTimestamp) -> Bool {
        left.microsecondsSince2000 < right.microsecondsSince2000
    }

    private static func timeText(_ time: Int64) -> String {
        let seconds = time / 1_000_000
        let parts = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { PostgresCalendar.padded($0, to: 2) }
        var text = parts.joined(separator: ":")
        var fraction = PostgresCalendar.padded(time % 1_000_000, to: 6)
        while fraction.last == "0" { fraction.removeLast() }
        if !fraction.isEmpty { text += "." + fraction }
        return text
    }
}

extension PostgresTimestamp: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .timestamptz }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .timestamptz, value: .int8(microsecondsSince2000)) }

    /// Reads `2026-02-28 09:30:00.25+00`, with any offset and with ` BC`.
    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> PostgresTimestamp {
        var scanner = ByteScanner(try cell.present())
        if scanner.skip("infinity"), scanner.isAtEnd { return .infinity }
        if scanner.skip("-infinity"), scanner.isAtEnd { return .negativeInfinity }
        guard let date = scanner.date(), scanner.skip(" " as Unicode.Scalar) || scanner.skip("T" as Unicode.Scalar),
            let time = scanner.timeOfDay(), let offset = scanner.offset(), let era = scanner.era(), scanner.isAtEnd
        else { throw PostgresCell.Mismatch("is no timestamp") }
        let year = era ? date.year : 1 - date.year
        guard PostgresCalendar.isValid(year: year, month: date.month, day: date.day) else {
            throw PostgresCell.Mismatch("is no timestamp")
        }
        let days = PostgresCalendar.days(year: year, month: date.month, day: date.day)
        let (midnight, tooLarge) = days.multipliedReportingOverflow(by: PostgresCalendar.microsecondsPerDay)
        let (value, overflow) = midnight.addingReportingOverflow(time - offset)
        guard !tooLarge, !overflow else { throw PostgresCell.Mismatch("is out of range") }
        return PostgresTimestamp(microsecondsSince2000: value)
    }
}

extension ByteScanner {
    /// `HH:MM:SS[.ffffff]` in microseconds.
    mutating func timeOfDay() -> Int64? {
        guard let hours = digits(), hours.value <= 24, skip(":" as Unicode.Scalar),
            let minutes = digits(), minutes.value < 60, skip(":" as Unicode.Scalar),
            let seconds = digits(), seconds.value <= 60
        else { return nil }
        let whole = (hours.value * 3600 + minutes.value * 60 + seconds.value) * 1_000_000
        guard skip("." as Unicode.Scalar) else { return whole }
        guard let fraction = microseconds() else { return nil }
        return whole + fraction
    }

    /// `Z`, nothing, or `+HH[:MM[:SS]]` in microseconds.
    mutating func offset() -> Int64? {
        if skip("Z" as Unicode.Scalar) { return 0 }
        let negative = skip("-" as Unicode.Scalar)
        guard negative || skip("+" as Unicode.Scalar) else { return 0 }
        var seconds: Int64 = 0
        var unit: Int64 = 3600
        repeat {
            guard unit > 0, let part = digits(), part.count == 2 else { return nil }
            seconds += part.value * unit
            unit /= 60
        } while skip(":" as Unicode.Scalar)
        return (negative ? -seconds : seconds) * 1_000_000
    }
}
