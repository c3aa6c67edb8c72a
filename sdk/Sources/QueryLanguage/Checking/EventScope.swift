/// What a condition of a subscription can ask about an event beside the record: the members of `$event`, and what `changed(…)` may name.
public struct EventScope: Sendable {
    /// The member of `$event` that has the names of what changed, a collection of texts: where `changed(…)` looks.
    public static let changed = Property(name: "changed", type: .collection(of: .string), isNullable: false)

    /// The members of `$event`, with ``changed`` among them.
    public let shape: ComplexShape
    /// By what `changed(…)` is given, the names that stand for it in `$event/changed`.
    public let changes: [String: [String]]

    /// Makes a scope.
    ///
    /// - Parameters:
    ///   - members: the members of `$event` beside ``changed``.
    ///   - changes: what can change, as conditions name it, with the names that events have for it.
    public init(members: [Property], changes: [String: [String]]) {
        shape = ComplexShape(name: "$event", properties: members + [Self.changed])
        self.changes = changes
    }
}

extension ExpressionChecker {
    /// `changed(stage)`: whether the event changed something of the record; nil for any other path.
    func change(_ path: Path, range: SourceRange) throws(QueryError) -> TypedExpression? {
        guard path.root == .implicit, case .call(let call)? = path.steps.first?.kind, call.name == "changed" else { return nil }
        guard let event else {
            throw QueryError(.unknownFunction, at: call.nameRange.start, "'changed' stands in conditions of subscriptions only.")
        }
        guard path.steps.count == 1, call.arguments.count == 1, let argument = call.arguments.first, argument.name == nil,
            case .path(let named) = argument.value.kind, named.root == .implicit, named.steps.count == 1,
            case .name(let name)? = named.steps.first?.kind
        else {
            throw QueryError(.wrongArguments, at: range.start, "'changed' takes the name of one field, as in changed(stage).")
        }
        guard let names = event.changes[name] else {
            throw QueryError(
                .unknownName, at: argument.value.range.start, "There is no field '\(name)' that could change.",
                suggestion: Spelling.closest(to: name, in: Array(event.changes.keys)))
        }
        let segment = PathSegment(property: EventScope.changed, owner: .complex(event.shape))
        let tests = names.map { name in
            let text = TypedExpression(.literal(.string(name)), type: .string, mayBeNull: false, range: range)
            return TypedExpression(
                .isInCollection(text, PropertyPath(root: .event, segments: [segment])), type: .boolean, mayBeNull: false, range: range)
        }
        return tests.count == 1 ? tests[0] : TypedExpression(.or(tests), type: .boolean, mayBeNull: false, range: range)
    }
}
