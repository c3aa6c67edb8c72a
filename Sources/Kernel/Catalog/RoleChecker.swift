import Manifests
import QueryLanguage

/// Makes the roles of a composition, parses and type-checks the conditions in them, and collects what is wrong.
struct RoleChecker {
    let catalog: Catalog
    let doubt: NameDoubt?
    private(set) var diagnostics: [Diagnostic] = []
    /// What holds for everybody who reaches a type at all, by the type's id.
    private(set) var everybody: [String: [Role.Grant.Clause]]

    init(catalog: Catalog, doubt: NameDoubt? = nil, everybody: [String: [Role.Grant.Clause]] = [:]) {
        self.catalog = catalog
        self.doubt = doubt
        self.everybody = everybody
    }

    /// Every role that modules bring and the integrator adds, in their order. What types demand of everybody is part of each grant on them, since
    /// nobody but administrators reaches a record without one.
    mutating func roles(of composition: Composition) -> [Role] {
        for type in composition.types {
            let id = type.name.description
            everybody[id] = type.only.compactMap { limit($0.declaration, of: id, in: id) }
        }
        var roles: [Role] = []
        for module in composition.modules {
            for role in module.manifest.roles { roles.append(make(role, owner: module.manifest.id.value)) }
        }
        for overlay in composition.overlays { for role in overlay.roles { roles.append(make(role, owner: Overlay.moduleID)) } }
        return roles
    }

    private mutating func make(_ declaration: RoleDeclaration, owner: String) -> Role {
        let id = "\(owner).\(declaration.key)"
        var grants: [Role.Grant] = []
        for grant in declaration.grants { grants.append(make(grant, role: id)) }
        return role(id, declaration, grants, .manifest)
    }

    private func role(_ id: String, _ declaration: RoleDeclaration, _ grants: [Role.Grant], _ origin: Role.Origin) -> Role {
        Role(
            id: id, label: declaration.label, description: declaration.description, grants: grants + inherited(grants),
            abilities: Set(declaration.abilities.compactMap(Role.Ability.init(rawValue:))), origin: origin)
    }

    /// Grants on details of which the role says nothing itself: their rights come from records that it speaks of.
    private func inherited(_ grants: [Role.Grant]) -> [Role.Grant] {
        let types = Set(grants.map(\.type))
        return catalog.types.compactMap { type in
            guard let parent = type.parent, !types.contains(type.id), types.contains(catalog.origin(ofRightsTo: type).id) else {
                return nil
            }
            return Role.Grant(type: type.id, parent: parent, scopes: [:], limits: everybody[type.id] ?? [])
        }
    }

    /// A role that isn't part of the composition, and so may have been made for another. A grant in which anything is wrong gives nothing; where
    /// it had conditions of `only`, its holders reach nothing of the type at all, since these keep out what other roles give. Nor do they of details,
    /// since these would be theirs by their parents without a grant.
    mutating func kept(_ declaration: RoleDeclaration) -> Role {
        var grants: [Role.Grant] = []
        for grant in declaration.grants {
            let type = grant.type.name.description
            guard catalog.type(id: type) != nil else {
                diagnostics.append(
                    Diagnostic(
                        code: .unknownReference, location: grant.type.location, message: "the deployment has no record type '\(type)'",
                        suggestion: Spelling.closest(to: type, in: catalog.types.map(\.id))))
                continue
            }
            let before = diagnostics.count
            let made = make(grant, role: declaration.key)
            if diagnostics.count == before {
                grants.append(made)
            } else if !grant.only.isEmpty || made.parent != nil {
                grants += [closed(type)].compactMap(\.self)
            }
        }
        return role(declaration.key, declaration, grants, .api)
    }

    /// A grant that gives nothing of a type and keeps out what others give.
    func closed(_ id: String) -> Role.Grant? {
        guard let type = catalog.type(id: id), let shape = catalog.typeShape(named: id) else { return nil }
        do {
            let never = try QueryChecker(schema: catalog, user: UserValue.shape)
                .check(Expression.parse("false"), on: shape.shape, expecting: .boolean)
            let rule = AccessRule(id: "\(id)/closed", text: "false", expression: never, type: type, reads: [])
            return Role.Grant(type: id, parent: type.parent, scopes: [:], limits: [.init(rule: rule, actions: Set(RecordAction.allCases))])
        } catch {
            return nil
        }
    }

    private mutating func make(_ declaration: GrantDeclaration, role: String) -> Role.Grant {
        let type = declaration.type.name.description
        let parent = catalog.type(id: type)?.parent
        var scopes: [RecordAction: GrantScope] = [:]
        if let parent {
            checkInheritance(of: declaration, parent)
        } else {
            scopes = [.read: declaration.read, .create: declaration.create, .update: declaration.update, .delete: declaration.delete]
            for (key, scope) in declaration.further { if let action = RecordAction(rawValue: key) { scopes[action] = scope } }
        }
        checkFields(of: declaration, type)
        var (allowances, limits): ([Role.Grant.Clause], [Role.Grant.Clause]) = ([], [])
        for rule in declaration.allow {
            guard let made = self.rule(rule, of: type, in: role) else { continue }
            allowances.append(.init(rule: made, actions: Self.actions(rule) ?? [.read]))
        }
        for rule in declaration.only { if let made = limit(rule, of: type, in: role) { limits.append(made) } }
        return Role.Grant(
            type: type, parent: parent, scopes: scopes,
            fields: Dictionary(
                declaration.fields.map { ($0.field.value, .init(read: $0.read, update: $0.update)) },
                uniquingKeysWith: { first, _ in first }),
            allowances: allowances, limits: limits + (everybody[type] ?? []))
    }

    private mutating func limit(_ declaration: AccessRuleDeclaration, of type: String, in owner: String) -> Role.Grant.Clause? {
        rule(declaration, of: type, in: owner).map { .init(rule: $0, actions: Self.actions(declaration) ?? Set(RecordAction.allCases)) }
    }

    private static func actions(_ declaration: AccessRuleDeclaration) -> Set<RecordAction>? {
        declaration.actions.map { Set($0.compactMap(RecordAction.init(rawValue:))) }
    }

    /// Whose details and which is said of the records that they belong to, in one place.
    private mutating func checkInheritance(of grant: GrantDeclaration, _ parent: ParentLink) {
        for place in grant.stated.map(\.location) + grant.allow.map(\.location) {
            diagnostics.append(
                Diagnostic(
                    code: .contradiction, location: place,
                    message: "\(grant.type.name) inherits its rights from \(parent.type): say it in the grant on that, and here only "
                        + "'fields' and 'only'"))
        }
    }

    private mutating func checkFields(of grant: GrantDeclaration, _ id: String) {
        guard let type = catalog.type(id: id) else { return }
        for field in grant.fields where type.field(field.field.value) == nil && doubt?.covers(field.field.value, on: type) != true {
            diagnostics.append(
                Diagnostic(
                    code: .unknownReference, location: field.field.location, message: "\(type.id) has no field '\(field.field.value)'",
                    suggestion: Spelling.closest(to: field.field.value, in: type.fields.map(\.key))))
        }
    }

    // MARK: Conditions

    private mutating func rule(_ declaration: AccessRuleDeclaration, of id: String, in owner: String) -> AccessRule? {
        guard let type = catalog.type(id: id), let shape = catalog.typeShape(named: id) else { return nil }
        let source = declaration.when
        do {
            let checker = QueryChecker(schema: catalog, user: UserValue.shape)
            let expression = try checker.check(Expression.parse(source.text), on: shape.shape, expecting: .boolean)
            return AccessRule(
                id: "\(owner)/\(declaration.key)", text: source.text, expression: expression, type: type,
                reads: try expression.reads(of: shape, as: "conditions of rights", readsLists: false))
        } catch {
            if doubt?.covers(error, in: source.text, on: type) == true { return nil }
            let place = source.location(at: max(0, error.column - 1))
            diagnostics.append(Diagnostic(code: .expression, location: place, message: error.message, suggestion: error.suggestion))
            return nil
        }
    }
}
