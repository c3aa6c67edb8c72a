/// The names that `compute` has given so far, with what they stand for.
///
/// A name is replaced by its expression wherever it is used. What is put in counts against the limit of nodes, so that expressions that double
/// each other end there.
final class ComputedNames {
    private(set) var values: [String: TypedExpression] = [:]
    private var budget = QueryLimits.standard.nodes

    /// Gives a name to a value.
    func define(_ item: QueryOptions.ComputeItem, as value: TypedExpression, on shape: EntityShape) throws(QueryError) {
        let column = item.expression.range.start
        guard shape.properties[item.name] == nil, values[item.name] == nil else {
            throw QueryError(.duplicateOption, at: column, "There is a property '\(item.name)' already; choose another name after 'as'.")
        }
        // What comes to null, as a cast that fails, has a type all the same.
        let isNull = if case .literal = item.expression.kind { value.isNullLiteral } else { false }
        guard value.type.isSortable, !isNull else {
            let what = isNull ? "null, which has no type" : value.type.phrase
            throw QueryError(.typeMismatch, at: column, "Only single values can be computed, but this is \(what).")
        }
        values[item.name] = value
    }

    /// What a name stands for.
    func value(of name: String, range: SourceRange) throws(QueryError) -> TypedExpression? {
        guard let value = values[name] else { return nil }
        budget -= value.nodeCount
        guard budget > 0 else { throw QueryError(.limit, at: range.start, "What is computed makes the query too large.") }
        return value
    }

    /// Other rows have other names: those of a grouping.
    func forget() { values = [:] }
}

extension TypedExpression {
    /// How many nodes the expression has.
    fileprivate var nodeCount: Int {
        switch kind {
        case .literal, .property: 1
        case .isNull(let operand, _), .isInList(let operand, _, _), .isInCollection(let operand, _), .not(let operand),
            .negate(let operand), .toDecimal(let operand), .cast(let operand):
            1 + operand.nodeCount
        case .compare(_, let left, let right), .arithmetic(_, let left, let right): 1 + left.nodeCount + right.nodeCount
        case .and(let operands), .or(let operands), .call(_, let operands): operands.reduce(1) { $0 + $1.nodeCount }
        case .conditional(let branches): branches.reduce(1) { $0 + $1.condition.nodeCount + $1.value.nodeCount }
        case .count(let members), .any(let members), .all(let members): 1 + (members.condition?.nodeCount ?? 0)
        }
    }
}
