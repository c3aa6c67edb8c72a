package import Catalog
package import Manifests
package import QueryLanguage

/// Why somebody may take an action on a record, or may not: what each of their roles says about it, and whether that covers the record.
package struct AccessExplanation: Sendable, Hashable {
    /// What makes a role cover a record.
    package enum Ground: Sendable, Hashable {
        /// The role covers everybody's records.
        case everything
        case owner
        /// The owner is in this team, or is the team.
        case team(GUID)
        /// It is shared with the person or this team.
        case shared(with: GUID, ShareLevel)
        /// A condition of the role's is true of it.
        case rule(String)
    }

    /// What one role that they hold says.
    package struct Reason: Sendable, Hashable {
        package var role: String
        /// Where the role comes from; nil for the platform's own.
        package var origin: Role.Origin?
        /// The team that the role is held in.
        package var team: GUID?
        package var scope: GrantScope
        /// Nil: the role doesn't cover this record.
        package var ground: Ground?
    }

    /// What is asked of a record that rights come from.
    package struct Source: Sendable, Hashable {
        package var action: RecordAction
        /// Full id of its type.
        package var type: String
        package var record: GUID?
    }

    package var action: RecordAction
    package var isAllowed: Bool
    /// Of a detail: the records that the rights to it come from, each above the one before. The reasons are those of the last.
    package var sources: [Source]
    package var reasons: [Reason]
    /// With reading: fields that they don't see on this record.
    package var hiddenFields: [String]
    /// It is covered, and can't be read: then nothing else is allowed either.
    package var isUnreadable: Bool
    /// Conditions that keep it out, whatever covers it, by their ids.
    package var limits: [String]
}

extension Directory {
    /// Explains what a principal may do with a record. The decision is that of the rights themselves; the reasons are found beside it.
    ///
    /// - Parameter rights: what `rights(of:under:)` says of them: the same for all actions and records.
    package func explain(
        _ action: RecordAction, on type: RecordType, _ record: RecordFacts, for principal: GUID, under roles: [Role], having rights: Rights
    ) -> AccessExplanation {
        let isAllowed = rights.predicate(action, on: type.id).holds(for: record, actor: rights.actor)
        let isReadable = rights.predicate(.read, on: type.id).holds(for: record, actor: rights.actor)
        let hidden =
            isReadable
            ? type.fields.map(\.key).filter { field in
                rights.mask(of: field, on: type.id).map { !$0.holds(for: record, actor: rights.actor) } ?? false
            } : []
        var sources: [AccessExplanation.Source] = []
        var asked = (action: action, type: type.id, record: record)
        var broken = limits(action, type.id, record, principal, roles, rights)
        while let (link, parent) = asked.record.parents.first, let onParent = asked.action.onParent {
            asked = (onParent, link.type, parent)
            sources.append(AccessExplanation.Source(action: onParent, type: link.type, record: parent.id))
            broken += limits(onParent, link.type, parent, principal, roles, rights).filter { !broken.contains($0) }
        }
        return AccessExplanation(
            action: action, isAllowed: isAllowed, sources: sources,
            reasons: reasons(asked.action, asked.type, asked.record, principal, roles, rights.actor), hiddenFields: hidden,
            isUnreadable: !isReadable, limits: broken.sorted())
    }

    /// Everybody who may read a record, by name.
    package func readers(of record: RecordFacts, _ type: RecordType, under roles: [Role]) -> [Principal] {
        principals.values.filter { principal in
            let rights = rights(of: principal.id, under: roles)
            return rights.predicate(.read, on: type.id).holds(for: record, actor: rights.actor)
        }.sorted { ($0.name, "\($0.id)") < ($1.name, "\($1.id)") }
    }

    private func reasons(
        _ action: RecordAction, _ type: String, _ record: RecordFacts, _ principal: GUID, _ roles: [Role], _ actor: Actor
    ) -> [AccessExplanation.Reason] {
        (self.roles[principal] ?? []).sorted { ($0.role, $0.team?.description ?? "") < ($1.role, $1.team?.description ?? "") }.compactMap {
            assignment in
            if assignment.role == Self.administratorRole, assignment.team == nil {
                return AccessExplanation.Reason(role: assignment.role, scope: .all, ground: .everything)
            }
            guard let role = roles.first(where: { $0.id == assignment.role }),
                let grant = role.grants.first(where: { $0.type == type })
            else { return nil }
            let scope = grant.scope(of: action)
            return AccessExplanation.Reason(
                role: assignment.role, origin: role.origin, team: assignment.team, scope: scope,
                ground: ground(scope, action, record, principal, assignment.team)
                    ?? rule(of: grant, action, record, principal, assignment.team, actor))
        }
    }

    /// The first condition of a grant that covers the record; none of a role held in a team that was left.
    private func rule(
        of grant: Role.Grant, _ action: RecordAction, _ record: RecordFacts, _ principal: GUID, _ heldIn: GUID?, _ actor: Actor
    ) -> AccessExplanation.Ground? {
        if let heldIn, teams[principal]?.contains(heldIn) != true { return nil }
        return grant.rules(allowing: action).first { $0.holds(for: record, actor: actor) }.map { .rule($0.id) }
    }

    /// The conditions of all grants that the record doesn't meet.
    private func limits(
        _ action: RecordAction, _ type: String, _ record: RecordFacts, _ principal: GUID, _ roles: [Role], _ rights: Rights
    ) -> [String] {
        if rights.isUnlimited { return [] }
        var broken: [String] = []
        for assignment in self.roles[principal] ?? [] {
            if let team = assignment.team, teams[principal]?.contains(team) != true { continue }
            let grants = roles.first { $0.id == assignment.role }?.grants.filter { $0.type == type } ?? []
            for limit in grants.flatMap(\.limits) where limit.holds(for: action) && !limit.rule.holds(for: record, actor: rights.actor) {
                if !broken.contains(limit.rule.id) { broken.append(limit.rule.id) }
            }
        }
        return broken
    }

    private func ground(
        _ scope: GrantScope, _ action: RecordAction, _ record: RecordFacts, _ principal: GUID, _ heldIn: GUID?
    ) -> AccessExplanation.Ground? {
        if scope == .none { return nil }
        if scope == .all { return .everything }
        if record.owner == principal { return .owner }
        if scope == .own { return nil }
        let own = teams[principal] ?? []
        if let needed = action.neededShare {
            for grantee in [principal] + own.sorted(by: { "\($0)" < "\($1)" }) {
                if let level = record.shares[grantee], level >= needed { return .shared(with: grantee, level) }
            }
        }
        if scope == .shared { return nil }
        let start = heldIn.map { Set([$0]).intersection(own) } ?? own
        return reach(of: start, below: scope == .subtree).sorted { "\($0)" < "\($1)" }.first { team in
            record.owner == team || teams[record.owner]?.contains(team) == true
        }.map { .team($0) }
    }
}

extension RecordAction {
    /// What a share has to give for this action; nil where none can.
    package var neededShare: ShareLevel? {
        switch self {
        case .read, .export: .read
        case .update, .bulk: .update
        case .delete, .restore, .purge, .merge, .share: .manage
        case .create, .importing, .assign: nil
        }
    }
}
