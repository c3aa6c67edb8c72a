/// A record type while extensions are merged into it.
struct TypeDraft {
    let declaration: RecordTypeDeclaration
    private(set) var fields: [ComposedField]
    private(set) var scope: TypeScope
    private var indexes: [Owned<IndexDeclaration>]
    private var unique: [Owned<UniqueDeclaration>]
    private var rules: [Owned<RuleDeclaration>]
    private var ruleIDs: [String: SourceLocation] = [:]
    private var only: [Owned<AccessRuleDeclaration>]
    /// Labels by the key of the field, and under keys that no field has those of the type itself.
    private var labels: [String: LabelClaim] = [:]

    private struct LabelClaim {
        let label: String
        let location: SourceLocation
        let isOverlay: Bool
    }

    private struct SearchClaim {
        let weight: SearchWeight
        let location: SourceLocation
        let isOverlay: Bool
    }

    private var searches: [String: SearchClaim] = [:]

    private static let ownLabel = "/label"
    private static let ownLabelPlural = "/label_plural"

    init(_ declaration: RecordTypeDeclaration, isComplete: Bool, broken: Set<String>) {
        self.declaration = declaration
        let owner = declaration.name.module
        fields = declaration.fields.map { ComposedField(owner: owner, declaration: $0) }
        indexes = declaration.indexes.map { Owned(owner: owner, declaration: $0) }
        unique = declaration.unique.map { Owned(owner: owner, declaration: $0) }
        rules = declaration.rules.map { Owned(owner: owner, declaration: $0) }
        only = declaration.only.map { Owned(owner: owner, declaration: $0) }
        scope = TypeScope(name: declaration.name, isComplete: isComplete, broken: broken)
        // What the file itself has wrong was found with the file.
        var silent = DeclarationChecker()
        for field in declaration.fields { silent.claim(field, in: &scope) }
        for rule in declaration.rules { ruleIDs[rule.id] = ruleIDs[rule.id] ?? rule.location }
    }

    // MARK: Merging

    mutating func add(_ additions: [FieldDeclaration], owner: String, _ checker: inout DeclarationChecker) {
        for field in additions {
            checker.claim(field, in: &scope)
            if !fields.contains(where: { $0.key == field.key }) { fields.append(ComposedField(owner: owner, declaration: field)) }
        }
        if fields.count > Language.maxFields, let last = additions.last {
            checker.report(
                .tooLarge, last.location, "\(declaration.name) would have \(fields.count) fields; at most \(Language.maxFields) are allowed"
            )
        }
    }

    mutating func add(inverse: Located<String>, from type: TypeName, _ checker: inout DeclarationChecker) {
        checker.claim(inverse: inverse, of: type, in: &scope)
    }

    mutating func add(_ addition: TypeExtension, owner: String, isOverlay: Bool, _ checker: inout DeclarationChecker) {
        for field in addition.fields { checker.checkPrimary(of: field, scope) }
        checker.checkIndexes(addition.indexes, scope)
        checker.checkUnique(addition.unique, scope)
        checker.checkRules(addition.rules, scope, taken: &ruleIDs)
        indexes += addition.indexes.map { Owned(owner: owner, declaration: $0) }
        unique += addition.unique.map { Owned(owner: owner, declaration: $0) }
        rules += addition.rules.map { Owned(owner: owner, declaration: $0) }
        for rule in addition.only {
            if let first = only.first(where: { $0.declaration.key == rule.key })?.declaration.location {
                checker.report(.doubleClaim, rule.location, "\(declaration.name) has '\(rule.key)' in 'only' already, at \(first)")
            } else {
                only.append(Owned(owner: owner, declaration: rule))
            }
        }
        for change in addition.choices { add(change, &checker) }
        for change in addition.searches { add(change, isOverlay: isOverlay, &checker) }
        for change in addition.labels { add(change, isOverlay: isOverlay, &checker) }
        if let label = addition.label { claimLabel(Self.ownLabel, label, isOverlay: isOverlay, &checker) }
        if let label = addition.labelPlural { claimLabel(Self.ownLabelPlural, label, isOverlay: isOverlay, &checker) }
    }

    private mutating func add(_ change: ChoiceAddition, _ checker: inout DeclarationChecker) {
        guard case .field(let field)? = checker.property(change.field, scope), let index = fields.firstIndex(where: { $0.key == field.key })
        else {
            if case .derived? = scope.property(change.field.value) { reportNoChoices(change.field, &checker) }
            if case .system? = scope.property(change.field.value) { reportNoChoices(change.field, &checker) }
            return
        }
        let existing: [ChoiceDeclaration]
        switch fields[index].declaration.kind {
        case .choice(let options), .multiChoice(let options): existing = options.choices
        default: return reportNoChoices(change.field, &checker)
        }
        var choices = existing
        for choice in change.choices {
            if let first = choices.first(where: { $0.key == choice.key }) {
                checker.report(.doubleClaim, choice.location, "'\(field.key)' has the choice '\(choice.key)' already, at \(first.location)")
            } else {
                choices.append(choice)
            }
        }
        fields[index] = ComposedField(owner: fields[index].owner, declaration: fields[index].declaration.with(choices: choices))
    }

    private func reportNoChoices(_ field: Located<String>, _ checker: inout DeclarationChecker) {
        checker.report(.wrongType, field.location, "'\(field.value)' is not a choice field")
    }

    private mutating func add(_ change: SearchChange, isOverlay: Bool, _ checker: inout DeclarationChecker) {
        guard let found = checker.property(change.field, scope) else { return }
        guard case .field(let field) = found, let index = fields.firstIndex(where: { $0.key == field.key }) else {
            checker.report(.wrongType, change.field.location, "'\(change.field.value)' is \(found.owner); only fields are searched")
            return
        }
        guard field.kind.isSearchable else {
            checker.report(.wrongType, change.field.location, "a field of type \(field.kind.keyword) can't be searched")
            return
        }
        // The integrator has the last word over modules; two modules, or two overlays, have to agree.
        if let first = searches[field.key], first.isOverlay == isOverlay, first.weight != change.weight {
            checker.report(
                .doubleClaim, change.field.location, "'\(field.key)' is searched as \(first.weight.rawValue) already, by \(first.location)")
            return
        }
        searches[field.key] = SearchClaim(weight: change.weight, location: change.field.location, isOverlay: isOverlay)
        fields[index] = ComposedField(owner: fields[index].owner, declaration: fields[index].declaration.with(search: change.weight))
    }

    private mutating func add(_ change: LabelChange, isOverlay: Bool, _ checker: inout DeclarationChecker) {
        guard let found = checker.property(change.field, scope) else { return }
        guard case .field = found else {
            checker.report(.wrongType, change.field.location, "'\(change.field.value)' is \(found.owner); only fields have labels")
            return
        }
        claimLabel(change.field.value, Located(change.label, at: change.field.location), isOverlay: isOverlay, &checker)
    }

    /// The integrator has the last word over modules; two modules, or two overlays, have to agree.
    private mutating func claimLabel(_ key: String, _ label: Located<String>, isOverlay: Bool, _ checker: inout DeclarationChecker) {
        if let first = labels[key], first.isOverlay == isOverlay {
            checker.report(.doubleClaim, label.location, "the label is changed at \(first.location) already")
            return
        }
        labels[key] = LabelClaim(label: label.value, location: label.location, isOverlay: isOverlay)
    }

    // MARK: Result

    var composed: ComposedType {
        ComposedType(
            declaration: declaration, label: labels[Self.ownLabel]?.label ?? declaration.label,
            labelPlural: labels[Self.ownLabelPlural]?.label ?? declaration.labelPlural,
            fields: fields.map { field in
                guard let label = labels[field.key]?.label else { return field }
                return ComposedField(owner: field.owner, declaration: field.declaration.with(label: label))
            },
            indexes: indexes, unique: unique, rules: rules, only: only)
    }
}

extension FieldDeclaration {
    fileprivate func with(
        label: String? = nil, choices: [ChoiceDeclaration]? = nil, search: SearchWeight? = nil
    ) -> FieldDeclaration {
        let kind: FieldKind =
            switch (self.kind, choices) {
            case (.choice, let choices?): .choice(ChoiceOptions(choices: choices))
            case (.multiChoice, let choices?): .multiChoice(ChoiceOptions(choices: choices))
            default: self.kind
            }
        return FieldDeclaration(
            key: key, label: label ?? self.label, description: description, kind: kind, isRequired: isRequired, isUnique: isUnique,
            search: search ?? self.search, defaultValue: defaultValue, isReadOnly: isReadOnly, requiredWhen: requiredWhen,
            readOnlyWhen: readOnlyWhen, vcard: vcard, alsoCalled: alsoCalled, location: location)
    }
}
