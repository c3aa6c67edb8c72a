extension TypedExpression {
    /// Where the currency of an amount lies; nil for plain numbers.
    ///
    /// An amount divided by another is a plain number: both are of one currency, or the division was refused.
    var currency: TypedExpression? {
        switch kind {
        case .property(let path): path.currency.map { TypedExpression(.property($0), type: .string, mayBeNull: true, range: range) }
        case .arithmetic(.divideDecimals, let left, let right) where left.currency != nil && right.currency != nil: nil
        case .arithmetic(_, let left, let right): left.currency ?? right.currency
        case .negate(let operand), .toDecimal(let operand): operand.currency
        case .call(.round, let arguments), .call(.floor, let arguments), .call(.ceiling, let arguments): arguments.first?.currency
        case .conditional(let branches): branches.lazy.compactMap(\.value.currency).first
        default: nil
        }
    }

    /// A property's path, for people: the names separated by slashes.
    var displayPath: String {
        guard case .property(let path) = kind else { return "an expression" }
        return path.displayName
    }
}

extension PropertyPath {
    /// The currency beside the amount that the path ends in.
    fileprivate var currency: PropertyPath? {
        guard let last = segments.last, let name = last.property.currencyProperty else { return nil }
        let found: Property? =
            switch last.owner {
            case .entity(let shape): shape.properties[name]
            case .complex(let shape): shape.properties[name]
            }
        return found.map { PropertyPath(root: root, segments: segments.dropLast() + [PathSegment(property: $0, owner: last.owner)]) }
    }
}

extension ExpressionChecker {
    /// Amounts whose currencies stand in different properties may differ in currency.
    func checkCurrencies(_ left: TypedExpression, _ right: TypedExpression, word: String) throws(QueryError) {
        guard let first = left.currency, let second = right.currency, first.kind != second.kind else { return }
        let message =
            "'\(word)' needs amounts of one currency, but one is in \(first.displayPath) and the other in \(second.displayPath), which may differ."
        throw QueryError(.typeMismatch, at: right.range.start, message)
    }
}
