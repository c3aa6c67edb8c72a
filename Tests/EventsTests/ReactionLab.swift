import Catalog
import Postgres
import QueryLanguage
import Records
import Synchronization
import TestKernel

@testable import Events

/// A module's code, as far as these tests need some.
struct Script: EventReactions {
    typealias Handler = @Sendable (EventImage, ReactionRecords) async throws -> Void

    var handlers: [String: Handler]

    /// Writes a topic for each event, named by what it says of it.
    static func noting(_ name: String = "note", _ text: @escaping @Sendable (EventImage) throws -> String) -> Script {
        Script(handlers: [
            name: { image, records in _ = try await records.create("lab.topic", ["name": .string(try text(image))]) }
        ])
    }

    /// Notes the record's title and version, and fails for the titles that are given.
    static func failing(for titles: Mutex<Set<String>>.Shared) -> Script {
        noting { image in
            let title = image.record["title"]?.asText ?? "?"
            if titles.contains(title) { throw RecordsError(.invalid, "It can't be done.") }
            return "\(title)\(image.event.version)"
        }
    }

    func hasHandler(_ handler: EventSubscription.Handler) -> Bool { handlers[handler.name] != nil }

    func handle(_ image: EventImage, of subscription: EventSubscription, writingTo records: ReactionRecords) async throws {
        do { try await handlers[subscription.handler.name]?(image, records) } catch { throw EventsError(.handlerFailed, "\(error)") }
    }
}

extension Mutex where Value == Set<String> {
    /// A set that tests and handlers share.
    final class Shared: Sendable {
        private let values: Mutex<Set<String>>
        init(_ values: Set<String>) { self.values = Mutex(values) }
        func contains(_ value: String) -> Bool { values.withLock { $0.contains(value) } }
        func clear() { values.withLock { $0.removeAll() } }
    }
}

extension TestStore {
    /// A store whose module has code and these subscriptions.
    static func withSubscriptions<R: Sendable>(_ subscriptions: String, _ body: @Sendable (TestStore) async throws -> R) async throws -> R {
        try await with(subscribing(subscriptions), body)
    }

    static func subscribing(_ subscriptions: String) -> [String: String] {
        let code = TestManifests.everyField.replacing("run: { mode: data }", with: "run: { mode: library, library: Lab }")
        return ["lab": code + "\nsubscriptions:\n" + subscriptions]
    }

    /// Gives positions to all there is, and lets a subscription handle them.
    func react(_ script: Script, _ id: String = "lab.note") async throws {
        try await Sequencer(store).drain()
        let reaction = Reaction(id, store, script, logger: quiet)
        while try await reaction.advance() {}
    }

    /// What handlers have noted, in the order in which they did.
    func notes() async throws -> String {
        try await Sequencer(store).drain()
        return try await text(
            "SELECT string_agg(new ->> 'name', ' ' ORDER BY position) FROM tessera.event WHERE topic = 'lab.topic.created'") ?? ""
    }

    func sample(_ title: String, _ values: [String: Value] = [:]) async throws -> GUID {
        try await create("samples", values.merging(["title": .string(title)]) { $1 })
    }

    /// What is put aside: `waiting 3, held 4`.
    func aside(_ id: String = "lab.note") async throws -> String {
        try await text(
            "SELECT string_agg(state || ' ' || position, ', ' ORDER BY position) FROM tessera.delivery WHERE subscription = '\(id)'") ?? ""
    }

    /// Makes everything due that waits.
    func hurry() async throws {
        _ = try await client.query("UPDATE tessera.delivery SET due_at = now() WHERE due_at IS NOT NULL")
        _ = try await client.query("UPDATE tessera.subscription SET retry_at = now() WHERE retry_at IS NOT NULL")
    }

    func follower(_ id: String = "lab.note") async throws -> EventStatus.Follower {
        guard let found = try await EventStatus.read(store).followers.first(where: { $0.id == id }) else {
            throw TestStoreError("no \(id)")
        }
        return found
    }
}
