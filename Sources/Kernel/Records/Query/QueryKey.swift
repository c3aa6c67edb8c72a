import QueryLanguage

/// The shape of a query with its literals taken out: queries of one shape share one compiled statement.
///
/// INVARIANT: literals are collected in the order in which `QueryCompiler` asks for them: children in the order written, each once.
struct QueryKey: Sendable, Hashable {
    private(set) var shape: String
    private(set) var literals: [QueryLiteral] = []
    /// How many expanded links to many stand around what is appended.
    private var expansionDepth = 0
    /// Leaves out which choices a list names, and which belong to a category: what a category stands for is the manifest's to say.
    private var omitsChoices = false

    init(_ start: String) {
        shape = start
    }

    /// All of a query.
    init(_ start: String, of query: CheckedQuery) {
        shape = start
        append(query)
    }

    /// Which records, and in which order.
    init(_ start: String, conditionsOf query: CheckedQuery) {
        shape = start
        appendConditions(query)
    }

    /// The same whatever the categories of choices are.
    init(_ start: String, conditionsWhateverCategories query: CheckedQuery) {
        shape = start
        omitsChoices = true
        appendConditions(query)
    }

    /// In which order.
    init(_ start: String, orderOf query: CheckedQuery) {
        shape = start
        appendOrder(query)
    }

    /// Which rows.
    init(_ start: String, filterOf query: CheckedQuery) {
        shape = start
        appendFilter(query)
    }

    /// Everything that decides about rows and JSON, except paging of the outermost list.
    mutating func append(_ query: CheckedQuery) {
        appendConditions(query)
        append(selection: query)
    }

    private mutating func appendFilter(_ query: CheckedQuery) {
        for step in query.apply?.steps ?? [] { append(step) }
        if let filter = query.filter {
            shape += "?"
            append(filter)
        }
    }

    private mutating func append(_ step: CheckedApply.Step) {
        switch step {
        case .filter(let filter):
            shape += "?"
            append(filter)
        case .group(let grouping):
            shape += "groupby("
            for key in grouping.keys {
                shape += key.path.joined(separator: "/") + "="
                append(key.expression)
                shape += ","
            }
            for aggregate in grouping.aggregates {
                shape += "\(aggregate.name)=\(aggregate.method.rawValue):"
                if let operand = aggregate.operand { append(operand) }
                if let currency = aggregate.currency { append(currency) }
                shape += (aggregate.currencyName ?? "") + ","
            }
            shape += ")"
        }
    }

    /// Filter and order.
    mutating func appendConditions(_ query: CheckedQuery) {
        appendFilter(query)
        appendOrder(query)
    }

    private mutating func appendOrder(_ query: CheckedQuery) {
        for item in query.orderBy {
            shape += item.isDescending ? "↓" : "↑"
            append(item.expression)
        }
    }

    /// Select and expand.
    mutating func append(selection query: CheckedQuery) {
        if case .properties(let selected) = query.select {
            shape += "{"
            for item in selected {
                shape += item.property.name
                for member in item.members { shape += "/\(member.name)" }
                shape += ","
            }
            shape += "}"
        }
        for item in query.computed {
            shape += "=\(item.name):"
            append(item.expression)
        }
        for item in query.expand {
            shape += "+\(item.link.name)"
            if case .entityOfSeveral = item.link.type { shape += ":\(item.query.shape.name)" }
            shape += "("
            append(expanded: item)
            shape += ")"
        }
    }

    private mutating func append(expanded item: CheckedExpand) {
        guard item.isToMany else { return append(item.query) }
        let most = ReadLimits.expandedItems(at: expansionDepth)
        expansionDepth += 1
        append(item.query)
        expansionDepth -= 1
        let exactTop = item.exactTop(upTo: most)
        if let top = exactTop {
            shape += "t"
            literals.append(.number(top))
        }
        if let skip = item.query.skip {
            shape += "s"
            literals.append(.number(skip))
        }
        if item.query.count { shape += "c" }
        if exactTop == nil { literals.append(.value(.string(item.nextOptions(after: most)))) }
    }

    mutating func append(_ expression: TypedExpression) {
        switch expression.kind {
        case .literal(let value): append(literal: value, type: expression.type)
        case .property(let path): append(path)
        case .isNull(let operand, let isNegated):
            shape += isNegated ? "!null(" : "null("
            append(operand)
            shape += ")"
        case .compare(let comparison, let left, let right): append(comparison.rawValue, [left, right])
        case .isInList(let operand, let values, let includesNull):
            shape += includesNull ? "in0(" : "in("
            append(operand)
            shape += ":\(operand.type.sqlName))"
            if omitsChoices, operand.type.isChoice { return }
            literals.append(.list(values, operand.type))
        case .isInCollection(let operand, let path):
            shape += "inc("
            append(operand)
            append(path)
            shape += ")"
        case .and(let operands): append("and", operands)
        case .or(let operands): append("or", operands)
        case .not(let operand): append("not", [operand])
        case .arithmetic(let operation, let left, let right): append("\(operation)", [left, right])
        case .negate(let operand): append("-", [operand])
        case .toDecimal(let operand): append("dec", [operand])
        case .cast(let operand): append("cast:\(expression.type.sqlName)", [operand])
        case .call(let function, let arguments):
            append(function.rawValue, arguments)
            if function == .startsWith, arguments.count == 2 { appendPrefixKind(arguments[1]) }
        case .conditional(let branches) where omitsChoices && expression.type.isChoice:
            append("category", branches.prefix(1).map(\.condition))
        case .conditional(let branches): append("case", branches.flatMap { [$0.condition, $0.value] })
        case .count(let members): append("count", members)
        case .any(let members): append("any", members)
        case .all(let members): append("all", members)
        }
    }

    private mutating func append(_ name: String, _ operands: [TypedExpression]) {
        shape += name
        shape += "("
        for operand in operands {
            append(operand)
            shape += ","
        }
        shape += ")"
    }

    private mutating func append(_ name: String, _ members: CollectionMembers) {
        shape += name
        shape += "("
        append(members.path)
        shape += "$\(members.variable)"
        if let condition = members.condition {
            shape += ":"
            append(condition)
        }
        shape += ")"
    }

    private mutating func append(_ path: PropertyPath) {
        if case .variable(let number) = path.root { shape += "$\(number)" }
        for segment in path.segments {
            shape += "/"
            shape += segment.property.name
            if case .entityOfSeveral = segment.property.type, let target = segment.target { shape += ":\(target.name)" }
        }
    }

    private mutating func append(literal value: Value, type: PropertyType) {
        switch value {
        case .null: shape += "null:\(type.sqlName)"
        case .bool(let value): shape += value ? "true" : "false"
        default:
            shape += "#\(type.sqlName)"
            literals.append(.value(value))
        }
    }

    /// Whether a prefix has an end, and whether it is plain, decides about the statement.
    private mutating func appendPrefixKind(_ expression: TypedExpression) {
        guard case .literal(.string(let prefix)) = expression.kind else { return }
        if PrefixRange.end(of: prefix) == nil { shape += "∞" }
        if PrefixRange.isContiguous(prefix, in: "en-x-icu") { shape += "a" }
    }
}

extension PropertyType {
    fileprivate var isChoice: Bool { if case .choice = self { true } else { false } }
}
