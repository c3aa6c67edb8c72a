extension ExpressionChecker {
    /// How far a path has been followed.
    private struct Progress {
        var path: PropertyPath
        /// What the next step is looked up in, or the type reached.
        var type: PropertyType
        /// For structured values and entities: what has members.
        var element: Element
        var mayBeNull = false
        var range: SourceRange

        /// The choice reached.
        var choice: ChoiceType? {
            if case .value(.choice(let choice)) = element { choice } else { nil }
        }
    }

    mutating func check(_ path: Path, range: SourceRange) throws(QueryError) -> TypedExpression {
        if let value = try computedValue(path, range: range) { return value }
        if let change = try change(path, range: range) { return change }
        var steps = path.steps[...]
        var progress = try start(of: path, steps: &steps, range: range)
        while let step = steps.popFirst() {
            switch step.kind {
            case .name(ChoiceType.categoryName) where progress.choice != nil:
                if let further = steps.first {
                    throw QueryError(.unknownName, at: further.range.start, "There is nothing below the category of a choice.")
                }
                guard let choice = progress.choice else { break }
                return try category(of: choice, at: progress.path, mayBeNull: progress.mayBeNull, step: step, range: range)
            case .name(let name), .qualifiedName(let name): try follow(name, step: step, &progress)
            case .count(let options): return try count(progress, options: options, range: range)
            case .any(let variable, let condition): return try any(progress, variable, condition, range: range)
            case .all(let variable, let condition): return try all(progress, variable, condition, range: range)
            case .call(let call): throw boundFunction(call, progress, range: step.range)
            case .annotation: throw unsupported("An annotation", step.range)
            case .filter: throw unsupported("'$filter' in a path", step.range)
            case .key: throw unsupported("A key in a path", step.range)
            case .aggregate: throw unsupported("'aggregate' in a path", step.range)
            }
        }
        if case .entity = progress.element, progress.path.segments.isEmpty {
            throw QueryError(.typeMismatch, at: range.start, "A whole record is no value; name a property of it.")
        }
        if case .complex = progress.element, progress.path.segments.isEmpty {
            throw QueryError(.typeMismatch, at: range.start, "A whole structured value is no single value; name a member of it.")
        }
        return TypedExpression(.property(progress.path), type: progress.type, mayBeNull: progress.mayBeNull, range: range)
    }

    /// What `compute` has named, where the path is such a name of the record.
    private func computedValue(_ path: Path, range: SourceRange) throws(QueryError) -> TypedExpression? {
        guard let names, !names.values.isEmpty, case .name(let name) = path.steps.first?.kind else { return nil }
        switch path.root {
        case .implicit: guard base.root == .record, !variables.contains(where: { $0.name == name }) else { return nil }
        case .it: guard !refersOutside else { return nil }
        default: return nil
        }
        guard let value = try names.value(of: name, range: range) else { return nil }
        guard path.steps.count == 1 else {
            throw QueryError(.unknownName, at: path.steps[1].range.start, "There is nothing below '\(name)', which is computed.")
        }
        return TypedExpression(value.kind, type: value.type, mayBeNull: value.mayBeNull, range: range)
    }

    private mutating func start(of path: Path, steps: inout ArraySlice<Path.Step>, range: SourceRange) throws(QueryError) -> Progress {
        switch path.root {
        case .implicit: break
        case .it:
            guard !refersOutside else { throw unsupported("'$it' in the options of $expand", range) }
            return progress(at: .record, record, range: range)
        case .this: return progress(at: base.root, base.element, range: range)
        case .service: throw unsupported("'$root'", range)
        case .these: throw unsupported("'$these'", range)
        case .user:
            guard let user else {
                throw QueryError(
                    .notSupported, at: range.start, "'$user' stands in conditions of rights only, in 'allow' and 'only'; name an id here.")
            }
            return progress(at: .user, .complex(user), range: range)
        case .event:
            guard let event else {
                throw QueryError(.notSupported, at: range.start, "'$event' stands in conditions of subscriptions only.")
            }
            return progress(at: .event, .complex(event.shape), range: range)
        case .alias(let name):
            throw QueryError(.unknownName, at: range.start, "The parameter alias '@\(name)' has no value; add &@\(name)=… to the query.")
        }
        if case .call(let call) = steps.first?.kind { throw boundFunction(call, nil, range: range) }
        guard case .name(let name) = steps.first?.kind, let variable = variables.last(where: { $0.name == name }) else {
            return progress(at: base.root, base.element, range: range)
        }
        steps = steps.dropFirst()
        return progress(at: .variable(variable.number), variable.element, range: range)
    }

    private func progress(at root: PropertyPath.Root, _ element: Element, range: SourceRange) -> Progress {
        let type: PropertyType =
            switch element {
            case .entity(let shape): .entity(shape.name)
            case .complex(let shape): .complex(shape)
            case .value(let type): type
            }
        return Progress(path: PropertyPath(root: root, segments: []), type: type, element: element, range: range)
    }

    private func boundFunction(_ call: FunctionCall, _ progress: Progress?, range: SourceRange) -> QueryError {
        let isKey = !call.arguments.isEmpty
        let known: Bool =
            switch progress?.element ?? base.element {
            case .entity(let shape): shape.properties[call.name] != nil
            case .complex(let shape): shape.properties[call.name] != nil
            case .value: false
            }
        if isKey, known { return unsupported("A key in a path", range) }
        if call.name.utf8.contains(UInt8(ascii: ".")) { return unsupported("The function '\(call.name)'", range) }
        return unknownFunction(call)
    }

    private func follow(_ name: String, step: Path.Step, _ progress: inout Progress) throws(QueryError) {
        if case .entityOfSeveral(let names) = progress.type { return try narrow(to: name, among: names, step: step, &progress) }
        if progress.type.isCollection {
            let message =
                "'\(progress.path.displayName)' is a collection; use \(progress.path.displayName)/any(x:x/\(name) …), all or $count."
            throw QueryError(.typeMismatch, at: step.range.start, message)
        }
        let owner: PathSegment.Owner
        let properties: [String: Property]
        let ownerName: String
        switch progress.element {
        case .entity(let shape): (owner, properties, ownerName) = (.entity(shape), shape.properties, shape.name)
        case .complex(let shape): (owner, properties, ownerName) = (.complex(shape), shape.properties, shape.name)
        case .value(let type):
            let category = progress.choice.map { _ in Spelling.closest(to: name, in: [ChoiceType.categoryName]) } ?? nil
            throw QueryError(
                .unknownName, at: step.range.start, "There is nothing named '\(name)' below \(type.phrase).", suggestion: category)
        }
        guard let property = properties[name] else { throw unknownProperty(name, step: step, properties, ownerName) }
        guard property.isFilterable else {
            throw QueryError(.notFilterable, at: step.range.start, "'\(name)' can be selected, but not used in conditions or for sorting.")
        }
        var target: EntityShape?
        progress.element = .value(property.type)
        switch property.type {
        case .complex(let shape): progress.element = .complex(shape)
        case .entity(let name), .entityCollection(let name):
            guard let shape = schema.entityShape(named: name) else {
                throw QueryError(
                    .unknownName, at: step.range.start, "The type that '\(property.name)' leads to isn't part of this deployment.")
            }
            target = shape
            progress.element = .entity(shape)
        default: break
        }
        let segment = PathSegment(property: property, owner: owner, target: target)
        progress.path = PropertyPath(root: progress.path.root, segments: progress.path.segments + [segment])
        progress.type = property.type
        progress.mayBeNull = !property.type.isCollection && (progress.mayBeNull || property.isNullable)
    }

    /// A link to one of several types, followed by the name of one of them.
    private func narrow(to name: String, among names: [String], step: Path.Step, _ progress: inout Progress) throws(QueryError) {
        let link = progress.path.property?.name ?? ""
        guard names.contains(name), let shape = schema.entityShape(named: name), let last = progress.path.segments.last else {
            let message = "'\(link)' leads to several types; name one of them first, as in \(link)/\(names.first ?? "type")/…"
            throw QueryError(.typeMismatch, at: step.range.start, message, suggestion: Spelling.closest(to: name, in: names))
        }
        let segment = PathSegment(property: last.property, owner: last.owner, target: shape)
        progress.path = PropertyPath(root: progress.path.root, segments: progress.path.segments.dropLast() + [segment])
        progress.type = .entity(name)
        progress.element = .entity(shape)
        progress.mayBeNull = true
    }

    private func unknownProperty(_ name: String, step: Path.Step, _ properties: [String: Property], _ owner: String) -> QueryError {
        if case .qualifiedName = step.kind { return unsupported("The type segment '\(name)'", step.range) }
        let candidates = Array(properties.keys) + variables.map(\.name) + (names.map { Array($0.values.keys) } ?? [])
        var message = "There is no property '\(name)' in \(owner)."
        if name == owner { message = "A type segment isn't needed: '\(name)' is the type itself." }
        return QueryError(.unknownName, at: step.range.start, message, suggestion: Spelling.closest(to: name, in: candidates))
    }

    // MARK: - Collections

    private func members(of progress: Progress, word: String, range: SourceRange) throws(QueryError) -> Element {
        switch progress.type {
        case .collection(of: .complex(let shape)): return .complex(shape)
        case .collection(of: let item): return .value(item)
        case .entityCollection: return progress.element
        default:
            let name = progress.path.displayName
            let hint = progress.type.isLink ? "; compare it with null instead" : ""
            let subject = name.isEmpty ? "This" : "'\(name)'"
            throw QueryError(
                .typeMismatch, at: range.start, "\(subject) is \(progress.type.phrase), but '\(word)' needs a collection\(hint).")
        }
    }

    mutating func newVariable() -> Int {
        defer { nextVariable += 1 }
        return nextVariable
    }

    private mutating func count(_ progress: Progress, options: QueryOptions?, range: SourceRange) throws(QueryError) -> TypedExpression {
        let element = try members(of: progress, word: "$count", range: range)
        let number = newVariable()
        if options?.search != nil { throw unsupported("'$search'", options?.ranges["search"] ?? range) }
        var condition: TypedExpression?
        if let filter = options?.filter {
            let outer = base
            base = (.variable(number), element)
            condition = try coerce(try check(filter), to: .boolean) { "'$filter' needs a condition, but this is \($0.phrase)." }
            base = outer
        }
        let members = CollectionMembers(path: progress.path, variable: number, variableName: "$this", condition: condition)
        return TypedExpression(.count(members), type: .int64, mayBeNull: false, range: range)
    }

    private mutating func any(
        _ progress: Progress, _ variable: String?, _ condition: Expression?, range: SourceRange
    ) throws(QueryError) -> TypedExpression {
        let element = try members(of: progress, word: "any", range: range)
        let members = try lambda(progress, element, variable, condition, word: "any")
        return TypedExpression(.any(members), type: .boolean, mayBeNull: false, range: range)
    }

    private mutating func all(
        _ progress: Progress, _ variable: String, _ condition: Expression, range: SourceRange
    ) throws(QueryError) -> TypedExpression {
        let element = try members(of: progress, word: "all", range: range)
        let members = try lambda(progress, element, variable, condition, word: "all")
        return TypedExpression(.all(members), type: .boolean, mayBeNull: false, range: range)
    }

    private mutating func lambda(
        _ progress: Progress, _ element: Element, _ name: String?, _ condition: Expression?, word: String
    ) throws(QueryError) -> CollectionMembers {
        let number = newVariable()
        guard let name, let condition else {
            return CollectionMembers(path: progress.path, variable: number, variableName: name ?? "", condition: nil)
        }
        guard !variables.contains(where: { $0.name == name }) else {
            throw QueryError(.unknownName, at: condition.range.start, "The variable '\(name)' is in use already; choose another name.")
        }
        variables.append(Variable(name: name, number: number, element: element))
        let checked = try coerce(try check(condition), to: .boolean) { "'\(word)' needs a condition, but this is \($0.phrase)." }
        variables.removeLast()
        return CollectionMembers(path: progress.path, variable: number, variableName: name, condition: checked)
    }
}
