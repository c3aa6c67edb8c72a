/// A calendar day, or one of PostgreSQL's infinities.
package struct PostgresDate: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// Days since 2000-01-01; the extremes of Int32 stand for the infinities.
    package let daysSince2000: Int32

    package static let infinity = PostgresDate(daysSince2000: .max)
    package static let negativeInfinity = PostgresDate(daysSince2000: .min)

    package init(daysSince2000: Int32) { self.daysSince2000 = daysSince2000 }

    /// nil when the day doesn't exist, or lies beyond what PostgreSQL holds.
    package init?(year: Int, month: Int, day: Int) {
        guard (-4_713...5_874_897).contains(year),
            PostgresCalendar.isValid(year: Int64(year), month: Int64(month), day: Int64(day)),
            let days = Int32(exactly: PostgresCalendar.days(year: Int64(year), month: Int64(month), day: Int64(day)))
        else { return nil }
        self.daysSince2000 = days
    }

    package var isFinite: Bool { daysSince2000 != .max && daysSince2000 != .min }

    /// Astronomical year (0 is 1 BC), month and day; nil for the infinities.
    package var components: (year: Int, month: Int, day: Int)? {
        guard isFinite else { return nil }
        let date = PostgresCalendar.date(daysSince2000: Int64(daysSince2000))
        return (Int(date.year), Int(date.month), Int(date.day))
    }

    /// As PostgreSQL writes it in ISO style: `2026-02-28`, `0044-03-15 BC`, `infinity`.
    package var description: String {
        guard let (year, month, day) = components else { return daysSince2000 == .max ? "infinity" : "-infinity" }
        let shown = Int64(year > 0 ? year : 1 - year)
        return PostgresCalendar.text(year: shown, month: Int64(month), day: Int64(day)) + (year > 0 ? "" : " BC")
    }

    package static func < (left: PostgresDate, right: PostgresDate) -> Bool { left.daysSince2000 < right.daysSince2000 }
}

extension PostgresDate: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .date }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .date, value: .int4(daysSince2000)) }

    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> PostgresDate {
        var scanner = ByteScanner(try cell.present())
        if scanner.skip("infinity"), scanner.isAtEnd { return .infinity }
        if scanner.skip("-infinity"), scanner.isAtEnd { return .negativeInfinity }
        guard let parts = scanner.date(), let era = scanner.era(), scanner.isAtEnd,
            let date = PostgresDate(year: era ? Int(parts.year) : 1 - Int(parts.year), month: Int(parts.month), day: Int(parts.day))
        else { throw PostgresCell.Mismatch("is no date") }
        return date
    }
}

extension ByteScanner {
    /// `YYYY-MM-DD` with four or more digits for the year.
    mutating func date() -> (year: Int64, month: Int64, day: Int64)? {
        guard let year = digits(), year.count <= 7, skip("-" as Unicode.Scalar),
            let month = digits(), month.count == 2, skip("-" as Unicode.Scalar),
            let day = digits(), day.count == 2
        else { return nil }
        return (year.value, month.value, day.value)
    }

    /// true for our era, false after ` BC`, nil for anything else that follows.
    mutating func era() -> Bool? {
        if isAtEnd { return true }
        return skip(" BC" as StaticString) ? false : nil
    }
}
