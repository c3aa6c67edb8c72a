package import Manifests
import QueryLanguage

/// What somebody may do with records of a type. What a role doesn't say follows from what it says: see `RecordAction.standIn`.
package enum RecordAction: String, Sendable, Hashable, CaseIterable {
    case read, create, update, delete, restore, purge, export
    case importing = "import"
    /// Changing many records with one request.
    case bulk
    case merge
    /// Giving others a right to a record.
    case share
    /// Making somebody the owner of a record.
    case assign

    /// The action whose scope holds for this one where a role says nothing about it; nil where that means nothing may be done.
    package var standIn: RecordAction? {
        switch self {
        case .read, .create, .update, .delete, .purge, .share, .merge: nil
        case .restore: .delete
        case .export: .read
        case .importing, .assign: .create
        case .bulk: .update
        }
    }
}

/// A role as the deployment has it: what it allows, by record type. Several roles of one person are united.
package struct Role: Sendable, Hashable {
    /// Its owner and key: `contacts.rep`, `custom.auditor`.
    package var id: String
    package var label: String
    package var description: String?
    package var grants: [Grant]

    package init(id: String, label: String, description: String? = nil, grants: [Grant]) {
        self.id = id
        self.label = label
        self.description = description
        self.grants = grants
    }

    /// What a role allows on the records of one type.
    package struct Grant: Sendable, Hashable {
        /// Full id of the type: `contacts.person`.
        package var type: String
        /// What the role says itself; what it doesn't say has no entry.
        package var scopes: [RecordAction: GrantScope]
        /// Fields that are seen or written on fewer records than the rest, by key.
        package var fields: [String: FieldScopes]

        package init(type: String, scopes: [RecordAction: GrantScope], fields: [String: FieldScopes] = [:]) {
            self.type = type
            self.scopes = scopes
            self.fields = fields
        }

        /// On whose records a field is seen and written; nil for all that are read, changed or made.
        package struct FieldScopes: Sendable, Hashable {
            package var read: GrantScope?
            package var update: GrantScope?

            package init(read: GrantScope? = nil, update: GrantScope? = nil) {
                self.read = read
                self.update = update
            }
        }

        /// Whose records the role covers with an action.
        package func scope(of action: RecordAction) -> GrantScope {
            scopes[action] ?? action.standIn.map { scope(of: $0) } ?? .none
        }
    }
}

extension Role {
    init(_ declaration: RoleDeclaration, owner: String) {
        self.init(
            id: "\(owner).\(declaration.key)", label: declaration.label, description: declaration.description,
            grants: declaration.grants.map(Grant.init))
    }
}

extension Role.Grant {
    fileprivate init(_ declaration: GrantDeclaration) {
        var scopes: [RecordAction: GrantScope] = [
            .read: declaration.read, .create: declaration.create, .update: declaration.update, .delete: declaration.delete,
        ]
        for (key, scope) in declaration.further { if let action = RecordAction(rawValue: key) { scopes[action] = scope } }
        self.init(
            type: declaration.type.name.description, scopes: scopes,
            fields: Dictionary(
                declaration.fields.map { ($0.field.value, FieldScopes(read: $0.read, update: $0.update)) },
                uniquingKeysWith: { first, _ in first }))
    }
}

extension Composition {
    /// Every role that modules bring and the integrator adds, in their order.
    package var roles: [Role] {
        modules.flatMap { module in module.manifest.roles.map { Role($0, owner: module.manifest.id.value) } }
            + overlays.flatMap { overlay in overlay.roles.map { Role($0, owner: Overlay.moduleID) } }
    }
}

extension Composition {
    /// Fields that roles name and their types don't have.
    func findingsInRoles(_ catalog: Catalog, doubt: NameDoubt? = nil) -> [Diagnostic] {
        let declarations = modules.flatMap(\.manifest.roles) + overlays.flatMap(\.roles)
        return declarations.flatMap(\.grants).flatMap { grant -> [Diagnostic] in
            guard let type = catalog.type(id: grant.type.name.description) else { return [] }
            return grant.fields.compactMap { field in
                guard type.field(field.field.value) == nil, doubt?.covers(field.field.value, on: type) != true else { return nil }
                return Diagnostic(
                    code: .unknownReference, location: field.field.location, message: "\(type.id) has no field '\(field.field.value)'",
                    suggestion: Spelling.closest(to: field.field.value, in: type.fields.map(\.key)))
            }
        }
    }
}
