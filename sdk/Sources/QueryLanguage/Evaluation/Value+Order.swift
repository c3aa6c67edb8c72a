extension Value {
    /// Below zero, zero or above as the left value sorts before, with or after the right; nil when they can't be compared:
    /// null, different types, collections, structured values. An integer and a decimal can.
    ///
    /// Text compares by code point, GUIDs by bytes, date-times by instant, false before true.
    public static func order(_ left: Value, _ right: Value) -> Int? {
        switch (left, right) {
        case (.bool(let a), .bool(let b)): return (a ? 1 : 0) - (b ? 1 : 0)
        case (.integer(let a), .integer(let b)): return sign(a, b)
        case (.decimal(let a), .decimal(let b)): return sign(a, b)
        case (.integer(let a), .decimal(let b)): return sign(DecimalNumber(a), b)
        case (.decimal(let a), .integer(let b)): return sign(a, DecimalNumber(b))
        case (.string(let a), .string(let b)): return compareUTF8(a, b)
        case (.date(let a), .date(let b)): return sign(a, b)
        case (.timeOfDay(let a), .timeOfDay(let b)): return sign(a, b)
        case (.dateTime(let a), .dateTime(let b)): return sign(a, b)
        case (.duration(let a), .duration(let b)): return sign(a, b)
        case (.guid(let a), .guid(let b)): return sign(a, b)
        default: return nil
        }
    }

    private static func sign<T: Comparable>(_ left: T, _ right: T) -> Int {
        left < right ? -1 : left == right ? 0 : 1
    }
}
