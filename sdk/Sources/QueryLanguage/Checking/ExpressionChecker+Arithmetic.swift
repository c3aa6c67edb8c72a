extension ExpressionChecker {
    mutating func checkNegation(_ operand: Expression, range: SourceRange) throws(QueryError) -> TypedExpression {
        let operand = try check(operand)
        if operand.isNullLiteral { return operand }
        guard operand.type.isNumeric || operand.type == .duration else {
            throw QueryError(
                .typeMismatch, at: operand.range.start, "'-' needs a number or a duration, but this is \(operand.type.phrase).")
        }
        let node = TypedExpression(.negate(operand), type: operand.type, mayBeNull: true, range: range)
        return try constant(node, operands: [operand])
    }

    func arithmetic(
        _ operation: Expression.BinaryOperator, _ left: TypedExpression, _ right: TypedExpression, range: SourceRange
    ) throws(QueryError) -> TypedExpression {
        if left.isNullLiteral || right.isNullLiteral {
            let type = left.isNullLiteral ? right.type : left.type
            return TypedExpression(.literal(.null), type: type, mayBeNull: true, range: range)
        }
        let left = durationLiteral(left, beside: right)
        let right = durationLiteral(right, beside: left)
        if right.isZeroLiteral, operation == .divide || operation == .divideBy || operation == .modulo {
            throw QueryError(.evaluation, at: right.range.start, "Division by zero.")
        }
        if operation != .multiply { try checkCurrencies(left, right, word: operation.rawValue) }
        if left.type.isNumeric, right.type.isNumeric { return try numeric(operation, left, right, range: range) }
        return try temporal(operation, left, right, range: range)
    }

    /// `created_at add 'P1D'`: text that is a duration, where only a duration makes sense.
    private func durationLiteral(_ node: TypedExpression, beside other: TypedExpression) -> TypedExpression {
        guard node.type == .string, !other.type.isText else { return node }
        return (try? coerce(node, to: .duration) { $0.phrase }) ?? node
    }

    private func numeric(
        _ operation: Expression.BinaryOperator, _ left: TypedExpression, _ right: TypedExpression, range: SourceRange
    ) throws(QueryError) -> TypedExpression {
        let isWhole = left.type == .int64 && right.type == .int64 && operation != .divideBy
        let kind: TypedExpression.Arithmetic =
            switch operation {
            case .add: isWhole ? .addIntegers : .addDecimals
            case .sub: isWhole ? .subtractIntegers : .subtractDecimals
            case .multiply: isWhole ? .multiplyIntegers : .multiplyDecimals
            case .modulo: isWhole ? .moduloIntegers : .moduloDecimals
            default: isWhole ? .divideIntegers : .divideDecimals
            }
        let operands = isWhole ? (left, right) : (promoted(left), promoted(right))
        return try result(kind, operands.0, operands.1, type: isWhole ? .int64 : .decimal, range: range)
    }

    private func temporal(
        _ operation: Expression.BinaryOperator, _ left: TypedExpression, _ right: TypedExpression, range: SourceRange
    ) throws(QueryError) -> TypedExpression {
        switch (operation, left.type, right.type) {
        case (.add, .date, .duration): return try result(.addDurationToDate, left, right, type: .date, range: range)
        case (.add, .duration, .date): return try result(.addDurationToDate, right, left, type: .date, range: range)
        case (.sub, .date, .duration): return try result(.subtractDurationFromDate, left, right, type: .date, range: range)
        case (.sub, .date, .date): return try result(.subtractDates, left, right, type: .duration, range: range)
        case (.add, .dateTimeOffset, .duration): return try result(.addDurationToDateTime, left, right, type: .dateTimeOffset, range: range)
        case (.add, .duration, .dateTimeOffset): return try result(.addDurationToDateTime, right, left, type: .dateTimeOffset, range: range)
        case (.sub, .dateTimeOffset, .duration):
            return try result(.subtractDurationFromDateTime, left, right, type: .dateTimeOffset, range: range)
        case (.sub, .dateTimeOffset, .dateTimeOffset): return try result(.subtractDateTimes, left, right, type: .duration, range: range)
        case (.add, .duration, .duration): return try result(.addDurations, left, right, type: .duration, range: range)
        case (.sub, .duration, .duration): return try result(.subtractDurations, left, right, type: .duration, range: range)
        case (.multiply, .duration, .int64), (.multiply, .duration, .decimal):
            return try result(.multiplyDuration, left, promoted(right), type: .duration, range: range)
        case (.multiply, .int64, .duration), (.multiply, .decimal, .duration):
            return try result(.multiplyDuration, right, promoted(left), type: .duration, range: range)
        case (.divide, .duration, .int64), (.divide, .duration, .decimal), (.divideBy, .duration, .int64), (.divideBy, .duration, .decimal):
            return try result(.divideDuration, left, promoted(right), type: .duration, range: range)
        default:
            let message = "'\(operation.rawValue)' can't be used with \(left.type.phrase) and \(right.type.phrase)"
            let hint: String =
                switch (left.type, right.type) {
                case (.date, .int64), (.dateTimeOffset, .int64): "; write a duration, as in duration'P7D'"
                case (.date, .dateTimeOffset), (.dateTimeOffset, .date): "; take the day of the date-time with date(…)"
                case _ where left.type.isText && right.type.isText && operation == .add: "; join texts with concat(…)"
                default: ""
                }
            throw QueryError(.typeMismatch, at: range.start, "\(message)\(hint).")
        }
    }

    private func result(
        _ kind: TypedExpression.Arithmetic, _ left: TypedExpression, _ right: TypedExpression, type: PropertyType, range: SourceRange
    ) throws(QueryError) -> TypedExpression {
        let node = TypedExpression(.arithmetic(kind, left, right), type: type, mayBeNull: true, range: range)
        return try constant(node, operands: [left, right])
    }

    /// A constant that has no result is refused; one that only data would show is null.
    private func constant(_ node: TypedExpression, operands: [TypedExpression]) throws(QueryError) -> TypedExpression {
        let result = try folded(node, operands: operands)
        if result.isNullLiteral, !operands.contains(where: \.isNullLiteral) {
            throw QueryError(.evaluation, at: node.range.start, "The result of this calculation is out of range.")
        }
        return result
    }
}

extension TypedExpression {
    fileprivate var isZeroLiteral: Bool {
        switch kind {
        case .literal(.integer(0)): true
        case .literal(.decimal(let value)): value.isZero
        default: false
        }
    }
}
