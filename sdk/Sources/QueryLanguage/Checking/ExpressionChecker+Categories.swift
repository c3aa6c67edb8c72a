/// Categories of choices, `stage/category`: what stands for the choices of one meaning, whatever their names are.
extension ExpressionChecker {
    /// The category of a choice at a path: a case over the keys, which both back ends have already. Null for a choice without category.
    func category(of choice: ChoiceType, at path: PropertyPath, mayBeNull: Bool, step: Path.Step, range: SourceRange) throws(QueryError)
        -> TypedExpression
    {
        let groups = choice.membersByCategory
        guard !groups.isEmpty else {
            throw QueryError(.unknownName, at: step.range.start, "The choices of '\(path.displayName)' have no categories.")
        }
        let operand = TypedExpression(.property(path), type: .choice(choice), mayBeNull: mayBeNull, range: range)
        let branches = groups.map { category, members in
            TypedExpression.Branch(
                condition: TypedExpression(
                    .isInList(operand, members.map { .string($0) }, includesNull: false), type: .boolean, mayBeNull: false, range: range),
                value: TypedExpression(.literal(.string(category)), type: .string, mayBeNull: false, range: range))
        }
        return TypedExpression(
            .conditional(branches), type: .choice(ChoiceType(members: groups.map(\.category))), mayBeNull: true, range: range)
    }

    /// A comparison of a category with constants as one of the choice itself, which an index serves.
    ///
    /// - Parameter values: what the category shall be among.
    /// - Returns: nil where the node is no category, or a value is none of its categories.
    func choices(of node: TypedExpression, among values: [Value]) -> TypedExpression? {
        guard case .choice = node.type, case .conditional(let branches) = node.kind else { return nil }
        var operand: TypedExpression?
        var members: [String: [Value]] = [:]
        for branch in branches {
            guard case .isInList(let test, let keys, includesNull: false) = branch.condition.kind, operand ?? test == test else {
                return nil
            }
            guard case .literal(.string(let category)) = branch.value.kind, members[category] == nil else { return nil }
            operand = test
            members[category] = keys
        }
        var wanted: [Value] = []
        for value in values {
            guard case .string(let category) = value, let keys = members[category] else { return nil }
            wanted += keys.filter { !wanted.contains($0) }
        }
        guard let operand else { return nil }
        return TypedExpression(.isInList(operand, wanted, includesNull: false), type: .boolean, mayBeNull: false, range: node.range)
    }

    /// `stage/category eq 'won'` and its negation, either way round.
    func categoryComparison(
        _ comparison: TypedExpression.Comparison, _ left: TypedExpression, _ right: TypedExpression, range: SourceRange
    ) -> TypedExpression? {
        let (node, other) = left.isLiteral ? (right, left) : (left, right)
        guard comparison == .equal || comparison == .notEqual, case .literal(let value) = other.kind else { return nil }
        guard let test = choices(of: node, among: [value]) else { return nil }
        return comparison == .equal ? test : TypedExpression(.not(test), type: .boolean, mayBeNull: false, range: range)
    }
}
