import QueryLanguage

/// The rows behind the last row of a page, as one or more ranges in order. Each range is a condition that an index over the sort keys
/// serves; a list reads them one after the other until its page is full, and nearly always the first one fills it.
///
/// Nulls stand before all values ascending and behind them descending, so that one comparison cannot always say what follows.
struct KeysetRange: Sendable, Hashable {
    enum Condition: Sendable, Hashable {
        /// The key has the cursor's value.
        case equal(Int)
        case isNull(Int)
        case isNotNull(Int)
        /// The key's value follows the cursor's.
        case after(Int)
        /// This key and all further ones, compared as a row, follow the cursor's.
        case rowAfter(Int)
        /// The same for keys of both directions, which no row comparison can say; the flags tell which values are null.
        case mixedAfter(Int, nulls: [Bool])
    }

    var conditions: [Condition]

    /// The ranges behind a row whose keys are null as told.
    static func following(_ forms: [SortKey.Form], nulls: [Bool]) -> [KeysetRange] {
        ranges(from: 0, prefix: [], forms: forms, nulls: nulls)
    }

    private static func ranges(from index: Int, prefix: [Condition], forms: [SortKey.Form], nulls: [Bool]) -> [KeysetRange] {
        guard index < forms.count else { return [] }
        func range(_ condition: Condition) -> KeysetRange { KeysetRange(conditions: prefix + [condition]) }
        func deeper(_ condition: Condition) -> [KeysetRange] {
            ranges(from: index + 1, prefix: prefix + [condition], forms: forms, nulls: nulls)
        }
        let rest = forms[index...]
        let isDescending = forms[index].isDescending
        guard rest.allSatisfy({ $0.isDescending == isDescending }) else { return [range(.mixedAfter(index, nulls: nulls))] }
        let hasValues = !nulls[index...].contains(true)
        if isDescending {
            if nulls[index] { return deeper(.isNull(index)) }
            let last = forms[index].isNullable ? [range(.isNull(index))] : []
            if hasValues, !rest.dropFirst().contains(where: \.isNullable) { return [range(.rowAfter(index))] + last }
            return deeper(.equal(index)) + [range(.after(index))] + last
        }
        if hasValues { return [range(.rowAfter(index))] }
        if nulls[index] { return deeper(.isNull(index)) + [range(.isNotNull(index))] }
        return deeper(.equal(index)) + [range(.after(index))]
    }

    /// Part of the compiled statement's key.
    var signature: String {
        conditions.map { condition in
            switch condition {
            case .equal(let index): "=\(index)"
            case .isNull(let index): "0\(index)"
            case .isNotNull(let index): "1\(index)"
            case .after(let index): ">\(index)"
            case .rowAfter(let index): "r\(index)"
            case .mixedAfter(let index, let nulls): "m\(index):" + nulls.map { $0 ? "0" : "1" }.joined()
            }
        }.joined(separator: ",")
    }

    /// The conditions in SQL. `value` gives the placeholder of a cursor's value.
    func sql(_ keys: [SortKey], value: (Int) -> String) -> [String] {
        conditions.map { condition in
            switch condition {
            case .equal(let index): return "\(keys[index].sql) = \(value(index))"
            case .isNull(let index): return "\(keys[index].sql) IS NULL"
            case .isNotNull(let index): return "\(keys[index].sql) IS NOT NULL"
            case .after(let index): return "\(keys[index].sql) \(Self.symbol(keys[index])) \(value(index))"
            case .rowAfter(let index):
                let symbol = Self.symbol(keys[index])
                guard index < keys.count - 1 else { return "\(keys[index].sql) \(symbol) \(value(index))" }
                let columns = keys[index...].map(\.sql).joined(separator: ", ")
                return "(\(columns)) \(symbol) (\((index..<keys.count).map(value).joined(separator: ", ")))"
            case .mixedAfter(let index, let nulls): return Self.mixed(keys, from: index, nulls: nulls, value: value)
            }
        }
    }

    private static func symbol(_ key: SortKey) -> String { key.form.isDescending ? "<" : ">" }

    /// `(a > 1) OR (a = 1 AND b < 2) OR …`, with a bound on the first key in front for an index to begin at.
    private static func mixed(_ keys: [SortKey], from start: Int, nulls: [Bool], value: (Int) -> String) -> String {
        var alternatives: [String] = []
        var equalities: [String] = []
        for index in start..<keys.count {
            let key = keys[index]
            if let after = strictlyAfter(key, isNull: nulls[index], value: value(index)) {
                alternatives.append((equalities + [after]).joined(separator: " AND "))
            }
            equalities.append(nulls[index] ? "\(key.sql) IS NULL" : "\(key.sql) = \(value(index))")
        }
        let any = alternatives.map { "(\($0))" }.joined(separator: " OR ")
        guard !nulls[start], !keys[start].form.isDescending else { return "(\(any))" }
        return "\(keys[start].sql) >= \(value(start)) AND (\(any))"
    }

    private static func strictlyAfter(_ key: SortKey, isNull: Bool, value: String) -> String? {
        switch (key.form.isDescending, isNull) {
        case (false, false): "\(key.sql) > \(value)"
        case (false, true): "\(key.sql) IS NOT NULL"
        case (true, false): key.form.isNullable ? "(\(key.sql) < \(value) OR \(key.sql) IS NULL)" : "\(key.sql) < \(value)"
        case (true, true): nil
        }
    }
}
