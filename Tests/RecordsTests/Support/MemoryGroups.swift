import QueryLanguage

/// `$apply` in memory, from its definition: what the groups that SQL gives are compared with.
struct MemoryGroups {
    private(set) var rows: [RecordValues]

    init(_ query: CheckedQuery, over records: [RecordValues]) {
        rows = records
        for step in query.apply?.steps ?? [] {
            switch step {
            case .filter(let condition): rows = rows.filter { Evaluator().isTrue(condition, on: $0) }
            case .group(let grouping): rows = Self.groups(grouping, of: rows)
            }
        }
        if let filter = query.filter { rows = rows.filter { Evaluator().isTrue(filter, on: $0) } }
        rows = rows.map { row in
            var row = row
            for item in query.computed { row.values[item.name] = Evaluator().evaluate(item.expression, on: row) }
            return row
        }
    }

    /// The rows as a JSON array.
    var json: String { Value.collection(rows.map { .complex($0.values.mapValues(Self.shown)) }).json }

    /// Equal numbers look alike, and moments are in UTC.
    private static func shown(_ value: Value) -> Value {
        switch value {
        case .decimal(let number): .decimal(number.withoutTrailingZeros)
        case .dateTime(let moment): .dateTime(DateTime(microseconds: moment.microseconds))
        case .complex(let members): .complex(members.mapValues(shown))
        default: value
        }
    }

    private static func groups(_ grouping: CheckedApply.Grouping, of rows: [RecordValues]) -> [RecordValues] {
        var order: [[Value]] = []
        var members: [[Value]: [RecordValues]] = [:]
        for row in rows {
            let key = grouping.keys.map { Evaluator().evaluate($0.expression, on: row) }
            if members[key] == nil { order.append(key) }
            members[key, default: []].append(row)
        }
        // Without keys there is one group, be it empty.
        if grouping.keys.isEmpty, order.isEmpty { order = [[]] }
        return order.map { key in
            var result: [String: Value] = [:]
            for (item, value) in zip(grouping.keys, key) { put(value, at: item.path[...], in: &result) }
            for item in grouping.aggregates {
                let rows = members[key] ?? []
                result[item.name] = aggregate(item, rows)
                guard let name = item.currencyName, let currency = item.currency, let operand = item.operand else { continue }
                let counted = rows.first { !Evaluator().evaluate(operand, on: $0).isNull }
                result[name] = counted.map { Evaluator().evaluate(currency, on: $0) } ?? .null
            }
            return RecordValues(result)
        }
    }

    private static func put(_ value: Value, at path: ArraySlice<String>, in members: inout [String: Value]) {
        guard let first = path.first else { return }
        guard path.count > 1 else { return members[first] = value }
        var inner: [String: Value] = [:]
        if case .complex(let known)? = members[first] { inner = known }
        put(value, at: path.dropFirst(), in: &inner)
        members[first] = .complex(inner)
    }

    private static func aggregate(_ item: CheckedApply.Aggregate, _ rows: [RecordValues]) -> Value {
        guard let operand = item.operand else { return .integer(Int64(rows.count)) }
        let values = rows.map { Evaluator().evaluate(operand, on: $0) }.filter { !$0.isNull }
        switch item.method {
        case .count: return .integer(Int64(rows.count))
        case .countDistinct: return .integer(Int64(Set(values.map(identity)).count))
        case .min: return values.min { Value.order($0, $1) ?? 0 < 0 } ?? .null
        case .max: return values.max { Value.order($0, $1) ?? 0 < 0 } ?? .null
        case .sum, .average: return total(values, isAverage: item.method == .average, isSpan: item.type == .duration)
        }
    }

    /// A record is told from another by its id.
    private static func identity(_ value: Value) -> Value {
        if case .complex(let members) = value { members["id"] ?? .null } else { value }
    }

    private static func total(_ values: [Value], isAverage: Bool, isSpan: Bool) -> Value {
        guard !values.isEmpty else { return .null }
        var sum: DecimalNumber = .zero
        for value in values {
            switch value {
            case .integer(let number): sum = sum.adding(DecimalNumber(number)) ?? .zero
            case .decimal(let number): sum = sum.adding(number) ?? .zero
            case .duration(let span): sum = sum.adding(DecimalNumber(span.microseconds)) ?? .zero
            default: return .null
            }
        }
        if isAverage { sum = sum.divided(by: DecimalNumber(Int64(values.count))) ?? .zero }
        guard isSpan else { return .decimal(sum) }
        return sum.rounded?.int64.map { .duration(DayTimeDuration(microseconds: $0)) } ?? .null
    }
}
