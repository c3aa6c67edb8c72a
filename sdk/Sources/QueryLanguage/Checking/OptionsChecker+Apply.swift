extension OptionsChecker {
    /// `$apply` and `$compute`, before everything else: what follows is about the rows that they yield.
    mutating func apply(_ options: QueryOptions, to query: inout CheckedQuery) throws(QueryError) {
        if isNested, !options.apply.isEmpty {
            throw QueryError(.notSupported, at: options.ranges["apply"]?.start ?? 0, "'$apply' in $expand is not supported yet.")
        }
        var checker = ApplyChecker(schema: schema, shape: shape, names: names)
        for step in options.apply { try checker.check(step) }
        query.apply = checker.result
        if query.apply == nil {
            // Rows are still records: the conditions are the list's own.
            for case .filter(let condition) in checker.steps { query.filter = joined(query.filter, condition) }
        } else {
            try refuseBesideGroups(options)
        }
        shape = checker.shape
        try checker.compute(options.compute)
        query.computed = order(options).compactMap { name in names.values[name].map { ComputedProperty(name: name, expression: $0) } }
    }

    /// The names that are left after the last grouping, in the order written.
    private func order(_ options: QueryOptions) -> [String] {
        let inApply = options.apply.flatMap { step -> [String] in
            if case .compute(let items) = step.kind { items.map(\.name) } else { [] }
        }
        var seen: Set<String> = []
        return (inApply + options.compute.map(\.name)).filter { seen.insert($0).inserted }
    }

    private func refuseBesideGroups(_ options: QueryOptions) throws(QueryError) {
        guard let item = options.expand.first else { return }
        throw QueryError(
            .notSupported, at: item.range.start, "'$expand' beside groups is not supported yet; group by properties of the link instead.")
    }

    /// Both conditions.
    func joined(_ first: TypedExpression?, _ second: TypedExpression) -> TypedExpression {
        guard let first else { return second }
        return TypedExpression(
            .and([first, second]), type: .boolean, mayBeNull: first.mayBeNull || second.mayBeNull, range: second.range)
    }
}
