extension ExpressionChecker {
    mutating func check(
        _ operation: Expression.BinaryOperator, _ left: Expression, _ right: Expression, range: SourceRange
    ) throws(QueryError) -> TypedExpression {
        switch operation {
        case .equal, .notEqual, .greaterThan, .greaterOrEqual, .lessThan, .lessOrEqual:
            guard let comparison = TypedExpression.Comparison(rawValue: operation.rawValue) else {
                throw unsupported("'\(operation)'", range)
            }
            let left = try check(left)
            return try compare(comparison, left, try check(right), range: range)
        case .add, .sub, .multiply, .divide, .divideBy, .modulo:
            let left = try check(left)
            return try arithmetic(operation, left, try check(right), range: range)
        case .isIn:
            let left = try check(left)
            return try membership(left, right, range: range)
        case .has:
            return try checkHas(left, right, range: range)
        }
    }

    // MARK: - Comparison

    private mutating func compare(
        _ comparison: TypedExpression.Comparison, _ left: TypedExpression, _ right: TypedExpression, range: SourceRange
    ) throws(QueryError) -> TypedExpression {
        let isEquality = comparison == .equal || comparison == .notEqual
        if left.isNullLiteral || right.isNullLiteral {
            guard isEquality else {
                // Nothing is larger or smaller than null.
                return TypedExpression(.literal(.bool(false)), type: .boolean, mayBeNull: false, range: range)
            }
            return try nullTest(left.isNullLiteral ? right : left, isNegated: comparison == .notEqual, range: range)
        }
        for side in [left, right] where !side.type.isSortable {
            let hint = side.type.isCollection ? "use any, all or $count" : "it can only be compared with null"
            throw QueryError(.typeMismatch, at: side.range.start, "This is \(side.type.phrase); \(hint).")
        }
        if isEquality, let node = try normalComparison(comparison, left, right, range: range) { return node }
        let (first, second) = try matched(left, right, word: comparison.rawValue)
        if !isEquality, isChoice(first) || isChoice(second) {
            let message = "Choices have no order for '\(comparison.rawValue)'; use eq, ne or in."
            throw QueryError(.typeMismatch, at: (isChoice(first) ? first : second).range.start, message)
        }
        if let node = categoryComparison(comparison, first, second, range: range) { return node }
        try checkCurrencies(first, second, word: comparison.rawValue)
        let node = TypedExpression(.compare(comparison, first, second), type: .boolean, mayBeNull: false, range: range)
        return try folded(node, operands: [first, second])
    }

    private func nullTest(_ operand: TypedExpression, isNegated: Bool, range: SourceRange) throws(QueryError) -> TypedExpression {
        if operand.isLiteral {
            let isNull = operand.isNullLiteral
            return TypedExpression(.literal(.bool(isNull != isNegated)), type: .boolean, mayBeNull: false, range: range)
        }
        guard !operand.type.isCollection else {
            throw QueryError(.typeMismatch, at: operand.range.start, "A collection is never null; use any() or $count.")
        }
        return TypedExpression(.isNull(operand, isNegated: isNegated), type: .boolean, mayBeNull: false, range: range)
    }

    private func isChoice(_ node: TypedExpression) -> Bool {
        if case .choice = node.type { return true }
        return false
    }

    /// Both operands with one type, or the error that says why they have none.
    private func matched(
        _ left: TypedExpression, _ right: TypedExpression, word: String
    ) throws(QueryError) -> (TypedExpression, TypedExpression) {
        if left.type.isNumeric, right.type.isNumeric {
            return left.type == right.type ? (left, right) : (promoted(left), promoted(right))
        }
        if case .choice = left.type, right.type.isText { return (left, try coerce(right, to: matchingType(right, left)) { $0.phrase }) }
        if case .choice = right.type, left.type.isText { return (try coerce(left, to: matchingType(left, right)) { $0.phrase }, right) }
        if left.type == right.type { return (left, right) }
        if left.type == .duration, let value = try? coerce(right, to: .duration, { $0.phrase }) { return (left, value) }
        if right.type == .duration, let value = try? coerce(left, to: .duration, { $0.phrase }) { return (value, right) }
        throw mismatch(left, right, word: word)
    }

    /// A text literal that meets a choice must be one of its members; other text is compared as text.
    private func matchingType(_ node: TypedExpression, _ other: TypedExpression) -> PropertyType {
        node.isLiteral ? other.type : node.type
    }

    private func mismatch(_ left: TypedExpression, _ right: TypedExpression, word: String) -> QueryError {
        let message = "'\(word)' can't compare \(left.type.phrase) with \(right.type.phrase)"
        let hint: String =
            switch (left.type, right.type) {
            case (.date, .dateTimeOffset), (.dateTimeOffset, .date): "; take the day of the date-time with date(…)"
            case (.timeOfDay, .dateTimeOffset), (.dateTimeOffset, .timeOfDay): "; take the clock time with time(…)"
            case (.string, _) where left.isLiteral && !right.type.isText: "; write it without quotes"
            case (_, .string) where right.isLiteral && !left.type.isText: "; write it without quotes"
            case (.string, _) where right.isLiteral, (_, .string) where left.isLiteral: "; text stands in quotes"
            default: ""
            }
        return QueryError(.typeMismatch, at: right.range.start, "\(message)\(hint).")
    }

    // MARK: - in

    private mutating func membership(_ left: TypedExpression, _ right: Expression, range: SourceRange) throws(QueryError) -> TypedExpression
    {
        guard left.type.isSortable || left.isNullLiteral else {
            throw QueryError(.typeMismatch, at: left.range.start, "'in' needs a single value on its left, but this is \(left.type.phrase).")
        }
        switch right.kind {
        case .list(let items), .array(let items): return try membership(left, of: items, range: range)
        default: break
        }
        let collection = try check(right)
        guard case .collection(let item) = collection.type, case .property(let path) = collection.kind, item.isSortable else {
            throw QueryError(.typeMismatch, at: right.range.start, "'in' needs a list such as ('a','b') or a collection on its right.")
        }
        let sample = TypedExpression(.property(path), type: item, mayBeNull: false, range: collection.range)
        let operand = left.isNullLiteral ? TypedExpression(.literal(.null), type: item, mayBeNull: true, range: left.range) : left
        let (first, second) = try matched(operand, sample, word: "in")
        guard second.type == item else { throw mismatch(left, sample, word: "in") }
        return TypedExpression(.isInCollection(first, path), type: .boolean, mayBeNull: false, range: range)
    }

    private mutating func membership(_ left: TypedExpression, of items: [Expression], range: SourceRange) throws(QueryError)
        -> TypedExpression
    {
        var members: [TypedExpression] = []
        var includesNull = false
        for item in items {
            guard item.isLiteral else { throw unsupported("An array of anything but literals", item.range) }
            let member = try check(item)
            if member.isNullLiteral { includesNull = true } else { members.append(member) }
        }
        if left.isNullLiteral {
            return TypedExpression(.literal(.bool(includesNull)), type: .boolean, mayBeNull: false, range: range)
        }
        var operand = left
        if left.type == .int64, members.contains(where: { $0.type == .decimal }) { operand = promoted(left) }
        var values: [Value] = []
        for member in members {
            let (_, matched) = try matched(operand, member, word: "in")
            if case .literal(let value) = matched.kind { values.append(value) }
        }
        if !includesNull, let node = choices(of: operand, among: values) { return node }
        if let node = try normalMembership(operand, of: values, includesNull: includesNull, members: members, range: range) { return node }
        let node = TypedExpression(.isInList(operand, values, includesNull: includesNull), type: .boolean, mayBeNull: false, range: range)
        return try folded(node, operands: [operand])
    }
}
