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
    private let catalog: Catalog
    private let facts: [GUID: RecordFacts]

    /// - Parameter readers: those who `view` is asked for.
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
        return GuardedEvents(events: events, catalog: catalog, facts: facts)
    }

    /// What of an event somebody may see, by its place among `events`; nil when nothing, not even that it happened.
    package func view(of index: Int, for rights: Rights) -> EventView? {
        guard !rights.isUnlimited else { return .whole }
        let event = events[index]
        guard let type = catalog.type(id: event.recordType), let facts = facts[event.record],
            rights.predicate(.read, on: type.id).holds(for: facts, actor: rights.actor)
        else { return nil }
        var names = Set(RecordType.systemColumns.map(\.name))
        for field in type.fields {
            if let mask = rights.mask(of: field.key, on: type.id), !mask.holds(for: facts, actor: rights.actor) { continue }
            names.insert(field.key)
            names.formUnion(field.columns.map(\.name))
        }
        return .only(Set(event.changed.filter(names.contains)))
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

extension Predicate {
    fileprivate func addReads(on type: String, to names: inout [String: Set<String>]) {
        switch self {
        case .all(let parts), .any(let parts): for part in parts { part.addReads(on: type, to: &names) }
        case .rule(let rule): names[type, default: []].formUnion(rule.reads)
        case .parent(let link, let condition): condition.addReads(on: link.type, to: &names)
        case .owner, .owners, .creator, .shared: break
        }
    }
}

/// How much of an event somebody sees.
package enum EventView: Sendable, Hashable {
    case whole
    /// Of what changed, only what has one of these names.
    case only(Set<String>)
}

extension Event {
    /// The event as somebody sees it.
    package func seen(_ view: EventView) -> Event {
        guard case .only(let names) = view else { return self }
        var event = self
        event.old = old.filter { names.contains($0.key) }
        event.new = new.filter { names.contains($0.key) }
        return event
    }
}
