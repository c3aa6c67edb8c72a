import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Events

@Suite("How long events are kept")
struct RetentionTests {
    /// 35 events in partitions of 10, the first ones so old.
    private func with(_ old: Int, _ moment: String, _ body: @Sendable (TestStore) async throws -> Void) async throws {
        try await TestStore.with { lab in
            _ = try await lab.client.query("UPDATE tessera.event_head SET partition_size = 10")
            for number in 0..<35 { _ = try await lab.create("topics", ["name": .string("\(number)")]) }
            try await Sequencer(lab.store).drain()
            try await age(lab, old, moment)
            try await body(lab)
        }
    }

    private func age(_ lab: TestStore, _ events: Int, _ age: String) async throws {
        _ = try await lab.client.query(
            "UPDATE tessera.event SET at = now() - \(bind: age)::text::interval WHERE position <= \(bind: Int64(events))")
    }

    private func partitions(_ lab: TestStore) async throws -> String? {
        try await lab.text(
            "SELECT string_agg(substring(inhrelid::regclass::text FROM '\\d+$'), ' ' ORDER BY inhrelid) FROM pg_inherits WHERE inhparent = 'tessera.event'::regclass"
        )
    }

    private func kept(_ lab: TestStore) async throws -> String? {
        try await lab.text("SELECT min(position) || '-' || max(position) || ' ' || count(*) FROM tessera.event")
    }

    @Test("what has been handled goes when it is old: partitions as a whole, and after a day the rest row by row")
    func ages() async throws {
        try await with(25, "14 days 1 hour") { lab in
            let bus = EventBus(lab.store, logger: quiet)
            try await bus.catchUp()
            try await bus.retention.clear()
            #expect(try await partitions(lab) == "2 3 4")
            #expect(try await kept(lab) == "21-35 15")
            try await age(lab, 25, "15 days 1 hour")
            try await bus.retention.clear()
            #expect(try await kept(lab) == "26-35 10")
            try await bus.retention.clear()
            #expect(try await kept(lab) == "26-35 10")
            // Positions go on.
            _ = try await lab.create("topics", ["name": "new"])
            #expect(try await bus.sequencer.move() == (1, 36))
            let log = EventLog(lab.store)
            #expect(try await log.first() == 26)
            #expect(try await log.page(from: 26, limit: 100).events.count == 11)
            let gone = await #expect(throws: EventsError.self) { try await log.page(from: 25, limit: 1) }
            #expect(gone?.code == .gone && gone?.message.contains("26") == true)
        }
    }

    @Test("what a subscription hasn't handled stays, and it is told who holds it back")
    func holds() async throws {
        try await with(25, "20 days") { lab in
            let bus = EventBus(lab.store, logger: quiet)
            try await bus.retention.clear()
            #expect(try await kept(lab) == "1-35 35")
            #expect(try await EventStatus.read(lab.store).followers.map(\.holds) == [25])
            _ = try await lab.client.query("UPDATE tessera.subscription SET position = 12")
            #expect(try await EventStatus.read(lab.store).followers.map(\.holds) == [13])
            try await bus.retention.clear()
            #expect(try await partitions(lab) == "1 2 3 4")
            #expect(try await kept(lab) == "13-35 23")
        }
    }

    @Test("beyond a limit a subscription is lost, which is said, and holds nothing back any more; others go on")
    func lost() async throws {
        try await with(25, "31 days") { lab in
            let bus = EventBus(lab.store, logger: quiet)
            _ = try await lab.client.query("INSERT INTO tessera.subscription (id, position) VALUES ('test.slow', 24), ('test.fast', 25)")
            try await bus.catchUp()
            try await bus.retention.clear()
            #expect(try await kept(lab) == "26-35 10")
            let status = try await EventStatus.read(lab.store)
            #expect(status.followers.map { "\($0.id) \($0.state)" } == ["tessera.history active", "test.fast active", "test.slow lost"])
            let slow = try #require(status.followers.last)
            #expect(slow.error?.contains("position 25") == true && slow.failedAt != nil && slow.holds == 0)
        }
    }

    @Test("the whole log may go; what comes then has the next position")
    func everything() async throws {
        try await with(35, "16 days") { lab in
            let bus = EventBus(lab.store, logger: quiet)
            try await bus.catchUp()
            try await bus.retention.clear()
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.event") == "0")
            let status = try await EventStatus.read(lab.store)
            #expect(status.first == 36 && status.head == 35)
            try await bus.retention.clear()
            _ = try await lab.create("topics", ["name": "new"])
            try await bus.catchUp()
            #expect(try await EventLog(lab.store).events(36...36).map(\.position) == [36])
        }
    }

    @Test("a reader in the way is waited for a moment, and the next round does it")
    func readers() async throws {
        try await with(25, "20 days") { lab in
            let bus = EventBus(lab.store, logger: quiet)
            try await bus.catchUp()
            try await lab.client.transaction(readOnly: true) { reader in
                _ = try await reader.query("SELECT count(*) FROM tessera.event")
                await #expect(throws: (any Error).self) { try await bus.retention.clear() }
                #expect(try await kept(lab) == "1-35 35")
            }
            try await bus.retention.clear()
            #expect(try await kept(lab) == "26-35 10")
        }
    }
}
