/// Day arithmetic of the proleptic Gregorian calendar, as PostgreSQL counts: year 0 is 1 BC.
enum PostgresCalendar {
    /// Days from 1970-01-01 to 2000-01-01, the day from which PostgreSQL counts.
    static let daysFrom1970To2000: Int64 = 10_957
    static let microsecondsPerDay: Int64 = 86_400_000_000

    /// Days since 2000-01-01. The caller has checked month and day.
    static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
        // Years begin in March here, so that the leap day is the last of its year.
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468 - daysFrom1970To2000
    }

    static func date(daysSince2000: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = daysSince2000 + daysFrom1970To2000 + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let monthIndex = (5 * dayOfYear + 2) / 153
        let day = dayOfYear - (153 * monthIndex + 2) / 5 + 1
        let month = monthIndex < 10 ? monthIndex + 3 : monthIndex - 9
        return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, day)
    }

    static func daysInMonth(year: Int64, month: Int64) -> Int64 {
        switch month {
        case 4, 6, 9, 11: 30
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        default: 31
        }
    }

    static func isValid(year: Int64, month: Int64, day: Int64) -> Bool {
        (1...12).contains(month) && day >= 1 && day <= daysInMonth(year: year, month: month)
    }

    /// `YYYY-MM-DD`; years before 1 keep their astronomical number here, the caller writes the era.
    static func text(year: Int64, month: Int64, day: Int64) -> String {
        padded(year, to: 4) + "-" + padded(month, to: 2) + "-" + padded(day, to: 2)
    }

    static func padded(_ number: Int64, to width: Int) -> String {
        let digits = String(number)
        return digits.utf8.count >= width ? digits : String(repeating: "0", count: width - digits.utf8.count) + digits
    }
}

/// Reads the fixed forms in which PostgreSQL writes dates, times and intervals.
struct ByteScanner {
    private let bytes: UnsafeRawBufferPointer
    private(set) var position = 0

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    var isAtEnd: Bool { position >= bytes.count }
    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let next, next == UInt8(ascii: character) else { return false }
        position += 1
        return true
    }

    mutating func skip(_ text: StaticString) -> Bool {
        let end = position + text.utf8CodeUnitCount
        guard end <= bytes.count else { return false }
        for offset in 0..<text.utf8CodeUnitCount where bytes[position + offset] != text.utf8Start[offset] { return false }
        position = end
        return true
    }

    /// Up to 18 digits, so that no value overflows.
    mutating func digits() -> (value: Int64, count: Int)? {
        var value: Int64 = 0
        var count = 0
        while let character = next, character >= UInt8(ascii: "0"), character <= UInt8(ascii: "9"), count < 18 {
            value = value * 10 + Int64(character - UInt8(ascii: "0"))
            count += 1
            position += 1
        }
        return count > 0 ? (value, count) : nil
    }

    /// A fraction after its point, in microseconds: at most six digits.
    mutating func microseconds() -> Int64? {
        guard let (value, count) = digits(), count <= 6 else { return nil }
        var scaled = value
        for _ in count..<6 { scaled *= 10 }
        return scaled
    }
}
