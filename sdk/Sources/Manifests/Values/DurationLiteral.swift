/// A length of time of days and shorter units: `P1DT12H`, `PT30S`, `-PT0.5S` (XML Schema dayTimeDuration, OData `Edm.Duration`).
///
/// Months and years have no fixed length and are not allowed. Each unit has at most 7 digits, and seconds 6 more after the point.
public struct DurationLiteral: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// As written.
    public let text: String
    /// The length in microseconds.
    public let microseconds: Int64

    /// Reads a length of time; nil for anything else.
    public init?(_ text: String) {
        var reader = DigitReader(text)
        let isNegative = reader.skip("-")
        guard reader.skip("P") else { return nil }
        var total: Int64 = 0
        var units: [(letter: Unicode.Scalar, seconds: Int64)] = [("D", 86_400)]
        var isInTime = false
        var hasUnit = false
        while !reader.isAtEnd {
            if !isInTime, reader.skip("T") {
                isInTime = true
                hasUnit = false
                units = [("H", 3600), ("M", 60), ("S", 1)]
                continue
            }
            guard let read = Self.unit(&reader, among: &units) else { return nil }
            total += read
            hasUnit = true
        }
        guard hasUnit else { return nil }
        self.text = text
        microseconds = isNegative ? -total : total
    }

    /// As written.
    public var description: String { text }

    /// By length.
    public static func < (left: DurationLiteral, right: DurationLiteral) -> Bool { left.microseconds < right.microseconds }

    /// Reads a number and its letter, and removes this and all greater units from the list. Seven digits of days are 8.64e17 microseconds,
    /// so the sum of all units stays far below the end of Int64.
    private static func unit(_ reader: inout DigitReader, among units: inout [(letter: Unicode.Scalar, seconds: Int64)]) -> Int64? {
        guard let whole = reader.number(atMost: 7) else { return nil }
        var micros = Int64(whole.value) * 1_000_000
        var isFraction = false
        if reader.skip(".") {
            guard let fraction = reader.number(atMost: 6) else { return nil }
            var value = Int64(fraction.value)
            for _ in fraction.digits..<6 { value *= 10 }
            micros += value
            isFraction = true
        }
        for (position, unit) in units.enumerated() where reader.skip(unit.letter) {
            if isFraction, unit.letter != "S" { return nil }
            units.removeFirst(position + 1)
            return micros * unit.seconds
        }
        return nil
    }
}
