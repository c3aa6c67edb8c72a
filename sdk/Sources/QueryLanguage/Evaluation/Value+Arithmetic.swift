extension Value {
    /// The result of an operation on the operand types that it documents; null for null operands and for results that don't exist.
    static func apply(_ operation: TypedExpression.Arithmetic, _ left: Value, _ right: Value) -> Value {
        switch (left, right) {
        case (.integer(let a), .integer(let b)): integers(operation, a, b).map { .integer($0) } ?? .null
        case (.decimal(let a), .decimal(let b)): decimals(operation, a, b).map { .decimal($0) } ?? .null
        case (.date(let a), .duration(let b)): dates(operation, a, b).map { .date($0) } ?? .null
        case (.date(let a), .date(let b)): difference(a, b)
        case (.dateTime(let a), .duration(let b)): dateTimes(operation, a, b).map { .dateTime($0) } ?? .null
        case (.dateTime(let a), .dateTime(let b)): microseconds(a.microseconds.subtractingReportingOverflow(b.microseconds))
        case (.duration(let a), .duration(let b)): durations(operation, a, b)
        case (.duration(let a), .decimal(let b)): scaled(operation, a, b)
        default: .null
        }
    }

    /// The value with the other sign; null when there is none.
    var negated: Value {
        switch self {
        case .integer(let value): value == .min ? .null : .integer(-value)
        case .decimal(let value): .decimal(value.negated)
        case .duration(let value): value.microseconds == .min ? .null : .duration(DayTimeDuration(microseconds: -value.microseconds))
        default: .null
        }
    }

    private static func integers(_ operation: TypedExpression.Arithmetic, _ left: Int64, _ right: Int64) -> Int64? {
        let result: (partialValue: Int64, overflow: Bool)
        switch operation {
        case .addIntegers: result = left.addingReportingOverflow(right)
        case .subtractIntegers: result = left.subtractingReportingOverflow(right)
        case .multiplyIntegers: result = left.multipliedReportingOverflow(by: right)
        case .divideIntegers: result = left.dividedReportingOverflow(by: right)
        case .moduloIntegers:
            // The smallest integer has no counterpart, yet its remainder by -1 is 0, in PostgreSQL too.
            if right == -1 { return 0 }
            result = left.remainderReportingOverflow(dividingBy: right)
        default: return nil
        }
        return result.overflow ? nil : result.partialValue
    }

    private static func decimals(_ operation: TypedExpression.Arithmetic, _ left: DecimalNumber, _ right: DecimalNumber) -> DecimalNumber? {
        switch operation {
        case .addDecimals: left.adding(right)
        case .subtractDecimals: left.subtracting(right)
        case .multiplyDecimals: left.multiplied(by: right)
        case .divideDecimals: left.divided(by: right)
        case .moduloDecimals: left.remainder(dividingBy: right)
        default: nil
        }
    }

    private static func dates(_ operation: TypedExpression.Arithmetic, _ date: CalendarDate, _ duration: DayTimeDuration) -> CalendarDate? {
        let midnight = Int64(date.daysSinceEpoch) * DateTime.microsecondsPerDay
        let (sum, overflow) =
            operation == .addDurationToDate
            ? midnight.addingReportingOverflow(duration.microseconds) : midnight.subtractingReportingOverflow(duration.microseconds)
        guard !overflow else { return nil }
        let result = DateTime(microseconds: sum)
        return result.isInRange ? result.date : nil
    }

    private static func difference(_ left: CalendarDate, _ right: CalendarDate) -> Value {
        let days = Int64(left.daysSinceEpoch) - Int64(right.daysSinceEpoch)
        return .duration(DayTimeDuration(microseconds: days * DateTime.microsecondsPerDay))
    }

    private static func dateTimes(_ operation: TypedExpression.Arithmetic, _ left: DateTime, _ right: DayTimeDuration) -> DateTime? {
        let (sum, overflow) =
            operation == .addDurationToDateTime
            ? left.microseconds.addingReportingOverflow(right.microseconds)
            : left.microseconds.subtractingReportingOverflow(right.microseconds)
        let result = DateTime(microseconds: sum, offsetMinutes: left.offsetMinutes)
        return !overflow && result.isInRange ? result : nil
    }

    private static func durations(_ operation: TypedExpression.Arithmetic, _ left: DayTimeDuration, _ right: DayTimeDuration) -> Value {
        operation == .addDurations
            ? microseconds(left.microseconds.addingReportingOverflow(right.microseconds))
            : microseconds(left.microseconds.subtractingReportingOverflow(right.microseconds))
    }

    private static func scaled(_ operation: TypedExpression.Arithmetic, _ duration: DayTimeDuration, _ factor: DecimalNumber) -> Value {
        let length = DecimalNumber(duration.microseconds)
        let result = operation == .multiplyDuration ? length.multiplied(by: factor) : length.divided(by: factor)
        guard let rounded = result?.rounded?.int64 else { return .null }
        return .duration(DayTimeDuration(microseconds: rounded))
    }

    private static func microseconds(_ result: (partialValue: Int64, overflow: Bool)) -> Value {
        result.overflow ? .null : .duration(DayTimeDuration(microseconds: result.partialValue))
    }
}
