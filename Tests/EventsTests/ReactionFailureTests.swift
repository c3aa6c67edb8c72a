import Catalog
import Postgres
import QueryLanguage
import Records
import Synchronization
import TestKernel
import Testing

@testable import Events

@Suite("Subscriptions of manifests: failures")
struct ReactionFailureTests {
    @Test("an event that fails waits, later ones of its record wait behind it, and those of others go on")
    func held() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.*], retry: { attempts: 3, first: PT10S, longest: PT15S } }") {
            lab in
            let bad = Mutex<Set<String>>.Shared(["A"])
            let (a, b) = (try await lab.sample("A"), try await lab.sample("B"))
            try await lab.update("samples", a, ["amount": 1])
            try await lab.update("samples", b, ["amount": 1])
            try await lab.react(.failing(for: bad))
            #expect(try await lab.notes() == "B1 B2")
            #expect(try await lab.aside() == "waiting 1, held 3")
            let waits =
                "SELECT (due_at - failed_at BETWEEN interval '5 s' AND interval '10 s')::text FROM tessera.delivery WHERE state = 'waiting'"
            #expect(try await lab.text(waits) == "true")
            let first = try await lab.follower()
            #expect(first.lag == 2 && first.waiting == 1 && first.held == 1 && first.handled == 2)
            // It isn't tried before its time.
            try await lab.react(.failing(for: bad))
            #expect(try await lab.text("SELECT attempts::text FROM tessera.delivery WHERE position = 1") == "1")
            // Tried again in vain, and once more: it is parked, and its record waits on.
            for attempts in 2...3 {
                try await lab.hurry()
                try await lab.react(.failing(for: bad))
                #expect(try await lab.text("SELECT attempts::text FROM tessera.delivery WHERE position = 1") == "\(attempts)")
            }
            try await lab.update("samples", a, ["amount": 2])
            try await lab.react(.failing(for: bad))
            #expect(try await lab.aside() == "parked 1, held 3, held 7")
            #expect(try await lab.text("SELECT error FROM tessera.delivery WHERE position = 1") == "records.invalid: It can't be done.")
            // Mended: the record's events follow in their order.
            bad.clear()
            _ = try await lab.client.query("UPDATE tessera.delivery SET state = 'waiting', due_at = now() WHERE position = 1")
            try await lab.react(.failing(for: bad))
            try await lab.update("samples", a, ["amount": 3])
            try await lab.react(.failing(for: bad))
            #expect(try await lab.notes() == "B1 B2 A1 A2 A3 A4")
            #expect(try await lab.aside() == "")
        }
    }

    @Test("without order nothing waits but the event itself")
    func unordered() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.*], order: none, when: $event/version ne 9 }") { lab in
            let id = try await lab.sample("A")
            try await lab.update("samples", id, ["title": "B"])
            try await lab.react(.failing(for: .init(["A"])))
            #expect(try await lab.notes() == "B2")
            #expect(try await lab.aside() == "waiting 1")
        }
    }

    @Test("an event is passed over after its attempts where the manifest says so, and its record goes on")
    func skipped() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.*], exhausted: skip, retry: { attempts: 2 } }") { lab in
            let id = try await lab.sample("A")
            try await lab.update("samples", id, ["title": "B"])
            try await lab.react(.failing(for: .init(["A"])))
            #expect(try await lab.aside() == "waiting 1, held 2")
            try await lab.hurry()
            try await lab.react(.failing(for: .init(["A"])))
            #expect(try await lab.notes() == "B2")
            let follower = try await lab.follower()
            #expect(follower.skipped == 1 && follower.handled == 1 && follower.waiting == 0 && follower.held == 0)
        }
    }

    @Test("a subscription halts before an event after its attempts where the manifest says so, and keeps what came before")
    func halted() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.created], exhausted: halt, retry: { attempts: 2 } }") { lab in
            for title in ["A", "B", "C"] { _ = try await lab.sample(title) }
            let bad = Mutex<Set<String>>.Shared(["B"])
            try await lab.react(.failing(for: bad))
            #expect(try await lab.notes() == "A1")
            let waiting = try await lab.follower()
            #expect(waiting.state == "active" && waiting.position == 1 && waiting.attempts == 1 && waiting.retryAt != nil)
            try await lab.hurry()
            try await lab.react(.failing(for: bad))
            let halted = try await lab.follower()
            #expect(halted.state == "halted" && halted.position == 1 && halted.error == "records.invalid: It can't be done.")
            bad.clear()
            try await lab.react(.failing(for: bad))
            #expect(try await lab.notes() == "A1")
            _ = try await lab.client.query("UPDATE tessera.subscription SET state = 'active'")
            try await lab.react(.failing(for: bad))
            #expect(try await lab.notes() == "A1 B1 C1")
        }
    }

    @Test(
        "a late event keeps what came before it, and has the end that the manifest says",
        arguments: [("halt", "A1", "halted", 1), ("skip", "A1 C1 A2", "active", 4), ("park", "A1 C1 A2", "active", 4)])
    func lateness(exhausted: String, notes: String, state: String, position: Int) async throws {
        let manifest = "  note: { topics: [lab.sample.*], exhausted: \(exhausted), deadline: PT1S, retry: { attempts: 1 } }"
        try await TestStore.withSubscriptions(manifest) { lab in
            let first = try await lab.sample("A")
            for title in ["B", "C"] { _ = try await lab.sample(title) }
            try await lab.update("samples", first, ["amount": 1])
            try await lab.react(
                Script(handlers: [
                    "note": { image, records in
                        let title = image.record["title"]?.asText ?? ""
                        if title == "B" { try await Task.sleep(for: .seconds(3_600)) }
                        _ = try await records.create("lab.topic", ["name": .string("\(title)\(image.event.version)")])
                    }
                ]))
            #expect(try await lab.notes() == notes)
            let follower = try await lab.follower()
            #expect(follower.state == state && follower.position == position && follower.error?.isEmpty != (exhausted == "halt"))
            #expect(follower.skipped == (exhausted == "skip" ? 1 : 0) && follower.parked == (exhausted == "park" ? 1 : 0))
        }
    }

    @Test("an event that is passed over at once keeps nothing of its record back")
    func passedAtOnce() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.*], exhausted: skip, retry: { attempts: 1 } }") { lab in
            let id = try await lab.sample("A")
            try await lab.update("samples", id, ["title": "B"])
            try await lab.react(.failing(for: .init(["A"])))
            #expect(try await lab.notes() == "B2")
            #expect(try await lab.aside() == "")
        }
    }

    @Test("of several changes the last is handled, after the quiet time, whatever came of those before")
    func debounced() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.*], watch: [amount], debounce: PT20S }") { lab in
            let (a, b) = (try await lab.sample("A"), try await lab.sample("B"))
            try await lab.update("samples", a, ["amount": 1])
            try await lab.react(.failing(for: .init([])))
            try await lab.update("samples", a, ["amount": 2])
            try await lab.update("samples", a, ["notes": "not watched"])
            try await lab.react(.failing(for: .init([])))
            #expect(try await lab.aside() == "quiet 2, quiet 4")
            let due = "SELECT bool_and(due_at = at + interval '20 s')::text FROM tessera.delivery"
            #expect(try await lab.text(due) == "true")
            #expect(try await lab.notes() == "")
            try await lab.hurry()
            try await lab.react(.failing(for: .init(["B"])))
            #expect(try await lab.notes() == "A3")
            #expect(try await lab.aside() == "waiting 2")
            // A change of a record that waits comes behind.
            try await lab.update("samples", b, ["amount": 1])
            try await lab.react(.failing(for: .init(["B"])))
            #expect(try await lab.aside() == "waiting 2, held 7")
            try await lab.hurry()
            try await lab.react(.failing(for: .init([])))
            #expect(try await lab.notes() == "A3 B1 B2")
        }
    }

    @Test("a handler that hangs is ended at its deadline, with a reason, and writes nothing afterwards", arguments: [false, true])
    func late(waitsForDatabase: Bool) async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.created], deadline: PT1S }") { lab in
            for title in ["A", "B", "C"] { _ = try await lab.sample(title) }
            let (released, release) = AsyncStream.makeStream(of: Void.self)
            let (ended, end) = AsyncStream.makeStream(of: String.self)
            let script = Script(handlers: [
                "note": { image, records in
                    let title = image.record["title"]?.asText ?? ""
                    _ = try await records.create("lab.topic", ["name": .string(title)])
                    guard title == "B" else { return }
                    if waitsForDatabase {
                        // Locked by the test.
                        _ = try await records.create("lab.place", ["name": "Oslo"])
                    } else {
                        // Deaf to being cancelled.
                        await withUnsafeContinuation { continuation in
                            Task.detached {
                                for await _ in released { break }
                                continuation.resume()
                            }
                        }
                        do { _ = try await records.create("lab.topic", ["name": "late"]) } catch { end.yield("\(error)") }
                    }
                }
            ])
            if waitsForDatabase {
                try await lab.client.transaction { transaction in
                    _ = try await transaction.query("LOCK TABLE lab.place")
                    try await lab.react(script)
                }
            } else {
                try await lab.react(script)
                release.finish()
                #expect(await ended.first { _ in true }?.hasPrefix("events.ended") == true)
            }
            #expect(try await lab.notes() == "A C")
            #expect(try await lab.aside() == "waiting 2")
            let reason = try await lab.text("SELECT error FROM tessera.delivery")
            #expect(reason == "events.late: The handler was not done after 1.0 seconds, its deadline, and was ended.")
        }
    }

    @Test("what is put aside of a record goes with the record when it is purged")
    func purged() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.created] }") { lab in
            let id = try await lab.sample("A")
            try await lab.react(.failing(for: .init(["A"])))
            #expect(try await lab.aside() == "waiting 1")
            _ = try await lab.store.purge(lab.type("samples"), [RecordReference(key: .id(id))], options: .single, access: .test)
            try await lab.react(.failing(for: .init(["A"])))
            #expect(try await lab.aside() == "")
        }
    }

    @Test(
        "what fails of a record that is purged in the same batch goes too, and the purge itself is handled",
        arguments: ["", ", debounce: PT20S"])
    func purgedAtOnce(_ quiet: String) async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.created, lab.sample.purged]\(quiet) }") { lab in
            let id = try await lab.sample("A")
            _ = try await lab.store.purge(lab.type("samples"), [RecordReference(key: .id(id))], options: .single, access: .test)
            let script = Script(handlers: [
                "note": { image, records in
                    if image.event.topic.hasSuffix("created") { throw RecordsError(.invalid, "It can't be done.") }
                    _ = try await records.create("lab.topic", ["name": "gone"])
                }
            ])
            try await lab.react(script)
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.delivery WHERE topic = 'lab.sample.created'") == "0")
            try await lab.hurry()
            try await lab.react(script)
            #expect(try await lab.notes() == "gone")
            #expect(try await lab.aside() == "")
        }
    }

    @Test("a lost connection is no fault of an event's: the turn is undone, and the subscription pauses")
    func connection() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.created] }") { lab in
            _ = try await lab.sample("A")
            try await Sequencer(lab.store).drain()
            let script = Script(handlers: [
                "note": { _, records in
                    _ = try await records.create("lab.topic", ["name": "x"])
                    _ = try await lab.client.query(
                        """
                        SELECT pg_terminate_backend(pid, 60000) FROM pg_stat_activity \
                        WHERE datname = current_database() AND state = 'idle in transaction'
                        """)
                    _ = try await records.create("lab.topic", ["name": "y"])
                }
            ])
            await #expect(throws: (any Error).self) { try await Reaction("lab.note", lab.store, script, logger: quiet).advance() }
            let follower = try await lab.follower()
            #expect(follower.attempts == 0 && follower.retryAt != nil && follower.position == 0 && follower.error != nil)
            #expect(try await lab.aside() == "")
            try await lab.hurry()
            try await lab.react(.failing(for: .init([])))
            #expect(try await lab.notes() == "A1")
        }
    }
}
