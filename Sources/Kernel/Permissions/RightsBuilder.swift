package import Catalog
import Manifests
package import QueryLanguage

extension Directory {
    /// The role that allows everything; it comes with the platform.
    package static let administratorRole = "administrator"

    /// What a principal may do under these roles. Somebody unknown or disabled may do nothing.
    package func rights(of principal: GUID, under roles: [Role]) -> Rights {
        guard let entry = principals[principal], !entry.isDisabled, entry.kind != .team else { return .none }
        let assignments = self.roles[principal] ?? []
        if assignments.contains(where: { $0.role == Self.administratorRole && $0.team == nil }) { return .unlimited }
        let known = Dictionary(roles.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var builder = RightsBuilder(directory: self, principal: principal)
        // In a fixed order, so that principals with the same roles come to the same policy.
        for assignment in assignments.sorted(by: { ($0.role, $0.team?.description ?? "") < ($1.role, $1.team?.description ?? "") }) {
            // A role that the deployment has no longer gives nothing.
            guard let role = known[assignment.role] else { continue }
            builder.add(role, in: assignment.team)
        }
        return builder.finish()
    }
}

/// Unites the roles of one principal.
private struct RightsBuilder {
    let directory: Directory
    let principal: GUID
    private let teams: Set<GUID>
    private var covered: [String: [RecordAction: [Predicate]]] = [:]
    /// Records that may be given to another owner, by type.
    private var givable: [String: [Predicate]] = [:]
    /// What has to hold beside, by type and action.
    private var limits: [String: [RecordAction: [Predicate]]] = [:]
    private var roles: [String] = []
    private var usesRules = false
    private var abilities: Set<Role.Ability> = []
    /// The grants of each role by type, with the team that it is held in: for masks, which only all of them together decide about.
    private var held: [(grants: [String: Role.Grant], team: GUID?)] = []
    /// Where the rights to details come from, by their type.
    private var parents: [String: ParentLink] = [:]
    private var sets: [Reach: Int] = [:]
    private var ownerSets: [[GUID]] = []

    /// Whose records a scope reaches.
    private struct Reach: Hashable {
        /// The team through which the role is held; nil for all that the principal is in.
        var team: GUID?
        var below: Bool
    }

    init(directory: Directory, principal: GUID) {
        self.directory = directory
        self.principal = principal
        teams = directory.teams[principal] ?? []
    }

    mutating func add(_ role: Role, in team: GUID?) {
        // A role held in a team that the principal has left.
        if let team, !teams.contains(team) { return }
        held.append((Dictionary(role.grants.map { ($0.type, $0) }, uniquingKeysWith: { first, _ in first }), team))
        for grant in role.grants {
            parents[grant.type] = grant.parent
            usesRules = usesRules || !grant.allowances.isEmpty || !grant.limits.isEmpty
            for action in RecordAction.allCases {
                let rules = grant.rules(allowing: action).map(Predicate.rule)
                let predicate = Predicate.any(of: [predicate(grant.scope(of: action), for: action, in: team)] + rules)
                if predicate != .never { covered[grant.type, default: [:]][action, default: []].append(predicate) }
                let only = grant.limits.filter { $0.holds(for: action) }.map { Predicate.rule($0.rule) }
                if !only.isEmpty { limits[grant.type, default: [:]][action, default: []] += only }
            }
            let rules = grant.rules(allowing: .assign).map(Predicate.rule)
            givable[grant.type, default: []].append(
                .any(of: [predicate(grant.scope(of: .assign), or: .shared(.manage), in: team)] + rules))
        }
        if !roles.contains(role.id) { roles.append(role.id) }
        abilities.formUnion(role.abilities)
    }

    mutating func finish() -> Rights {
        var types: [String: TypePolicy] = [:]
        for (type, actions) in covered {
            var policy = TypePolicy()
            for (action, parts) in actions {
                policy.actions[action] = .all(of: [Predicate.any(of: parts)] + (limits[type]?[action] ?? []))
            }
            policy.giving = .all(of: [Predicate.any(of: givable[type] ?? [])] + (limits[type]?[.assign] ?? []))
            types[type] = policy
        }
        for type in parents.keys.sorted() { types[type] = details(type, types) }
        for type in types.keys.sorted() {
            let (read, way) = masks(of: type, .read, \.read)
            types[type]?.masks = read.mapValues { Self.through(way, $0) }
            types[type]?.updateMasks = updateMasks(of: type, seen: read).mapValues { Self.through(way, $0) }
            types[type]?.createMasks = masks(of: type, .create, \.update).masks.mapValues { Self.through(way, $0) }
        }
        func sorted(_ ids: Set<GUID>) -> [GUID] { ids.sorted { ($0.high, $0.low) < ($1.high, $1.low) } }
        var actor = Actor(id: principal, ownerSets: ownerSets, grantees: [principal] + sorted(teams))
        if usesRules {
            actor.teams = sorted(teams)
            actor.teamsBelow = sorted(directory.reach(of: teams, below: true))
            actor.roles = roles
        }
        return Rights(policy: Policy(types: types, abilities: abilities), actor: actor)
    }

    /// What may be done with details: what their parents allow, and beside it what is said of them alone.
    private func details(_ type: String, _ types: [String: TypePolicy]) -> TypePolicy? {
        guard let link = parents[type] else { return types[type] }
        guard let above = details(link.type, types) else { return nil }
        var policy = TypePolicy()
        for action in RecordAction.allCases {
            guard let asked = action.onParent else { continue }
            let onParent = Predicate.all(of: [above.actions[.read] ?? .never, above.actions[asked] ?? .never])
            policy.actions[action] = .all(of: [.through(link, onParent)] + (limits[type]?[action] ?? []))
        }
        policy.giving = policy.actions[.assign] ?? .never
        return policy
    }

    /// Fields on which all grants together don't cover what they cover with the action: each grant brings those of its records that lie within the
    /// field's scope too. Of details these are the records that their rights come from, at the end of the way that is given beside them.
    private mutating func masks(
        of type: String, _ action: RecordAction, _ scope: KeyPath<Role.Grant.FieldScopes, GrantScope?>
    ) -> (masks: [String: Predicate], way: [ParentLink]) {
        let (origin, way) = origin(of: type)
        let action = way.isEmpty ? action : action.onParent ?? action
        let whole = Predicate.any(of: covered[origin]?[action] ?? [])
        var masks: [String: Predicate] = [:]
        for field in narrowedFields(of: type) {
            var all: [Predicate] = []
            for held in held { all += parts(of: held, of: origin, action, held.grants[type]?.fields[field]?[keyPath: scope]) }
            let part = Predicate.any(of: all)
            if part != whole { masks[field] = part }
        }
        return (masks, way)
    }

    /// The same of changes. Where a role says nothing of changing a field, it is changed where it is seen: who writes what they don't see can try out what
    /// it is, and loses it for others by sending back what they have read.
    private mutating func updateMasks(of type: String, seen: [String: Predicate]) -> [String: Predicate] {
        let origin = origin(of: type).type
        let whole = Predicate.any(of: covered[origin]?[.update] ?? [])
        var masks: [String: Predicate] = [:]
        for field in narrowedFields(of: type) {
            var (told, untold): ([Predicate], [Predicate]) = ([], [])
            for held in held {
                let scope = held.grants[type]?.fields[field]?.update
                let covered = parts(of: held, of: origin, .update, scope)
                if scope == nil { untold += covered } else { told += covered }
            }
            let part = Predicate.any(of: told + [.all(of: [.any(of: untold), seen[field] ?? .always])])
            if part != whole { masks[field] = part }
        }
        return masks
    }

    private func narrowedFields(of type: String) -> [String] {
        Set(held.flatMap { $0.grants[type]?.fields.keys.map { $0 } ?? [] }).sorted()
    }

    /// The type that rights to a type come from, and the links that lead there.
    private func origin(of type: String) -> (type: String, way: [ParentLink]) {
        var way: [ParentLink] = []
        while let link = parents[way.last?.type ?? type] { way.append(link) }
        return (way.last?.type ?? type, way)
    }

    private static func through(_ way: [ParentLink], _ condition: Predicate) -> Predicate {
        way.reversed().reduce(condition) { .through($1, $0) }
    }

    /// What a role covers of a field with an action, where it says `narrower` of it.
    private mutating func parts(
        of held: (grants: [String: Role.Grant], team: GUID?), of origin: String, _ action: RecordAction, _ narrower: GrantScope?
    ) -> [Predicate] {
        guard let grant = held.grants[origin] else { return [] }
        let own = grant.scope(of: action)
        let narrowed = narrower.map { $0.width < own.width ? $0 : own } ?? own
        var parts = [predicate(narrowed, for: action, in: held.team)]
        for rule in grant.rules(allowing: action) {
            let within = narrower.map { predicate($0, for: action, in: held.team) } ?? .always
            parts.append(.all(of: [.rule(rule), within]))
        }
        return parts
    }

    private mutating func predicate(_ scope: GrantScope, for action: RecordAction, in team: GUID?) -> Predicate {
        predicate(scope, or: Self.shared(for: action), in: team)
    }

    /// Scopes include each other: own, shared, team, subtree, all.
    private mutating func predicate(_ scope: GrantScope, or shared: Predicate, in team: GUID?) -> Predicate {
        switch scope {
        case .none: return .never
        case .own: return .owner
        case .shared: return .any(of: [.owner, shared])
        case .team, .subtree: return .any(of: [.owners(set(Reach(team: team, below: scope == .subtree))), shared])
        case .all: return .always
        }
    }

    /// What a share has to give for an action. Nothing is made by a share, nobody made an owner, and nothing done that can't be taken back.
    private static func shared(for action: RecordAction) -> Predicate {
        action == .assign ? .never : action.neededShare.map(Predicate.shared) ?? .never
    }

    private mutating func set(_ reach: Reach) -> Int {
        if let known = sets[reach] { return known }
        let start = reach.team.map { [$0] } ?? Array(teams)
        let owners = directory.owners(in: directory.reach(of: start, below: reach.below)).union([principal])
        ownerSets.append(owners.sorted { ($0.high, $0.low) < ($1.high, $1.low) })
        sets[reach] = ownerSets.count - 1
        return ownerSets.count - 1
    }
}

/// Each scope includes those before it.
extension GrantScope {
    var width: Int {
        switch self {
        case .none: 0
        case .own: 1
        case .shared: 2
        case .team: 3
        case .subtree: 4
        case .all: 5
        }
    }
}
