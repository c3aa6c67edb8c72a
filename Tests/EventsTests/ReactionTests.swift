import Catalog
import Postgres
import QueryLanguage
import Records
import Synchronization
import TestKernel
import Testing

@testable import Events

@Suite("Subscriptions of manifests")
struct ReactionTests {
    private static let title = Script.noting { "\($0.record["title"]?.asText ?? "?")\($0.event.version)" }

    @Test("handles the events that its topics mean, once, as its module, and because of them")
    func once() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.*] }") { lab in
            let id = try await lab.sample("A")
            try await lab.update("samples", id, ["amount": 3])
            _ = try await lab.create("places", ["name": "Oslo"])
            _ = try await lab.store.delete(lab.type("samples"), [RecordReference(key: .id(id))], options: .single, access: .test)
            try await lab.react(Self.title)
            try await lab.react(Self.title)
            #expect(try await lab.notes() == "A1 A2 A3")
            let made = try await EventLog(lab.store).page(from: 0, limit: 100).events
            let (first, note) = (made[0], try #require(made.first { $0.topic == "lab.topic.created" }))
            #expect(note.cause == [first.id] && note.channel == "module" && note.principal != first.principal)
            #expect(
                try await lab.text("SELECT kind || ' ' || name FROM tessera.principal WHERE id = '\(note.principal)'")
                    == "system Laboratory")
            let follower = try await lab.follower()
            #expect(follower.lag == 0 && follower.position == 7 && follower.handled == 3 && follower.state == "active")
        }
    }

    struct Condition: Sendable, CustomTestStringConvertible {
        let when: String
        let notes: String
        var testDescription: String { when }
        init(_ when: String, _ notes: String) { (self.when, self.notes) = (when, notes) }
    }

    /// Over: 1 created with amount 5, fresh; 2 amount 20; 3 used; 4 amount 8, tags; 5 deleted; 6 restored.
    static let conditions = [
        Condition("amount gt 10", "2 3"),
        Condition("changed(amount) and amount gt 10", "2"),
        Condition("changed(state)", "1 3"),
        Condition("$event/old/state eq 'fresh' and state eq 'used'", "3"),
        Condition("state/category eq 'closed' and not changed(state)", "4 5 6"),
        Condition("$event/old/amount lt amount", "2"),
        Condition("$event/old/amount eq null", "1"),
        Condition("changed(origin) and origin/city eq 'Oslo'", "4"),
        Condition("changed(emails)", "4"),
        Condition("'x' in tags", "4 5 6"),
        Condition("$event/action eq 'delete' or $event/topic eq 'lab.sample.restored'", "5 6"),
        Condition("deleted_at ne null", "5"),
        Condition("$event/version gt 5 and $event/channel eq 'api' and $event/actor eq 00000000-0000-7000-8000-000000000001", "6"),
        Condition("$event/at le now()", "1 2 3 4 5 6"),
    ]

    @Test("asks its condition of the record as it was after each event, however often it changed since", arguments: conditions)
    func asks(_ condition: Condition) async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.*], when: \"\(condition.when)\" }") { lab in
            let id = try await lab.sample("A", ["amount": 5])
            try await lab.update("samples", id, ["amount": 20])
            try await lab.update("samples", id, ["state": "used"])
            try await lab.update(
                "samples", id,
                ["amount": 8, "tags": .collection(["x"]), "origin": .complex(["city": "Oslo"]), "emails": .collection(["a@example.com"])])
            let reference = [RecordReference(key: .id(id))]
            _ = try await lab.store.delete(lab.type("samples"), reference, options: .single, access: .test)
            _ = try await lab.store.restore(lab.type("samples"), reference, options: .single, access: .test)
            try await lab.react(.noting { "\($0.event.version)" })
            #expect(try await lab.notes() == condition.notes)
        }
    }

    @Test("passes over updates that change nothing of what it watches")
    func watch() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.*.updated, lab.*.deleted], watch: [amount, price, place] }") { lab in
            let place = try await lab.create("places", ["name": "Oslo"])
            let id = try await lab.sample("A")
            for values in [
                ["notes": "x"], ["price": 5, "price_currency": "NOK"], ["site": "https://example.com"], ["place_id": .guid(place)],
            ] as [[String: Value]] {
                try await lab.update("samples", id, values)
            }
            try await lab.update("places", place, ["name": "Bergen"])
            _ = try await lab.store.delete(lab.type("samples"), [RecordReference(key: .id(id))], options: .single, access: .test)
            try await lab.react(Self.title)
            #expect(try await lab.notes() == "A3 A5 A6")
        }
    }

    @Test("tells a handler what changed and what the record holds, typed as its fields are")
    func values() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.updated] }") { lab in
            let id = try await lab.sample("A", ["start_date": .date(CalendarDate("2026-01-31")!), "weight": 1])
            try await lab.update("samples", id, ["start_date": .date(CalendarDate("2026-02-01")!), "effort": .duration(.init("PT5M")!)])
            try await lab.update("samples", id, ["title": "B"])
            let seen = Mutex<[EventImage]>([])
            try await lab.react(Script(handlers: ["note": { image, _ in seen.withLock { $0.append(image) } }]))
            let image = try #require(seen.withLock { $0.first })
            #expect(
                image.old["start_date"] == .date(CalendarDate("2026-01-31")!)
                    && image.new["start_date"] == .date(CalendarDate("2026-02-01")!))
            #expect(image.old["effort"] == .null && image.new["effort"] == .duration(.init("PT5M")!))
            #expect(image.record["title"] == "A" && image.record["weight"] == .decimal(DecimalNumber("1.000")!))
            #expect(image.record["version"] == .integer(2) && image.before["version"] == .integer(1))
            #expect(image.record["updated_at"] == .dateTime(image.event.at) && image.record["updated_by"] == .guid(image.event.principal))
        }
    }

    @Test("keeps nothing of what a handler wrote that fails, and all of one that bears a failed write")
    func failure() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.created], retry: { attempts: 1 } }") { lab in
            _ = try await lab.create("places", ["name": "Oslo"])
            for title in ["A", "B", "C"] { _ = try await lab.sample(title) }
            try await lab.react(
                Script(handlers: [
                    "note": { image, records in
                        let title = image.record["title"]?.asText ?? ""
                        _ = try await records.create("lab.topic", ["name": .string(title)])
                        if title == "A" { throw RecordsError(.invalid, "No.") }
                        if title == "B" {
                            // Taken.
                            _ = try? await records.create("lab.place", ["name": "Oslo"])
                            _ = try? await records.find("lab.place", condition: "name gt 5", order: nil, fields: [], limit: 1)
                            _ = try await records.create("lab.topic", ["name": "after"])
                        }
                    }
                ]))
            #expect(try await lab.notes() == "B after C")
            #expect(try await lab.aside() == "parked 2")
            #expect(try await lab.follower().parked == 1)
        }
    }

    @Test("lets a handler read, change and delete what it finds")
    func records() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.created], when: title eq 'Go' }") { lab in
            for (name, amount) in [("A", 1), ("B", 2), ("C", 3)] { _ = try await lab.sample(name, ["amount": .integer(Int64(amount))]) }
            _ = try await lab.sample("Go", ["emails": .collection(["go@example.com"])])
            let seen = Mutex<[String]>([])
            try await lab.react(
                Script(handlers: [
                    "note": { image, records in
                        let found = try await records.find(
                            "lab.sample", condition: "amount ge 2", order: "amount desc", fields: ["title", "amount"], limit: 10)
                        let own = try await records.get("lab.sample", image.event.record, fields: ["emails"])
                        let missing = try await records.get("lab.sample", .administrator, fields: ["title"])
                        seen.withLock { seen in
                            seen += found.map { "\($0.values["title"]?.asText ?? "") \($0.values["amount"]?.asInt ?? 0) \($0.version)" }
                            seen.append(own?.values["emails"]?.items.first?["address"]?.asText ?? "none")
                            seen.append(missing == nil ? "missing" : "found")
                        }
                        let change = try await records.update("lab.sample", found[0].id, ["amount": 30], version: found[0].version)
                        _ = try await records.delete("lab.sample", found[1].id)
                        await #expect(throws: RecordsError.self) {
                            _ = try await records.update("lab.sample", found[0].id, ["amount": 31], version: change.version - 1)
                        }
                        await #expect(throws: RecordsError.self) { _ = try await records.create("lab.sampel", [:]) }
                    }
                ]))
            #expect(seen.withLock { $0 } == ["C 3 1", "B 2 1", "go@example.com", "missing"])
            #expect(
                try await lab.text(
                    "SELECT string_agg(title || coalesce(amount, 0), ' ' ORDER BY title) FROM lab.sample WHERE deleted_at IS NULL")
                    == "A1 C30 Go0")
        }
    }

    @Test("passes over what came in with automation switched off")
    func automation() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.created] }") { lab in
            for (title, runs) in [("A", true), ("B", false)] {
                let changeSet = ChangeSet(id: .version7(), label: "import \(title)", runsAutomation: runs)
                _ = try await lab.store.create(
                    lab.type("samples"), [RecordInput(["title": .string(title)])], options: WriteOptions(changeSet: changeSet),
                    access: .test)
            }
            try await lab.react(Self.title)
            #expect(try await lab.notes() == "A1")
        }
    }

    @Test("several nodes handle each event once, in the order of each record, while events come")
    func nodes() async throws {
        try await TestStore.withSubscriptions("  note: { topics: [lab.sample.*], batch: 3 }") { lab in
            let ids = [try await lab.sample("A"), try await lab.sample("B")]
            try await withThrowingTaskGroup(of: Void.self) { group in
                for id in ids {
                    group.addTask { for amount in 1...20 { try await lab.update("samples", id, ["amount": .integer(Int64(amount))]) } }
                }
                for _ in 0..<3 {
                    group.addTask {
                        let reaction = Reaction("lab.note", lab.store, Self.title, logger: quiet)
                        while try await lab.follower().handled < 42 {
                            _ = try await Sequencer(lab.store).move()
                            _ = try await reaction.advance()
                        }
                    }
                }
                try await group.waitForAll()
            }
            let notes = try await lab.notes().split(separator: " ")
            for title in ["A", "B"] { #expect(notes.filter { $0.hasPrefix(title) }.map { Int($0.dropFirst()) } == Array(1...21)) }
        }
    }

    @Test("is looked after by a node that runs, also when it is applied while the node does")
    func service() async throws {
        try await TestStore.with(TestStore.subscribing("  other: { topics: [lab.place.created] }")) { lab in
            let noted = AsyncStream.makeStream(of: String.self)
            let script = Script(handlers: [
                "other": { image, _ in noted.continuation.yield("other \(image.record["name"]?.asText ?? "")") },
                "note": { image, _ in noted.continuation.yield("note \(image.record["title"]?.asText ?? "")") },
            ])
            var options = hours
            options.beat = .milliseconds(20)
            try await lab.withService(EventBus(lab.store, reactions: script, logger: quiet), options) {
                var notes = noted.stream.makeAsyncIterator()
                _ = try await lab.create("places", ["name": "Oslo"])
                #expect(await notes.next() == "other Oslo")
                let catalog = try TestStore.catalog(
                    TestStore.subscribing("  other: { topics: [lab.place.created] }\n  note: { topics: [lab.sample.created] }"))
                try await lab.apply(catalog)
                lab.store.replaceCatalog(with: catalog)
                _ = try await lab.sample("A")
                #expect(await notes.next() == "note A")
            }
        }
    }
}
