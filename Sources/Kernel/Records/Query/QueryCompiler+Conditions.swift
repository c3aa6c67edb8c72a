import Postgres
import QueryLanguage

/// Conditions: what yields true, false or null.
extension QueryCompiler {
    func condition(_ expression: TypedExpression, _ truth: Truth) throws -> SQLFragment {
        switch expression.kind {
        case .isNull(let operand, let isNegated): return try nullTest(operand, isNegated: isNegated)
        case .compare(let comparison, let left, let right): return try compare(comparison, left, right, truth)
        case .isInList(let operand, let values, let includesNull):
            return try membership(of: operand, values: values, includesNull: includesNull, truth)
        case .isInCollection(let operand, let path): return try membership(of: operand, in: path, truth)
        case .and(let operands): return try connect(operands, "AND", truth)
        case .or(let operands): return try connect(operands, "OR", truth)
        case .not(let operand): return try negation(of: operand)
        case .any(let members): return try exists(members, truth)
        case .all(let members): return try forAll(members)
        case .conditional(let branches): return try conditional(branches, truth)
        default: return try value(expression)
        }
    }

    private func connect(_ operands: [TypedExpression], _ word: String, _ truth: Truth) throws -> SQLFragment {
        let pieces = try operands.map { try condition($0, truth) }
        let text = pieces.map(\.operand).joined(separator: " \(word) ")
        return SQLFragment(text, isAtomic: false, isNullable: pieces.contains(where: \.isNullable))
    }

    private func negation(of operand: TypedExpression) throws -> SQLFragment {
        guard operand.mayBeNull else {
            let piece = try condition(operand, .lenient)
            if piece.isNullable { return SQLFragment("\(piece.operand) IS NOT TRUE", isAtomic: false, isNullable: false) }
            return SQLFragment("NOT \(piece.operand)", isAtomic: false, isNullable: false)
        }
        let piece = try condition(operand, .exact)
        return SQLFragment("NOT \(piece.operand)", isAtomic: false, isNullable: piece.isNullable)
    }

    private func nullTest(_ operand: TypedExpression, isNegated: Bool) throws -> SQLFragment {
        let test = isNegated ? "IS NOT NULL" : "IS NULL"
        guard case .property(let path) = operand.kind else {
            return SQLFragment("\(try value(operand).operand) \(test)", isAtomic: false, isNullable: false)
        }
        switch try resolve(path) {
        case .value(let piece): return SQLFragment("\(piece.operand) \(test)", isAtomic: false, isNullable: false)
        case .record(let row): return SQLFragment("\(row.alias).\"id\" \(test)", isAtomic: false, isNullable: false)
        case .complex(let members): return anyPresent(members, isNegated: !isNegated)
        case .anyRecord(let ids): return anyPresent(ids, isNegated: !isNegated)
        case .members: return SQLFragment(isNegated ? "TRUE" : "FALSE", isNullable: false)
        }
    }

    private func anyPresent(_ pieces: [SQLFragment], isNegated: Bool) -> SQLFragment {
        let list = pieces.map(\.text).joined(separator: ", ")
        return SQLFragment("num_nonnulls(\(list)) \(isNegated ? "=" : ">") 0", isAtomic: false, isNullable: false)
    }

    private func compare(
        _ comparison: TypedExpression.Comparison, _ left: TypedExpression, _ right: TypedExpression, _ truth: Truth
    ) throws -> SQLFragment {
        let (a, b) = (try value(left), try value(right))
        let isNullable = a.isNullable || b.isNullable
        switch comparison {
        case .equal where a.isNullable && b.isNullable:
            return SQLFragment("\(a.operand) IS NOT DISTINCT FROM \(b.operand)", isAtomic: false, isNullable: false)
        case .notEqual where isNullable:
            return SQLFragment("\(a.operand) IS DISTINCT FROM \(b.operand)", isAtomic: false, isNullable: false)
        case .equal, .notEqual:
            let text = "\(a.operand) \(comparison.sqlOperator) \(b.operand)"
            return settle(SQLFragment(text, isAtomic: false, isNullable: isNullable), truth)
        default:
            // A column brings its collation; between computed texts it has to be named.
            let collation = left.type.isText && !a.isColumn && !b.isColumn ? " COLLATE \"C\"" : ""
            let text = "\(a.operand) \(comparison.sqlOperator) \(b.operand)\(collation)"
            return settle(SQLFragment(text, isAtomic: false, isNullable: isNullable), truth)
        }
    }

    /// Makes a comparison's NULL the false that the language says, where the difference counts.
    private func settle(_ piece: SQLFragment, _ truth: Truth) -> SQLFragment {
        guard truth == .exact, piece.isNullable else { return piece }
        return SQLFragment("\(piece.operand) IS TRUE", isAtomic: false, isNullable: false)
    }

    private func membership(of operand: TypedExpression, values: [Value], includesNull: Bool, _ truth: Truth) throws -> SQLFragment {
        let piece = try value(operand)
        let list = placeholder(.literal(take(.list(values, operand.type)), .value))
        var test = SQLFragment("\(piece.operand) = ANY (\(list))", isAtomic: false, isNullable: piece.isNullable)
        if includesNull, piece.isNullable {
            test = SQLFragment("\(test.operand) OR \(piece.operand) IS NULL", isAtomic: false, isNullable: true)
        }
        return settle(test, truth)
    }

    private func membership(of operand: TypedExpression, in path: PropertyPath, _ truth: Truth) throws -> SQLFragment {
        let piece = try value(operand)
        guard case .members(.array(let array)) = try resolve(path) else { throw Self.gone(path.displayName) }
        return settle(SQLFragment("\(piece.operand) = ANY (\(array.text))", isAtomic: false, isNullable: true), truth)
    }

    func conditional(_ branches: [TypedExpression.Branch], _ truth: Truth?) throws -> SQLFragment {
        var text = "CASE"
        var offsets: [(condition: String, offset: UTCOffset?)] = []
        for branch in branches {
            let test = try condition(branch.condition, .lenient)
            let result = try truth.map { try condition(branch.value, $0) } ?? value(branch.value)
            text += " WHEN \(test.text) THEN \(result.text)"
            offsets.append((test.text, result.offset))
        }
        let isUTC = offsets.allSatisfy { $0.offset == nil }
        return SQLFragment("\(text) END", isNullable: true, offset: isUTC ? nil : .branches(offsets))
    }

    // MARK: Collections

    private func exists(_ members: CollectionMembers, _ truth: Truth) throws -> SQLFragment {
        if let shortcut = try containment(members) { return settle(shortcut, truth) }
        return SQLFragment("EXISTS (\(try selection("1", of: members) { $0.text }))", isNullable: false)
    }

    private func forAll(_ members: CollectionMembers) throws -> SQLFragment {
        let text = try selection("1", of: members) { piece in
            piece.isNullable ? "\(piece.operand) IS NOT TRUE" : "NOT \(piece.operand)"
        }
        return SQLFragment("NOT EXISTS (\(text))", isAtomic: false, isNullable: false)
    }

    func count(_ members: CollectionMembers) throws -> SQLFragment {
        if members.condition == nil, case .members(.array(let array)) = try resolve(members.path) {
            return SQLFragment("coalesce(cardinality(\(array.text)), 0)::bigint", isNullable: false)
        }
        return SQLFragment("(\(try selection("count(*)", of: members) { $0.text }))", isNullable: false)
    }

    /// A SELECT over the members for which the condition, in the form that `test` gives it, holds.
    private func selection(_ result: String, of members: CollectionMembers, test: (SQLFragment) -> String) throws -> String {
        guard case .members(let place) = try resolve(members.path) else { throw Self.gone(members.path.displayName) }
        var (row, conditions) = try open(place)
        if let expression = members.condition {
            variables[members.variable] = row
            let piece = try condition(expression, .lenient)
            variables[members.variable] = nil
            let text = test(piece)
            conditions.append(text == piece.text && !conditions.isEmpty ? piece.operand : text)
        }
        let filter = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
        return "SELECT \(result) FROM \(row.from.text)\(filter)"
    }

    /// `tags/any(t:t eq 'x')` as `tags @> ARRAY['x']`, which an index serves.
    private func containment(_ members: CollectionMembers) throws -> SQLFragment? {
        guard case .compare(.equal, let left, let right) = members.condition?.kind else { return nil }
        guard case .property(let path) = left.kind, path.root == .variable(members.variable), path.segments.isEmpty else { return nil }
        guard case .literal(let value) = right.kind, case .string = value else { return nil }
        guard case .members(.array(let array)) = try resolve(members.path) else { return nil }
        // How frequent a member is says whether its index or the order of the list leads to the page, and no plan for any value can know.
        planning = .eachTime
        let member = placeholder(.literal(take(.value(value)), .array))
        return SQLFragment("\(array.text) @> \(member)", isAtomic: false, isNullable: true)
    }
}

extension TypedExpression.Comparison {
    var sqlOperator: String {
        switch self {
        case .equal: "="
        case .notEqual: "<>"
        case .greaterThan: ">"
        case .greaterOrEqual: ">="
        case .lessThan: "<"
        case .lessOrEqual: "<="
        }
    }
}
