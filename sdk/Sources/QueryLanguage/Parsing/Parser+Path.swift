extension Parser {
    /// A path: rules `firstMemberExpr` and `rootExpr`.
    mutating func path() throws(QueryError) -> Expression {
        let start = position
        var path = Path(root: .implicit, steps: [])
        if peek() == UInt8(ascii: "$") {
            path.root = try pathRoot()
        } else if peek() == UInt8(ascii: "@") {
            if let alias = try aliasName() {
                path.root = .alias(alias)
            } else {
                path.steps.append(try annotationStep())
            }
        } else {
            path.steps.append(try step(isFirst: true))
        }
        while peek() == UInt8(ascii: "/"), !path.isComplete {
            position += 1
            path.steps.append(try step(isFirst: path.root == .implicit && path.steps.isEmpty))
            if let key = try keyAfterFilter(path.steps.last) { path.steps.append(key) }
        }
        if path.steps.isEmpty, [.service, .these, .user, .event].contains(path.root) { throw unexpected("'/'") }
        if path.root == .implicit, path.steps.count == 1, case .qualifiedName = path.steps[0].kind {
            throw unexpected("'/' or '(' after a name with a dot")
        }
        return try node(.path(path), from: start)
    }

    private mutating func pathRoot() throws(QueryError) -> Path.Root {
        let start = position
        let roots: [(word: StaticString, root: Path.Root)] = [
            ("$it", .it), ("$this", .this), ("$root", .service), ("$these", .these), ("$user", .user),
            ("$event", .event),
        ]
        for (word, root) in roots where matchesWord(word, ignoringCase: false) {
            position += word.utf8CodeUnitCount
            return root
        }
        position += 1
        let end = identifierEnd(at: position) ?? position
        let name = "$" + text.string(position..<end)
        throw fail(at: start, "'\(name)' can't stand here.", suggestion: Spelling.closest(to: name, in: ["$it", "$this", "$root"]))
    }

    /// A parameter alias, or nil when an annotation stands here: that has a dot or a qualifier.
    private mutating func aliasName() throws(QueryError) -> String? {
        guard let end = identifierEnd(at: position + 1) else {
            position += 1
            throw unexpected("a name after '@'")
        }
        if end < bytes.count, bytes[end] == UInt8(ascii: ".") || bytes[end] == UInt8(ascii: "#") { return nil }
        let name = text.string((position + 1)..<end)
        position = end
        return name
    }

    private mutating func annotationStep() throws(QueryError) -> Path.Step {
        let start = position
        position += 1
        guard let end = qualifiedNameEnd(at: position) else { throw unexpected("the name of an annotation") }
        position = end
        if skip("#") {
            guard let end = identifierEnd(at: position) else { throw unexpected("a qualifier after '#'") }
            position = end
        }
        let name = text.string((start + 1)..<position)
        try countNode(at: start)
        return Path.Step(.annotation(name), range: range(from: start))
    }

    private mutating func step(isFirst: Bool) throws(QueryError) -> Path.Step {
        let start = position
        try countNode(at: start)
        if peek() == UInt8(ascii: "@") { return try annotationStep() }
        if peek() == UInt8(ascii: "$") { return try dollarStep() }
        guard let end = qualifiedNameEnd(at: position) else { throw unexpected("a name") }
        guard end - start <= 1_024 else { throw fail(at: start, "A name has at most 128 characters.") }
        let name = text.string(start..<end)
        position = end
        guard peek() == UInt8(ascii: "(") else {
            return Path.Step(name.utf8.contains(UInt8(ascii: ".")) ? .qualifiedName(name) : .name(name), range: range(from: start))
        }
        let nameRange = range(from: start)
        position += 1
        try enter()
        let kind: Path.Kind
        switch version.ignoresCase ? name.lowercased() : name {
        case "any" where !isFirst: kind = try anyStep()
        case "all" where !isFirst: kind = try allStep()
        case "aggregate" where !isFirst:
            kind = .aggregate(try balancedText())
            try expect(")", "')'")
        default: kind = .call(FunctionCall(name: name, arguments: try namedArguments(), nameRange: nameRange))
        }
        leave()
        return Path.Step(kind, range: range(from: start))
    }

    private mutating func dollarStep() throws(QueryError) -> Path.Step {
        let start = position
        if matchesWord("$count", ignoringCase: false) {
            position += 6
            var options: QueryOptions?
            if peek() == UInt8(ascii: "(") { options = try nestedOptions(allowed: OptionSet.count, of: "$count") }
            return Path.Step(.count(options), range: range(from: start))
        }
        if matches("$filter(", ignoringCase: false) {
            position += 8
            skipBlanks()
            let condition = try expression()
            skipBlanks()
            try expect(")", "')'")
            return Path.Step(.filter(condition), range: range(from: start))
        }
        throw unexpected("a name, '$count' or '$filter(…)'")
    }

    private mutating func keyAfterFilter(_ step: Path.Step?) throws(QueryError) -> Path.Step? {
        guard case .filter = step?.kind, peek() == UInt8(ascii: "(") else { return nil }
        let start = position
        try countNode(at: start)
        position += 1
        let arguments = try namedArguments()
        guard !arguments.isEmpty else { throw fail(at: start, "Expected a key in the parentheses.") }
        return Path.Step(.key(arguments), range: range(from: start))
    }

    private mutating func anyStep() throws(QueryError) -> Path.Kind {
        skipBlanks()
        if skip(")") { return .any(variable: nil, condition: nil) }
        let (variable, condition) = try lambda()
        return .any(variable: variable, condition: condition)
    }

    private mutating func allStep() throws(QueryError) -> Path.Kind {
        skipBlanks()
        if peek() == UInt8(ascii: ")") { throw unexpected("a variable and a condition, as in all(x:x/name eq 'a')") }
        let (variable, condition) = try lambda()
        return .all(variable: variable, condition: condition)
    }

    private mutating func lambda() throws(QueryError) -> (variable: String, condition: Expression) {
        let variable = try identifier("a variable and a condition, as in any(x:x/name eq 'a')")
        skipBlanks()
        try expect(":", "':' after the variable")
        skipBlanks()
        let condition = try expression()
        skipBlanks()
        guard skip(")") else { throw isAtEnd ? unexpected("')'") : afterOperand() }
        return (variable, condition)
    }

    /// The text up to the parenthesis that closes an open one; quotes are respected. For extensions that are kept as text.
    mutating func balancedText() throws(QueryError) -> String {
        let start = position
        var open = 0
        while !isAtEnd {
            switch peek() {
            case UInt8(ascii: "("): open += 1
            case UInt8(ascii: ")"):
                if open == 0 { return text.string(start..<position) }
                open -= 1
            case UInt8(ascii: ";") where open == 0: return text.string(start..<position)
            case UInt8(ascii: "'"):
                _ = try quoted()
                continue
            default: break
            }
            position += 1
        }
        if open > 0 { throw unexpected("')'") }
        return text.string(start..<position)
    }
}

extension Path {
    /// Whether nothing can follow the last step.
    var isComplete: Bool {
        switch steps.last?.kind {
        case .count, .any, .all, .aggregate: true
        default: false
        }
    }
}
