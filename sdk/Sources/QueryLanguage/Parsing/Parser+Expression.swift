extension Parser {
    /// The whole text as one common expression.
    mutating func wholeExpression() throws(QueryError) -> Expression {
        let expression = try expression()
        guard isAtEnd else { throw afterOperand() }
        return expression
    }

    /// Rule `commonExpr`, with the precedence of OData 4.01 part 2, section 5.1.1.17.
    mutating func expression() throws(QueryError) -> Expression {
        try enter()
        let result = try disjunction()
        leave()
        return result
    }

    private mutating func disjunction() throws(QueryError) -> Expression {
        let start = position
        let first = try conjunction()
        guard skipOperator("or") else { return first }
        var operands = [first]
        repeat { operands.append(try conjunction()) } while skipOperator("or")
        return try node(.or(operands), from: start)
    }

    private mutating func conjunction() throws(QueryError) -> Expression {
        let start = position
        let first = try binary(.equality)
        guard skipOperator("and") else { return first }
        var operands = [first]
        repeat { operands.append(try binary(.equality)) } while skipOperator("and")
        return try node(.and(operands), from: start)
    }

    /// Levels of operators that group to the left, loosest first.
    private enum Level {
        case equality, relation, sum, product

        var tighter: Level? {
            switch self {
            case .equality: .relation
            case .relation: .sum
            case .sum: .product
            case .product: nil
            }
        }
    }

    private mutating func binary(_ level: Level) throws(QueryError) -> Expression {
        let start = position
        var left = try operand(of: level)
        var chain = 0
        while let operation = skipOperator(of: level) {
            let right = try operand(of: level)
            try lengthen(&chain)
            left = try node(.binary(operation, left, right), from: start)
        }
        return left
    }

    private mutating func operand(of level: Level) throws(QueryError) -> Expression {
        if let tighter = level.tighter { return try binary(tighter) }
        return try unary()
    }

    private mutating func skipOperator(of level: Level) -> Expression.BinaryOperator? {
        // Most operands are followed by nothing; one look decides.
        guard ASCII.isBlank(peek()) else { return nil }
        switch level {
        case .equality:
            if skipOperator("eq") { return .equal }
            if skipOperator("ne") { return .notEqual }
        case .relation:
            if skipOperator("gt") { return .greaterThan }
            if skipOperator("ge") { return .greaterOrEqual }
            if skipOperator("lt") { return .lessThan }
            if skipOperator("le") { return .lessOrEqual }
        case .sum:
            if skipOperator("add") { return .add }
            if skipOperator("sub") { return .sub }
        case .product:
            if skipOperator("mul") { return .multiply }
            if skipOperator("divby") { return .divideBy }
            if skipOperator("div") { return .divide }
            if skipOperator("mod") { return .modulo }
        }
        return nil
    }

    /// Steps over blanks, an operator's word and the blanks behind it, or over nothing.
    private mutating func skipOperator(_ word: StaticString) -> Bool {
        var distance = 0
        while ASCII.isBlank(peek(distance)) { distance += 1 }
        guard distance > 0, matches(word, at: distance, ignoringCase: version.ignoresCase) else { return false }
        distance += word.utf8CodeUnitCount
        guard ASCII.isBlank(peek(distance)) else { return false }
        position += distance
        skipBlanks()
        return true
    }

    private mutating func unary() throws(QueryError) -> Expression {
        let start = position
        if peek() == UInt8(ascii: "-"), !ASCII.isDigit(peek(1)), !matchesWord("INF", at: 1, ignoringCase: false) {
            position += 1
            skipBlanks()
            return try nestedUnary(from: start) { .negate($0) }
        }
        if matchesWord("not", ignoringCase: version.ignoresCase), ASCII.isBlank(peek(3)) || peek(3) == UInt8(ascii: "(") {
            position += 3
            skipBlanks()
            return try nestedUnary(from: start) { .not($0) }
        }
        return try member()
    }

    private mutating func nestedUnary(from start: Int, _ make: (Expression) -> Expression.Kind) throws(QueryError) -> Expression {
        try enter()
        let operand = try unary()
        leave()
        return try node(make(operand), from: start)
    }

    /// A primary with the operators `in` and `has`, which bind as tightly as a path.
    private mutating func member() throws(QueryError) -> Expression {
        let start = position
        var left = try primary()
        var chain = 0
        while ASCII.isBlank(peek()) {
            if skipOperator("in") {
                let right = try listOrExpression()
                try lengthen(&chain)
                left = try node(.binary(.isIn, left, right), from: start)
            } else if skipOperator("has") {
                let right = try primary()
                try lengthen(&chain)
                guard case .literal = right.kind else {
                    throw QueryError(.syntax, at: right.range.start, "Expected an enumeration literal such as Namespace.Type'member'.")
                }
                left = try node(.binary(.has, left, right), from: start)
            } else {
                break
            }
        }
        return left
    }

    /// The right side of `in`: literals in parentheses, or an expression.
    private mutating func listOrExpression() throws(QueryError) -> Expression {
        let start = position
        guard skip("(") else { return try primary() }
        skipBlanks()
        var items: [Expression] = []
        if !skip(")") {
            repeat {
                skipBlanks()
                items.append(try expression())
                guard items.count <= limits.listMembers else {
                    throw fail(.limit, at: position, "A list has at most \(limits.listMembers) members.")
                }
                skipBlanks()
            } while skip(",")
            try expect(")", "',' or ')'")
        }
        if items.count == 1, let item = items.first, !item.isLiteral { return item }
        if let wrong = items.first(where: { !$0.isLiteral }) {
            throw QueryError(
                .syntax, at: wrong.range.start, "A list for 'in' consists of literals; write 'x eq a or x eq b' for other values.")
        }
        return try node(.list(items), from: start)
    }

    private mutating func primary() throws(QueryError) -> Expression {
        let start = position
        switch peek() {
        case UInt8(ascii: "("):
            position += 1
            skipBlanks()
            var inner = try expression()
            skipBlanks()
            guard skip(")") else {
                if peek() == UInt8(ascii: ",") { throw fail(at: position, "A list in parentheses can only follow 'in'.") }
                throw isAtEnd ? fail(at: position, "Expected ')' for the '(' at column \(text.column(start)).") : afterOperand()
            }
            inner.range = range(from: start)
            return inner
        case UInt8(ascii: "["), UInt8(ascii: "{"):
            return try json()
        case UInt8(ascii: "'"):
            return try stringLiteral()
        case UInt8(ascii: "@"), UInt8(ascii: "$"):
            return try path()
        default:
            if let literal = try numberOrDate() { return literal }
            guard identifierEnd(at: position) != nil else { throw noOperand() }
            if let literal = try wordLiteral() { return literal }
            if let call = try typeFunctionOrCase() { return call }
            return try callOrPath()
        }
    }

    private func noOperand() -> QueryError {
        if peek() == UInt8(ascii: "\"") { return unexpected("a value; text stands in single quotes, 'like this'") }
        if peek() == UInt8(ascii: "!") { return unexpected("a value or a property", suggestion: "not") }
        return unexpected("a value, a property or a function")
    }

    /// What to say when something follows an operand that can't.
    func afterOperand() -> QueryError {
        var blanks = 0
        while ASCII.isBlank(peek(blanks)) { blanks += 1 }
        var look = self
        look.position += blanks
        if look.isAtEnd { return unexpected("the end") }
        let (first, second) = (look.peek(), look.peek(1))
        let isEqual = second == UInt8(ascii: "=")
        let suggestion: String? =
            switch first {
            case UInt8(ascii: "="): "eq"
            case UInt8(ascii: "!"): "ne"
            case UInt8(ascii: "<"): isEqual ? "le" : second == UInt8(ascii: ">") ? "ne" : "lt"
            case UInt8(ascii: ">"): isEqual ? "ge" : "gt"
            case UInt8(ascii: "&"): "and"
            case UInt8(ascii: "|"): "or"
            case UInt8(ascii: "*"): "mul"
            case UInt8(ascii: "-"): "sub"
            default: nil
            }
        if let suggestion { return look.unexpected("an operator", suggestion: suggestion) }
        guard let end = look.identifierEnd(at: look.position) else { return look.unexpected("an operator or the end") }
        let word = text.string(look.position..<end).lowercased()
        if Parser.operatorWords.contains(word) {
            // Within parentheses the blanks before the word have been read already.
            let isApart = blanks > 0 || (position > 0 && ASCII.isBlank(bytes[position - 1]))
            if !isApart { return fail(at: position, "Expected a blank before '\(word)'.") }
            return fail(at: min(end, bytes.count), "Expected a blank and an operand after '\(word)'.")
        }
        let close = Spelling.closest(to: word, in: Parser.operatorWords)
        return look.unexpected("an operator such as eq, gt, and, or", suggestion: close)
    }

    private static let operatorWords = [
        "eq", "ne", "gt", "ge", "lt", "le", "and", "or", "in", "has", "add", "sub", "mul", "div", "divby", "mod",
    ]
}

extension Expression {
    /// Whether the node is a literal.
    var isLiteral: Bool {
        if case .literal = kind { return true }
        return false
    }
}
