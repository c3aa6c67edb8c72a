import Foundation
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing
import Transfer

@testable import Events

@Suite("History of records")
struct HistoryTests {
    private func history(_ lab: TestStore, _ collection: String, _ id: GUID) async throws -> [HistoryEntry] {
        try await EventBus(lab.store, logger: quiet).catchUp()
        let page = try #require(try await HistoryReader(lab.store, access: .test).page(of: id, lab.type(collection), limit: 100))
        #expect(page.isCurrent && page.next == nil)
        return page.entries
    }

    /// `3 update name: "a" → "b"`
    private func lines(_ entries: [HistoryEntry]) -> [String] {
        entries.map { entry in
            let changes = entry.changes.map { "\($0.property): \($0.from.json) → \($0.to.json)" }
            return "\(entry.version) \(entry.action) " + changes.joined(separator: ", ")
        }
    }

    @Test("tells what each write changed from what to what, who wrote it, by which way and under which change set")
    func exact() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "Oslo"])
            let sample = try await lab.create("samples", ["title": "A", "amount": 1])
            try await lab.update(
                "samples", sample,
                ["amount": 2, "subject_type": "lab.place", "subject_id": .guid(place), "origin": .complex(["city": "Rome"])])
            let set = WriteOptions.bulk("many")
            try await lab.update("samples", sample, ["title": "B", "emails": .collection(["a@example.com"])], options: set)
            // Nothing changes, so that nothing is told.
            _ = try await lab.store.update(
                lab.type("samples"), [RecordUpdate(key: .id(sample), input: RecordInput(["title": "B"]))], options: .single, access: .test)
            let reference = [RecordReference(key: .id(sample))]
            _ = try await lab.store.delete(lab.type("samples"), reference, options: .single, access: .test)
            _ = try await lab.store.restore(lab.type("samples"), reference, options: .single, access: .test)
            let entries = try await history(lab, "samples", sample)
            let told = lines(entries)
            #expect(told.count == 5)
            #expect(told[0].hasPrefix("5 restore deleted_at: \"") && told[0].hasSuffix(" → null"))
            #expect(told[1].hasPrefix("4 delete deleted_at: null → \""))
            #expect(told[2].hasPrefix("3 update emails: [] → [{") && told[2].hasSuffix(", title: \"A\" → \"B\""), "\(told[2])")
            #expect(told[2].contains("a@example.com") && !told[2].contains("primary_email"))
            #expect(
                told[3]
                    == "2 update amount: 1 → 2, origin/city: null → \"Rome\", subject_id: null → \"\(place)\", subject_type: null → \"lab.place\""
            )
            #expect(told[4].hasPrefix("1 create amount: null → 1, ") && told[4].contains("title: null → \"A\""), "\(told[4])")
            #expect(!told[4].contains("created_at") && !told[4].contains("updated_by"))
            #expect(entries.allSatisfy { $0.principal == .administrator && $0.principalName == "Administrator" && $0.channel == "api" })
            #expect(entries[2].changeSet == set.changeSet.id)
            for entry in entries { #expect(HistoryEntry(entry.value) == entry) }
        }
    }

    @Test("an undo and an import stand in it like any other write")
    func undoAndImport() async throws {
        try await TestStore.with { lab in
            let path = TestFolder.file("csv")
            try "Title,Code\nA,XX1\n".write(toFile: path, atomically: true, encoding: .utf8)
            let plan = try ImportPlan(file: path, type: lab.type("samples"), catalog: lab.catalog, mapping: nil, match: ["code"])
            let importer = Importer(plan: plan, options: Importer.Options(), access: Access(principal: .administrator, channel: .importing))
            _ = try await importer.run(file: path, label: "import", store: lab.store) { _, _, reason in
                Issue.record("\(reason)")
            } progress: { _ in
            }
            let id = try #require(GUID(try await lab.text("SELECT id::text FROM lab.sample") ?? ""))
            let set = WriteOptions.bulk("rename")
            try await lab.update("samples", id, ["title": "B"], options: set)
            let report = try await Undo(lab.store, of: set.changeSet.id, access: .test).run()
            let entries = try await history(lab, "samples", id)
            let told = lines(entries)
            #expect(told.count == 3)
            #expect(told[0] == "3 update title: \"B\" → \"A\"")
            #expect(entries[0].changeSet == report.undo && entries[1].changeSet == set.changeSet.id)
            #expect(told[1] == "2 update title: \"A\" → \"B\"")
            #expect(told[2].contains("code: null → \"XX1\"") && entries[2].channel == "import")
        }
    }

    @Test("a purge erases it: one row says who purged the record, and when; in one batch with the record's life too")
    func purge() async throws {
        try await TestStore.with { lab in
            let bus = EventBus(lab.store, logger: quiet)
            let early = try await lab.create("places", ["name": "early secret"])
            try await bus.catchUp()
            let late = try await lab.create("places", ["name": "late secret"])
            for place in [early, late] {
                try await lab.update("places", place, ["name": .string("other secret \(place)")])
                _ = try await lab.store.purge(lab.type("places"), [RecordReference(key: .id(place))], options: .single, access: .test)
            }
            for place in [early, late] {
                let entries = try await history(lab, "places", place)
                #expect(entries.map(\.action) == ["purge"] && entries.map(\.version) == [3] && entries[0].changes.isEmpty)
            }
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.history WHERE to_jsonb(history)::text LIKE '%secret%'") == "0")
            // Nobody else is told that there was such a record, and a collection has none of another's.
            let other = Access(principal: .version7(), channel: .api)
            #expect(try await HistoryReader(lab.store, access: other).page(of: early, lab.type("places"), limit: 10) == nil)
            #expect(try await HistoryReader(lab.store, access: .test).page(of: early, lab.type("topics"), limit: 10) == nil)
        }
    }

    @Test("what a purge empties elsewhere is told of the records that linked")
    func purgedTargets() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "Oslo"])
            let sample = try await lab.create("samples", ["title": "A", "subject_type": "lab.place", "subject_id": .guid(place)])
            _ = try await lab.store.purge(lab.type("places"), [RecordReference(key: .id(place))], options: .single, access: .test)
            #expect(
                lines(try await history(lab, "samples", sample))[0]
                    == "2 update subject_id: \"\(place)\" → null, subject_type: \"lab.place\" → null")
        }
    }

    @Test("comes in pages, newest first")
    func pages() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "0"])
            for number in 1...6 { try await lab.update("places", place, ["name": .string("\(number)")]) }
            try await EventBus(lab.store, logger: quiet).catchUp()
            let reader = HistoryReader(lab.store, access: .test)
            var (versions, before): ([[Int64]], Int64?) = ([], nil)
            repeat {
                let page = try #require(try await reader.page(of: place, lab.type("places"), limit: 3, before: before))
                versions.append(page.entries.map(\.version))
                before = page.next
            } while before != nil
            #expect(versions == [[7, 6, 5], [4, 3, 2], [1]])
        }
    }

    @Test("waits for changes that were just made, and says when they haven't come")
    func waits() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "0"])
            try await EventBus(lab.store, logger: quiet).catchUp()
            try await lab.update("places", place, ["name": "1"])
            let type = try lab.type("places")
            let behind = try #require(try await HistoryReader(lab.store, access: .test, clock: Hasty()).page(of: place, type, limit: 10))
            #expect(behind.entries.map(\.version) == [1] && !behind.isCurrent)
            async let waiting = HistoryReader(lab.store, access: .test).page(of: place, type, limit: 10)
            try await EventBus(lab.store, logger: quiet).catchUp()
            let page = try #require(try await waiting)
            #expect(page.entries.map(\.version) == [2, 1] && page.isCurrent)
        }
    }

    /// A clock on which no pause takes time.
    private struct Hasty: Clock {
        var now: ContinuousClock.Instant { ContinuousClock.now }
        var minimumResolution: Duration { .zero }
        func sleep(until deadline: ContinuousClock.Instant, tolerance: Duration?) async throws { await Task.yield() }
    }

    @Test("has all that was written before there was a log")
    func beginning() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "0"])
            // As an apply brings an older database up: what its outbox held is moved first.
            #expect(try await lab.text("SELECT position::text FROM tessera.subscription WHERE id = 'tessera.history'") == "0")
            #expect(lines(try await history(lab, "places", place)).count == 1)
        }
    }
}
