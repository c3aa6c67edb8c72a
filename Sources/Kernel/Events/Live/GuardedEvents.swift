import Catalog
package import Permissions
import QueryLanguage
package import Records

/// Events with what decides about rights to their records, read once for everybody who might see them.
///
/// It is the rule of history: whoever may read the record as it is now, deleted or not, sees the event; fields that they don't see on it are nowhere in
/// it. Of a record that has been purged, and of what the deployment has no longer, administrators alone are told.
package struct GuardedEvents: Sendable {
    package let events: [Event]
    /// Names of what changed, event by event.
    private let changed: [[String]]
    private let catalog: Catalog
    private let facts: [GUID: RecordFacts]
    /// What holders of one policy see of a type, whoever they are.
    private var sights: [Sight.Key: Sight] = [:]

    private init(_ events: [Event], _ catalog: Catalog, _ facts: [GUID: RecordFacts]) {
        self.events = events
        self.catalog = catalog
        self.facts = facts
        changed = events.map(\.changed)
    }

    /// - Parameter readers: those who `hidden` is asked for.
    package static func read(_ events: [Event], for readers: some Collection<Rights>, from store: RecordStore) async throws -> GuardedEvents
    {
        let catalog = store.catalog
        var facts: [GUID: RecordFacts] = [:]
        let limited = readers.filter { !$0.isUnlimited }
        if !limited.isEmpty {
            for (id, ofType) in Dictionary(grouping: events, by: \.recordType) {
                guard let type = catalog.type(id: id) else { continue }
                let records = Array(Set(ofType.map(\.record)))
                let reads = Self.reads(of: type, for: limited)
                facts.merge(try await store.facts(of: records, type) { reads[$0] ?? [] }) { first, _ in first }
            }
        }
        return GuardedEvents(events, catalog, facts)
    }

    /// Names of what changed in an event, by its place among `events`, that somebody doesn't see; nil when they see nothing of it, not even that it
    /// happened.
    package mutating func hidden(of index: Int, for rights: Rights) -> Set<String>? {
        guard !rights.isUnlimited else { return [] }
        let event = events[index]
        guard let facts = facts[event.record], let sight = sight(of: event.recordType, for: rights),
            sight.read.holds(for: facts, actor: rights.actor)
        else { return nil }
        var hidden: Set<String> = []
        for name in changed[index] where !sight.always.contains(name) {
            if let mask = sight.sometimes[name], mask.holds(for: facts, actor: rights.actor) { continue }
            hidden.insert(name)
        }
        return hidden
    }

    private mutating func sight(of type: String, for rights: Rights) -> Sight? {
        let key = Sight.Key(type: type, policy: rights.number)
        if let known = sights[key] { return known }
        let made = catalog.type(id: type).map { Sight($0, rights) }
        sights[key] = made
        return made
    }

    /// What the conditions of some rights read of records, by type, for records of one type and of what their rights come from.
    private static func reads(of type: RecordType, for readers: [Rights]) -> [String: Set<String>] {
        var names: [String: Set<String>] = [:]
        var seen: Set<Int> = []
        for rights in readers where seen.insert(rights.number).inserted {
            rights.predicate(.read, on: type.id).addReads(on: type.id, to: &names)
            for field in type.fields { rights.mask(of: field.key, on: type.id)?.addReads(on: type.id, to: &names) }
        }
        return names
    }
}

/// What a policy lets be seen of a type's records.
private struct Sight: Sendable {
    struct Key: Hashable {
        var type: String
        var policy: Int
    }

    var read: Predicate
    /// Names under which an event holds what is seen on all that are read, and what is seen on some, by what has to hold of them.
    var always = Set(RecordType.systemColumns.map(\.name))
    var sometimes: [String: Predicate] = [:]

    init(_ type: RecordType, _ rights: Rights) {
        read = rights.predicate(.read, on: type.id)
        for field in type.fields {
            let names = [field.key] + field.columns.map(\.name)
            guard let mask = rights.mask(of: field.key, on: type.id) else {
                always.formUnion(names)
                continue
            }
            if mask != .never { for name in names { sometimes[name] = mask } }
        }
    }
}

extension Predicate {
    fileprivate func addReads(on type: String, to names: inout [String: Set<String>]) {
        switch self {
        case .all(let parts), .any(let parts): for part in parts { part.addReads(on: type, to: &names) }
        case .rule(let rule): names[type, default: []].formUnion(rule.reads)
        case .parent(let link, let condition): condition.addReads(on: link.type, to: &names)
        case .owner, .owners, .shared: break
        }
    }
}

extension Event {
    /// The event without some of what changed.
    package func hiding(_ names: Set<String>) -> Event {
        guard !names.isEmpty else { return self }
        var event = self
        event.old = old.filter { !names.contains($0.key) }
        event.new = new.filter { !names.contains($0.key) }
        return event
    }
}
