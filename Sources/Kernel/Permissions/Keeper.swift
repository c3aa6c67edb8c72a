package import Catalog
import Manifests
package import QueryLanguage

/// Somebody who keeps users, teams and roles without being an administrator. They give no more than they have: what isn't certain to lie within
/// their own rights is refused.
package struct Keeper: Sendable {
    /// Why something isn't theirs to keep, as a sentence.
    package typealias Refusal = String

    private let roles: [String: Role]
    /// The roles that they hold everywhere: what is held in one team alone is nothing to give.
    private let held: [Role]
    /// What they are held to, whatever covers a record, by type.
    private let limits: [String: [Role.Grant.Clause]]
    private let rights: Rights
    private let teams: Set<GUID>
    private let reach: Set<GUID>
    private let directory: Directory

    /// - Parameter roles: those in force.
    package init(_ principal: GUID, in directory: Directory, under roles: [Role]) {
        self.directory = directory
        self.roles = Dictionary(roles.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let assignments = directory.roles[principal] ?? []
        let everywhere = Set(assignments.filter { $0.team == nil }.map(\.role))
        held = roles.filter { everywhere.contains($0.id) }
        let all = Set(assignments.map(\.role))
        let grants = roles.filter { all.contains($0.id) }.flatMap(\.grants)
        limits = Dictionary(grouping: grants, by: \.type).mapValues { $0.flatMap(\.limits) }
        rights = directory.rights(of: principal, under: roles)
        teams = directory.teams[principal] ?? []
        reach = directory.reach(of: teams, below: true)
    }

    /// Whether a team is one of theirs or below.
    package func reaches(_ team: GUID) -> Bool { reach.contains(team) }

    /// Nil: the principal, with all their teams and roles, is theirs to keep, or there is no such principal.
    ///
    /// - Parameter directory: who there is by now; left out, who there was when this was made.
    package func refusal(of principal: GUID, in directory: Directory? = nil) -> Refusal? {
        let directory = directory ?? self.directory
        guard let entry = directory.principals[principal] else { return nil }
        switch entry.kind {
        case .system: return "The system itself is nobody's to keep."
        case .team: return reaches(principal) ? nil : "This team isn't one of yours or below."
        case .user, .service: return refusal(of: directory.teams[principal] ?? [], directory.roles[principal] ?? [])
        }
    }

    /// Nil: so is everybody who holds a role.
    package func refusal(ofHoldersOf role: String) -> Refusal? {
        directory.roles.lazy.filter { $0.value.contains { $0.role == role } }.compactMap { refusal(of: $0.key) }.first
    }

    /// Nil: a principal with these teams and roles is theirs to keep.
    package func refusal(of teams: some Collection<GUID>, _ assignments: [Directory.RoleAssignment]) -> Refusal? {
        guard teams.allSatisfy(reaches) else { return "It is about a team that isn't one of yours or below." }
        // Further down, their own teams' records are none of what `team` reaches.
        let isFar = !teams.allSatisfy(self.teams.contains)
        for assignment in assignments {
            if assignment.role == Directory.administratorRole { return "Administrators are kept by administrators." }
            // A role that there is no longer gives nothing, and could come back as any.
            guard let role = roles[assignment.role] else { return "There is no role '\(assignment.role)' any more." }
            if let refusal = refusal(of: role, isFar: isFar) { return refusal }
        }
        return nil
    }

    /// Nil: the role as it is in force, if it is, allows nothing that they may not do themselves.
    package func refusal(ofRole id: String) -> Refusal? { roles[id].flatMap { refusal(of: $0) } }

    /// Nil: the role allows nothing that they may not do themselves.
    ///
    /// - Parameter isFar: whether it is for somebody in a team below theirs.
    package func refusal(of role: Role, isFar: Bool = false) -> Refusal? {
        for ability in role.abilities where !rights.may(ability) {
            return "The role '\(role.id)' lets its holders do what you may not: \(ability.rawValue)."
        }
        for grant in role.grants {
            guard held.contains(where: { $0.covers(grant, of: role, isFar: isFar) }), grant.keeps(limits[grant.type] ?? []) else {
                return "The role '\(role.id)' reaches more of \(grant.type) than you do."
            }
        }
        return nil
    }
}

extension Role {
    /// Whether what a grant of another role gives is given by this role too. Details are given with what their rights come from: it has to be this
    /// role that gives both.
    fileprivate func covers(_ grant: Grant, of role: Role, isFar: Bool) -> Bool {
        guard grants.contains(where: { $0.type == grant.type && grant.isWithin($0, isFar: isFar) }) else { return false }
        guard let parent = grant.parent, let above = role.grants.first(where: { $0.type == parent.type }) else { return true }
        return covers(above, of: role, isFar: isFar)
    }
}

extension Role.Grant {
    /// Whether another grant covers all that this one does, for a holder in the same teams; `isFar`, for one in teams below.
    fileprivate func isWithin(_ other: Role.Grant, isFar: Bool) -> Bool {
        // What a condition says of somebody else is another thing than what it says of them. Of what the type demands of everybody, that somebody
        // has their own is all that can differ.
        for rule in allowances.map(\.rule) where rule.asks(beyondID: false) { return false }
        for rule in limits.map(\.rule) where rule.asks(beyondID: rule.id.hasPrefix("\(type)/")) { return false }
        for action in RecordAction.allCases {
            let wider = other.scope(of: action)
            guard scope(of: action).fits(in: wider, isFar: isFar) else { return false }
            let texts = Set(other.rules(allowing: action).map(\.text))
            guard wider == .all || rules(allowing: action).allSatisfy({ texts.contains($0.text) }) else { return false }
        }
        for (field, scopes) in other.fields {
            if let wider = scopes.read, !covers(field, \.read, [.read], within: wider, isFar) { return false }
            if let wider = scopes.update, !covers(field, \.update, [.update, .create], within: wider, isFar) { return false }
        }
        return true
    }

    /// Whether it gives a field on no more records than `wider` does.
    private func covers(
        _ field: String, _ part: KeyPath<FieldScopes, GrantScope?>, _ actions: [RecordAction], within wider: GrantScope, _ isFar: Bool
    ) -> Bool {
        if let own = fields[field]?[keyPath: part] { return own.fits(in: wider, isFar: isFar) }
        // A detail shows it on all that its parents let be read.
        if parent != nil { return wider == .all }
        return actions.allSatisfy { rules(allowing: $0).isEmpty && scope(of: $0).fits(in: wider, isFar: isFar) }
    }

    /// Whether it is held to all of these.
    fileprivate func keeps(_ demanded: [Clause]) -> Bool {
        demanded.allSatisfy { limit in limits.contains { $0.rule.text == limit.rule.text && $0.actions.isSuperset(of: limit.actions) } }
    }
}

extension AccessRule {
    /// Whether what it says depends on who asks; with `beyondID`, on more of them than their id.
    fileprivate func asks(beyondID: Bool) -> Bool {
        let mentions = text.split(separator: "$user", omittingEmptySubsequences: false).dropFirst()
        guard beyondID else { return !mentions.isEmpty }
        return mentions.contains { rest in
            guard rest.hasPrefix("/id") else { return true }
            return rest.dropFirst(3).first.map { $0.isLetter || $0.isNumber || $0 == "_" || $0 == "/" } ?? false
        }
    }
}

extension GrantScope {
    /// Whether all that this scope reaches for one person is reached by another scope for who keeps them.
    fileprivate func fits(in wider: GrantScope, isFar: Bool) -> Bool {
        if isFar, self == .team || self == .subtree { return wider == .subtree || wider == .all }
        return width <= wider.width
    }
}
