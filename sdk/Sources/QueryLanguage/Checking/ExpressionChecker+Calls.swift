extension ExpressionChecker {
    mutating func check(_ call: FunctionCall, range: SourceRange) throws(QueryError) -> TypedExpression {
        switch call.name {
        case "mindatetime": return TypedExpression(.literal(.dateTime(.earliest)), type: .dateTimeOffset, mayBeNull: false, range: range)
        case "maxdatetime": return TypedExpression(.literal(.dateTime(.latest)), type: .dateTimeOffset, mayBeNull: false, range: range)
        default: break
        }
        guard let function = CanonicalFunction(rawValue: call.name) else { throw unknownFunction(call) }
        guard let arity = Parser.functions[call.name], arity.contains(call.arguments.count) else {
            throw QueryError(.wrongArguments, at: range.start, "The function '\(call.name)' has the wrong number of arguments.")
        }
        var arguments: [TypedExpression] = []
        for argument in call.arguments { arguments.append(try check(argument.value)) }
        return try apply(function, to: arguments, range: range)
    }

    /// No such function, or one that isn't evaluated yet.
    func unknownFunction(_ call: FunctionCall) -> QueryError {
        if Parser.functions[call.name] != nil {
            return QueryError(.notSupported, at: call.nameRange.start, "'\(call.name)' is not supported yet.")
        }
        let known = CanonicalFunction.allCases.map(\.rawValue)
        let suggestion = Spelling.closest(to: call.name, in: known)
        return QueryError(.unknownFunction, at: call.nameRange.start, "There is no function '\(call.name)'.", suggestion: suggestion)
    }

    private mutating func apply(_ function: CanonicalFunction, to arguments: [TypedExpression], range: SourceRange) throws(QueryError)
        -> TypedExpression
    {
        let (parameters, resultType) = function.signature
        var checked: [TypedExpression] = []
        for (index, argument) in arguments.enumerated() {
            guard !argument.isNullLiteral, index < parameters.count else {
                checked.append(argument)
                continue
            }
            checked.append(try check(argument, as: parameters[index], of: function, position: index))
        }
        if checked.contains(where: \.isNullLiteral) {
            return TypedExpression(.literal(.null), type: resultType, mayBeNull: true, range: range)
        }
        if let first = checked.first, first.type == .int64, function == .round || function == .floor || function == .ceiling {
            return first
        }
        if function == .substring, checked.count == 3, case .literal(.integer(let length)) = checked[2].kind, length < 0 {
            throw QueryError(.invalidLiteral, at: checked[2].range.start, "The length for 'substring' can't be negative.")
        }
        if let node = try normalCall(function, checked, range: range) { return node }
        let node = TypedExpression(
            .call(function, checked), type: resultType, mayBeNull: checked.contains(where: \.mayBeNull), range: range)
        return function == .now ? node : try folded(node, operands: checked)
    }

    private func check(
        _ argument: TypedExpression, as parameter: CanonicalFunction.Parameter, of function: CanonicalFunction, position: Int
    ) throws(QueryError) -> TypedExpression {
        if parameter == .duration, argument.type == .string {
            return try coerce(argument, to: .duration) { "'\(function.rawValue)' needs a duration, but this is \($0.phrase)." }
        }
        guard !parameter.accepts(argument.type) else { return argument }
        if argument.type.isCollection {
            let message = "'\(function.rawValue)' over a collection is not supported yet; use any, all or $count."
            throw QueryError(.notSupported, at: argument.range.start, message)
        }
        let place = ["first", "second", "third"][min(position, 2)]
        let message = "The \(place) argument of '\(function.rawValue)' must be \(parameter.phrase), but this is \(argument.type.phrase)."
        throw QueryError(.typeMismatch, at: argument.range.start, message)
    }
}

extension CanonicalFunction {
    /// What an argument may be.
    enum Parameter {
        case text, integer, number, dateOrDateTime, dateTime, timeOrDateTime, duration

        func accepts(_ type: PropertyType) -> Bool {
            switch self {
            case .text: type.isText
            case .integer: type == .int64
            case .number: type.isNumeric
            case .dateOrDateTime: type == .date || type == .dateTimeOffset
            case .dateTime: type == .dateTimeOffset
            case .timeOrDateTime: type == .timeOfDay || type == .dateTimeOffset
            case .duration: type == .duration
            }
        }

        var phrase: String {
            switch self {
            case .text: "text"
            case .integer: "an integer"
            case .number: "a number"
            case .dateOrDateTime: "a date or a date-time"
            case .dateTime: "a date-time"
            case .timeOrDateTime: "a time of day or a date-time"
            case .duration: "a duration"
            }
        }
    }

    /// The arguments in order, optional ones included, and the type of the result.
    var signature: (parameters: [Parameter], result: PropertyType) {
        switch self {
        case .contains, .startsWith, .endsWith: ([.text, .text], .boolean)
        case .indexOf: ([.text, .text], .int64)
        case .length: ([.text], .int64)
        case .substring: ([.text, .integer, .integer], .string)
        case .toLower, .toUpper, .trim: ([.text], .string)
        case .concat: ([.text, .text], .string)
        case .year, .month, .day: ([.dateOrDateTime], .int64)
        case .hour, .minute, .second: ([.timeOrDateTime], .int64)
        case .fractionalSeconds: ([.timeOrDateTime], .decimal)
        case .date: ([.dateTime], .date)
        case .time: ([.dateTime], .timeOfDay)
        case .totalOffsetMinutes: ([.dateTime], .int64)
        case .totalSeconds: ([.duration], .decimal)
        case .now: ([], .dateTimeOffset)
        case .round, .floor, .ceiling: ([.number], .decimal)
        }
    }
}
