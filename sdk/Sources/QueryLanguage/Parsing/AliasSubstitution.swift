/// Puts the values of parameter aliases where their names stand.
///
/// An alias may use others, not itself. What is put in counts as nodes, so that aliases that double each other end at the limit.
struct AliasSubstitution {
    private let values: [String: Expression]
    private let limits: QueryLimits
    private var nodes: Int
    private var depth = 0
    /// Aliases whose values are being put in, outermost first.
    private var open: [String] = []

    init(_ aliases: [QueryOptions.ParameterAlias], limits: QueryLimits, nodes: Int) {
        values = Dictionary(aliases.map { ($0.name, $0.value) }, uniquingKeysWith: { first, _ in first })
        self.limits = limits
        self.nodes = nodes
    }

    mutating func apply(to options: QueryOptions) throws(QueryError) -> QueryOptions {
        var result = options
        if let filter = options.filter { result.filter = try apply(to: filter) }
        for index in result.orderBy.indices { result.orderBy[index].expression = try apply(to: result.orderBy[index].expression) }
        for index in result.compute.indices { result.compute[index].expression = try apply(to: result.compute[index].expression) }
        result.apply = try apply(to: options.apply)
        for index in result.expand.indices {
            if let nested = result.expand[index].options { result.expand[index].options = try applyNested(to: nested) }
        }
        if let items = options.select {
            result.select = []
            for var item in items {
                if let nested = item.options { item.options = try applyNested(to: nested) }
                result.select?.append(item)
            }
        }
        return result
    }

    private mutating func apply(to steps: [Transformation]) throws(QueryError) -> [Transformation] {
        var result = steps
        for index in result.indices {
            switch result[index].kind {
            case .identity, .other: break
            case .filter(let condition): result[index].kind = .filter(try apply(to: condition))
            case .compute(var items):
                for item in items.indices { items[item].expression = try apply(to: items[item].expression) }
                result[index].kind = .compute(items)
            case .aggregate(var items):
                for item in items.indices { items[item].expression = try applyOptional(to: items[item].expression) }
                result[index].kind = .aggregate(items)
            case .groupBy(let keys, let inner): result[index].kind = .groupBy(keys, try apply(to: inner))
            }
        }
        return result
    }

    /// Nested options may bring aliases of their own, which hide outer ones of the same name.
    private mutating func applyNested(to options: QueryOptions) throws(QueryError) -> QueryOptions {
        guard !options.aliases.isEmpty else { return try apply(to: options) }
        var inner = AliasSubstitution(options.aliases + values.map { .init(name: $0.key, value: $0.value) }, limits: limits, nodes: nodes)
        let result = try inner.apply(to: options)
        nodes = inner.nodes
        return result
    }

    mutating func apply(to expression: Expression) throws(QueryError) -> Expression {
        nodes += 1
        depth += 1
        guard nodes <= 2 * limits.nodes, depth <= 4 * QueryLimits.greatestDepth else {
            throw QueryError(.limit, at: expression.range.start, "The parameter aliases make the query too large.")
        }
        var result = expression
        result.kind = try apply(to: expression.kind, at: expression.range)
        if case .path(let path) = expression.kind, case .alias = path.root { result = try resolve(path, in: result) }
        depth -= 1
        return result
    }

    private mutating func resolve(_ path: Path, in expression: Expression) throws(QueryError) -> Expression {
        guard case .alias(let name) = path.root, let value = values[name] else { return expression }
        guard !open.contains(name) else {
            throw QueryError(.syntax, at: expression.range.start, "The parameter alias '@\(name)' is defined by itself.")
        }
        open.append(name)
        let substituted = try apply(to: value)
        open.removeLast()
        guard !path.steps.isEmpty else { return substituted }
        guard case .path(let base) = substituted.kind, !base.isComplete else {
            throw QueryError(.syntax, at: expression.range.start, "Only an alias that is a path can be followed by '/'.")
        }
        return Expression(.path(Path(root: base.root, steps: base.steps + path.steps)), range: expression.range)
    }

    private mutating func apply(to kind: Expression.Kind, at range: SourceRange) throws(QueryError) -> Expression.Kind {
        switch kind {
        case .literal, .list: return kind
        case .array(let items): return .array(try apply(to: items))
        case .object(let members):
            var result = members
            for index in result.indices { result[index].value = try apply(to: result[index].value) }
            return .object(result)
        case .path(let path):
            var result = path
            for index in result.steps.indices { result.steps[index].kind = try apply(to: result.steps[index].kind) }
            return .path(result)
        case .call(let call): return .call(try apply(to: call))
        case .conditional(let branches):
            var result = branches
            for index in result.indices {
                result[index].condition = try apply(to: result[index].condition)
                result[index].value = try apply(to: result[index].value)
            }
            return .conditional(result)
        case .typeTest(let operand, let type): return .typeTest(try applyOptional(to: operand), type)
        case .cast(let operand, let type): return .cast(try applyOptional(to: operand), type)
        case .negate(let operand): return .negate(try apply(to: operand))
        case .not(let operand): return .not(try apply(to: operand))
        case .and(let operands): return .and(try apply(to: operands))
        case .or(let operands): return .or(try apply(to: operands))
        case .binary(let operation, let left, let right):
            let left = try apply(to: left)
            return .binary(operation, left, try apply(to: right))
        }
    }

    private mutating func apply(to step: Path.Kind) throws(QueryError) -> Path.Kind {
        switch step {
        case .name, .qualifiedName, .annotation, .aggregate: return step
        case .call(let call): return .call(try apply(to: call))
        case .count(let options):
            guard let options else { return step }
            return .count(try applyNested(to: options))
        case .key(let arguments): return .key(try apply(to: FunctionCall(name: "", arguments: arguments)).arguments)
        case .filter(let condition): return .filter(try apply(to: condition))
        case .any(let variable, let condition): return .any(variable: variable, condition: try applyOptional(to: condition))
        case .all(let variable, let condition): return .all(variable: variable, condition: try apply(to: condition))
        }
    }

    private mutating func apply(to call: FunctionCall) throws(QueryError) -> FunctionCall {
        var result = call
        for index in result.arguments.indices { result.arguments[index].value = try apply(to: result.arguments[index].value) }
        return result
    }

    private mutating func apply(to operands: [Expression]) throws(QueryError) -> [Expression] {
        var result: [Expression] = []
        result.reserveCapacity(operands.count)
        for operand in operands { result.append(try apply(to: operand)) }
        return result
    }

    private mutating func applyOptional(to operand: Expression?) throws(QueryError) -> Expression? {
        guard let operand else { return nil }
        return try apply(to: operand)
    }
}
