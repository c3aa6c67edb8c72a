/// Collects keys and aggregates of one grouping, and the properties that its rows have.
struct GroupingBuilder {
    private var checker: ExpressionChecker
    private var keys: [(key: CheckedApply.Key, range: SourceRange)] = []
    private var aggregates: [CheckedApply.Aggregate] = []
    private var names: Set<String> = []

    init(checker: ExpressionChecker) {
        self.checker = checker
    }

    // MARK: - Keys

    mutating func add(_ item: Transformation.GroupingItem) throws(QueryError) {
        let expression: Expression
        switch item {
        case .path(let path): expression = path
        case .rollup(_, let range): throw QueryError(.notSupported, at: range.start, "'rollup' is not supported yet.")
        }
        let start = expression.range.start
        guard case .path(let path) = expression.kind, path.root == .implicit, let names = path.plainNames else {
            throw QueryError(
                .typeMismatch, at: start, "'groupby' takes paths to properties; name anything else with compute(… as name) first.")
        }
        let value = try checker.check(expression)
        let name = names.joined(separator: "/")
        guard value.type.isSortable else {
            throw QueryError(.typeMismatch, at: start, "Can't group by \(value.type.phrase)\(hint(value.type, name)).")
        }
        guard !keys.contains(where: { $0.key.path == names }) else {
            throw QueryError(.duplicateOption, at: start, "The key '\(name)' is given twice.")
        }
        if let other = keys.first(where: { $0.key.path.starts(with: names) || names.starts(with: $0.key.path) })?.key.path {
            throw QueryError(
                .duplicateOption, at: start,
                "The keys '\(other.joined(separator: "/"))' and '\(name)' would have one name in the result; name one of them with compute(… as …)."
            )
        }
        keys.append((CheckedApply.Key(path: names, expression: value), expression.range))
        self.names.insert(names[0])
    }

    private func hint(_ type: PropertyType, _ name: String) -> String {
        switch type {
        case .complex(let shape): "; name a member, as in \(name)/\(shape.properties.keys.min() ?? "member")"
        case .entity: "; name a property of what it leads to, or \(name)_id"
        default: ""
        }
    }

    /// Groups of amounts without their currency would put 100 euros and 100 dollars together.
    func requireCurrencies() throws(QueryError) {
        for (key, range) in keys {
            guard let currency = key.expression.currency, !keys.contains(where: { $0.key.expression.kind == currency.kind }) else {
                continue
            }
            let name = currency.displayPath
            throw QueryError(
                .typeMismatch, at: range.start, "Amounts can be grouped by together with their currency only: add \(name) to the keys.")
        }
    }

    // MARK: - Aggregates

    mutating func add(_ item: Transformation.AggregateItem) throws(QueryError) {
        let column = item.range.start
        if item.source != nil { throw QueryError(.notSupported, at: column, "'from' in aggregate is not supported yet.") }
        guard let expression = item.expression else {
            guard item.method == nil else {
                throw QueryError(.syntax, at: column, "'$count' takes no method; write '$count as name'.")
            }
            return append(.count, nil, nil, .int64, try name(of: item))
        }
        let method = try method(of: item, expression)
        let name = try name(of: item)
        let operand = try checker.check(expression)
        let type = try resultType(method, operand)
        guard let currency = operand.currency else { return append(method, operand, nil, type, name) }
        let isKey = keys.contains { $0.key.expression.kind == currency.kind }
        append(method, operand, isKey ? nil : currency, type, name)
        // A sum says in which currency it is, as every amount does.
        let isAmount = method != .countDistinct
        if isAmount, keyOfCurrency(of: operand) == nil {
            let currencyName = "\(name)_currency"
            guard currencyName.utf8.count <= QueryLimits.givenNameLength else {
                throw QueryError(.limit, at: column, "The name '\(name)' is too long: '_currency' is added to it for the currency.")
            }
            guard names.insert(currencyName).inserted else {
                throw QueryError(
                    .duplicateOption, at: column, "The name '\(currencyName)' is taken by the currency of '\(name)'; choose another.")
            }
            let last = aggregates.removeLast()
            aggregates.append(
                .init(name: name, method: method, operand: operand, currency: currency, currencyName: currencyName, type: last.type))
        }
    }

    private mutating func append(
        _ method: AggregateMethod, _ operand: TypedExpression?, _ currency: TypedExpression?, _ type: PropertyType, _ name: String
    ) {
        aggregates.append(.init(name: name, method: method, operand: operand, currency: currency, currencyName: nil, type: type))
    }

    private mutating func name(of item: Transformation.AggregateItem) throws(QueryError) -> String {
        guard let name = item.name else {
            throw QueryError(
                .syntax, at: item.range.start, "An aggregate needs a name: add 'as' and one, as in 'amount with sum as total'.")
        }
        guard names.insert(name).inserted else {
            throw QueryError(
                .duplicateOption, at: item.range.start, "The name '\(name)' is given twice in the result; choose another after 'as'.")
        }
        return name
    }

    private func method(of item: Transformation.AggregateItem, _ expression: Expression) throws(QueryError) -> AggregateMethod {
        let column = item.range.start
        let known = AggregateMethod.allCases.filter { $0 != .count }.map(\.rawValue)
        guard let typed = item.method else {
            if case .path(let path) = expression.kind, case .count = path.steps.last?.kind {
                throw QueryError(
                    .notSupported, at: column, "A path before '$count' is not supported yet; write '… with sum as name' behind it.")
            }
            throw QueryError(
                .notSupported, at: column,
                "Custom aggregates are not supported; say how to aggregate, as in 'amount with sum as total' (\(known.joined(separator: ", ")))."
            )
        }
        let method = AggregateMethod(rawValue: typed) ?? AggregateMethod(rawValue: typed.lowercased())
        guard let method, method != .count else {
            throw QueryError(
                .unknownFunction, at: column, "There is no method '\(typed)'; there are \(known.joined(separator: ", ")).",
                suggestion: Spelling.closest(to: typed, in: known))
        }
        return method
    }

    private func resultType(_ method: AggregateMethod, _ operand: TypedExpression) throws(QueryError) -> PropertyType {
        func refuse(_ what: String) -> QueryError {
            QueryError(.typeMismatch, at: operand.range.start, "'\(method.rawValue)' needs \(what), but this is \(operand.type.phrase).")
        }
        switch method {
        case .count, .countDistinct:
            if case .entity = operand.type { return .int64 }
            guard operand.type.isSortable else { throw refuse("single values") }
            return .int64
        case .sum, .average:
            if operand.type == .duration { return .duration }
            guard operand.type.isNumeric else { throw refuse("numbers or durations") }
            return .decimal
        case .min, .max:
            switch operand.type {
            case .int64, .decimal, .string, .date, .timeOfDay, .dateTimeOffset, .duration: return operand.type
            default: throw refuse("numbers, text, dates, times or durations")
            }
        }
    }

    /// The key at the top of the result that holds the currency.
    private func keyOfCurrency(of operand: TypedExpression) -> String? {
        guard let currency = operand.currency else { return nil }
        return keys.first { $0.key.path.count == 1 && $0.key.expression.kind == currency.kind }?.key.path[0]
    }

    // MARK: - Result

    func finish(named name: String) -> (CheckedApply.Grouping, EntityShape) {
        var root = Members()
        for (key, _) in keys { root.insert(key.path[...], of: key, among: keys.map(\.key)) }
        for aggregate in aggregates {
            let currency = aggregate.currencyName ?? aggregate.operand.flatMap { keyOfCurrency(of: $0) }
            let isAmount = aggregate.method != .countDistinct && aggregate.method != .count
            root.append(
                Property(
                    name: aggregate.name, type: aggregate.type, isNullable: isAmount, currencyProperty: isAmount ? currency : nil))
            if let name = aggregate.currencyName { root.append(Property(name: name, type: .string)) }
        }
        return (CheckedApply.Grouping(keys: keys.map(\.key), aggregates: aggregates), EntityShape(name: name, properties: root.properties))
    }

    /// The properties of one level of the result, in order.
    private struct Members {
        private var items: [(name: String, property: Property?, members: [Members])] = []

        mutating func append(_ property: Property) {
            items.append((property.name, property, []))
        }

        mutating func insert(_ path: ArraySlice<String>, of key: CheckedApply.Key, among keys: [CheckedApply.Key]) {
            guard let first = path.first else { return }
            guard path.count > 1 else {
                let currency = key.expression.currency.flatMap { currency in
                    keys.first { $0.expression.kind == currency.kind && $0.path.dropLast() == key.path.dropLast() }?.path.last
                }
                let expression = key.expression
                return append(Property(name: first, type: expression.type, isNullable: expression.mayBeNull, currencyProperty: currency))
            }
            let index = items.firstIndex { $0.name == first } ?? items.count
            if index == items.count { items.append((first, nil, [Members()])) }
            items[index].members[0].insert(path.dropFirst(), of: key, among: keys)
        }

        var properties: [Property] {
            items.enumerated().map { position, item in
                if let property = item.property {
                    return Property(
                        name: property.name, type: property.type, isNullable: property.isNullable,
                        currencyProperty: property.currencyProperty, ordinal: position)
                }
                let shape = ComplexShape(name: item.name, properties: item.members.flatMap(\.properties))
                return Property(name: item.name, type: .complex(shape), isNullable: false, ordinal: position)
            }
        }
    }
}

extension Path {
    /// The names of a path that consists of nothing else.
    fileprivate var plainNames: [String]? {
        var names: [String] = []
        for step in steps {
            switch step.kind {
            case .name(let name), .qualifiedName(let name): names.append(name)
            default: return nil
            }
        }
        return names.isEmpty ? nil : names
    }
}
