/// Mail addresses, phone numbers and web addresses are compared by their normal forms. The checker writes such a comparison as one over the property that
/// holds the normal form, so that both back ends agree about it and its index serves: `primary_email eq 'Ada@x.org'` becomes
/// `emails/any(e:e/is_primary and e/normalised eq 'ada@x.org')`.
extension ExpressionChecker {
    /// `eq` or `ne` over such a property; nil when the operands are compared as they are.
    mutating func normalComparison(
        _ comparison: TypedExpression.Comparison, _ left: TypedExpression, _ right: TypedExpression, range: SourceRange
    ) throws(QueryError) -> TypedExpression? {
        guard let (side, form) = left.normalForm.map({ (left, $0) }) ?? right.normalForm.map({ (right, $0) }) else { return nil }
        let other = left.normalForm == nil ? left : right
        guard other.type.isText else { return nil }
        if case .flagged = form.place, let reference = try reference(other, form), !reference.mayBeNull {
            let found = try matching(side, form, range: range) { stored in
                TypedExpression(.compare(.equal, stored, reference), type: .boolean, mayBeNull: false, range: range)
            }
            return comparison == .equal ? found : TypedExpression(.not(found), type: .boolean, mayBeNull: false, range: range)
        }
        if form.place.isBeside {
            if let otherForm = other.normalForm, case .flagged = otherForm.place {
                return try normalComparison(comparison, other, side, range: range)
            }
            if let reference = try reference(other, form), let stored = stored(side, form) {
                return TypedExpression(.compare(comparison, stored, reference), type: .boolean, mayBeNull: false, range: range)
            }
        }
        guard form.kind == .email else { return nil }
        return TypedExpression(.compare(comparison, try lowered(side), try lowered(other)), type: .boolean, mayBeNull: false, range: range)
    }

    /// Membership in a list of texts; nil when the operand is compared as it is.
    mutating func normalMembership(
        _ operand: TypedExpression, of values: [Value], includesNull: Bool, members: [TypedExpression], range: SourceRange
    ) throws(QueryError) -> TypedExpression? {
        guard let form = operand.normalForm else { return nil }
        var normal: [Value] = []
        for (value, member) in zip(values, members) {
            guard case .string(let text) = value else { return nil }
            normal.append(.string(try normalised(text, form.kind, at: member.range)))
        }
        let found = try matching(operand, form, range: range) { stored in
            TypedExpression(.isInList(stored, normal, includesNull: false), type: .boolean, mayBeNull: false, range: range)
        }
        guard includesNull else { return found }
        let isNull = TypedExpression(.isNull(operand, isNegated: false), type: .boolean, mayBeNull: false, range: range)
        return TypedExpression(.or([found, isNull]), type: .boolean, mayBeNull: false, range: range)
    }

    /// `contains`, `startswith` and `endswith` over a mail address; nil when the function sees the text as it is.
    mutating func normalCall(
        _ function: CanonicalFunction, _ arguments: [TypedExpression], range: SourceRange
    ) throws(QueryError) -> TypedExpression? {
        switch function {
        case .contains, .startsWith, .endsWith: break
        default: return nil
        }
        guard arguments.count == 2, let form = arguments[0].normalForm, form.kind == .email else { return nil }
        let part = try lowered(arguments[1])
        return try matching(arguments[0], form, range: range) { stored in
            TypedExpression(.call(function, [stored, part]), type: .boolean, mayBeNull: stored.mayBeNull || part.mayBeNull, range: range)
        }
    }

    // MARK: - Pieces

    /// A condition over the normal form of a property: over its sibling, or over the flagged member of the collection beside it.
    private mutating func matching(
        _ side: TypedExpression, _ form: NormalForm, range: SourceRange, _ condition: (TypedExpression) -> TypedExpression
    ) throws(QueryError) -> TypedExpression {
        guard case .flagged(let collection, let flag, let member) = form.place else {
            guard let stored = stored(side, form) else { throw misplaced(range) }
            return condition(stored)
        }
        guard case .property(let path) = side.kind, let last = path.segments.last, case .entity(let shape) = last.owner,
            let list = shape.properties[collection], case .collection(of: .complex(let element)) = list.type,
            let flagProperty = element.properties[flag], let normal = element.properties[member]
        else { throw misplaced(range) }
        let number = newVariable()
        func property(_ property: Property) -> TypedExpression {
            let path = PropertyPath(root: .variable(number), segments: [PathSegment(property: property, owner: .complex(element))])
            return TypedExpression(.property(path), type: property.type, mayBeNull: property.isNullable, range: range)
        }
        let both = [property(flagProperty), condition(property(normal))]
        let isMatch = TypedExpression(.and(both), type: .boolean, mayBeNull: both.contains(where: \.mayBeNull), range: range)
        let place = PropertyPath(root: path.root, segments: path.segments.dropLast() + [PathSegment(property: list, owner: last.owner)])
        let members = CollectionMembers(path: place, variable: number, variableName: collection, condition: isMatch)
        return TypedExpression(.any(members), type: .boolean, mayBeNull: false, range: range)
    }

    /// The property that holds the normal form.
    private func stored(_ node: TypedExpression, _ form: NormalForm) -> TypedExpression? {
        if form.place == .itself { return node }
        guard case .sibling(let name) = form.place, case .property(let path) = node.kind, let last = path.segments.last else { return nil }
        let found: Property? =
            switch last.owner {
            case .entity(let shape): shape.properties[name]
            case .complex(let shape): shape.properties[name]
            }
        guard let found else { return nil }
        let sibling = PathSegment(property: found, owner: last.owner)
        let place = PropertyPath(root: path.root, segments: path.segments.dropLast() + [sibling])
        return TypedExpression(.property(place), type: found.type, mayBeNull: node.mayBeNull || found.isNullable, range: node.range)
    }

    /// What a stored normal form is compared with; nil when the operand has none in reach.
    private func reference(_ other: TypedExpression, _ form: NormalForm) throws(QueryError) -> TypedExpression? {
        if case .literal(.string(let text)) = other.kind {
            let normal = try normalised(text, form.kind, at: other.range)
            return TypedExpression(.literal(.string(normal)), type: .string, mayBeNull: false, range: other.range)
        }
        guard let otherForm = other.normalForm, otherForm.kind == form.kind else {
            return form.kind == .email && other.normalForm == nil ? try lowered(other) : nil
        }
        return stored(other, otherForm)
    }

    private func normalised(_ text: String, _ kind: NormalForm.Kind, at range: SourceRange) throws(QueryError) -> String {
        switch kind {
        case .webAddress: return WebAddress.normal(text)
        case .email: return CaseMapping.lowercased(CodePoints.trimmed(text))
        case .phone:
            guard let number = schema.normalisedPhone(text) else {
                throw QueryError(
                    .notSupported, at: range.start,
                    "Comparing phone numbers as people write them is not supported here; compare the member 'normalised' with E.164.")
            }
            return number
        }
    }

    private func lowered(_ node: TypedExpression) throws(QueryError) -> TypedExpression {
        let call = TypedExpression(.call(.toLower, [node]), type: .string, mayBeNull: node.mayBeNull, range: node.range)
        return try folded(call, operands: [node])
    }

    private func misplaced(_ range: SourceRange) -> QueryError {
        QueryError(.unknownName, at: range.start, "The normal form of this property isn't part of its type.")
    }
}

extension NormalForm.Place {
    /// Whether the normal form lies in the same structured value as the property.
    fileprivate var isBeside: Bool {
        switch self {
        case .itself, .sibling: true
        case .flagged: false
        }
    }
}

extension TypedExpression {
    /// Where the normal form of a property's values lies; nil for everything that is compared as it is.
    fileprivate var normalForm: NormalForm? {
        guard case .property(let path) = kind else { return nil }
        return path.property?.normalForm
    }
}
