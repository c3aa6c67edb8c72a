/// A length of time as PostgreSQL keeps it: months, days and time don't convert into each other.
package struct PostgresInterval: Hashable, Sendable, CustomStringConvertible {
    package let months: Int32
    package let days: Int32
    package let microseconds: Int64

    package init(months: Int32 = 0, days: Int32 = 0, microseconds: Int64 = 0) {
        self.months = months
        self.days = days
        self.microseconds = microseconds
    }

    package init(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        self.init(microseconds: seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
    }

    /// ISO 8601 with a sign on each part, such as `P1Y2M-3DT4H5M6.7S`; nothing at all is `PT0S`.
    package var description: String {
        var text = "P"
        if months / 12 != 0 { text += "\(months / 12)Y" }
        if months % 12 != 0 { text += "\(months % 12)M" }
        if days != 0 { text += "\(days)D" }
        let seconds = microseconds / 1_000_000
        let fraction = microseconds % 1_000_000
        if microseconds != 0 { text += "T" }
        if seconds / 3600 != 0 { text += "\(seconds / 3600)H" }
        if seconds / 60 % 60 != 0 { text += "\(seconds / 60 % 60)M" }
        if seconds % 60 != 0 || fraction != 0 {
            text += microseconds < 0 ? "-" : ""
            text += String((seconds % 60).magnitude)
            if fraction != 0 {
                var digits = PostgresCalendar.padded(Int64(fraction.magnitude), to: 6)
                while digits.last == "0" { digits.removeLast() }
                text += "." + digits
            }
            text += "S"
        }
        return text == "P" ? "PT0S" : text
    }
}

extension PostgresInterval: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .interval }

    package var postgresParameter: PostgresParameter {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(16)
        bytes.appendBigEndian(microseconds)
        bytes.appendBigEndian(days)
        bytes.appendBigEndian(months)
        return .binary(bytes, type: .interval)
    }

    /// Reads what `IntervalStyle = iso_8601` writes; the client sets that style on every connection.
    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> PostgresInterval {
        var scanner = ByteScanner(try cell.present())
        guard let interval = scanner.interval(), scanner.isAtEnd else { throw PostgresCell.Mismatch("is no interval") }
        return interval
    }
}

extension ByteScanner {
    mutating func interval() -> PostgresInterval? {
        guard skip("P" as Unicode.Scalar) else { return nil }
        var months: Int64 = 0
        var days: Int64 = 0
        var microseconds: Int64 = 0
        var inTime = false
        while let character = next {
            if character == UInt8(ascii: "T") {
                guard !inTime, skip("T" as Unicode.Scalar) else { return nil }
                inTime = true
                continue
            }
            guard let part = intervalPart(), let unit = unit(inTime: inTime) else { return nil }
            let (whole, overflow) = part.value.multipliedReportingOverflow(by: unit.factor)
            guard !overflow, part.fraction == 0 || unit.target == .seconds else { return nil }
            let added: (partialValue: Int64, overflow: Bool)
            switch unit.target {
            case .months:
                added = months.addingReportingOverflow(whole)
                months = added.partialValue
            case .days:
                added = days.addingReportingOverflow(whole)
                days = added.partialValue
            case .time, .seconds:
                let (sum, tooLarge) = microseconds.addingReportingOverflow(whole)
                let withFraction = sum.addingReportingOverflow(part.fraction)
                added = (withFraction.partialValue, tooLarge || withFraction.overflow)
                microseconds = added.partialValue
            }
            guard !added.overflow else { return nil }
        }
        guard let months = Int32(exactly: months), let days = Int32(exactly: days) else { return nil }
        return PostgresInterval(months: months, days: days, microseconds: microseconds)
    }

    private enum Target { case months, days, time, seconds }

    /// Signed whole part and signed microseconds of the fraction.
    private mutating func intervalPart() -> (value: Int64, fraction: Int64)? {
        let negative = skip("-" as Unicode.Scalar)
        guard let whole = digits() else { return nil }
        var fraction: Int64 = 0
        if skip("." as Unicode.Scalar) {
            guard let read = microseconds() else { return nil }
            fraction = read
        }
        return negative ? (-whole.value, -fraction) : (whole.value, fraction)
    }

    private mutating func unit(inTime: Bool) -> (target: Target, factor: Int64)? {
        if inTime {
            if skip("H" as Unicode.Scalar) { return (.time, 3_600_000_000) }
            if skip("M" as Unicode.Scalar) { return (.time, 60_000_000) }
            if skip("S" as Unicode.Scalar) { return (.seconds, 1_000_000) }
            return nil
        }
        if skip("Y" as Unicode.Scalar) { return (.months, 12) }
        if skip("M" as Unicode.Scalar) { return (.months, 1) }
        if skip("W" as Unicode.Scalar) { return (.days, 7) }
        if skip("D" as Unicode.Scalar) { return (.days, 1) }
        return nil
    }
}
