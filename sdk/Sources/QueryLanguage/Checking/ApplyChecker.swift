/// Checks the steps of `$apply` one after the other: each is about the rows that the one before it yields.
struct ApplyChecker {
    let schema: any QuerySchema
    let names: ComputedNames
    /// What the rows are now.
    private(set) var shape: EntityShape
    private(set) var steps: [CheckedApply.Step] = []
    private var rowKeys: [TypedExpression]?

    init(schema: any QuerySchema, shape: EntityShape, names: ComputedNames) {
        self.schema = schema
        self.shape = shape
        self.names = names
    }

    /// What the rows have become; nil while they are records.
    var result: CheckedApply? {
        rowKeys.map { CheckedApply(steps: steps, result: shape, rowKeys: $0) }
    }

    mutating func check(_ step: Transformation) throws(QueryError) {
        switch step.kind {
        case .identity: break
        case .filter(let condition):
            var checker = expressionChecker()
            steps.append(.filter(try checker.checkWhole(condition, expecting: .boolean)))
        case .compute(let items): try compute(items)
        case .aggregate(let items): try group(by: [], items, at: step.range)
        case .groupBy(let keys, let inner): try group(by: keys, try aggregates(in: inner), at: step.range)
        case .other(let name, _): throw QueryError(.notSupported, at: step.range.start, "'\(name)' in $apply is not supported yet.")
        }
    }

    private func expressionChecker() -> ExpressionChecker {
        ExpressionChecker(schema: schema, record: .entity(shape), names: names)
    }

    /// The items are about the rows before: none sees another's name.
    mutating func compute(_ items: [QueryOptions.ComputeItem]) throws(QueryError) {
        var checked: [(QueryOptions.ComputeItem, TypedExpression)] = []
        for item in items {
            var checker = expressionChecker()
            checked.append((item, try checker.checkWhole(item.expression, expecting: nil)))
        }
        for (item, value) in checked { try names.define(item, as: value, on: shape) }
    }

    /// What `groupby` does with each group.
    private func aggregates(in steps: [Transformation]) throws(QueryError) -> [Transformation.AggregateItem] {
        guard let first = steps.first else { return [] }
        guard steps.count == 1, case .aggregate(let items) = first.kind else {
            throw QueryError(
                .notSupported, at: first.range.start,
                "Only 'aggregate' is supported within 'groupby' yet; write other steps before or behind it, as in filter(…)/groupby(…).")
        }
        return items
    }

    private mutating func group(
        by keys: [Transformation.GroupingItem], _ items: [Transformation.AggregateItem], at range: SourceRange
    ) throws(QueryError) {
        var builder = GroupingBuilder(checker: expressionChecker())
        for key in keys { try builder.add(key) }
        for item in items { try builder.add(item) }
        try builder.requireCurrencies()
        let (grouping, result) = builder.finish(named: rowKeys == nil ? "groups of \(shape.name)" : shape.name)
        steps.append(.group(grouping))
        shape = result
        names.forget()
        var checked: [TypedExpression] = []
        for key in grouping.keys {
            var checker = expressionChecker()
            let path = Path(steps: key.path.map { Path.Step(.name($0)) })
            checked.append(try checker.check(Expression(.path(path), range: range)))
        }
        rowKeys = checked
    }
}
