import QueryLanguage

/// Values: properties, literals, arithmetic. Functions are beside this.
extension QueryCompiler {
    func value(_ expression: TypedExpression) throws -> SQLFragment {
        switch expression.kind {
        case .literal(let value): return literal(value, type: expression.type)
        case .property(let path):
            guard case .value(let piece) = try resolve(path) else { throw Self.gone(path.displayName) }
            return piece
        case .arithmetic(let operation, let left, let right): return try arithmetic(operation, left, right)
        case .negate(let operand):
            let piece = try value(operand)
            guard expression.type == .int64 else {
                return SQLFragment("-\(piece.operand)", isAtomic: false, isNullable: piece.isNullable)
            }
            return SQLFragment("tessera.int64(-\(piece.operand)::numeric)", isNullable: true)
        case .toDecimal(let operand):
            let piece = try value(operand)
            return SQLFragment("\(piece.operand)::numeric", isNullable: piece.isNullable)
        case .cast(let operand): return try cast(operand, to: expression.type)
        case .call(let function, let arguments): return try call(function, arguments)
        case .conditional(let branches): return try conditional(branches, nil)
        case .count(let members): return try count(members)
        case .isNull, .compare, .isInList, .isInCollection, .and, .or, .not, .any, .all: return try condition(expression, .exact)
        }
    }

    private func literal(_ value: Value, type: PropertyType) -> SQLFragment {
        switch value {
        case .null: return SQLFragment("NULL::\(type.sqlName)", isNullable: true)
        case .bool(let value): return SQLFragment(value ? "TRUE" : "FALSE", isNullable: false)
        case .dateTime:
            let index = take(.value(value))
            return SQLFragment(placeholder(.literal(index, .value)), isNullable: false, offset: .literal(index))
        default: return SQLFragment(placeholder(.literal(take(.value(value)), .value)), isNullable: false)
        }
    }

    /// Minutes east of UTC as SQL; nil for UTC. A literal's offset becomes a parameter only when somebody asks.
    func minutes(of offset: UTCOffset?) -> String? {
        switch offset {
        case nil: return nil
        case .literal(let index): return placeholder(.literal(index, .offsetMinutes))
        case .branches(let branches):
            let cases = branches.map { "WHEN \($0.condition) THEN \(minutes(of: $0.offset) ?? "0")" }
            return "CASE \(cases.joined(separator: " ")) END"
        }
    }

    private func arithmetic(
        _ operation: TypedExpression.Arithmetic, _ left: TypedExpression, _ right: TypedExpression
    ) throws -> SQLFragment {
        let (a, b) = (try value(left), try value(right))
        let isNullable = a.isNullable || b.isNullable
        func infix(_ symbol: String) -> SQLFragment {
            SQLFragment("\(a.operand) \(symbol) \(b.operand)", isAtomic: false, isNullable: isNullable, offset: a.offset)
        }
        // Through numeric, which holds any result: one beyond 64 bits is null, as in memory.
        func integers(_ symbol: String) -> SQLFragment {
            SQLFragment("tessera.int64(\(a.operand)::numeric \(symbol) \(b.operand)::numeric)", isNullable: true)
        }
        func quotient(_ symbol: String) -> SQLFragment {
            SQLFragment("\(a.operand) \(symbol) nullif(\(b.text), 0)", isAtomic: false, isNullable: true)
        }
        switch operation {
        case .addIntegers: return integers("+")
        case .subtractIntegers: return integers("-")
        case .multiplyIntegers: return integers("*")
        case .addDecimals, .addDurations: return infix("+")
        case .subtractDecimals, .subtractDurations: return infix("-")
        case .addDurationToDateTime, .subtractDurationFromDateTime:
            let sign = operation == .addDurationToDateTime ? "" : "-"
            return SQLFragment("tessera.moved(\(a.operand), \(sign)\(b.operand))", isNullable: true, offset: a.offset)
        case .subtractDateTimes: return SQLFragment("\(a.operand) - \(b.operand)", isAtomic: false, isNullable: isNullable)
        case .multiplyDecimals: return infix("*")
        case .divideIntegers:
            // The smallest integer by -1 is the one quotient beyond 64 bits.
            return SQLFragment("tessera.int64(div(\(a.operand)::numeric, nullif(\(b.text), 0)::numeric))", isNullable: true)
        case .divideDecimals: return quotient("/")
        case .moduloIntegers, .moduloDecimals: return quotient("%")
        case .addDurationToDate, .subtractDurationFromDate:
            let sign = operation == .addDurationToDate ? "" : "-"
            return SQLFragment("tessera.moved(\(a.operand), \(sign)\(b.operand))", isNullable: true)
        case .subtractDates:
            return SQLFragment("(\(a.operand) - \(b.operand)) * interval '1 day'", isAtomic: false, isNullable: isNullable)
        case .multiplyDuration: return duration("\(microseconds(of: a)) * \(b.operand)", isNullable: isNullable)
        case .divideDuration: return duration("\(microseconds(of: a)) / nullif(\(b.text), 0)", isNullable: true)
        }
    }

    private func microseconds(of piece: SQLFragment) -> String {
        "(extract(epoch from \(piece.text)) * 1000000)::numeric(38,0)"
    }

    /// Through text, since an interval multiplied by a number goes through binary floating point.
    private func duration(_ microseconds: String, isNullable: Bool) -> SQLFragment {
        SQLFragment("(tessera.int64(round(\(microseconds))) || ' microseconds')::interval", isNullable: true)
    }
}
