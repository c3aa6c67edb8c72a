import Catalog
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@Suite("Change sets")
struct ChangeSetTests {
    @Test("are listed newest first, with counts by type and action, once they are named")
    func list() async throws {
        try await TestStore.with { lab in
            let log = ChangeSetLog(lab.store, access: .test)
            _ = try await lab.create("places", ["name": "unnamed"])
            let first = WriteOptions.bulk("places in bulk")
            let inputs = ["a", "b", "c"].map { RecordInput(["name": .string($0)]) }
            let made = try await lab.store.create(lab.type("places"), inputs, options: first, access: .test).compactMap(\.id)
            let second = WriteOptions.bulk("clear up")
            _ = try await lab.store.delete(lab.type("places"), [RecordReference(key: .id(made[0]))], options: second, access: .test)
            let change = RecordUpdate(key: .id(made[1]), input: RecordInput(["name": "B"]))
            _ = try await lab.store.update(lab.type("places"), [change], options: second, access: .test)
            _ = try await lab.store.create(lab.type("topics"), [RecordInput(["name": "t"])], options: second, access: .test)

            let entries = try await log.list(limit: 10)
            #expect(entries.map(\.label) == ["clear up", "places in bulk"])
            #expect(entries.map(\.state) == [.done, .done])
            #expect(entries[0].counts.map(\.recordType) == ["lab.place", "lab.topic"])
            #expect(entries[0].counts.map { [$0.created, $0.updated, $0.deleted] } == [[0, 1, 1], [1, 0, 0]])
            #expect(entries[1].total == 3)
            #expect(try await log.list(limit: 10, before: entries[0].id).map(\.id) == [first.changeSet.id])
            // The counts are kept, and read back the same.
            #expect(try await log.find(entries[0].id) == entries[0])
            #expect(ChangeSetEntry(entries[0].value) == entries[0])
        }
    }

    @Test("count what was written after they were listed, as the requests of a batch write one after the other")
    func listedEarly() async throws {
        try await TestStore.with { lab in
            let log = ChangeSetLog(lab.store, access: .test)
            let set = WriteOptions.bulk("batch")
            for count in 1...3 {
                let input = RecordInput(["name": .string("t\(count)")])
                _ = try await lab.store.create(lab.type("topics"), [input], options: set, access: .test)
                #expect(try await log.list(limit: 1).first?.total == count)
            }
            // Once nothing can come any more, they are kept.
            let kept = "SELECT counts IS NOT NULL FROM tessera.change_set"
            #expect(try await lab.client.query("\(raw: kept)").first?.decode(Bool.self, 0) == false)
            _ = try await lab.client.query(
                "UPDATE tessera.change_set SET created_at = now() - interval '61 minutes', finished_at = now() - interval '61 minutes'")
            #expect(try await log.find(set.changeSet.id)?.total == 3)
            #expect(try await lab.client.query("\(raw: kept)").first?.decode(Bool.self, 0) == true)
        }
    }

    @Test("are running until they are finished")
    func open() async throws {
        try await TestStore.with { lab in
            let log = ChangeSetLog(lab.store, access: .test)
            let changeSet = ChangeSet(id: .version7(), label: "long", isOpen: true, runsAutomation: false)
            _ = try await lab.store.create(
                lab.type("topics"), [RecordInput(["name": "t"])], options: WriteOptions(changeSet: changeSet), access: .test)
            let running = try #require(try await log.find(changeSet.id))
            #expect(running.state == .running && running.finishedAt == nil && running.total == 1 && !running.runsAutomation)
            try await log.finish(changeSet.id)
            let done = try #require(try await log.find(changeSet.id))
            #expect(done.state == .done && done.finishedAt != nil && done.total == 1)
        }
    }

    @Test("tell what each record held before and after, however often it changed since")
    func beforeAndAfter() async throws {
        try await TestStore.with { lab in
            let log = ChangeSetLog(lab.store, access: .test)
            let set = WriteOptions.bulk("made")
            let emails: Value = .collection([.complex(["address": "a@x.org"])])
            let input = RecordInput(["title": "A", "amount": 1, "emails": emails])
            let id = try #require(try await lab.store.create(lab.type("samples"), [input], options: set, access: .test).first?.id)
            let change = WriteOptions.bulk("changed")
            let item = RecordUpdate(key: .id(id), input: RecordInput(["amount": 2, "emails": .collection([])]))
            _ = try await lab.store.update(lab.type("samples"), [item], options: change, access: .test)
            #expect(try await lab.update("samples", id, ["amount": 3, "title": "B"]) == .updated(version: 3))

            let made = try await log.changes(of: set.changeSet.id, limit: 10).changes
            #expect(made.map(\.action) == ["create"])
            #expect(made[0].before.isEmpty)
            #expect(made[0].after["title"] == "A" && made[0].after["amount"] == 1 && made[0].after["version"] == nil)
            #expect(made[0].after["emails"]?.items.first?["address"] == "a@x.org")
            let changed = try await log.changes(of: change.changeSet.id, limit: 10).changes
            #expect(changed[0].before["amount"] == 1 && changed[0].after["amount"] == 2)
            #expect(changed[0].before["primary_email"] == "a@x.org" && changed[0].after["primary_email"] == .null)
            #expect(changed[0].after["emails"] == .collection([]) && changed[0].after["title"] == nil)
            #expect(RecordChange(changed[0].value) == changed[0])
        }
    }

    @Test("list their changes in pages, and show no values of purged records")
    func pages() async throws {
        try await TestStore.with { lab in
            let log = ChangeSetLog(lab.store, access: .test)
            let set = WriteOptions.bulk("made")
            let inputs = (1...5).map { RecordInput(["name": .string("t\($0)")]) }
            let ids = try await lab.store.create(lab.type("topics"), inputs, options: set, access: .test).compactMap(\.id)
            _ = try await lab.store.purge(lab.type("topics"), [RecordReference(key: .id(ids[4]))], options: .single, access: .test)
            var seen: [RecordChange] = []
            var place: ChangeSetLog.Place?
            repeat {
                let page = try await log.changes(of: set.changeSet.id, limit: 2, after: place)
                #expect(page.changes.count <= 2)
                seen += page.changes
                place = page.next
            } while place != nil
            #expect(seen.map(\.record) == ids.sorted { "\($0)" < "\($1)" })
            #expect(seen.last?.after == [:] && seen.first?.after["name"] == "t1")
        }
    }

    @Test("are rehearsed: everything is told, nothing is kept")
    func rehearsal() async throws {
        try await TestStore.with { lab in
            let id = try await lab.create("topics", ["name": "a"])
            let type = try lab.type("topics")
            let (outcomes, rehearsed) = try await lab.store.rehearse(limit: 10, access: .test) { store, changeSet in
                let item = RecordUpdate(key: .id(id), input: RecordInput(["name": "b"]))
                return try await store.update(type, [item], options: WriteOptions(changeSet: changeSet), access: .test)
            }
            #expect(outcomes.map(Outcome.init) == [.updated(version: 2)])
            let changes = rehearsed.changes
            #expect(changes.count == 1 && changes[0].before == ["name": "a"] && changes[0].after == ["name": "b"])
            #expect(rehearsed.counts.map(\.value) == [.complex(["type": "lab.topic", "created": 0, "updated": 1, "deleted": 0])])
            #expect(try await lab.row("lab.topic", id)["name"] == "a")
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.change") == "1")
        }
    }

    @Test("do each step of long work once, whoever tries, and nothing of a step that fails")
    func steps() async throws {
        try await TestStore.with { lab in
            let type = try lab.type("topics")
            let work = WorkSteps(lab.store, work: .version7(), of: .administrator)
            struct Broken: Error {}
            await #expect(throws: Broken.self) {
                _ = try await work.once(0) { store in
                    _ = try await store.create(type, [RecordInput(["name": "lost"])], options: .single, access: .test)
                    throw Broken()
                }
            }
            #expect(try await work.done().isEmpty)
            let outcomes = try await withThrowingTaskGroup(of: String.self) { group in
                for caller in 1...4 {
                    group.addTask {
                        try await work.once(0) { store in
                            _ = try await store.create(type, [RecordInput(["name": "kept"])], options: .single, access: .test)
                            return PostgresJSON("\(caller)")
                        }.text
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(outcomes.count == 1)
            #expect(try await lab.text("SELECT string_agg(name, ',') FROM lab.topic") == "kept")
            #expect(try await work.done().keys.sorted() == [0])
        }
    }
}
