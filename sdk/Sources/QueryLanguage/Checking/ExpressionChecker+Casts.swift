extension ExpressionChecker {
    /// `cast(x,Edm.String)` and its like: conversions between single values.
    mutating func checkCast(_ operand: Expression?, to name: TypeName, range: SourceRange) throws(QueryError) -> TypedExpression {
        guard let operand else { throw unsupported("A cast of the whole record", range) }
        let type = try targetType(name, range: range)
        let value = try check(operand)
        if value.isNullLiteral { return TypedExpression(.literal(.null), type: type, mayBeNull: true, range: range) }
        if value.type == type { return value }
        let node: TypedExpression
        switch (value.type, type) {
        case (.int64, .decimal):
            node = promoted(value)
        case (.dateTimeOffset, .date):
            node = TypedExpression(.call(.date, [value]), type: type, mayBeNull: value.mayBeNull, range: range)
        case (.dateTimeOffset, .timeOfDay):
            node = TypedExpression(.call(.time, [value]), type: type, mayBeNull: value.mayBeNull, range: range)
        case (_, .string) where value.type.isSortable, (.date, .dateTimeOffset):
            node = TypedExpression(.cast(value), type: type, mayBeNull: value.mayBeNull, range: range)
        case (.decimal, .int64), (.string, .int64), (.string, .decimal):
            node = TypedExpression(.cast(value), type: type, mayBeNull: true, range: range)
        default:
            throw QueryError(.typeMismatch, at: value.range.start, "\(value.type.phrase.capitalisedStart) can't be cast to \(name.name).")
        }
        return try folded(node, operands: [value])
    }

    private func targetType(_ name: TypeName, range: SourceRange) throws(QueryError) -> PropertyType {
        let types: [PropertyType] = [.string, .int64, .decimal, .boolean, .date, .timeOfDay, .dateTimeOffset, .duration, .guid]
        if !name.isCollection, let type = types.first(where: { $0.displayName == name.name }) { return type }
        let known = types.map(\.displayName)
        switch name.name {
        case "Edm.Int32", "Edm.Int16", "Edm.SByte", "Edm.Byte":
            throw QueryError(.notSupported, at: range.start, "A cast to '\(name.name)' is not supported.", suggestion: "Edm.Int64")
        case "Edm.Double", "Edm.Single":
            throw QueryError(.notSupported, at: range.start, "A cast to '\(name.name)' is not supported.", suggestion: "Edm.Decimal")
        default:
            throw QueryError(
                .notSupported, at: range.start,
                "A cast to '\(name.isCollection ? "Collection(\(name.name))" : name.name)' is not supported.",
                suggestion: Spelling.closest(to: name.name, in: known))
        }
    }
}

extension String {
    /// The same with a capital letter at its start.
    fileprivate var capitalisedStart: String { prefix(1).uppercased() + dropFirst() }
}
