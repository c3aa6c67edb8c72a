import QueryLanguage

/// The canonical functions, with the meaning that docs/query-language.md gives them. Null when any argument is.
extension QueryCompiler {
    func call(_ function: CanonicalFunction, _ arguments: [TypedExpression]) throws -> SQLFragment {
        switch function {
        case .startsWith where arguments.count == 2: return try startsWith(arguments[0], arguments[1])
        case .now: return SQLFragment("now()", isNullable: false)
        default: break
        }
        let pieces = try arguments.map { try value($0) }
        guard let first = pieces.first else { throw Self.unknown(function) }
        let isNullable = pieces.contains(where: \.isNullable)
        if pieces.count > 1 { return try call(function, first, pieces[1], pieces.dropFirst(2).first, isNullable: isNullable) }
        return try call(function, first, type: arguments[0].type)
    }

    /// Functions of one argument.
    private func call(_ function: CanonicalFunction, _ a: SQLFragment, type: PropertyType) throws -> SQLFragment {
        func result(_ text: String) -> SQLFragment { SQLFragment(text, isNullable: a.isNullable) }
        switch function {
        case .length: return result("length(\(a.text))::bigint")
        case .toLower: return result("tessera.lower(\(a.text))")
        case .toUpper: return result("tessera.upper(\(a.text))")
        case .trim: return result("btrim(\(a.text), \(Self.whiteSpace))")
        case .year, .month, .day, .hour, .minute: return result("extract(\(function.rawValue) from \(clock(a, type)))::bigint")
        case .second: return result("floor(extract(second from \(clock(a, type))))::bigint")
        case .fractionalSeconds: return result("(extract(microseconds from \(clock(a, type)))::bigint % 1000000) * 0.000001").enclosed
        case .date: return result("\(clock(a, type))::date")
        case .time: return result("\(clock(a, type))::time")
        case .totalOffsetMinutes: return totalOffset(a)
        case .totalSeconds: return result("extract(epoch from \(a.text))")
        case .round: return result("round(\(a.text))")
        case .floor: return result("floor(\(a.text))")
        case .ceiling: return result("ceil(\(a.text))")
        default: throw Self.unknown(function)
        }
    }

    /// Functions of two or three arguments.
    private func call(
        _ function: CanonicalFunction, _ a: SQLFragment, _ b: SQLFragment, _ c: SQLFragment?, isNullable: Bool
    ) throws -> SQLFragment {
        func result(_ text: String, isAtomic: Bool = true) -> SQLFragment {
            SQLFragment(text, isAtomic: isAtomic, isNullable: isNullable)
        }
        switch function {
        case .contains: return result("strpos(\(a.text), \(b.text)) > 0", isAtomic: false)
        case .startsWith: return result("starts_with(\(a.text), \(b.text))")
        case .endsWith: return result("right(\(a.text), length(\(b.text))) = \(b.operand)", isAtomic: false)
        case .indexOf: return result("strpos(\(a.text), \(b.text))::bigint - 1", isAtomic: false)
        case .concat: return result("\(a.operand) || \(b.operand)", isAtomic: false)
        case .substring:
            let start = Self.start(b.operand, in: a.text)
            guard let c else { return result("substr(\(a.text), \(start))") }
            return result("substr(\(a.text), \(start), \(Self.count(c.operand)))")
        default: throw Self.unknown(function)
        }
    }

    /// A constant prefix is a range, which an index serves.
    private func startsWith(_ text: TypedExpression, _ prefix: TypedExpression) throws -> SQLFragment {
        let a = try value(text)
        guard case .literal(let constant) = prefix.kind, case .string(let characters) = constant else {
            let b = try value(prefix)
            return SQLFragment("starts_with(\(a.text), \(b.text))", isNullable: a.isNullable || b.isNullable)
        }
        let index = take(.value(constant))
        if let sort = languageSort, text.kind == .property(sort.path), PrefixRange.isContiguous(characters, in: sort.collation) {
            return languageRange(a, index, sort.collation)
        }
        let collation = a.isColumn ? "" : " COLLATE \"C\""
        let lower = "\(a.operand) >= \(placeholder(.literal(index, .value)))\(collation)"
        guard PrefixRange.end(of: characters) != nil else { return SQLFragment(lower, isAtomic: false, isNullable: a.isNullable) }
        let upper = "\(a.operand) < \(placeholder(.literal(index, .prefixEnd)))\(collation)"
        return SQLFragment("\(lower) AND \(upper)", isAtomic: false, isNullable: a.isNullable)
    }

    /// The prefix as a range of the order that the list has, so that the index of that order gives the rows sorted. The exact condition
    /// stands beside it, in coalesce() so that the planner takes it for what it is: true for nearly all of the range. Otherwise it would expect
    /// few rows, and read and sort the whole range.
    private func languageRange(_ column: SQLFragment, _ index: Int, _ collation: String) -> SQLFragment {
        let prefix = placeholder(.literal(index, .value))
        let sorted = "\(column.operand) COLLATE \"\(collation)\""
        let end = placeholder(.literal(index, .prefixEndInLanguage))
        let exact = "coalesce(left(\(column.text), length(\(prefix))) = \(prefix), TRUE)"
        return SQLFragment("\(sorted) >= \(prefix) AND \(sorted) < \(end) AND \(exact)", isAtomic: false, isNullable: column.isNullable)
    }

    /// A date-time on the clock of its own offset; dates and times as they are.
    private func clock(_ piece: SQLFragment, _ type: PropertyType) -> String {
        guard case .dateTimeOffset = type else { return piece.operand }
        guard let minutes = minutes(of: piece.offset) else { return "(\(piece.operand) AT TIME ZONE 'UTC')" }
        return "((\(piece.operand) + \(minutes) * interval '1 minute') AT TIME ZONE 'UTC')"
    }

    private func totalOffset(_ piece: SQLFragment) -> SQLFragment {
        let minutes = (minutes(of: piece.offset) ?? "0") + "::bigint"
        guard piece.isNullable else { return SQLFragment(minutes, isNullable: false) }
        return SQLFragment("CASE WHEN \(piece.text) IS NOT NULL THEN \(minutes) END", isNullable: true)
    }

    /// PostgreSQL counts positions from 1 in 32 bits. Written as CASE, since greatest() and least() pass over NULL.
    private static func start(_ number: String, in text: String) -> String {
        "(CASE WHEN \(number) > 2147483646 THEN 2147483647 WHEN \(number) >= 0 THEN \(number) + 1 "
            + "WHEN \(number) < 0 THEN greatest(length(\(text)) + \(number), 0) + 1 END)::integer"
    }

    private static func count(_ number: String) -> String {
        "(CASE WHEN \(number) > 2147483647 THEN 2147483647 WHEN \(number) > 0 THEN \(number) WHEN \(number) <= 0 THEN 0 END)::integer"
    }

    /// Unicode's white space.
    private static let whiteSpace =
        #"E'\u0009\u000A\u000B\u000C\u000D\u0020\u0085\u00A0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200A"#
        + #"\u2028\u2029\u202F\u205F\u3000'"#

    private static func unknown(_ function: CanonicalFunction) -> RecordsError {
        RecordsError(.notSupported, "\(function.rawValue)() with these arguments is not supported yet.", target: function.rawValue)
    }
}

extension SQLFragment {
    /// The same with parentheses around it.
    var enclosed: SQLFragment {
        var copy = self
        copy.text = "(\(text))"
        copy.isAtomic = true
        return copy
    }
}
