extension Parser {
    /// `isof(…)`, `cast(…)` or `case(…)`; nil when none of them stands here.
    mutating func typeFunctionOrCase() throws(QueryError) -> Expression? {
        let start = position
        let ignoringCase = version.ignoresCase
        if matches("case(", ignoringCase: ignoringCase) {
            position += 5
            return try conditional(from: start)
        }
        let isTest = matches("isof(", ignoringCase: ignoringCase)
        guard isTest || matches("cast(", ignoringCase: ignoringCase) else { return nil }
        position += 5
        skipBlanks()
        var operand: Expression?
        if !typeNameEndsCall() {
            try enter()
            operand = try expression()
            leave()
            skipBlanks()
            try expect(",", "','")
            skipBlanks()
        }
        let type = try typeName()
        skipBlanks()
        try expect(")", "')'")
        return try node(isTest ? .typeTest(operand, type) : .cast(operand, type), from: start)
    }

    /// Whether the name of a type and a closing parenthesis stand here, so that there is no expression before it.
    private func typeNameEndsCall() -> Bool {
        var look = self
        guard (try? look.typeName()) != nil else { return false }
        look.skipBlanks()
        return look.peek() == UInt8(ascii: ")")
    }

    private mutating func typeName() throws(QueryError) -> TypeName {
        let isCollection = matches("Collection(", ignoringCase: false)
        if isCollection { position += 11 }
        guard let end = qualifiedNameEnd(at: position) else { throw unexpected("the name of a type") }
        let name = text.string(position..<end)
        position = end
        if isCollection { try expect(")", "')'") }
        return TypeName(name: name, isCollection: isCollection)
    }

    private mutating func conditional(from start: Int) throws(QueryError) -> Expression {
        var branches: [Expression.ConditionalBranch] = []
        repeat {
            skipBlanks()
            let condition = try expression()
            skipBlanks()
            try expect(":", "':' between condition and value")
            skipBlanks()
            let value = try expression()
            skipBlanks()
            branches.append(Expression.ConditionalBranch(condition: condition, value: value))
        } while skip(",")
        try expect(")", "',' or ')'")
        return try node(.conditional(branches), from: start)
    }

    /// A call of a function of the standard, or a path.
    mutating func callOrPath() throws(QueryError) -> Expression {
        let start = position
        guard let end = qualifiedNameEnd(at: start), end < bytes.count, bytes[end] == UInt8(ascii: "(") else { return try path() }
        let name = text.string(start..<end)
        let key = version.ignoresCase ? name.lowercased() : name
        if key == "any" || key == "all" { throw fail(at: start, "'\(key)' needs a collection before it, as in emails/\(key)(…).") }
        guard let arity = Parser.functions[key] else { return try path() }
        position = end
        let nameRange = range(from: start)
        position += 1
        let arguments = try positionalArguments()
        guard arity.contains(arguments.count) else {
            throw fail(.wrongArguments, at: start, "The function '\(key)' takes \(Parser.arityText(arity)), not \(arguments.count).")
        }
        return try node(.call(FunctionCall(name: key, arguments: arguments, nameRange: nameRange)), from: start)
    }

    private mutating func positionalArguments() throws(QueryError) -> [FunctionCall.Argument] {
        var arguments: [FunctionCall.Argument] = []
        skipBlanks()
        if skip(")") { return arguments }
        repeat {
            skipBlanks()
            arguments.append(FunctionCall.Argument(value: try expression()))
            skipBlanks()
        } while skip(",")
        guard skip(")") else { throw isAtEnd ? unexpected("',' or ')'") : afterOperand() }
        return arguments
    }

    /// What stands in the parentheses of a function that the standard doesn't know, or of a key: `name=value, …` or one value.
    mutating func namedArguments() throws(QueryError) -> [FunctionCall.Argument] {
        var arguments: [FunctionCall.Argument] = []
        let start = position
        skipBlanks()
        if skip(")") { return arguments }
        repeat {
            skipBlanks()
            var name: String?
            if let end = identifierEnd(at: position), end < bytes.count, bytes[end] == UInt8(ascii: "=") {
                name = text.string(position..<end)
                position = end + 1
            }
            arguments.append(FunctionCall.Argument(name: name, value: try expression()))
            skipBlanks()
        } while skip(",")
        guard skip(")") else { throw isAtEnd ? unexpected("',' or ')'") : afterOperand() }
        if arguments.count > 1, arguments.contains(where: { $0.name == nil }) {
            throw fail(at: start, "This is no function of the standard; arguments of others are written name=value.")
        }
        return arguments
    }

    private static func arityText(_ arity: ClosedRange<Int>) -> String {
        if arity.lowerBound != arity.upperBound { return "\(arity.lowerBound) or \(arity.upperBound) arguments" }
        return arity.lowerBound == 0 ? "no arguments" : arity.lowerBound == 1 ? "1 argument" : "\(arity.lowerBound) arguments"
    }

    /// The functions of the standard (rule `methodCallExpr`) with the number of their arguments.
    static let functions: [String: ClosedRange<Int>] = [
        "concat": 2...2, "contains": 2...2, "endswith": 2...2, "indexof": 2...2, "length": 1...1, "matchespattern": 2...3,
        "startswith": 2...2, "substring": 2...3, "tolower": 1...1, "toupper": 1...1, "trim": 1...1,
        "year": 1...1, "month": 1...1, "day": 1...1, "hour": 1...1, "minute": 1...1, "second": 1...1, "fractionalseconds": 1...1,
        "totalseconds": 1...1, "date": 1...1, "time": 1...1, "totaloffsetminutes": 1...1,
        "mindatetime": 0...0, "maxdatetime": 0...0, "now": 0...0, "round": 1...1, "floor": 1...1, "ceiling": 1...1,
        "geo.distance": 2...2, "geo.length": 1...1, "geo.intersects": 2...2, "hassubset": 2...2, "hassubsequence": 2...2,
    ]
}
