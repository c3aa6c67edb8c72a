/// A length of time, to the microsecond. Its text form is that of OData's `Edm.Duration`: `-P1DT2H3M4.5S`.
public struct TimeSpan: TextCodable, Comparable {
    /// The length; negative ones point backwards.
    public let microseconds: Int64

    /// The length of so many microseconds.
    public init(microseconds: Int64) {
        self.microseconds = microseconds
    }

    /// Reads days, hours, minutes and seconds; nil if the text is anything else or longer than 292,000 years.
    public init?(_ text: String) {
        var reader = DigitReader(text)
        let negative = reader.take("-")
        guard reader.take("P") else { return nil }
        var total: Int64 = 0
        var parts = 0
        var inTime = false
        var units = Self.units[...]
        while !reader.isAtEnd {
            if !inTime, reader.take("T") {
                inTime = true
                units = units.drop { !$0.isTime }
                guard !reader.isAtEnd else { return nil }
            }
            guard let number = reader.digits(1, 18)?.number else { return nil }
            var below: Int64 = 0
            let hasPoint = reader.take(".")
            if hasPoint {
                guard let microseconds = reader.microseconds() else { return nil }
                below = microseconds
            }
            guard let index = units.firstIndex(where: { $0.isTime == inTime && reader.take($0.letter) }),
                !hasPoint || units[index].letter == "S"
            else { return nil }
            let whole = number.multipliedReportingOverflow(by: units[index].microseconds)
            let part = whole.partialValue.addingReportingOverflow(below)
            let sum = total.addingReportingOverflow(part.partialValue)
            guard !whole.overflow, !part.overflow, !sum.overflow else { return nil }
            total = sum.partialValue
            units = units[(index + 1)...]
            parts += 1
        }
        guard parts > 0 else { return nil }
        microseconds = negative ? -total : total
    }

    public var description: String {
        guard microseconds != 0 else { return "PT0S" }
        var rest = microseconds.magnitude
        var text = microseconds < 0 ? "-P" : "P"
        var inTime = false
        for unit in Self.units {
            let size = UInt64(unit.microseconds)
            let number = rest / size
            rest %= size
            let below = unit.letter == "S" ? fraction(Int64(rest)) : ""
            guard number > 0 || !below.isEmpty else { continue }
            if unit.isTime, !inTime {
                text += "T"
                inTime = true
            }
            text += "\(number)\(below)\(unit.letter)"
        }
        return text
    }

    public static func < (left: TimeSpan, right: TimeSpan) -> Bool {
        left.microseconds < right.microseconds
    }

    private static let units: [(letter: Unicode.Scalar, microseconds: Int64, isTime: Bool)] = [
        ("D", 86_400_000_000, false), ("H", 3_600_000_000, true), ("M", 60_000_000, true), ("S", 1_000_000, true),
    ]
}
