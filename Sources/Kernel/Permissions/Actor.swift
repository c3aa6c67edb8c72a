package import QueryLanguage

/// Who asks, with everything about them that predicates compare records with: their closure, resolved once.
package struct Actor: Sendable, Hashable {
    package var id: GUID
    /// The sets that `Predicate.owners` names by position: colleagues and teams.
    package var ownerSets: [[GUID]]
    /// Themselves and their teams: whom shares are given to.
    package var grantees: [GUID]

    package init(id: GUID, ownerSets: [[GUID]] = [], grantees: [GUID] = []) {
        self.id = id
        self.ownerSets = ownerSets
        self.grantees = grantees
    }
}

/// What of a record decides about rights to it.
package struct RecordFacts: Sendable, Hashable {
    package var owner: GUID
    package var creator: GUID
    /// Shares that hold now: to whom, and how much.
    package var shares: [GUID: ShareLevel]

    package init(owner: GUID, creator: GUID, shares: [GUID: ShareLevel] = [:]) {
        self.owner = owner
        self.creator = creator
        self.shares = shares
    }
}

extension Predicate {
    /// Whether the condition is true of a record.
    package func holds(for record: RecordFacts, actor: Actor) -> Bool {
        switch self {
        case .all(let parts): parts.allSatisfy { $0.holds(for: record, actor: actor) }
        case .any(let parts): parts.contains { $0.holds(for: record, actor: actor) }
        case .owner: record.owner == actor.id
        case .creator: record.creator == actor.id
        case .owners(let set): actor.ownerSets.indices.contains(set) && actor.ownerSets[set].contains(record.owner)
        case .shared(let level): actor.grantees.contains { grantee in record.shares[grantee].map { $0 >= level } ?? false }
        }
    }
}
