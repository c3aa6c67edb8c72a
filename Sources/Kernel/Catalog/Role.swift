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

extension RecordAction {
    /// What has to be allowed on the record that a detail's rights come from: whoever changes details changes that record. Nil for sharing, since
    /// what is shared is that record.
    package var onParent: RecordAction? {
        switch self {
        case .read, .export, .bulk, .importing: self
        case .create, .update, .delete, .restore, .purge, .merge, .assign: .update
        case .share: nil
        }
    }
}

/// A role as the deployment has it: what it allows, by record type. Several roles of one person are united.
package struct Role: Sendable, Hashable {
    /// Its owner and key, `contacts.rep`, `custom.auditor`; of one that was made over the API the key alone, so that no manifest can bring another.
    package var id: String
    package var label: String
    package var description: String?
    package var grants: [Grant]
    package var abilities: Set<Ability>
    package var origin: Origin

    /// Where a role comes from.
    package enum Origin: String, Sendable, Hashable {
        /// A module's manifest or the deployment's.
        case manifest
        /// Administrators made it over the API: see `RoleDefinition`.
        case api
    }

    /// What can be allowed that isn't done with records of a type.
    package enum Ability: String, Sendable, Hashable, CaseIterable {
        /// Seeing who changed what, and why somebody may.
        case audit
        /// Keeping users, services, teams and roles, within one's own rights: see `Keeper`.
        case users
    }

    package init(
        id: String, label: String, description: String? = nil, grants: [Grant], abilities: Set<Ability> = [], origin: Origin = .manifest
    ) {
        self.id = id
        self.label = label
        self.description = description
        self.grants = grants
        self.abilities = abilities
        self.origin = origin
    }

    /// What a role allows on the records of one type.
    package struct Grant: Sendable, Hashable {
        /// Full id of the type: `contacts.person`.
        package var type: String
        /// Where the rights to details come from: then the role says here what they are narrowed by, and no scopes.
        package var parent: ParentLink?
        /// What the role says itself; what it doesn't say has no entry.
        package var scopes: [RecordAction: GrantScope]
        /// Fields that are seen or written on fewer records than the rest, by key.
        package var fields: [String: FieldScopes]
        /// What is covered beyond the scopes.
        package var allowances: [Clause]
        /// What has to hold beside everything that covers a record, whichever of its holder's roles it is.
        package var limits: [Clause]

        package init(
            type: String, parent: ParentLink? = nil, scopes: [RecordAction: GrantScope], fields: [String: FieldScopes] = [:],
            allowances: [Clause] = [],
            limits: [Clause] = []
        ) {
            self.type = type
            self.parent = parent
            self.scopes = scopes
            self.fields = fields
            self.allowances = allowances
            self.limits = limits
        }

        /// A condition and the actions that it is about: of `allowances` one by which records are covered because it is true of them, of `limits` one
        /// outside of which nothing is covered.
        package struct Clause: Sendable, Hashable {
            package var rule: AccessRule
            package var actions: Set<RecordAction>

            package init(rule: AccessRule, actions: Set<RecordAction>) {
                self.rule = rule
                self.actions = actions
            }

            /// Of a limit: whether the condition has to hold for an action. Who makes somebody else the owner of a record changes it.
            package func holds(for action: RecordAction) -> Bool {
                actions.contains(action) || (action == .assign && actions.contains(.update))
            }
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

        /// The conditions that cover records for an action. Where the role says nothing about the action itself, it is as the one that stands in.
        package func rules(allowing action: RecordAction) -> [AccessRule] {
            let own = allowances.filter { $0.actions.contains(action) }.map(\.rule)
            guard scopes[action] == nil, let standIn = action.standIn else { return own }
            return own + rules(allowing: standIn).filter { !own.contains($0) }
        }

        /// Everything that its conditions read of a record.
        package var reads: Set<String> {
            (allowances.map(\.rule) + limits.map(\.rule)).reduce(into: []) { $0.formUnion($1.reads) }
        }
    }
}
