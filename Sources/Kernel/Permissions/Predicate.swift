package import Catalog

/// A condition on a record, in the terms that rights speak in. It has two back ends that agree: `holds(for:actor:)` in memory, and SQL in the
/// record store. Values of the principal (ids, teams) are no part of it, so that principals with the same roles share it.
package indirect enum Predicate: Sendable, Hashable {
    /// True if all are; always true when empty.
    case all([Predicate])
    /// True if one is; never true when empty.
    case any([Predicate])
    /// The principal owns the record.
    case owner
    /// A principal of one of the actor's sets owns the record: a colleague, or a team.
    case owners(Int)
    /// A condition of a manifest's is true of the record.
    case rule(AccessRule)
    /// The record is shared, at this level or a higher one, with the principal or a team of theirs.
    case shared(ShareLevel)
    /// The condition is true of the record that a link leads to, which the rights to this one come from.
    case parent(ParentLink, Predicate)

    /// Keys of the fields, and names of the system columns, by whose change a record can begin or cease to meet it.
    package var reads: Set<String> {
        switch self {
        case .all(let parts), .any(let parts): parts.reduce(into: []) { $0.formUnion($1.reads) }
        case .owner, .owners: ["owner_id"]
        case .rule(let rule): rule.reads
        // A share is no part of the record.
        case .shared: []
        // What is written is another record than its parent.
        case .parent(let link, _): [link.field]
        }
    }

    /// A condition on the record that a link leads to, so that `never` is recognised.
    package static func through(_ link: ParentLink, _ condition: Predicate) -> Predicate {
        condition == .never ? .never : .parent(link, condition)
    }

    package static let always = Predicate.all([])
    package static let never = Predicate.any([])

    /// The same with nesting and repetition taken out, so that `always` and `never` are recognised.
    package static func any(of parts: [Predicate]) -> Predicate {
        var alternatives: [Predicate] = []
        for part in parts {
            switch part {
            case .always: return .always
            case .any(let inner): for item in inner where !alternatives.contains(item) { alternatives.append(item) }
            default: if !alternatives.contains(part) { alternatives.append(part) }
            }
        }
        return alternatives.count == 1 ? alternatives[0] : .any(alternatives)
    }

    /// The same with nesting and repetition taken out, so that `always` and `never` are recognised.
    package static func all(of parts: [Predicate]) -> Predicate {
        var conditions: [Predicate] = []
        for part in parts {
            switch part {
            case .never: return .never
            case .all(let inner): for item in inner { add(item, to: &conditions) }
            default: add(part, to: &conditions)
            }
        }
        if conditions.contains(.never) { return .never }
        return conditions.count == 1 ? conditions[0] : .all(conditions)
    }

    /// What has to hold of one and the same parent becomes one condition on it.
    private static func add(_ condition: Predicate, to conditions: inout [Predicate]) {
        guard !conditions.contains(condition) else { return }
        guard case .parent(let link, let inner) = condition,
            let index = conditions.firstIndex(where: { if case .parent(link, _) = $0 { true } else { false } }),
            case .parent(_, let other) = conditions[index]
        else { return conditions.append(condition) }
        conditions[index] = .through(link, .all(of: [other, inner]))
    }
}

/// How much a share gives. A higher level includes the lower ones.
package enum ShareLevel: Int, Sendable, Hashable, CaseIterable, Comparable {
    case read = 1
    case update = 2
    /// What a role allows with records in its reach and can be taken back: deleting, restoring, sharing on, giving to another owner.
    case manage = 3

    package var name: String {
        switch self {
        case .read: "read"
        case .update: "update"
        case .manage: "manage"
        }
    }

    package init?(name: String) {
        guard let level = Self.allCases.first(where: { $0.name == name }) else { return nil }
        self = level
    }

    package static func < (left: ShareLevel, right: ShareLevel) -> Bool { left.rawValue < right.rawValue }
}
