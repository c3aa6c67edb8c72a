extension Parser {
    /// The value of `$apply`: steps separated by slashes.
    mutating func transformations() throws(QueryError) -> [Transformation] {
        var steps: [Transformation] = []
        repeat {
            let start = position
            steps.append(try transformation())
            guard steps.count <= limits.transformations else {
                throw fail(.limit, at: start, "'$apply' has at most \(limits.transformations) steps.")
            }
        } while skip("/")
        return steps
    }

    private mutating func transformation() throws(QueryError) -> Transformation {
        let start = position
        try countNode(at: start)
        guard let end = qualifiedNameEnd(at: position) else { throw unexpected("a transformation such as groupby or aggregate") }
        let typed = text.string(start..<end)
        let name = version.ignoresCase ? typed.lowercased() : typed
        position = end
        if name == "identity" { return Transformation(.identity, range: range(from: start)) }
        let isQualified = typed.utf8.contains(UInt8(ascii: "."))
        guard isQualified || Parser.transformationNames.contains(name) else {
            throw fail(
                .unknownFunction, at: start, "There is no transformation '\(typed)'.",
                suggestion: Spelling.closest(to: name, in: Parser.transformationNames))
        }
        try expect("(", "'('")
        try enter()
        skipBlanks()
        let kind: Transformation.Kind
        switch name {
        case "filter": kind = .filter(try expression())
        case "compute": kind = .compute(try computeItems())
        case "aggregate": kind = .aggregate(try aggregateItems())
        case "groupby": kind = try grouping()
        default: kind = .other(name: isQualified ? typed : name, arguments: try balancedText())
        }
        skipBlanks()
        guard skip(")") else { throw isAtEnd ? unexpected("')'") : afterOperand() }
        leave()
        return Transformation(kind, range: range(from: start))
    }

    private mutating func grouping() throws(QueryError) -> Transformation.Kind {
        try expect("(", "'(' and the keys, as in groupby((name),…)")
        var keys: [Transformation.GroupingItem] = []
        repeat {
            skipBlanks()
            let start = position
            keys.append(try groupingItem())
            guard keys.count <= limits.groupingKeys else {
                throw fail(.limit, at: start, "'groupby' has at most \(limits.groupingKeys) keys.")
            }
            skipBlanks()
        } while skip(",")
        try expect(")", "',' or ')'")
        skipBlanks()
        guard skip(",") else { return .groupBy(keys, []) }
        skipBlanks()
        return .groupBy(keys, try transformations())
    }

    private mutating func groupingItem() throws(QueryError) -> Transformation.GroupingItem {
        let start = position
        if matches("rollup(", ignoringCase: version.ignoresCase) {
            position += 7
            let arguments = try balancedText()
            try expect(")", "')'")
            return .rollup(arguments, at: range(from: start))
        }
        guard identifierEnd(at: position) != nil else { throw unexpected("the path of a property to group by") }
        return .path(try path())
    }

    private mutating func aggregateItems() throws(QueryError) -> [Transformation.AggregateItem] {
        var items: [Transformation.AggregateItem] = []
        repeat {
            let start = position
            try countNode(at: start)
            items.append(try aggregateItem())
            guard items.count <= limits.aggregates else {
                throw fail(.limit, at: start, "'aggregate' has at most \(limits.aggregates) items.")
            }
        } while skipComma()
        return items
    }

    private mutating func aggregateItem() throws(QueryError) -> Transformation.AggregateItem {
        let start = position
        var item = Transformation.AggregateItem(expression: nil)
        if matchesWord("$count", ignoringCase: false) { position += 6 } else { item.expression = try expression() }
        if skipClause("with") {
            let methodStart = position
            guard let end = qualifiedNameEnd(at: position) else { throw unexpected("a method such as sum or average") }
            position = end
            item.method = text.string(methodStart..<end)
        }
        if skipClause("from") {
            let sourceStart = position
            while !isAtEnd, peek() != UInt8(ascii: ","), peek() != UInt8(ascii: ")"), !beginsClause("as") { position += 1 }
            guard position > sourceStart else { throw unexpected("a property after 'from'") }
            item.source = text.string(sourceStart..<position)
        }
        if skipClause("as") { item.name = try givenName() }
        item.range = range(from: start)
        return item
    }

    /// Steps over blanks, a word and the blanks behind it, or over nothing.
    private mutating func skipClause(_ word: StaticString) -> Bool {
        guard beginsClause(word) else { return false }
        skipBlanks()
        position += word.utf8CodeUnitCount
        skipBlanks()
        return true
    }

    private func beginsClause(_ word: StaticString) -> Bool {
        var distance = 0
        while ASCII.isBlank(peek(distance)) { distance += 1 }
        return distance > 0 && matchesWord(word, at: distance, ignoringCase: version.ignoresCase)
            && ASCII.isBlank(peek(distance + word.utf8CodeUnitCount))
    }

    /// The transformations of the standard; those that aren't evaluated are known by name.
    static let transformationNames = [
        "aggregate", "groupby", "filter", "compute", "identity", "concat", "expand", "search", "orderby", "skip", "top", "topcount",
        "topsum", "toppercent", "bottomcount", "bottomsum", "bottompercent", "nest", "addnested", "join", "outerjoin", "ancestors",
        "descendants", "traverse",
    ]
}
