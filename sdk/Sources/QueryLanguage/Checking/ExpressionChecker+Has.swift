extension ExpressionChecker {
    /// `colours has 'red'`: whether a multi-choice or a list of tags holds a member. `'red,blue'` asks for both members of a multi-choice. Of a
    /// single choice it is the same as `eq`.
    mutating func checkHas(_ left: Expression, _ right: Expression, range: SourceRange) throws(QueryError) -> TypedExpression {
        let collection = try check(left)
        let wanted = try check(right)
        guard case .literal(.string(let text)) = wanted.kind else {
            throw QueryError(
                .typeMismatch, at: wanted.range.start, "'has' needs a choice in quotes on its right, but this is \(wanted.type.phrase).")
        }
        switch (collection.type, collection.kind) {
        case (.choice(let choice), _):
            try checkMember(text, of: choice, at: wanted.range.start)
            return TypedExpression(.compare(.equal, collection, wanted), type: .boolean, mayBeNull: false, range: range)
        case (.collection(of: .choice(let choice)), .property(let path)):
            var found: [TypedExpression] = []
            for part in text.split(separator: ",", omittingEmptySubsequences: false) {
                let member = CodePoints.trimmed(String(part))
                try checkMember(member, of: choice, at: wanted.range.start)
                found.append(holds(path, member, of: .choice(choice), range: range))
            }
            return found.count == 1 ? found[0] : TypedExpression(.and(found), type: .boolean, mayBeNull: false, range: range)
        case (.collection(of: .string), .property(let path)):
            return holds(path, text, of: .string, range: range)
        default:
            throw QueryError(
                .typeMismatch, at: collection.range.start,
                "'has' needs a multi-choice or tags on its left, but this is \(collection.type.phrase).")
        }
    }

    private mutating func holds(_ path: PropertyPath, _ member: String, of type: PropertyType, range: SourceRange) -> TypedExpression {
        let number = newVariable()
        let each = TypedExpression(
            .property(PropertyPath(root: .variable(number), segments: [])), type: type, mayBeNull: false, range: range)
        let literal = TypedExpression(.literal(.string(member)), type: .string, mayBeNull: false, range: range)
        let condition = TypedExpression(.compare(.equal, each, literal), type: .boolean, mayBeNull: false, range: range)
        let members = CollectionMembers(path: path, variable: number, variableName: "member", condition: condition)
        return TypedExpression(.any(members), type: .boolean, mayBeNull: false, range: range)
    }
}
