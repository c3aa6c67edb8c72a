/// Checks one expression; holds the variables that are in scope.
struct ExpressionChecker {
    /// What names without a variable before them are looked up in.
    enum Element: Hashable {
        case entity(EntityShape)
        case complex(ComplexShape)
        case value(PropertyType)
    }

    /// A variable of `any` or `all`.
    struct Variable {
        let name: String
        let number: Int
        let element: Element
    }

    let schema: any QuerySchema
    let record: Element
    /// Where bare names start: the record, or the member inside `$count(filter=…)`.
    var base: (root: PropertyPath.Root, element: Element)
    var variables: [Variable] = []
    var nextVariable = 0
    private let isNested: Bool
    /// What `$user` has, where it can stand.
    let user: ComplexShape?
    /// What can be asked about an event, where there is one.
    let event: EventScope?
    /// What `compute` has named.
    let names: ComputedNames?
    private var depth = 0

    /// Deeper than any tree that the parser makes: a bound for trees made by code.
    private static let greatestDepth = 1_000

    init(
        schema: any QuerySchema, record: Element, isNested: Bool = false, names: ComputedNames? = nil, user: ComplexShape? = nil,
        event: EventScope? = nil
    ) {
        self.schema = schema
        self.record = record
        self.isNested = isNested
        self.names = names
        self.user = user
        self.event = event
        base = (.record, record)
    }

    var refersOutside: Bool { isNested }

    mutating func checkWhole(_ expression: Expression, expecting expected: PropertyType?) throws(QueryError) -> TypedExpression {
        let result = try check(expression)
        guard let expected else {
            if result.isNullLiteral { return result }
            return result
        }
        return try coerce(result, to: expected) { "Expected \(expected.phrase) as the result, found \($0.phrase)." }
    }

    /// Checks a node. A null literal comes back with type `untyped`, to be given its type by its place.
    mutating func check(_ expression: Expression) throws(QueryError) -> TypedExpression {
        depth += 1
        guard depth <= ExpressionChecker.greatestDepth else {
            throw QueryError(.limit, at: expression.range.start, "The expression is nested too deeply.")
        }
        defer { depth -= 1 }
        let range = expression.range
        switch expression.kind {
        case .literal(let literal): return try check(literal, range: range)
        case .path(let path): return try check(path, range: range)
        case .call(let call): return try check(call, range: range)
        case .conditional(let branches): return try check(branches, range: range)
        case .negate(let operand): return try checkNegation(operand, range: range)
        case .not(let operand): return try checkNot(operand, range: range)
        case .and(let operands): return try checkLogic(operands, word: "and", range: range) { .and($0) }
        case .or(let operands): return try checkLogic(operands, word: "or", range: range) { .or($0) }
        case .binary(let operation, let left, let right): return try check(operation, left, right, range: range)
        case .list: throw QueryError(.syntax, at: range.start, "A list in parentheses can only follow 'in'.")
        case .array: throw unsupported("A JSON array outside of 'in'", range)
        case .object: throw unsupported("A JSON object", range)
        case .typeTest: throw unsupported("'isof'", range)
        case .cast(let operand, let type): return try checkCast(operand, to: type, range: range)
        }
    }

    func unsupported(_ what: String, _ range: SourceRange) -> QueryError {
        QueryError(.notSupported, at: range.start, "\(what) is not supported yet.")
    }

    private func check(_ literal: Literal, range: SourceRange) throws(QueryError) -> TypedExpression {
        switch literal {
        case .value(.string(let text)):
            return TypedExpression(.literal(.string(normalizedNFC(text))), type: .string, mayBeNull: false, range: range)
        case .value(let value):
            return TypedExpression(.literal(value), type: value.literalType, mayBeNull: value.isNull, range: range)
        case .notFinite(let text): throw unsupported("'\(text)'", range)
        case .binary: throw unsupported("A binary literal", range)
        case .geo(let prefix, _): throw unsupported("A \(prefix) literal", range)
        case .enumeration(_, let members):
            // Choices have no type names of their own, so the member alone counts.
            return TypedExpression(.literal(.string(normalizedNFC(members))), type: .string, mayBeNull: false, range: range)
        }
    }

    // MARK: - Logic

    private mutating func checkLogic(
        _ operands: [Expression], word: String, range: SourceRange, _ make: ([TypedExpression]) -> TypedExpression.Kind
    ) throws(QueryError) -> TypedExpression {
        var checked: [TypedExpression] = []
        checked.reserveCapacity(operands.count)
        for operand in operands {
            let result = try check(operand)
            checked.append(try coerce(result, to: .boolean) { "'\(word)' joins conditions, but this is \($0.phrase)." })
        }
        let mayBeNull = checked.contains(where: \.mayBeNull)
        return try folded(TypedExpression(make(checked), type: .boolean, mayBeNull: mayBeNull, range: range), operands: checked)
    }

    private mutating func checkNot(_ operand: Expression, range: SourceRange) throws(QueryError) -> TypedExpression {
        let result = try check(operand)
        let condition = try coerce(result, to: .boolean) {
            "'not' needs a condition, but this is \($0.phrase); it covers the next operand only, so write not (…) around a comparison."
        }
        let node = TypedExpression(.not(condition), type: .boolean, mayBeNull: condition.mayBeNull, range: range)
        return try folded(node, operands: [condition])
    }

    private mutating func check(_ branches: [Expression.ConditionalBranch], range: SourceRange) throws(QueryError) -> TypedExpression {
        var checked: [TypedExpression.Branch] = []
        var type: PropertyType?
        for branch in branches {
            let condition = try coerce(try check(branch.condition), to: .boolean) {
                "A condition of 'case' is needed, but this is \($0.phrase)."
            }
            let value = try check(branch.value)
            if !value.isNullLiteral {
                guard value.type.isSortable else {
                    throw QueryError(.typeMismatch, at: value.range.start, "A value of 'case' can't be \(value.type.phrase).")
                }
                type = try common(type ?? value.type, value, "The values of 'case' must have one type")
                if let amount = checked.first(where: { $0.value.currency != nil })?.value {
                    try checkCurrencies(amount, value, word: "case")
                }
            }
            checked.append(.init(condition: condition, value: value))
        }
        let result = type ?? .string
        var mayBeNull = true
        for index in checked.indices {
            let value = try coerce(checked[index].value, to: result) {
                "The values of 'case' must have one type, but this is \($0.phrase)."
            }
            checked[index] = .init(condition: checked[index].condition, value: value)
        }
        if let last = checked.last, case .literal(.bool(true)) = last.condition.kind {
            mayBeNull = checked.contains { $0.value.mayBeNull }
        }
        let node = TypedExpression(.conditional(checked), type: result, mayBeNull: mayBeNull, range: range)
        return try folded(node, operands: checked.flatMap { [$0.condition, $0.value] })
    }

    /// The type that two values have in common.
    private func common(_ type: PropertyType, _ value: TypedExpression, _ rule: String) throws(QueryError) -> PropertyType {
        if type == value.type { return type }
        if type.isNumeric, value.type.isNumeric { return .decimal }
        if type.isText, value.type.isText { return .string }
        throw QueryError(.typeMismatch, at: value.range.start, "\(rule), but this is \(value.type.phrase) and not \(type.phrase).")
    }

    // MARK: - Types

    /// The node as a type: a null literal takes it, an integer is promoted to a decimal, a text literal becomes a duration.
    func coerce(
        _ node: TypedExpression, to type: PropertyType, _ message: (PropertyType) -> String
    ) throws(QueryError) -> TypedExpression {
        if node.type == type { return node }
        if node.isNullLiteral { return TypedExpression(.literal(.null), type: type, mayBeNull: true, range: node.range) }
        switch (type, node.type) {
        case (.decimal, .int64):
            return promoted(node)
        case (.string, .choice):
            return node
        case (.choice(let choice), .string):
            if case .literal(.string(let text)) = node.kind {
                try checkMember(text, of: choice, at: node.range.start)
                return node
            }
        case (.duration, .string):
            if case .literal(.string(let text)) = node.kind, let value = DayTimeDuration(text) {
                return TypedExpression(.literal(.duration(value)), type: .duration, mayBeNull: false, range: node.range)
            }
        default:
            break
        }
        throw QueryError(.typeMismatch, at: node.range.start, message(node.type))
    }

    func checkMember(_ text: String, of choice: ChoiceType, at column: Int) throws(QueryError) {
        guard !choice.members.contains(text) else { return }
        let known = choice.members.prefix(8).map { "'\($0)'" }.joined(separator: ", ")
        let more = choice.members.count > 8 ? ", …" : ""
        throw QueryError(
            .invalidLiteral, at: column, "'\(text)' is none of the choices \(known)\(more).",
            suggestion: Spelling.closest(to: text, in: choice.members))
    }

    func promoted(_ node: TypedExpression) -> TypedExpression {
        guard case .int64 = node.type else { return node }
        if case .literal(.integer(let value)) = node.kind {
            return TypedExpression(.literal(.decimal(DecimalNumber(value))), type: .decimal, mayBeNull: false, range: node.range)
        }
        return TypedExpression(.toDecimal(node), type: .decimal, mayBeNull: node.mayBeNull, range: node.range)
    }

    /// A node whose operands are all literals as the literal it comes to. A constant without result is an error here.
    func folded(_ node: TypedExpression, operands: [TypedExpression]) throws(QueryError) -> TypedExpression {
        guard operands.allSatisfy(\.isLiteral) else { return node }
        let value = Evaluator().evaluate(node, on: RecordValues([:]))
        return TypedExpression(.literal(value), type: node.type, mayBeNull: value.isNull, range: node.range)
    }
}

extension TypedExpression {
    var isLiteral: Bool {
        if case .literal = kind { return true }
        return false
    }

    /// Whether it is the literal null.
    var isNullLiteral: Bool {
        if case .literal(.null) = kind { return true }
        return false
    }
}

extension Value {
    /// The type of a single value as a literal; null has none and says `untyped`.
    var literalType: PropertyType {
        switch self {
        case .bool: .boolean
        case .integer: .int64
        case .decimal: .decimal
        case .string: .string
        case .date: .date
        case .timeOfDay: .timeOfDay
        case .dateTime: .dateTimeOffset
        case .duration: .duration
        case .guid: .guid
        case .null, .collection, .complex: .untyped
        }
    }
}
