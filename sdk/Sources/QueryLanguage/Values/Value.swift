/// One value of a record or of an expression: the value type of the whole kernel.
///
/// 24 bytes per element of an array. Text values are expected in NFC (see `normalizedNFC(_:)`); who takes text in normalises it.
/// `==` is exact by case: `.integer(1)` isn't `.decimal(1)`. `eq` of the query language promotes first: see docs/query-language.md.
public enum Value: Sendable, Hashable {
    /// No value.
    case null
    /// `Edm.Boolean`.
    case bool(Bool)
    /// `Edm.Int64` and the narrower integer types.
    case integer(Int64)
    /// `Edm.Decimal`, exact, with its scale.
    case decimal(DecimalNumber)
    /// `Edm.String`.
    case string(String)
    /// `Edm.Date`.
    case date(CalendarDate)
    /// `Edm.TimeOfDay`.
    case timeOfDay(TimeOfDay)
    /// `Edm.DateTimeOffset`.
    case dateTime(DateTime)
    /// `Edm.Duration`.
    case duration(DayTimeDuration)
    /// `Edm.Guid`.
    case guid(GUID)
    /// A collection of any values, in order.
    case collection([Value])
    /// A structured value, member names to values.
    case complex([String: Value])

    /// Whether the value is `.null`.
    public var isNull: Bool {
        if case .null = self { return true }
        return false
    }
}

extension Value: ExpressibleByBooleanLiteral, ExpressibleByStringLiteral, ExpressibleByIntegerLiteral {
    /// Makes `.bool`.
    public init(booleanLiteral value: Bool) {
        self = .bool(value)
    }

    /// Makes `.string`.
    public init(stringLiteral value: String) {
        self = .string(value)
    }

    /// Makes `.integer`.
    public init(integerLiteral value: Int64) {
        self = .integer(value)
    }
}
