/// Builds the typed declarations of one file from checked values, and checks what a shape alone can't say: that ranges aren't empty, that a
/// default is allowed, that keys don't contradict one another.
struct DeclarationBuilder {
    /// The id of the module that the file declares for; types without a module's name are its own.
    let owner: String
    private(set) var diagnostics: [Diagnostic] = []

    init(owner: String) { self.owner = owner }

    mutating func report(_ code: Diagnostic.Code, _ location: SourceLocation, _ message: String, suggestion: String? = nil) {
        diagnostics.append(Diagnostic(code: code, location: location, message: message, suggestion: suggestion))
    }

    // MARK: Record types

    mutating func recordTypes(_ entries: [CheckedMap.Entry]) -> [RecordTypeDeclaration] {
        var types: [RecordTypeDeclaration] = []
        for entry in entries {
            guard let object = entry.object, let type = recordType(entry.key, object) else { continue }
            types.append(type)
        }
        return types
    }

    private mutating func recordType(_ key: Located<String>, _ object: CheckedObject) -> RecordTypeDeclaration? {
        let fields = fields(object.map("fields"))
        guard let collection = object.located("collection") else { return nil }
        return RecordTypeDeclaration(
            name: TypeName(module: owner, type: key.value), collection: collection,
            label: object.text("label") ?? Names.label(from: key.value),
            labelPlural: object.text("label_plural") ?? Names.label(from: collection.value), description: object.text("description"),
            alsoCalled: object.texts("also_called").map(\.value), display: object.located("display"), fields: fields,
            inherits: object.located("inherits"), indexes: indexes(object), unique: unique(object), rules: rules(object),
            only: accessRules(object.map("only")), isETagRequired: object.boolean("etag_required") ?? false, location: key.location)
    }

    func indexes(_ object: CheckedObject) -> [IndexDeclaration] {
        object.objects("indexes").map { IndexDeclaration(fields: $0.texts("fields"), location: $0.location) }
    }

    func unique(_ object: CheckedObject) -> [UniqueDeclaration] {
        object.objects("unique").map { UniqueDeclaration(fields: $0.texts("fields"), message: $0.text("message"), location: $0.location) }
    }

    func rules(_ object: CheckedObject) -> [RuleDeclaration] {
        object.objects("rules").compactMap { rule in
            guard let id = rule.text("id"), let check = rule.expression("check"), let message = rule.text("message") else { return nil }
            return RuleDeclaration(id: id, check: check, message: message, fields: rule.texts("fields"), location: rule.location)
        }
    }

    func choices(_ entries: [CheckedMap.Entry]) -> [ChoiceDeclaration] {
        // A choice with errors counts as a choice nevertheless, lest a default that names it be called unknown.
        entries.map { entry in
            ChoiceDeclaration(
                key: entry.key.value, label: entry.object?.text("label") ?? Names.label(from: entry.key.value),
                color: entry.object?.text("color").flatMap { ChoiceColor(rawValue: $0) }, category: entry.object?.text("category"),
                isRetired: entry.object?.boolean("retired") ?? false, location: entry.key.location)
        }
    }

    // MARK: Extensions

    mutating func extensions(_ entries: [CheckedMap.Entry]) -> [TypeExtension] {
        var extensions: [TypeExtension] = []
        for entry in entries {
            guard let object = entry.object else { continue }
            extensions.append(typeExtension(entry.key, object))
        }
        return extensions
    }

    private mutating func typeExtension(_ key: Located<String>, _ object: CheckedObject) -> TypeExtension {
        TypeExtension(
            target: reference(key), fields: fields(object.map("fields")), label: object.located("label"),
            labelPlural: object.located("label_plural"),
            labels: object.map("labels").compactMap { entry in entry.text.map { LabelChange(field: entry.key, label: $0.value) } },
            choices: object.map("choices").compactMap { entry in entry.map.map { ChoiceAddition(field: entry.key, choices: choices($0)) } },
            searches: object.map("search").compactMap { entry in
                entry.text.flatMap { SearchWeight(rawValue: $0.value) }.map { SearchChange(field: entry.key, weight: $0) }
            },
            indexes: indexes(object), unique: unique(object), rules: rules(object), only: accessRules(object.map("only")),
            location: key.location)
    }

    // MARK: Views, roles, events

    func views(_ entries: [CheckedMap.Entry]) -> [ViewDeclaration] {
        entries.compactMap { entry in
            guard let object = entry.object, let type = object.located("type") else { return nil }
            return ViewDeclaration(
                key: entry.key.value, type: reference(type), label: object.text("label") ?? Names.label(from: entry.key.value),
                description: object.text("description"), columns: object.texts("columns"), filter: object.expression("filter"),
                order: object.expression("order"), location: entry.key.location)
        }
    }

    func roles(_ entries: [CheckedMap.Entry]) -> [RoleDeclaration] {
        entries.compactMap { entry in
            guard let object = entry.object else { return nil }
            return RoleDeclaration(
                key: entry.key.value, label: object.text("label") ?? Names.label(from: entry.key.value),
                description: object.text("description"),
                grants: object.map("grants").compactMap(grant), abilities: object.texts("may").map(\.value), location: entry.key.location)
        }
    }

    private func grant(_ entry: CheckedMap.Entry) -> GrantDeclaration? {
        guard let object = entry.object else { return nil }
        func scope(_ key: String) -> GrantScope? { object.text(key).flatMap { GrantScope(rawValue: $0) } }
        var further: [String: GrantScope] = [:]
        for action in GrantDeclaration.furtherActions { further[action] = scope(action) }
        return GrantDeclaration(
            type: reference(entry.key), stated: AccessRuleDeclaration.actions.compactMap { object.located($0) },
            read: scope("read") ?? .none, create: scope("create") ?? .none,
            update: scope("update") ?? .none, delete: scope("delete") ?? .none, further: further,
            fields: object.map("fields").compactMap(fieldGrant), allow: accessRules(object.map("allow")),
            only: accessRules(object.map("only")))
    }

    private func accessRules(_ entries: [CheckedMap.Entry]) -> [AccessRuleDeclaration] {
        entries.compactMap { entry in
            guard let object = entry.object, let when = object.expression("when") else { return nil }
            let actions = object.has("actions") ? object.texts("actions").map(\.value) : nil
            return AccessRuleDeclaration(key: entry.key.value, when: when, actions: actions, location: entry.key.location)
        }
    }

    private func fieldGrant(_ entry: CheckedMap.Entry) -> FieldGrantDeclaration? {
        guard let object = entry.object else { return nil }
        func scope(_ key: String) -> GrantScope? { object.text(key).flatMap { GrantScope(rawValue: $0) } }
        return FieldGrantDeclaration(field: entry.key, read: scope("read"), update: scope("update"))
    }

    mutating func events(_ entries: [CheckedMap.Entry]) -> [EventDeclaration] {
        var events: [EventDeclaration] = []
        for entry in entries {
            guard let object = entry.object else { continue }
            let fields = fields(object.map("fields"))
            events.append(
                EventDeclaration(
                    key: entry.key.value, label: object.text("label") ?? Names.label(from: entry.key.value),
                    description: object.text("description"),
                    fields: fields, location: entry.key.location))
        }
        return events
    }

    // MARK: References

    func reference(_ text: Located<String>) -> TypeReference {
        guard let dot = text.value.lastIndex(of: ".") else {
            return TypeReference(TypeName(module: owner, type: text.value), at: text.location)
        }
        let name = TypeName(module: String(text.value[..<dot]), type: String(text.value[text.value.index(after: dot)...]))
        return TypeReference(name, at: text.location)
    }
}
