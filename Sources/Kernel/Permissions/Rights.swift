package import Catalog
import QueryLanguage
import Synchronization

/// What a principal may do, resolved: a policy, and the values that its predicates compare with. Cheap to copy.
///
/// There are two special ones: `unlimited`, of the administrator and of the system itself, and `none`, which is what everybody has about whom
/// nothing is known.
package struct Rights: Sendable, Hashable {
    private final class Limits: Sendable {
        let policy: Policy
        let actor: Actor
        let number: Int

        init(policy: Policy, actor: Actor, number: Int) {
            self.policy = policy
            self.actor = actor
            self.number = number
        }
    }

    /// Nil: everything is allowed.
    private let limits: Limits?

    private init(_ limits: Limits?) { self.limits = limits }

    package init(policy: Policy, actor: Actor) {
        limits = Limits(
            policy: policy, actor: actor,
            number: PolicyNumbers.shared.number(
                of: PolicyNumbers.Shape(policy: policy, sizes: (actor.ownerSets + [actor.grantees]).map { OwnerCount($0.count) })))
    }

    /// How many owners a set has: a list reads the records of each, where they aren't too many.
    package func size(of set: Int) -> OwnerCount {
        guard let sets = limits?.actor.ownerSets, sets.indices.contains(set) else { return .any }
        return OwnerCount(sets[set].count)
    }

    /// The same of those that a share with reaches this principal: themselves and their teams.
    package var hasFewGrantees: Bool { limits.map { OwnerCount($0.actor.grantees.count) == .few } ?? false }

    package static let unlimited = Rights(nil)
    private static let nobody = GUID(high: 0, low: 0)
    package static let none = Rights(policy: Policy(), actor: Actor(id: nobody))

    package var isUnlimited: Bool { limits == nil }

    /// The values that predicates compare with.
    package var actor: Actor { limits?.actor ?? Actor(id: Self.nobody) }

    /// A number that stands for the policy in this process, and for which sets of owners are small: equal numbers mean that statements are the same,
    /// whatever the actor. 0 for `unlimited`.
    package var number: Int { limits?.number ?? 0 }

    /// The records of a type that an action may be taken on. What can't be read can't be acted on either; making a record asks for no right to
    /// read it.
    package func predicate(_ action: RecordAction, on typeID: String) -> Predicate {
        guard let limits else { return .always }
        guard let actions = limits.policy.types[typeID]?.actions else { return .never }
        let own = actions[action] ?? .never
        switch action {
        case .read, .create, .assign, .importing: return own
        default: return .all(of: [actions[.read] ?? .never, own])
        }
    }

    /// The records whose owner may be changed, of those that may be changed at all: what `assign` covers, and what is shared to be managed where its scope reaches shared records. The
    /// record as it becomes has to be covered by `assign` itself, where shares count for nothing.
    package func givable(on typeID: String) -> Predicate {
        guard let limits else { return .always }
        return limits.policy.types[typeID]?.giving ?? .never
    }

    /// Whether something is allowed that isn't done with records of a type.
    package func may(_ ability: Role.Ability) -> Bool { limits?.policy.abilities.contains(ability) ?? true }

    /// On which of the records that are read a field is seen; nil when on all of them.
    package func mask(of field: String, on typeID: String) -> Predicate? { limits?.policy.types[typeID]?.masks[field] }

    /// On which of the records that are changed (or made) a field may be written; nil when on all of them.
    package func writeMask(of field: String, on typeID: String, isNew: Bool) -> Predicate? {
        guard let type = limits?.policy.types[typeID] else { return nil }
        return isNew ? type.createMasks[field] : type.updateMasks[field]
    }

    /// The catalog as this principal sees it.
    package func visible(_ catalog: Catalog) -> Catalog {
        guard let types = limits?.policy.types else { return catalog }
        var (hidden, unsearched): ([String: Set<String>], [String: Set<String>]) = ([:], [:])
        for (id, type) in types {
            for (field, mask) in type.masks {
                if mask == .never { hidden[id, default: []].insert(field) } else { unsearched[id, default: []].insert(field) }
            }
        }
        return catalog.masked(hiding: hidden, notSearching: unsearched)
    }

    /// Whether there can be a record that the action may be taken on.
    package func allows(_ action: RecordAction, on typeID: String) -> Bool { predicate(action, on: typeID) != .never }

    package static func == (left: Rights, right: Rights) -> Bool {
        left.limits === right.limits || (left.limits?.policy == right.limits?.policy && left.limits?.actor == right.limits?.actor)
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(number)
        hasher.combine(limits?.actor)
    }
}

/// How many owners there are in a set, as far as that decides how a list is read.
package enum OwnerCount: Sendable, Hashable {
    /// A page of each is read.
    case few
    /// A page is read in rounds, each of fewer owners and more rows.
    case many
    case any

    init(_ count: Int) { self = count <= 20 ? .few : count <= 1_000 ? .many : .any }
}

/// Numbers of policies. A number is given once and never to another policy, also when the policy is forgotten and comes again.
private final class PolicyNumbers: Sendable {
    static let shared = PolicyNumbers()
    private static let capacity = 10_000
    private let state = Mutex<(numbers: [Shape: Int], last: Int)>(([:], 0))

    struct Shape: Hashable {
        var policy: Policy
        var sizes: [OwnerCount]
    }

    func number(of shape: Shape) -> Int {
        state.withLock { state in
            if let known = state.numbers[shape] { return known }
            if state.numbers.count >= Self.capacity { state.numbers.removeAll() }
            state.last += 1
            state.numbers[shape] = state.last
            return state.last
        }
    }
}
