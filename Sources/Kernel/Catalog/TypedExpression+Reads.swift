package import QueryLanguage

extension TypedExpression {
    /// The paths of the record itself that this expression reads, variables' left out.
    package var recordPaths: [PropertyPath] {
        var found: [PropertyPath] = []
        visit { node in
            switch node.kind {
            case .property(let path): found.append(path)
            case .isInCollection(_, let path): found.append(path)
            case .count(let members), .any(let members), .all(let members): found.append(members.path)
            default: break
            }
        }
        return found.filter { $0.root == .record }
    }

    /// Whether it asks for null itself.
    package var mentionsNull: Bool {
        var found = false
        visit { node in
            switch node.kind {
            case .isNull: found = true
            case .isInList(_, _, let includesNull): found = found || includesNull
            case .literal(.null): found = true
            default: break
            }
        }
        return found
    }

    /// Calls `body` for this node and all nodes below it. As deep as the parser's limit on nesting.
    package func visit(_ body: (TypedExpression) -> Void) {
        body(self)
        switch kind {
        case .literal, .property: break
        case .isNull(let operand, _), .isInList(let operand, _, _), .isInCollection(let operand, _), .not(let operand),
            .negate(let operand),
            .toDecimal(let operand), .cast(let operand):
            operand.visit(body)
        case .compare(_, let left, let right), .arithmetic(_, let left, let right):
            left.visit(body)
            right.visit(body)
        case .and(let operands), .or(let operands), .call(_, let operands):
            operands.forEach { $0.visit(body) }
        case .conditional(let branches):
            for branch in branches {
                branch.condition.visit(body)
                branch.value.visit(body)
            }
        case .count(let members), .any(let members), .all(let members):
            members.condition?.visit(body)
        }
    }
}
