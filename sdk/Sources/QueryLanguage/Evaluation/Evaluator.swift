/// Evaluates checked expressions in memory, with the same answers as SQL: see docs/query-language.md.
///
/// Evaluation never fails: what has no result is null. Time and memory are bounded by the size of the expression and of the values.
///
/// ```swift
/// let evaluator = Evaluator(now: clock.now)
/// if evaluator.isTrue(rule, on: RecordValues(["name": "Acme"])) { … }
/// ```
public struct Evaluator: Sendable {
    /// What `now()` answers: one instant for the whole evaluation. Nil makes it null.
    public var now: DateTime?
    /// What `$user` has, as a `.complex`: for conditions of rights.
    public var user: Value
    /// What `$event` has, as a `.complex`: for conditions of subscriptions.
    public var event: Value

    /// Makes an evaluator.
    /// - Parameter now: what `now()` answers; leave it out only for expressions about which it is known that they don't ask.
    /// - Parameter user: what `$user` has; leave it out for expressions that can't ask.
    /// - Parameter event: what `$event` has, likewise.
    public init(now: DateTime? = nil, user: Value = .null, event: Value = .null) {
        self.now = now
        self.user = user
        self.event = event
    }

    /// The value of an expression for a record.
    public func evaluate(_ expression: TypedExpression, on record: some RecordSource) -> Value {
        var evaluation = Evaluation(record: record, now: now, user: user, event: event)
        return evaluation.value(of: expression)
    }

    /// Whether a condition is true for a record; null isn't.
    public func isTrue(_ condition: TypedExpression, on record: some RecordSource) -> Bool {
        evaluate(condition, on: record) == .bool(true)
    }
}

/// One evaluation: the record, and the members that variables stand for.
struct Evaluation<Record: RecordSource> {
    let record: Record
    let now: DateTime?
    let user: Value
    let event: Value
    /// The value of each open variable, innermost last; they are few.
    private var variables: [(number: Int, value: Value)] = []

    init(record: Record, now: DateTime?, user: Value, event: Value) {
        self.record = record
        self.now = now
        self.user = user
        self.event = event
    }

    mutating func value(of expression: TypedExpression) -> Value {
        switch expression.kind {
        case .literal(let value): return value
        case .property(let path): return value(at: path)
        case .isNull(let operand, let isNegated): return .bool(value(of: operand).isNull != isNegated)
        case .compare(let comparison, let left, let right):
            let left = value(of: left)
            return .bool(Evaluation.compare(comparison, left, value(of: right)))
        case .isInList(let operand, let values, let includesNull):
            let value = value(of: operand)
            return .bool(value.isNull ? includesNull : values.contains { Value.order($0, value) == 0 })
        case .isInCollection(let operand, let path):
            let value = value(of: operand)
            return .bool(members(at: path).contains { Evaluation.compare(.equal, $0, value) })
        case .and(let operands): return conjunction(operands)
        case .or(let operands): return disjunction(operands)
        case .not(let operand):
            guard case .bool(let truth) = value(of: operand) else { return .null }
            return .bool(!truth)
        case .arithmetic(let operation, let left, let right):
            let left = value(of: left)
            return Value.apply(operation, left, value(of: right))
        case .negate(let operand): return value(of: operand).negated
        case .toDecimal(let operand):
            let value = value(of: operand)
            if case .integer(let number) = value { return .decimal(DecimalNumber(number)) }
            return value
        case .cast(let operand): return value(of: operand).cast(to: expression.type)
        case .call(let function, let arguments): return call(function, arguments)
        case .conditional(let branches):
            for branch in branches where value(of: branch.condition) == .bool(true) { return value(of: branch.value) }
            return .null
        case .count(let selection): return .integer(Int64(count(selection)))
        case .any(let selection): return .bool(any(selection, is: true))
        case .all(let selection): return .bool(!any(selection, is: false))
        }
    }

    private mutating func conjunction(_ operands: [TypedExpression]) -> Value {
        var sawNull = false
        for operand in operands {
            switch value(of: operand) {
            case .bool(true): break
            case .bool(false): return .bool(false)
            default: sawNull = true
            }
        }
        return sawNull ? .null : .bool(true)
    }

    private mutating func disjunction(_ operands: [TypedExpression]) -> Value {
        var sawNull = false
        for operand in operands {
            switch value(of: operand) {
            case .bool(false): break
            case .bool(true): return .bool(true)
            default: sawNull = true
            }
        }
        return sawNull ? .null : .bool(false)
    }

    private static func compare(_ comparison: TypedExpression.Comparison, _ left: Value, _ right: Value) -> Bool {
        guard !left.isNull, !right.isNull else {
            switch comparison {
            case .equal: return left.isNull && right.isNull
            case .notEqual: return left.isNull != right.isNull
            default: return false
            }
        }
        guard let order = Value.order(left, right) else { return comparison == .notEqual }
        return switch comparison {
        case .equal: order == 0
        case .notEqual: order != 0
        case .greaterThan: order > 0
        case .greaterOrEqual: order >= 0
        case .lessThan: order < 0
        case .lessOrEqual: order <= 0
        }
    }

    // MARK: - Paths and collections

    private func value(at path: PropertyPath) -> Value {
        switch path.root {
        case .record: return record.value(at: path.segments)
        case .variable(let number):
            guard let variable = variables.last(where: { $0.number == number }) else { return .null }
            return Value.follow(path.segments[...], from: variable.value)
        case .user: return Value.follow(path.segments[...], from: user)
        case .event: return Value.follow(path.segments[...], from: event)
        }
    }

    private func members(at path: PropertyPath) -> [Value] {
        guard case .collection(let members) = value(at: path) else { return [] }
        return members
    }

    private mutating func count(_ selection: CollectionMembers) -> Int {
        let members = members(at: selection.path)
        guard let condition = selection.condition else { return members.count }
        var count = 0
        for member in members where isTrue(condition, selection.variable, member) { count += 1 }
        return count
    }

    /// Whether the condition is true for some member, or, with `wanted` false, isn't true for some member.
    private mutating func any(_ selection: CollectionMembers, is wanted: Bool) -> Bool {
        let members = members(at: selection.path)
        guard let condition = selection.condition else { return wanted && !members.isEmpty }
        for member in members where isTrue(condition, selection.variable, member) == wanted { return true }
        return false
    }

    private mutating func isTrue(_ condition: TypedExpression, _ variable: Int, _ member: Value) -> Bool {
        variables.append((variable, member))
        defer { variables.removeLast() }
        return value(of: condition) == .bool(true)
    }

    // MARK: - Functions

    private mutating func call(_ function: CanonicalFunction, _ arguments: [TypedExpression]) -> Value {
        switch arguments.count {
        case 1:
            return Value.call(function, value(of: arguments[0]))
        case 2:
            let first = value(of: arguments[0])
            return Value.call(function, first, value(of: arguments[1]))
        case 3:
            let first = value(of: arguments[0])
            let second = value(of: arguments[1])
            return Value.substring(first, second, value(of: arguments[2]))
        default:
            return function == .now ? now.map { .dateTime($0) } ?? .null : .null
        }
    }
}
