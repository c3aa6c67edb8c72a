import Catalog
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@Suite("Undo")
struct UndoTests {
    /// Everything of a type's records that is not bookkeeping, deleted ones left out.
    private func contents(_ lab: TestStore, _ collection: String) async throws -> String {
        let type = try lab.type(collection)
        let lists = type.childTables.map {
            " || jsonb_build_object('\($0.field)', (SELECT coalesce(jsonb_agg(to_jsonb(c) ORDER BY to_jsonb(c)), '[]') FROM \($0.name.sql) c WHERE c.\($0.recordColumn) = t.id))"
        }
        return try await lab.text(
            """
            SELECT coalesce(jsonb_agg((to_jsonb(t) - '{version,updated_at,updated_by}'::text[])\(lists.joined()) ORDER BY id)::text, '[]')
            FROM \(type.table.sql) t WHERE deleted_at IS NULL
            """) ?? ""
    }

    private func state(_ lab: TestStore, _ id: GUID) async throws -> ChangeSetEntry.State? {
        try await ChangeSetLog(lab.store, access: .test).find(id)?.state
    }

    @Test("puts back what was created, changed in every kind of field, deleted and restored; and its own undo brings it all again")
    func everything() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "Oslo"])
            let other = try await lab.create("places", ["name": "Rome"])
            let full = try await lab.create("samples", try LabValues.full(place: place))
            let lost = try await lab.create("topics", ["name": "lost"])
            let found = try await lab.create("topics", ["name": "found"])
            _ = try await lab.store.delete(lab.type("topics"), [RecordReference(key: .id(found))], options: .single, access: .test)
            let collections = ["places", "samples", "topics"]
            var before: [String] = []
            for name in collections { before.append(try await contents(lab, name)) }

            let set = WriteOptions.bulk("many things")
            let samples = try lab.type("samples")
            let topics = try lab.type("topics")
            let change = RecordUpdate(key: .id(full), input: RecordInput(try LabValues.other(place: other)))
            #expect(Outcome(try await lab.store.update(samples, [change], options: set, access: .test)[0]) == .updated(version: 2))
            let again = RecordUpdate(key: .id(full), input: RecordInput(["amount": 77, "tags": .collection(["last"])]))
            #expect(Outcome(try await lab.store.update(samples, [again], options: set, access: .test)[0]) == .updated(version: 3))
            let new = RecordInput(["title": "new", "parent_id": .guid(full)])
            #expect(Outcome(try await lab.store.create(samples, [new], options: set, access: .test)[0]) == .created)
            _ = try await lab.store.delete(topics, [RecordReference(key: .id(lost))], options: set, access: .test)
            _ = try await lab.store.restore(topics, [RecordReference(key: .id(found))], options: set, access: .test)
            var after: [String] = []
            for name in collections { after.append(try await contents(lab, name)) }
            #expect(before != after)

            let undo = Undo(lab.store, of: set.changeSet.id, access: .test)
            let rehearsed = try await undo.rehearse()
            #expect(rehearsed.undone == 4 && rehearsed.refusedCount == 0 && rehearsed.undo == nil)
            for (name, text) in zip(collections, after) { #expect(try await contents(lab, name) == text) }

            let report = try await undo.run()
            #expect(report.undone == 4 && report.refused == [])
            for (name, text) in zip(collections, before) { #expect(try await contents(lab, name) == text, "\(name)") }
            #expect(try await state(lab, set.changeSet.id) == .undone)
            // A second time there is nothing left to do, and nothing is done.
            let rows = try await lab.text("SELECT count(*)::text FROM tessera.change")
            #expect(report.alreadyUndone == 0)
            var second = report
            second.alreadyUndone = 4
            #expect(try await undo.run() == second)
            let tried = try await undo.rehearse()
            #expect(tried.undone == 4 && tried.alreadyUndone == 4, "there is nothing that would be taken back")
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.change") == rows)

            let own = try #require(report.undo)
            let redo = try await Undo(lab.store, of: own, access: .test).run()
            #expect(redo.refused == [])
            for (name, text) in zip(collections, after) { #expect(try await contents(lab, name) == text, "\(name)") }
            #expect(try await state(lab, set.changeSet.id) == .done)
            // And back once more.
            #expect(try await undo.run().refused == [])
            for (name, text) in zip(collections, before) { #expect(try await contents(lab, name) == text, "\(name)") }
        }
    }

    @Test("run three times at once puts everything back, and every run says so")
    func together() async throws {
        try await TestStore.with { lab in
            let places = try lab.type("places")
            let ids = try await lab.store.create(
                places, (0..<1_200).map { RecordInput(["name": .string("place \($0)")]) }, options: .bulk("places"), access: .test
            ).compactMap(\.id)
            let set = WriteOptions.bulk("renamed")
            let changes = ids.enumerated().map { RecordUpdate(key: .id($1), input: RecordInput(["name": .string("renamed \($0)")])) }
            _ = try await lab.store.update(places, changes, options: set, access: .test)

            let undo = Undo(lab.store, of: set.changeSet.id, access: .test)
            let reports = try await withThrowingTaskGroup(of: UndoReport.self) { group in
                for _ in 1...3 { group.addTask { try await undo.run() } }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(reports.map(\.undone) == [1_200, 1_200, 1_200])
            #expect(reports.map(\.refusedCount) == [0, 0, 0])
            #expect(try await state(lab, set.changeSet.id) == .undone)
            #expect(try await lab.text("SELECT count(*)::text FROM lab.place WHERE name LIKE 'place %' AND version = 3") == "1200")
        }
    }

    @Test("leaves what was changed since, what others link to and what is gone, says why, and takes the rest back")
    func refusals() async throws {
        try await TestStore.with { lab in
            let places = try lab.type("places")
            let set = WriteOptions.bulk("six places")
            let inputs = ["free", "changed", "linked", "listed", "any", "purged"].map { RecordInput(["name": .string($0)]) }
            let ids = try await lab.store.create(places, inputs, options: set, access: .test).compactMap(\.id)
            #expect(try await lab.update("places", ids[1], ["name": "changed since"]) == .updated(version: 2))
            _ = try await lab.create("samples", ["title": "one", "place_id": .guid(ids[2])])
            _ = try await lab.create("samples", ["title": "many", "places": .collection([.guid(ids[3])])])
            _ = try await lab.create("samples", ["title": "any", "subject_type": "lab.place", "subject_id": .guid(ids[4])])
            _ = try await lab.store.purge(places, [RecordReference(key: .id(ids[5]))], options: .single, access: .test)

            let report = try await Undo(lab.store, of: set.changeSet.id, access: .test).run()
            #expect(report.undone == 1 && report.refusedCount == 5)
            let codes = Dictionary(uniqueKeysWithValues: report.refused.map { ($0.record, $0.code) })
            #expect(
                ids.map { codes[$0] } == [nil, "undo.changed_since", "undo.linked", "undo.linked", "undo.linked", "undo.gone"])
            #expect(try await state(lab, set.changeSet.id) == .partlyUndone)
            let undo = try #require(report.undo)
            let entry = try #require(try await ChangeSetLog(lab.store, access: .test).find(undo))
            #expect(entry.refusedCount == 5 && entry.refused == report.refused && entry.undoes == set.changeSet.id)
            #expect(
                try await lab.text("SELECT string_agg(name, ',' ORDER BY id) FROM lab.place WHERE deleted_at IS NULL")
                    == "changed since,linked,listed,any")
            // Nothing more can be taken back, so that no further change set comes of it.
            let again = try await Undo(lab.store, of: set.changeSet.id, access: .test).run()
            #expect(again.undo == nil && again.undone == 1 && again.refused == report.refused)
            #expect(try await state(lab, set.changeSet.id) == .partlyUndone)
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.change_set WHERE undoes IS NOT NULL") == "1")
        }
    }

    @Test("overwrites no unique value that somebody else has taken, and breaks no rule")
    func rules() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "Oslo"])
            let gone = try await lab.create("places", ["name": "gone"])
            let sample = try await lab.create("samples", ["title": "A", "place_id": .guid(gone)])
            let set = WriteOptions.bulk("renamed")
            let rename = RecordUpdate(key: .id(place), input: RecordInput(["name": "Kristiania"]))
            _ = try await lab.store.update(lab.type("places"), [rename], options: set, access: .test)
            let unlink = RecordUpdate(key: .id(sample), input: RecordInput(["place_id": .null]))
            _ = try await lab.store.update(lab.type("samples"), [unlink], options: set, access: .test)
            _ = try await lab.create("places", ["name": "Oslo"])
            _ = try await lab.store.delete(lab.type("places"), [RecordReference(key: .id(gone))], options: .single, access: .test)
            let report = try await Undo(lab.store, of: set.changeSet.id, access: .test).run()
            #expect(report.undone == 0 && report.undo == nil)
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.change_set WHERE undoes IS NOT NULL") == "0")
            #expect(Set(report.refused.map(\.code)) == ["records.not_unique", "records.invalid"])
            #expect(report.refused.contains { $0.reason.hasPrefix("There is no place with the id that place names.") })
            #expect(try await state(lab, set.changeSet.id) == .done)
            #expect(try await lab.row("lab.place", place)["name"] == "Kristiania")
        }
    }

    @Test("takes back replacements: what came in a record's stead goes before the record returns")
    func replacement() async throws {
        try await TestStore.with { lab in
            let places = try lab.type("places")
            let old = try await lab.create("places", ["name": "Oslo"])
            let sample = try await lab.create("samples", ["title": "A", "place_id": .guid(old)])
            let set = WriteOptions.bulk("replace")
            _ = try await lab.store.delete(places, [RecordReference(key: .id(old))], options: set, access: .test)
            let new = try #require(
                try await lab.store.create(places, [RecordInput(["name": "Oslo"])], options: set, access: .test).first?.id)
            let move = RecordUpdate(key: .id(sample), input: RecordInput(["place_id": .guid(new)]))
            _ = try await lab.store.update(lab.type("samples"), [move], options: set, access: .test)
            let report = try await Undo(lab.store, of: set.changeSet.id, access: .test).run()
            #expect(report.undone == 3 && report.refused == [])
            #expect(try await lab.row("lab.sample", sample)["place_id"] == "\(old)")
            #expect(try await lab.row("lab.place", old)["deleted_at"] == "")
        }
    }

    @Test("goes on where it was broken off, and nothing is undone twice")
    func resumes() async throws {
        try await TestStore.with { lab in
            let topics = try lab.type("topics")
            let set = WriteOptions.bulk("many")
            let inputs = (1...1_200).map { RecordInput(["name": .string("t\($0)")]) }
            _ = try await lab.store.create(topics, inputs, options: set, access: .test)
            let undo = Undo(lab.store, of: set.changeSet.id, access: .test)
            struct Stop: Error {}
            await #expect(throws: Stop.self) { _ = try await undo.run { if $0 >= 500 { throw Stop() } } }
            #expect(try await lab.text("SELECT count(*)::text FROM lab.topic WHERE deleted_at IS NOT NULL") == "500")
            let report = try await undo.run()
            #expect(report.undone == 1_200 && report.refusedCount == 0)
            #expect(try await lab.text("SELECT count(*) || ' ' || max(version) FROM lab.topic WHERE deleted_at IS NOT NULL") == "1200 2")
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.change_set WHERE undoes IS NOT NULL") == "1")
        }
    }

    @Test("gives unique values back that records of the change set took from one another: in a row, in a circle, over several batches")
    func exchangedValues() async throws {
        try await TestStore.with { lab in
            let places = try lab.type("places")
            func rename(_ changes: [(GUID, String)], under set: WriteOptions) async throws {
                for (id, name) in changes {
                    let update = RecordUpdate(key: .id(id), input: RecordInput(["name": .string(name)]))
                    #expect(try await lab.store.update(places, [update], options: set, access: .test).map(\.isFailure) == [false])
                }
            }
            let names = (1...20).map { "row \($0)" }
            let inputs = (["X", "Y"] + names).map { RecordInput(["name": .string($0)]) }
            let ids = try await lab.store.create(places, inputs, options: .bulk("new"), access: .test).compactMap(\.id)
            let before = try await contents(lab, "places")

            let swap = WriteOptions.bulk("swap")
            try await rename([(ids[0], "between"), (ids[1], "X"), (ids[0], "Y")], under: swap)
            let shift = WriteOptions.bulk("shift")
            try await rename((1...20).reversed().map { (ids[$0 + 1], "row \($0 + 1)") }, under: shift)
            for (set, count) in [(swap, 2), (shift, 20)] {
                let report = try await Undo(lab.store, of: set.changeSet.id, access: .test).run()
                #expect(report.undone == count && report.refused == [])
            }
            #expect(try await contents(lab, "places") == before)

            // The first and the last swap, among more records than one statement takes.
            let many = try await lab.store.create(
                places, (0..<600).map { RecordInput(["name": .string("many \($0)")]) }, options: .bulk("many"), access: .test
            ).compactMap(\.id)
            let ring = WriteOptions.bulk("ring")
            let moves = many.indices.map { index in
                let name = [0: "many 599", 599: "many 0"][index] ?? "moved \(index)"
                return RecordUpdate(key: .id(many[index]), input: RecordInput(["name": .string(name)]))
            }
            let moved = try await lab.store.update(places, moves, options: ring, access: .test)
            #expect(moved.allSatisfy { Outcome($0) == .updated(version: 2) })
            let report = try await Undo(lab.store, of: ring.changeSet.id, access: .test).run()
            #expect(report.undone == 600 && report.refusedCount == 0)
            #expect(try await lab.row("lab.place", many[599])["name"] == "many 599")
        }
    }

    @Test("has nothing to put back of what the change set made and deleted, and says so each time")
    func madeAndDeleted() async throws {
        try await TestStore.with { lab in
            let places = try lab.type("places")
            let set = WriteOptions.bulk("tried")
            let id = try #require(try await lab.store.create(places, [RecordInput(["name": "Oslo"])], options: set, access: .test)[0].id)
            _ = try await lab.store.delete(places, [RecordReference(key: .id(id))], options: set, access: .test)
            for _ in 1...2 {
                let report = try await Undo(lab.store, of: set.changeSet.id, access: .test).run()
                #expect(report.undone == 1 && report.alreadyUndone == 1 && report.undo == nil && report.refused == [])
                #expect(try await state(lab, set.changeSet.id) == .undone)
            }
        }
    }

    @Test("says when there is no such change set")
    func missing() async throws {
        try await TestStore.with { lab in
            _ = await #expect(throws: RecordsError.self) { _ = try await Undo(lab.store, of: .version7(), access: .test).run() }
        }
    }
}

/// Values for every field of the laboratory's samples, twice.
enum LabValues {
    static func full(place: GUID) throws -> [String: Value] {
        [
            "title": "First", "code": "AB1", "notes": "long", "amount": 5, "weight": .decimal(try decimal("1.250")),
            "price": .decimal(try decimal("9.5")), "price_currency": "EUR", "ready": true, "start_date": try date("2026-01-02"),
            "end_date": try date("2026-02-03"), "measured_at": .dateTime(try #require(DateTime("2026-01-02T03:04:05.123456Z"))),
            "effort": .duration(try #require(DayTimeDuration("PT1H30M"))), "state": "used", "hazards": .collection(["toxic", "acid"]),
            "emails": .collection([
                .complex(["address": "a@x.org", "kind": "work"]), .complex(["address": "b@x.org", "is_primary": true]),
            ]),
            "phones": .collection([.complex(["number": "+47 22 33 44 55", "extension": "7"])]), "site": "https://x.org",
            "origin": .complex(["street": "Storgata 1", "city": "Oslo"]), "tags": .collection(["x", "y \"z\""]), "place_id": .guid(place),
            "subject_type": "lab.place", "subject_id": .guid(place), "keeper_id": .guid(.administrator),
            "data": .complex(["n": 1, "list": .collection([.null, "s"])]),
        ]
    }

    static func other(place: GUID) throws -> [String: Value] {
        [
            "title": "Second", "code": .null, "notes": .null, "amount": .null, "weight": .decimal(try decimal("2")), "price": .null,
            "ready": false, "start_date": .null, "end_date": .null, "measured_at": .null, "effort": .null, "state": "fresh",
            "hazards": .collection([]), "emails": .collection([.complex(["address": "c@x.org"])]), "phones": .collection([]), "site": .null,
            "origin": .null, "tags": .collection([]),
            "places": .collection([.complex(["id": .guid(place), "role": "guest", "since": try date("2026-05-06")])]),
            "subject_type": .null, "subject_id": .null, "keeper_id": .null, "data": .null,
        ]
    }
}
