import QueryLanguage

/// Groups and aggregates: each grouping is a SELECT that becomes the FROM clause of what follows it.
extension QueryCompiler {
    /// Takes the steps of `$apply`; afterwards `record` is a row of the result. Returns the conditions that no grouping has taken in.
    func apply(_ apply: CheckedApply, conditions: [String]) throws -> [String] {
        var conditions = conditions
        for step in apply.steps {
            switch step {
            case .filter(let filter): conditions.append(try condition(filter, .lenient).operand)
            case .group(let grouping):
                try group(grouping, where: conditions)
                conditions = []
            }
        }
        return conditions
    }

    /// The same groups as a FROM clause of their own.
    func enclose(_ text: String) {
        let alias = newAlias("g")
        record = QueryRow(alias: alias, kind: record.kind, from: FromClause("(\(text)) AS \(alias)"))
    }

    private func group(_ grouping: CheckedApply.Grouping, where conditions: [String]) throws {
        var columns: [String] = []
        var names: [String: String] = [:]
        func add(_ path: String, _ value: String) {
            names[path] = "c\(columns.count)"
            columns.append("\(value) AS c\(columns.count)")
        }
        for key in grouping.keys { add(key.path.joined(separator: "/"), try value(key.expression).text) }
        for aggregate in grouping.aggregates {
            let (value, currency) = try self.aggregate(aggregate)
            add(aggregate.name, value)
            if let name = aggregate.currencyName, let currency { add(name, currency) }
        }
        var text = "SELECT \(columns.joined(separator: ", ")) FROM \(record.from.text)\(ListCompiler.whereClause(conditions))"
        // By position: an expression with parameters in it would not be known as the same.
        if !grouping.keys.isEmpty { text += " GROUP BY " + (1...grouping.keys.count).map(String.init).joined(separator: ", ") }
        record = QueryRow(alias: record.alias, kind: .group(names), from: record.from)
        enclose(text)
    }

    /// The aggregate, and the currency that amounts have in common.
    private func aggregate(_ aggregate: CheckedApply.Aggregate) throws -> (value: String, currency: String?) {
        guard let operand = aggregate.operand else { return ("count(*)", nil) }
        let piece = try aggregated(operand)
        let value = Self.aggregate(aggregate.method, piece, type: operand.type)
        guard let path = aggregate.currency, case .value(let currency) = try resolve(Self.path(path)) else { return (value, nil) }
        let present = "FILTER (WHERE \(piece.operand) IS NOT NULL)"
        let (least, greatest) = ("min(\(currency.text)) \(present)", "max(\(currency.text)) \(present)")
        let name = try Self.path(path).displayName
        // Amounts of several currencies can't become one.
        let checked = { (number: String) in "tessera.in_one_currency(\(number), \(least), \(greatest), '\(name)')" }
        return (aggregate.method == .countDistinct ? "\(checked("\(value)::numeric"))::bigint" : checked(value), least)
    }

    /// What is aggregated; of a link the record it leads to.
    private func aggregated(_ operand: TypedExpression) throws -> SQLFragment {
        guard case .entity = operand.type else { return try value(operand) }
        guard case .record(let row) = try resolve(Self.path(operand)) else { throw Self.gone(try Self.path(operand).displayName) }
        return .column("id", of: row.alias, isNullable: true)
    }

    private static func path(_ expression: TypedExpression) throws -> PropertyPath {
        guard case .property(let path) = expression.kind else { throw RecordsError(.internalFault, "Only a path leads to a column.") }
        return path
    }

    private static func aggregate(_ method: AggregateMethod, _ piece: SQLFragment, type: PropertyType) -> String {
        switch method {
        case .count: "count(*)"
        case .countDistinct: "count(DISTINCT \(piece.text))"
        case .sum: "sum(\(piece.text))"
        // Through microseconds, since the average of intervals goes through binary floating point.
        case .average where type == .duration:
            "(round(avg((extract(epoch from \(piece.text)) * 1000000)::numeric(38,0)))::bigint || ' microseconds')::interval"
        case .average: "avg(\(piece.text))"
        case .min, .max: "\(method.rawValue)(\(type.isText && !piece.isColumn ? "\(piece.operand) COLLATE \"C\"" : piece.text))"
        }
    }
}
