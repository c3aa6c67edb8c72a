import JSONReading
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Events

@Suite("Looking after subscriptions")
struct SubscriptionDeskTests {
    private func order(_ lab: TestStore, _ action: SubscriptionOrder.Action, _ positions: [Int64]? = nil) async throws -> Int64 {
        try await SubscriptionDesk(lab.store).carryOut(SubscriptionOrder(action, "lab.note", positions: positions))
    }

    /// Of A and B each: created, parked; updated, held.
    private func withParked(_ body: @Sendable (TestStore) async throws -> Void) async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.*], retry: { attempts: 1 } }") { lab in
            let ids = [try await lab.sample("A"), try await lab.sample("B")]
            for id in ids { try await lab.update("samples", id, ["amount": 1]) }
            try await lab.react(.failing(for: .init(["A", "B"])))
            #expect(try await lab.aside() == "parked 1, parked 2, held 3, held 4")
            try await body(lab)
        }
    }

    private static let mended = Script.failing(for: .init([]))

    @Test("lists what is put aside, with the reason, as JSON too")
    func list() async throws {
        try await withParked { lab in
            let desk = SubscriptionDesk(lab.store)
            let parked = try await desk.aside(state: "parked", limit: 10)
            #expect(parked.map(\.event.position) == [1, 2] && parked.first?.error == "records.invalid: It can't be done.")
            #expect(try await desk.aside(of: "lab.note", limit: 3).map(\.state) == ["parked", "parked", "held"])
            #expect(try await desk.aside(of: "lab.other", limit: 3) == [])
            let bytes = Array(parked[0].value(source: "/api").json.utf8)
            let read = try #require(Delivery(try JSONReader.value(of: bytes)))
            #expect(read.event.record == parked[0].event.record && read.attempts == 1 && read.error == parked[0].error)
        }
    }

    @Test("retries one, or all that is parked, and what waits behind follows")
    func retry() async throws {
        try await withParked { lab in
            #expect(try await order(lab, .retry, [2]) == 1)
            try await lab.react(Self.mended)
            #expect(try await lab.notes() == "B1 B2")
            await #expect(throws: EventsError.self) { _ = try await order(lab, .retry, [1, 3]) }
            #expect(try await lab.aside() == "parked 1, held 3")
            #expect(try await order(lab, .retry) == 1)
            try await lab.react(Self.mended)
            #expect(try await lab.notes() == "B1 B2 A1 A2")
        }
    }

    @Test("skips one, or all that is parked, and what waits behind goes on")
    func skip() async throws {
        try await withParked { lab in
            #expect(try await order(lab, .skip, [1]) == 1)
            #expect(try await lab.aside() == "parked 2, waiting 3, held 4")
            #expect(try await order(lab, .skip) == 1)
            try await lab.react(Self.mended)
            #expect(try await lab.notes() == "A2 B2")
            #expect(try await lab.follower().skipped == 2)
            let error = await #expect(throws: EventsError.self) { _ = try await order(lab, .skip, [1]) }
            #expect(error?.code.description == "events.not_aside")
        }
    }

    @Test("edits what an event says that its record became, and the record stays as it is")
    func edit() async throws {
        try await withParked { lab in
            func edit(_ position: Int64, _ new: [String: Value]) async throws {
                var order = SubscriptionOrder(.edit, "lab.note", positions: [position])
                order.new = new
                _ = try await SubscriptionDesk(lab.store).carryOut(order)
            }
            let unknown = await #expect(throws: EventsError.self) { try await edit(1, ["titel": "C"]) }
            #expect(unknown?.message.contains("says nothing of 'titel'") == true)
            let held = await #expect(throws: EventsError.self) { try await edit(3, ["amount": 2]) }
            #expect(held?.code.description == "events.not_possible")
            try await edit(1, ["title": "C"])
            try await lab.react(.failing(for: .init(["A", "B"])))
            #expect(try await lab.notes() == "C1")
            #expect(try await lab.text("SELECT string_agg(title, ' ' ORDER BY title) FROM lab.sample") == "A B")
        }
    }

    @Test("pauses and resumes, also what has halted or is lost")
    func pause() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.*], exhausted: halt, retry: { attempts: 1 } }") { lab in
            _ = try await lab.sample("A")
            #expect(try await order(lab, .pause) == 0)
            try await lab.react(Self.mended)
            #expect(try await lab.notes() == "")
            #expect(try await lab.follower().state == "paused")
            #expect(try await order(lab, .resume) == 1)
            try await lab.react(.failing(for: .init(["A"])))
            #expect(try await lab.follower().state == "halted")
            let halted = await #expect(throws: EventsError.self) { _ = try await order(lab, .pause) }
            #expect(halted?.code.description == "events.not_possible")
            #expect(try await order(lab, .resume) == 1)
            try await lab.react(Self.mended)
            #expect(try await lab.notes() == "A1")
            for title in ["B", "C", "D"] { _ = try await lab.sample(title) }
            try await Sequencer(lab.store).drain()
            // Positions 2 is the note's, 3 to 5 are the samples.
            _ = try await lab.client.query("DELETE FROM tessera.event WHERE position < 5")
            _ = try await lab.client.query("UPDATE tessera.subscription SET state = 'lost', position = 2 WHERE id = 'lab.note'")
            #expect(try await order(lab, .resume) == 1)
            try await lab.react(Self.mended)
            #expect(try await lab.text("SELECT string_agg(name, ' ' ORDER BY name) FROM lab.topic") == "A1 D1")
            let missing = await #expect(throws: EventsError.self) {
                _ = try await SubscriptionDesk(lab.store).carryOut(SubscriptionOrder(.resume, "lab.other"))
            }
            #expect(missing?.code.description == "events.no_subscription")
        }
    }

    @Test("replays from a position or a moment on, and what was put aside since comes again from the log")
    func replay() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.created], retry: { attempts: 1 } }") { lab in
            for title in ["A", "B", "C"] { _ = try await lab.sample(title) }
            try await lab.react(.failing(for: .init(["B"])))
            #expect(try await lab.notes() == "A1 C1")
            _ = try await lab.client.query(
                "UPDATE tessera.event SET at = CASE position WHEN 1 THEN timestamptz '2026-01-01' ELSE '2026-01-02' END WHERE position < 4")
            var order = SubscriptionOrder(.replay, "lab.note")
            order.since = DateTime("2026-01-02T00:00:00Z")
            #expect(try await SubscriptionDesk(lab.store).carryOut(order) == 4)
            #expect(try await lab.aside() == "")
            try await lab.react(Self.mended)
            #expect(try await lab.notes() == "A1 C1 B1 C1")
            (order.since, order.from) = (nil, 1)
            _ = try await SubscriptionDesk(lab.store).carryOut(order)
            try await lab.react(Self.mended)
            #expect(try await lab.notes() == "A1 C1 B1 C1 A1 B1 C1")
            order.from = 1_000
            await #expect(throws: EventsError.self) { _ = try await SubscriptionDesk(lab.store).carryOut(order) }
            _ = try await lab.client.query("DELETE FROM tessera.event WHERE position < 3")
            order.from = 2
            let gone = await #expect(throws: EventsError.self) { _ = try await SubscriptionDesk(lab.store).carryOut(order) }
            #expect(gone?.code == .gone)
        }
    }

    @Test("ends a chain of events that cause one another, and names it")
    func loop() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.topic.created, lab.sample.created] }") { lab in
            _ = try await lab.sample("A")
            for _ in 0..<30 { try await lab.react(.noting { "\($0.event.cause.count)" }) }
            #expect(try await lab.notes() == (0..<16).map(String.init).joined(separator: " "))
            #expect(try await lab.aside() == "parked 17")
            let error = try #require(try await lab.text("SELECT error FROM tessera.delivery"))
            #expect(
                error.hasPrefix(
                    "events.loop: 16 events led to this one, each the effect of the one before, which looks like a loop: 1 lab.sample.created → "
                        + "2 lab.topic.created → "))
            let first = try await EventLog(lab.store).page(from: 1, limit: 1).events[0]
            let last = try await EventLog(lab.store).page(from: 17, limit: 1).events[0]
            #expect(last.cloudEvent(source: "/api")["correlation"]?.asGUID == first.id)
        }
    }

    struct Order: Sendable, CustomTestStringConvertible {
        let json: String
        let message: String
        var testDescription: String { json }
    }

    @Test(
        "refuses orders that make no sense",
        arguments: [
            Order(json: "[]", message: "An order has 'subscription'"),
            Order(json: #"{"subscription": "a.b", "action": "stop"}"#, message: "pause, resume, retry, skip, edit, replay"),
            Order(json: #"{"subscription": "a.b", "action": "pause", "from": 1}"#, message: "'pause' takes no 'from'."),
            Order(json: #"{"subscription": "a.b", "action": "retry", "positions": ["x"]}"#, message: "'positions' is a list"),
            Order(json: #"{"subscription": "a.b", "action": "edit", "positions": [1]}"#, message: "'edit' takes one of 'positions'"),
            Order(json: #"{"subscription": "a.b", "action": "replay"}"#, message: "'replay' takes either 'from' or 'since'."),
            Order(json: #"{"subscription": "a.b", "action": "replay", "since": "soon"}"#, message: "'since' is a moment"),
            Order(json: #"{"subscription": "a.b", "action": "replay", "from": 0}"#, message: "'from' is a position"),
        ])
    func refuses(_ order: Order) throws {
        let value = try JSONReader.value(of: Array(order.json.utf8))
        let error = #expect(throws: EventsError.self) { _ = try SubscriptionOrder(value) }
        #expect(error?.message.contains(order.message) == true)
    }
}
