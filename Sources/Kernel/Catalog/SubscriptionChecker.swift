import Manifests
import QueryLanguage

/// Makes the subscriptions of a composition, parses and type-checks their conditions, and collects what is wrong.
struct SubscriptionChecker {
    let catalog: Catalog
    /// Names that the catalog doesn't know and that may be right all the same; nil when it knows all.
    let doubt: NameDoubt?
    private(set) var diagnostics: [Diagnostic] = []

    init(catalog: Catalog, doubt: NameDoubt? = nil) {
        self.catalog = catalog
        self.doubt = doubt
    }

    mutating func subscriptions(of composition: Composition) -> [EventSubscription] {
        var found: [EventSubscription] = []
        var places: [String: SourceLocation] = [:]
        let modules = composition.modules.map { ($0.manifest.id.value, $0.manifest.subscriptions) }
        let overlays = composition.overlays.map { (Overlay.moduleID, $0.subscriptions) }
        for (owner, declarations) in modules + overlays {
            for declaration in declarations {
                let made = make(declaration, owner: owner)
                if let first = places[made.id] {
                    report(.doubleClaim, declaration.location, "there is a subscription '\(declaration.key)' already, at \(first)")
                    continue
                }
                places[made.id] = declaration.location
                check(declaration.handler, in: composition)
                found.append(made)
            }
        }
        return found
    }

    private mutating func make(_ declaration: SubscriptionDeclaration, owner: String) -> EventSubscription {
        let types = self.types(of: declaration)
        let firstPause = declaration.retry.first?.duration ?? .seconds(2)
        return EventSubscription(
            id: "\(owner).\(declaration.key)", label: declaration.label, topics: declaration.topics.map(\.value),
            handler: .init(module: declaration.handler.module, name: declaration.handler.name), when: declaration.when?.text,
            conditions: conditions(declaration.when, types), watched: watched(declaration.watch, types),
            debounce: declaration.debounce?.duration, keepsOrder: declaration.keepsOrder, batch: declaration.batch,
            start: declaration.start,
            deadline: declaration.deadline?.duration ?? .seconds(30), attempts: declaration.retry.attempts, firstPause: firstPause,
            longestPause: declaration.retry.longest?.duration ?? max(firstPause, .seconds(600)), exhausted: declaration.exhausted)
    }

    /// The record types whose events some topic means. Each topic has to mean some.
    private mutating func types(of declaration: SubscriptionDeclaration) -> [RecordType] {
        let topics = catalog.types.flatMap(\.topics)
        for topic in declaration.topics where !topics.contains(where: { TopicMatch.matches(topic.value, $0) }) && doubt == nil {
            report(
                .unknownReference, topic.location, "there are no events '\(topic.value)' in this deployment",
                suggestion: Spelling.closest(to: topic.value, in: topics))
        }
        return catalog.types.filter { type in
            type.topics.contains { topic in declaration.topics.contains { TopicMatch.matches($0.value, topic) } }
        }
    }

    private mutating func check(_ handler: HandlerReference, in composition: Composition) {
        guard doubt == nil else { return }
        guard let module = composition.module(handler.module) else {
            // A module's own file says which it requires, and what is missing is told with it.
            report(
                .unknownReference, handler.location, "the deployment has no module '\(handler.module)'",
                suggestion: Spelling.closest(to: handler.module, in: composition.modules.map(\.manifest.id.value)))
            return
        }
        guard case .data = module.manifest.run, handler.module != Overlay.moduleID else { return }
        report(.unknownReference, handler.location, "the module '\(handler.module)' has no code, and so no handler '\(handler.name)'")
    }

    private mutating func watched(_ fields: [Located<String>], _ types: [RecordType]) -> [String: Set<String>] {
        var watched: [String: Set<String>] = [:]
        for field in fields {
            let having = types.filter { $0.field(field.value) != nil }
            if having.isEmpty, let type = types.first, doubt?.covers(field.value, on: type) != true {
                report(
                    .unknownReference, field.location, "\(types.map(\.id).joined(separator: ", ")) has no field '\(field.value)'",
                    suggestion: Spelling.closest(to: field.value, in: types.flatMap { $0.fields.map(\.key) }))
            }
            for type in having { watched[type.id, default: []].formUnion(type.field(field.value)?.eventNames ?? []) }
        }
        guard !fields.isEmpty else { return [:] }
        // A type that has none of them has nothing to watch.
        for type in types where watched[type.id] == nil { watched[type.id] = [] }
        return watched
    }

    // MARK: Conditions

    private mutating func conditions(_ source: ExpressionText?, _ types: [RecordType]) -> [String: TypedExpression]? {
        guard let source else { return nil }
        var conditions: [String: TypedExpression] = [:]
        for type in types {
            guard let shape = catalog.typeShape(named: type.id) else { continue }
            do {
                let checker = QueryChecker(schema: catalog, event: shape.eventScope(of: type))
                let expression = try checker.check(Expression.parse(source.text), on: shape.shape, expecting: .boolean)
                try Self.checkReads(of: expression, shape)
                conditions[type.id] = expression
            } catch {
                if doubt?.covers(error, in: source.text, on: type) == true { continue }
                let whose = types.count == 1 ? "" : "for events of \(type.id): "
                report(.expression, source.location(at: max(0, error.column - 1)), whose + error.message, suggestion: error.suggestion)
                // Most likely the same is wrong for all.
                return conditions
            }
        }
        return conditions
    }

    /// The record as it was after the event is put together from its own row, so that lists and links are out of reach.
    private static func checkReads(of expression: TypedExpression, _ shape: TypeShape) throws(QueryError) {
        for path in expression.recordPaths {
            guard let first = path.segments.first, !shape.isOwnValue(first.property) else { continue }
            throw QueryError(
                .notSupported, at: 0,
                "\(path.displayName) isn't in the record's own row; conditions of subscriptions over lists, files and other records are not "
                    + "supported yet, use the record's own fields or changed(\(first.property.name))")
        }
    }

    private mutating func report(_ code: Diagnostic.Code, _ location: SourceLocation, _ message: String, suggestion: String? = nil) {
        diagnostics.append(Diagnostic(code: code, location: location, message: message, suggestion: suggestion))
    }
}

extension DurationLiteral {
    fileprivate var duration: Duration { .microseconds(microseconds) }
}
