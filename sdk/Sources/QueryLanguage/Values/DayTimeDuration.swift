/// A length of time in days and parts of days to the microsecond, as `Edm.Duration` (XML Schema `dayTimeDuration`).
///
/// Text form `P1DT2H3M4.5S`, negative with a leading `-`. A day is always 24 hours.
public struct DayTimeDuration: Sendable, Hashable {
    /// The length in microseconds; negative for durations that point back.
    public let microseconds: Int64

    /// Makes a duration of microseconds.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Reads the text form; nil for anything else, for years and months, and for more than Int64 microseconds.
    public init?(_ text: String) {
        self.init(utf8: text.utf8.span)
    }

    /// Reads the text form from UTF-8 bytes; nil for anything else.
    public init?(utf8 bytes: Span<UInt8>) {
        var index = 0
        var isNegative = false
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            isNegative = bytes[index] == UInt8(ascii: "-")
            index += 1
        }
        guard index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "p") else { return nil }
        index += 1
        var total: Int64 = 0
        var units = DayTimeDuration.dateUnits
        var sawPart = false
        var isAfterT = false
        while index < bytes.count {
            if !isAfterT, bytes[index] | 0x20 == UInt8(ascii: "t") {
                isAfterT = true
                sawPart = false
                units = DayTimeDuration.timeUnits
                index += 1
                continue
            }
            guard let part = DayTimeDuration.scanPart(bytes, at: index, units: &units) else { return nil }
            let (sum, overflow) = total.addingReportingOverflow(part.microseconds)
            guard !overflow else { return nil }
            total = sum
            index = part.end
            sawPart = true
        }
        guard sawPart else { return nil }
        self.init(microseconds: isNegative ? -total : total)
    }

    /// Appends the text form, days and a time part, without parts that are zero; `PT0S` for none.
    public func write(to output: inout [UInt8]) {
        if microseconds < 0 { output.append(UInt8(ascii: "-")) }
        output.append(UInt8(ascii: "P"))
        let magnitude = microseconds.magnitude
        let days = magnitude / 86_400_000_000
        let rest = Int(magnitude % 86_400_000_000)
        if days > 0 { output.append(contentsOf: "\(days)D".utf8) }
        guard rest > 0 || days == 0 else { return }
        output.append(UInt8(ascii: "T"))
        let (hours, minutes) = (rest / 3_600_000_000, rest / 60_000_000 % 60)
        let (seconds, fraction) = (rest / 1_000_000 % 60, rest % 1_000_000)
        if hours > 0 { output.append(contentsOf: "\(hours)H".utf8) }
        if minutes > 0 { output.append(contentsOf: "\(minutes)M".utf8) }
        guard seconds > 0 || fraction > 0 || (hours == 0 && minutes == 0) else { return }
        output.append(contentsOf: "\(seconds)".utf8)
        ASCII.appendFraction(microseconds: fraction, to: &output)
        output.append(UInt8(ascii: "S"))
    }

    private typealias Unit = (letter: UInt8, microseconds: Int64)
    private static let dateUnits: [Unit] = [(UInt8(ascii: "d"), 86_400_000_000)]
    private static let timeUnits: [Unit] = [
        (UInt8(ascii: "h"), 3_600_000_000), (UInt8(ascii: "m"), 60_000_000), (UInt8(ascii: "s"), 1_000_000),
    ]

    /// Reads one number with its unit letter; units that come before it in the fixed order are used up.
    private static func scanPart(_ bytes: Span<UInt8>, at start: Int, units: inout [Unit]) -> (microseconds: Int64, end: Int)? {
        var index = start
        var number: Int64 = 0
        while index < bytes.count, ASCII.isDigit(bytes[index]) {
            let (product, overflow) = number.multipliedReportingOverflow(by: 10)
            guard !overflow, product <= Int64.max - 9 else { return nil }
            number = product + Int64(bytes[index] &- 48)
            index += 1
        }
        guard index > start else { return nil }
        var fraction = 0
        var hasFraction = false
        if let scanned = ASCII.fraction(bytes, at: index) {
            (fraction, index) = (scanned.microseconds, scanned.end)
            hasFraction = true
        }
        guard index < bytes.count else { return nil }
        let letter = bytes[index] | 0x20
        guard let position = units.firstIndex(where: { $0.letter == letter }) else { return nil }
        guard !hasFraction || letter == UInt8(ascii: "s") else { return nil }
        let (product, overflow) = number.multipliedReportingOverflow(by: units[position].microseconds)
        guard !overflow, product <= Int64.max - 999_999 else { return nil }
        units.removeFirst(position + 1)
        return (product + Int64(fraction), index + 1)
    }
}

extension DayTimeDuration: Comparable {
    public static func < (left: DayTimeDuration, right: DayTimeDuration) -> Bool {
        left.microseconds < right.microseconds
    }
}

extension DayTimeDuration: CustomStringConvertible {
    /// The text form, such as `P1DT2H30M`.
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
