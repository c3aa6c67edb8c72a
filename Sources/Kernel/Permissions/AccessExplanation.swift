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

    /// Whether a field of the record is seen, or written, and what each role says of that.
    package struct FieldReasons: Sendable, Hashable {
        /// Its key.
        package var field: String
        package var isAllowed: Bool
        /// Of each role: on whose records it gives the field, and whether this is one of them.
        package var reasons: [Reason]
        /// It isn't written because it isn't seen.
        package var isUnseen: Bool
    }

    package var action: RecordAction
    package var isAllowed: Bool
    /// Of a detail: the records that the rights to it come from, each above the one before. The reasons are those of the last.
    package var sources: [Source]
    package var reasons: [Reason]
    /// With reading and updating: what is said of single fields, where a role of theirs says anything of them.
    package var fields: [FieldReasons]
    /// With reading: fields that they don't see on this record.
    package var hiddenFields: [String] { action == .read ? fields.filter { !$0.isAllowed }.map(\.field) : [] }
    /// The record is deleted, or one that its rights come from: it can be restored or purged, and nothing else.
    package var isDeleted: Bool
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
        func holds(_ predicate: Predicate) -> Bool { predicate.holds(for: record, actor: rights.actor) }
        // Giving a record to another owner changes it.
        let isCovered =
            action == .assign
            ? holds(.all(of: [rights.predicate(.update, on: type.id), rights.givable(on: type.id)]))
            : holds(
                rights.predicate(action, on: type.id))
        let isReadable = holds(rights.predicate(.read, on: type.id))
        let isDeleted = record.isOutOfReach
        var sources: [AccessExplanation.Source] = []
        var asked = (action: action, type: type.id, record: record)
        var broken = limits(action, type.id, record, principal, roles, rights)
        while let (link, parent) = asked.record.parents.first, let onParent = asked.action.onParent {
            asked = (onParent, link.type, parent)
            sources.append(AccessExplanation.Source(action: onParent, type: link.type, record: parent.id))
            broken += limits(onParent, link.type, parent, principal, roles, rights).filter { !broken.contains($0) }
        }
        return AccessExplanation(
            action: action, isAllowed: isCovered && (!isDeleted || action == .restore || action == .purge), sources: sources,
            reasons: reasons(asked.action, asked.type, asked.record, principal, roles, rights.actor),
            fields: isReadable && isCovered ? fields(action, type, record, asked, principal, roles, rights) : [], isDeleted: isDeleted,
            isUnreadable: !isReadable, limits: broken.sorted())
    }

    /// What is said of single fields with reading and updating.
    private func fields(
        _ action: RecordAction, _ type: RecordType, _ record: RecordFacts,
        _ asked: (action: RecordAction, type: String, record: RecordFacts),
        _ principal: GUID, _ roles: [Role], _ rights: Rights
    ) -> [AccessExplanation.FieldReasons] {
        guard action == .read || action == .update, !rights.isUnlimited else { return [] }
        func isOpen(_ mask: Predicate?) -> Bool { mask?.holds(for: record, actor: rights.actor) ?? true }
        let held = (self.roles[principal] ?? []).compactMap { assignment in roles.first { $0.id == assignment.role } }
        let named = held.reduce(into: Set<String>()) { found, role in
            for grant in role.grants where grant.type == type.id {
                for (field, scopes) in grant.fields where action == .update || scopes.read != nil { found.insert(field) }
            }
        }
        return type.fields.map(\.key).filter(named.contains).map { field in
            let mask = action == .read ? rights.mask(of: field, on: type.id) : rights.writeMask(of: field, on: type.id, isNew: false)
            let isAllowed = isOpen(mask)
            let isUnseen = action == .update && !isAllowed && !isOpen(rights.mask(of: field, on: type.id))
            return AccessExplanation.FieldReasons(
                field: field, isAllowed: isAllowed,
                reasons: reasons(asked.action, asked.type, asked.record, principal, roles, rights.actor) { role in
                    let scopes = role.grants.first { $0.type == type.id }?.fields[field]
                    return action == .read ? scopes?.read : scopes?.update
                }, isUnseen: isUnseen)
        }
    }

    /// Everybody who may read a record, by name.
    package func readers(of record: RecordFacts, _ type: RecordType, under roles: [Role]) -> [Principal] {
        principals.values.filter { principal in
            let rights = rights(of: principal.id, under: roles)
            return rights.predicate(.read, on: type.id).holds(for: record, actor: rights.actor)
        }.sorted { ($0.name, "\($0.id)") < ($1.name, "\($1.id)") }
    }

    /// - Parameter narrowing: what a role narrows its scope to.
    private func reasons(
        _ action: RecordAction, _ type: String, _ record: RecordFacts, _ principal: GUID, _ roles: [Role], _ actor: Actor,
        narrowing: (Role) -> GrantScope? = { _ in nil }
    ) -> [AccessExplanation.Reason] {
        (self.roles[principal] ?? []).sorted { ($0.role, $0.team?.description ?? "") < ($1.role, $1.team?.description ?? "") }.compactMap {
            assignment in
            if assignment.role == Self.administratorRole, assignment.team == nil {
                return AccessExplanation.Reason(role: assignment.role, scope: .all, ground: .everything)
            }
            guard let role = roles.first(where: { $0.id == assignment.role }),
                let grant = role.grants.first(where: { $0.type == type })
            else { return nil }
            let (own, narrower) = (grant.scope(of: action), narrowing(role))
            let scope = narrower.map { $0.width < own.width ? $0 : own } ?? own
            // Records that a condition covers are narrowed too.
            let isWithin = narrower.map { ground($0, action, record, principal, assignment.team) != nil } ?? true
            return AccessExplanation.Reason(
                role: assignment.role, origin: role.origin, team: assignment.team, scope: scope,
                ground: ground(scope, action, record, principal, assignment.team)
                    ?? (isWithin ? rule(of: grant, action, record, principal, assignment.team, actor) : nil))
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
        case .delete, .restore, .share, .assign: .manage
        case .create, .importing, .purge, .merge: nil
        }
    }
}
