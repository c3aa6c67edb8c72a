package import QueryLanguage

extension TypedExpression {
    /// What of a record a condition over it reads: fields by their keys, and columns of the platform. Conditions are asked over the record alone, so
    /// that what it links to is out of reach.
    ///
    /// - Parameters:
    ///   - kind: what these conditions are called where one is refused.
    ///   - readsLists: whether emails and phones are within reach, and not their primary values alone.
    func reads(of shape: TypeShape, as kind: String, readsLists: Bool) throws(QueryError) -> Set<String> {
        var reads: Set<String> = []
        for path in recordPaths {
            guard let first = path.segments.first, shape.bindings.indices.contains(first.property.ordinal) else { continue }
            switch shape.bindings[first.property.ordinal] {
            case .system(let column): reads.insert(column.name)
            case .column(_, let field), .address(let field), .file(let field): reads.insert(field)
            case .channels(let table) where readsLists: reads.insert(table.field)
            case .channels:
                throw QueryError(
                    .notSupported, at: 0,
                    "\(path.displayName) is a list of its own; \(kind) over it are not supported yet, use the primary value")
            case .toOne, .toMany, .inverseOfOne, .inverseOfMany, .linkColumns, .toAny:
                throw QueryError(
                    .notSupported, at: 0,
                    "\(path.displayName) leads to another record; \(kind) over linked records are not supported yet, use the record's own fields"
                )
            }
        }
        return reads
    }

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

    /// Whether its value changes as time goes by.
    package var asksTheTime: Bool {
        var asks = false
        visit { node in if case .call(.now, _) = node.kind { asks = true } }
        return asks
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
