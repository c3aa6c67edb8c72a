import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Events

@Suite("Positions of events")
struct SequencerTests {
    @Test("a transaction that took its place in the outbox first and commits last loses nothing")
    func lateCommit() async throws {
        try await TestStore.with { lab in
            let sequencer = Sequencer(lab.store)
            try await lab.store.transaction { early in
                _ = try await lab.create("places", ["name": "early"], in: early)
                _ = try await lab.create("topics", ["name": "late"])
                #expect(try await sequencer.move() == (1, 1))
                #expect(try await sequencer.move() == (0, 1))
            }
            #expect(try await sequencer.move() == (1, 2))
            #expect(try await lab.log() == ["1 lab.topic.created 1", "2 lab.place.created 1"])
        }
    }

    @Test("changes of one record keep their order, whichever transaction began first")
    func order() async throws {
        try await TestStore.with { lab in
            let sequencer = Sequencer(lab.store)
            let place = try await lab.create("places", ["name": "Oslo"])
            try await lab.store.transaction { first in
                // It has a transaction number from here on, and changes the place behind somebody who began later.
                _ = try await lab.create("topics", ["name": "begun"], in: first)
                #expect(try await lab.update("places", place, ["name": "Bergen"]) == 2)
                #expect(try await lab.update("places", place, ["name": "Voss"], in: first) == 3)
            }
            try await sequencer.drain()
            #expect(try await lab.versions(of: place) == [1, 2, 3])
        }
    }

    @Test("a stranger's open transaction reverses nothing, and delays nobody but itself")
    func stranger() async throws {
        try await TestStore.with { lab in
            let sequencer = Sequencer(lab.store)
            let place = try await lab.create("places", ["name": "Oslo"])
            let stranger = try await lab.store.transaction { long in
                let stranger = try await lab.create("topics", ["name": "an import"], in: long)
                try await lab.store.transaction { first in
                    _ = try await lab.create("topics", ["name": "begun"], in: first)
                    try await lab.update("places", place, ["name": "Bergen"])
                    #expect(try await sequencer.move() == (2, 2))
                    try await lab.update("places", place, ["name": "Voss"], in: first)
                }
                #expect(try await sequencer.move() == (2, 4))
                try await lab.update("places", place, ["name": "Moss"])
                #expect(try await sequencer.move() == (1, 5))
                #expect(try await lab.versions(of: place) == [1, 2, 3, 4])
                return stranger
            }
            #expect(try await sequencer.move() == (1, 6))
            #expect(try await lab.versions(of: stranger) == [1])
        }
    }

    @Test("two sequencers beside four writers: no gap, nothing lost or twice, each record in order")
    func competition() async throws {
        try await TestStore.with { lab in
            var places: [GUID] = []
            for number in 0..<4 { places.append(try await lab.create("places", ["name": .string("place \(number)")])) }
            let shared = places
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for number in 0..<40 {
                            try await lab.update("places", shared[(writer + number) % 4], ["name": .string("\(writer) at \(number)")])
                        }
                        return true
                    }
                }
                for _ in 0..<2 {
                    group.addTask {
                        // Small batches meet more often.
                        while try await Sequencer(lab.store).move(7).head < 164 {}
                        return false
                    }
                }
                try await group.waitForAll()
            }
            #expect(
                try await lab.text("SELECT concat_ws(' ', count(*), min(position), max(position), count(DISTINCT id)) FROM tessera.event")
                    == "164 1 164 164")
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.outbox") == "0")
            for place in places { #expect(try await lab.versions(of: place) == Array(1...41)) }
            #expect(
                try await lab.text(
                    "SELECT count(*)::text FROM tessera.change c JOIN tessera.event e USING (record_id, version, change_set)") == "164")
        }
    }

    @Test("a batch that was not committed is given the same positions again, by the next who comes")
    func crash() async throws {
        try await TestStore.with { lab in
            let sequencer = Sequencer(lab.store)
            for name in ["a", "b", "c"] { _ = try await lab.create("topics", ["name": .string(name)]) }
            await #expect(throws: (any Error).self) {
                try await lab.client.transaction { transaction in
                    _ = try await transaction.query("SELECT * FROM tessera.sequence_events(2)")
                    let pid = try await transaction.query("SELECT pg_backend_pid()").first?.decode(Int32.self, 0)
                    _ = try await lab.client.query("SELECT pg_terminate_backend(\(bind: pid), 60000)")
                }
            }
            #expect(try await EventLog(lab.store).head() == 0)
            #expect(try await lab.log().isEmpty)
            #expect(try await sequencer.move(2) == (2, 2))
            #expect(try await sequencer.move(2) == (1, 3))
            #expect(try await lab.log().map { $0.prefix(2) } == ["1 ", "2 ", "3 "])
        }
    }

    @Test("what is rolled back is no event, and what is only tried neither")
    func rolledBack() async throws {
        try await TestStore.with { lab in
            struct Stop: Error {}
            await #expect(throws: Stop.self) {
                try await lab.store.transaction { store in
                    _ = try await lab.create("topics", ["name": "never"], in: store)
                    throw Stop()
                }
            }
            _ = try await lab.store.rehearse(limit: 1, access: .test) { store, changeSet in
                try await store.create(
                    lab.type("topics"), [RecordInput(["name": "tried"])], options: WriteOptions(changeSet: changeSet), access: .test)
            }
            #expect(try await Sequencer(lab.store).move() == (0, 0))
        }
    }

    @Test("partitions are there before they are needed, and positions go on from one to the next")
    func partitions() async throws {
        try await TestStore.with { lab in
            _ = try await lab.client.query("UPDATE tessera.event_head SET partition_size = 5")
            for number in 1...12 { _ = try await lab.create("topics", ["name": .string("\(number)")]) }
            #expect(try await Sequencer(lab.store).move(3) == (3, 3))
            let parts =
                "SELECT string_agg(c.relname, ' ' ORDER BY c.relname) FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = 'tessera.event'::regclass"
            #expect(try await lab.text(parts) == "event_p0 event_p1")
            #expect(try await Sequencer(lab.store).move(9) == (9, 12))
            #expect(try await lab.text(parts) == "event_p0 event_p1 event_p2 event_p3")
            #expect(
                try await lab.text(
                    """
                    SELECT string_agg(c.relname || ':' || e.position, ' ' ORDER BY e.position) FROM tessera.event e
                    JOIN pg_class c ON c.oid = e.tableoid WHERE e.position IN (5, 6, 10, 11)
                    """) == "event_p0:5 event_p1:6 event_p1:10 event_p2:11")
        }
    }

    @Test("an event says what happened, to what, by whom, why, and what changed from what to what")
    func envelope() async throws {
        try await TestStore.with { lab in
            let (client, cause) = (GUID.version7(), [GUID.version7(), GUID.version7()])
            let place = try await lab.create("places", ["name": "Oslo"])
            let access = Access(principal: .administrator, onBehalfOf: client, channel: .module, cause: cause, rights: Access.test.rights)
            let item = RecordUpdate(key: .id(place), input: RecordInput(["name": "Bergen"]))
            let options = WriteOptions.single
            _ = try await lab.store.update(lab.type("places"), [item], options: options, access: access)
            _ = try await lab.store.purge(lab.type("places"), [RecordReference(key: .id(place))], options: .single, access: .test)
            try await Sequencer(lab.store).drain()
            let events = try await EventLog(lab.store).events(1...3)
            let (created, updated, purged) = (events[0], events[1], events[2])
            #expect(
                created.topic == "lab.place.created" && created.old.isEmpty && created.new["name"] == "Oslo" && created.channel == "api")
            #expect(
                updated
                    == Event(
                        position: 2, id: updated.id, at: updated.at, topic: "lab.place.updated", recordType: "lab.place", record: place,
                        version: 2,
                        old: ["name": "Oslo"], new: ["name": "Bergen"], principal: .administrator, onBehalfOf: client, channel: "module",
                        changeSet: options.changeSet.id, cause: cause))
            #expect(purged.topic == "lab.place.purged" && purged.old["name"] == "Bergen" && purged.new.isEmpty)

            let cloud = updated.cloudEvent(source: "https://crm.example.org/api")
            #expect(cloud["specversion"] == "1.0" && cloud["type"] == "lab.place.updated" && cloud["position"] == "2")
            #expect(cloud["correlation"]?.asGUID == cause[0] && cloud["cause"]?.asText == "\(cause[0]) \(cause[1])")
            #expect(cloud["data"]?["changed"] == .collection(["name"]) && cloud["data"]?["old"] == .complex(["name": "Oslo"]))
            for event in events { #expect(Event(cloudEvent: event.cloudEvent(source: "/")) == event) }
            #expect(created.cloudEvent(source: "/")["correlation"]?.asGUID == created.id && created.cloudEvent(source: "/")["cause"] == nil)
        }
    }

    @Test("finds events by topic, page by page")
    func topics() async throws {
        try await TestStore.with { lab in
            for number in 1...3 {
                let place = try await lab.create("places", ["name": .string("\(number)")])
                try await lab.update("places", place, ["name": .string("\(number)!")])
                _ = try await lab.create("topics", ["name": "x"])
            }
            try await Sequencer(lab.store).drain()
            let log = EventLog(lab.store)
            func positions(_ pattern: String, from: Int64 = 1, limit: Int = 10) async throws -> ([Int64], Int64) {
                let page = try await log.page(from: from, topic: TopicPattern(pattern), limit: limit)
                return (page.events.map(\.position), page.next)
            }
            #expect(try await positions("lab.place.*") == ([1, 2, 4, 5, 7, 8], 10))
            #expect(try await positions("*.created", limit: 2) == ([1, 3], 4))
            #expect(try await positions("*.created", from: 4, limit: 2) == ([4, 6], 7))
            #expect(try await positions("lab.place.updated", from: 9) == ([], 10))
            // An underscore is no placeholder.
            #expect(try await positions("lab_place.updated") == ([], 10))
            #expect(try await log.newest(topic: TopicPattern("*.updated"), limit: 2).map(\.position) == [5, 8])
            for wrong in ["", "Lab", "lab place", "lab%"] { #expect(throws: EventsError.self) { try TopicPattern(wrong) } }
        }
    }

    @Test("no writer sends a notification; the sequencer sends one for a batch")
    func notifications() async throws {
        try await TestStore.with { lab in
            let notifications = try await lab.client.notifications(channel: "tessera_events")
            for name in ["a", "b", "c"] { _ = try await lab.create("topics", ["name": .string(name)]) }
            _ = try await lab.client.query("SELECT pg_notify('tessera_events', 'nothing before')")
            try await Sequencer(lab.store).drain()
            var payloads: [String] = []
            for try await note in notifications {
                guard case .notification(let payload, _) = note else { continue }
                payloads.append(payload)
                if payloads.count == 2 { break }
            }
            #expect(payloads == ["nothing before", "3"])
        }
    }
}
