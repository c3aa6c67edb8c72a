import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Events

@Suite("Subscriptions")
struct SubscriptionTests {
    /// Writes down which events it has handled, in its order; stumbles over one.
    private struct Recorder: EventHandler {
        let subscription = "test.recorder"
        var batch = 4
        var stumblesAt: Int64?

        func handle(_ positions: ClosedRange<Int64>, in store: RecordStore) async throws {
            for event in try await EventLog(store).events(positions) {
                _ = try await store.run("INSERT INTO public.seen (position) VALUES (\(bind: event.position))")
                if event.position == stumblesAt { throw RecordsError(.moduleFailed, "It stumbled.") }
            }
        }
    }

    private func with(_ events: Int, _ body: @Sendable (TestStore) async throws -> Void) async throws {
        try await TestStore.with { lab in
            _ = try await lab.client.query("CREATE TABLE public.seen (n serial, position bigint PRIMARY KEY)")
            _ = try await lab.client.query("INSERT INTO tessera.subscription (id, position) VALUES ('test.recorder', 0)")
            for number in 0..<events { _ = try await lab.create("topics", ["name": .string("\(number)")]) }
            try await Sequencer(lab.store).drain()
            try await body(lab)
        }
    }

    private func seen(_ lab: TestStore) async throws -> String? {
        try await lab.text("SELECT string_agg(position::text, ' ' ORDER BY n) FROM public.seen")
    }

    private func follower(_ lab: TestStore) async throws -> EventStatus.Follower {
        try #require(try await EventStatus.read(lab.store).followers.first { $0.id == "test.recorder" })
    }

    @Test("handles events in their order, in batches, and tells how far it is")
    func batches() async throws {
        try await with(6) { lab in
            let subscription = Subscription(lab.store, Recorder())
            #expect(try await follower(lab).lag == 6)
            #expect(try await subscription.advance())
            #expect(try await seen(lab) == "1 2 3 4")
            let between = try await follower(lab)
            #expect(between.position == 4 && between.lag == 2 && between.movedAt != nil && between.error == nil)
            #expect(try await subscription.advance() == false)
            #expect(try await subscription.advance() == false)
            #expect(try await seen(lab) == "1 2 3 4 5 6")
            let status = try await EventStatus.read(lab.store)
            #expect(EventStatus(status.value) == status)
        }
    }

    @Test("several nodes handle each event once, and in order, while events come")
    func nodes() async throws {
        try await with(0) { lab in
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    for number in 0..<60 { _ = try await lab.create("topics", ["name": .string("\(number)")]) }
                }
                for _ in 0..<2 {
                    group.addTask {
                        let subscription = Subscription(lab.store, Recorder())
                        while try await follower(lab).position < 60 {
                            _ = try await Sequencer(lab.store).move()
                            _ = try await subscription.advance()
                        }
                    }
                }
                try await group.waitForAll()
            }
            #expect(try await seen(lab) == (1...60).map(String.init).joined(separator: " "))
        }
    }

    @Test("a failure keeps nothing of the batch and pauses; then what comes before the stone is handled, and the stone is named")
    func failure() async throws {
        try await with(7) { lab in
            let stumbling = Subscription(lab.store, Recorder(stumblesAt: 3))
            await #expect(throws: RecordsError.self) { try await stumbling.advance() }
            #expect(try await seen(lab) == nil)
            let first = try await follower(lab)
            #expect(
                first.attempts == 1 && first.position == 0 && first.error == "records.module_failed: It stumbled." && first.retryAt != nil)
            // It pauses.
            #expect(try await stumbling.advance() == false)
            func again() async throws { _ = try await lab.client.query("UPDATE tessera.subscription SET retry_at = now()") }
            try await again()
            #expect(try await stumbling.advance())
            #expect(try await stumbling.advance())
            #expect(try await seen(lab) == "1 2")
            for attempt in 1...3 {
                await #expect(throws: RecordsError.self) { try await stumbling.advance() }
                let here = try await follower(lab)
                #expect(here.position == 2 && here.attempts == attempt)
                try await again()
            }
            let pause = "SELECT round(extract(epoch FROM retry_at - failed_at))::text FROM tessera.subscription WHERE id = 'test.recorder'"
            await #expect(throws: RecordsError.self) { try await stumbling.advance() }
            #expect(try await lab.text(pause) == "16")
            _ = try await lab.client.query("UPDATE tessera.subscription SET attempts = 50, retry_at = now()")
            await #expect(throws: RecordsError.self) { try await stumbling.advance() }
            #expect(try await lab.text(pause) == "60")
            // Mended, it goes on.
            try await again()
            let mended = Subscription(lab.store, Recorder())
            while try await mended.advance() {}
            #expect(try await seen(lab) == "1 2 3 4 5 6 7")
            let last = try await follower(lab)
            #expect(last.attempts == 0 && last.retryAt == nil && last.lag == 0 && last.error == "records.module_failed: It stumbled.")
        }
    }

    @Test("what was handled and not committed is handled again")
    func crash() async throws {
        try await with(3) { lab in
            struct Crashing: EventHandler {
                let subscription = "test.recorder"
                let batch = 3
                let lab: TestStore
                func handle(_ positions: ClosedRange<Int64>, in store: RecordStore) async throws {
                    try await Recorder().handle(positions, in: store)
                    let pid = try await store.run("SELECT pg_backend_pid()").first?.decode(Int32.self, 0)
                    _ = try await lab.client.query("SELECT pg_terminate_backend(\(bind: pid), 60000)")
                }
            }
            await #expect(throws: (any Error).self) { try await Subscription(lab.store, Crashing(lab: lab)).advance() }
            #expect(try await seen(lab) == nil)
            _ = try await lab.client.query("UPDATE tessera.subscription SET retry_at = NULL")
            let subscription = Subscription(lab.store, Recorder())
            while try await subscription.advance() {}
            #expect(try await seen(lab) == "1 2 3")
        }
    }
}
