extension Value {
    /// A function of one argument; null for null.
    static func call(_ function: CanonicalFunction, _ argument: Value) -> Value {
        switch argument {
        case .string(let text): textFunction(function, text)
        case .date(let date): dateFunction(function, date)
        case .timeOfDay(let time): timeFunction(function, time)
        case .dateTime(let dateTime): dateTimeFunction(function, dateTime)
        case .decimal(let number): decimalFunction(function, number)
        case .duration(let duration) where function == .totalSeconds: .decimal(DecimalNumber(microseconds: duration.microseconds))
        default: .null
        }
    }

    /// A function of two arguments; null when one is null.
    static func call(_ function: CanonicalFunction, _ first: Value, _ second: Value) -> Value {
        if function == .substring { return substring(first, second, nil) }
        guard case .string(let text) = first, case .string(let part) = second else { return .null }
        switch function {
        case .contains: return .bool(CodePoints.firstIndex(of: part, in: text) != nil)
        case .startsWith: return .bool(CodePoints.matches(part, in: text, at: 0))
        case .endsWith: return .bool(CodePoints.matches(part, in: text, at: text.utf8.count - part.utf8.count))
        case .indexOf:
            guard let index = CodePoints.firstIndex(of: part, in: text) else { return .integer(-1) }
            return .integer(Int64(CodePoints.count(text.utf8.span.extracting(..<index))))
        case .concat: return .string(text + part)
        default: return .null
        }
    }

    /// `substring` with two arguments, or with three.
    static func substring(_ text: Value, _ start: Value, _ length: Value?) -> Value {
        guard case .string(let text) = text, case .integer(let start) = start else { return .null }
        guard let length else { return .string(CodePoints.substring(text, start: start, length: .max)) }
        guard case .integer(let length) = length else { return .null }
        return .string(CodePoints.substring(text, start: start, length: length))
    }

    private static func textFunction(_ function: CanonicalFunction, _ text: String) -> Value {
        switch function {
        case .length: .integer(Int64(CodePoints.count(text.utf8.span)))
        case .toLower: .string(CaseMapping.lowercased(text))
        case .toUpper: .string(CaseMapping.uppercased(text))
        case .trim: .string(CodePoints.trimmed(text))
        default: .null
        }
    }

    private static func dateFunction(_ function: CanonicalFunction, _ date: CalendarDate) -> Value {
        switch function {
        case .year: .integer(Int64(date.components.year))
        case .month: .integer(Int64(date.components.month))
        case .day: .integer(Int64(date.components.day))
        default: .null
        }
    }

    private static func timeFunction(_ function: CanonicalFunction, _ time: TimeOfDay) -> Value {
        switch function {
        case .hour: .integer(Int64(time.hour))
        case .minute: .integer(Int64(time.minute))
        case .second: .integer(Int64(time.second))
        case .fractionalSeconds: .decimal(DecimalNumber(microseconds: Int64(time.fraction)))
        default: .null
        }
    }

    private static func dateTimeFunction(_ function: CanonicalFunction, _ dateTime: DateTime) -> Value {
        switch function {
        case .date: .date(dateTime.date)
        case .time: .timeOfDay(dateTime.time)
        case .totalOffsetMinutes: .integer(Int64(dateTime.offsetMinutes))
        case .year, .month, .day: dateFunction(function, dateTime.date)
        default: timeFunction(function, dateTime.time)
        }
    }

    private static func decimalFunction(_ function: CanonicalFunction, _ number: DecimalNumber) -> Value {
        let result: DecimalNumber? =
            switch function {
            case .round: number.rounded
            case .floor: number.floor
            case .ceiling: number.ceiling
            default: nil
            }
        return result.map { .decimal($0) } ?? .null
    }
}
