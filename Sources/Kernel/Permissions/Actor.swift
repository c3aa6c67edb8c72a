package import Catalog
package import QueryLanguage

/// Who asks, with everything about them that predicates compare records with: their closure, resolved once.
package struct Actor: Sendable, Hashable {
    package var id: GUID
    /// The sets that `Predicate.owners` names by position: colleagues and teams.
    package var ownerSets: [[GUID]]
    /// Themselves and their teams: whom shares are given to.
    package var grantees: [GUID]
    /// The teams that they are in, those and all below, and the roles that they hold: for conditions that ask.
    package var teams: [GUID]
    package var teamsBelow: [GUID]
    package var roles: [String]

    package init(
        id: GUID, ownerSets: [[GUID]] = [], grantees: [GUID] = [], teams: [GUID] = [], teamsBelow: [GUID] = [], roles: [String] = []
    ) {
        self.id = id
        self.ownerSets = ownerSets
        self.grantees = grantees
        self.teams = teams
        self.teamsBelow = teamsBelow
        self.roles = roles
    }

    /// A member of `$user`.
    package func value(of member: UserValue) -> Value {
        switch member {
        case .id: .guid(id)
        case .teams: .collection(teams.map(Value.guid))
        case .teamsBelow: .collection(teamsBelow.map(Value.guid))
        case .roles: .collection(roles.map(Value.string))
        }
    }

    /// `$user` as a whole.
    var user: Value {
        .complex(Dictionary(UserValue.allCases.map { ($0.rawValue, value(of: $0)) }, uniquingKeysWith: { first, _ in first }))
    }
}

/// What of a record decides about rights to it.
package struct RecordFacts: Sendable, Hashable {
    package var owner: GUID
    package var creator: GUID
    /// Shares that hold now: to whom, and how much.
    package var shares: [GUID: ShareLevel]
    /// The values that conditions read, by property.
    package var values: [String: Value]
    /// When all this is so: what conditions call now.
    package var moment: DateTime?
    /// The same of the record that the rights to it come from, by the link that leads there: one or none.
    package var parents: [ParentLink: RecordFacts]
    /// By what explanations name it.
    package var id: GUID?
    /// Explanations ask whether it is deleted; predicates leave that to whoever asks them.
    package var isDeleted: Bool

    package init(
        owner: GUID, creator: GUID, shares: [GUID: ShareLevel] = [:], values: [String: Value] = [:], moment: DateTime? = nil,
        parents: [ParentLink: RecordFacts] = [:], id: GUID? = nil, isDeleted: Bool = false
    ) {
        self.isDeleted = isDeleted

        self.owner = owner
        self.creator = creator
        self.shares = shares
        self.values = values
        self.moment = moment
        self.parents = parents
        self.id = id
    }
}

extension RecordFacts {
    /// Whether it is deleted, or a record that its rights come from: then it is out of reach.
    package var isOutOfReach: Bool { isDeleted || parents.values.contains(where: \.isOutOfReach) }
}

extension Predicate {
    /// Whether the condition is true of a record.
    package func holds(for record: RecordFacts, actor: Actor) -> Bool {
        switch self {
        case .all(let parts): parts.allSatisfy { $0.holds(for: record, actor: actor) }
        case .any(let parts): parts.contains { $0.holds(for: record, actor: actor) }
        case .owner: record.owner == actor.id
        case .owners(let set): actor.ownerSets.indices.contains(set) && actor.ownerSets[set].contains(record.owner)
        case .rule(let rule): rule.holds(for: record, actor: actor)
        case .parent(let link, let condition): record.parents[link].map { condition.holds(for: $0, actor: actor) } ?? false
        case .shared(let level): actor.grantees.contains { grantee in record.shares[grantee].map { $0 >= level } ?? false }
        }
    }
}

extension AccessRule {
    /// Whether it is true of a record; null isn't.
    func holds(for record: RecordFacts, actor: Actor) -> Bool {
        Evaluator(now: record.moment, user: actor.user).isTrue(expression, on: RecordValues(record.values))
    }
}
