import Catalog
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@Suite("Deleting, restoring, purging")
struct RemoveTests {
    @Test("a deleted record is out of reach until it is restored")
    func deleteAndRestore() async throws {
        try await TestStore.with { lab in
            let id = try await lab.create("places", ["name": "Oslo"])
            let type = try lab.type("places")
            let item = [RecordReference(key: .id(id))]
            #expect(Outcome(try await lab.store.delete(type, item, options: .single, access: .test)[0]) == .deleted(version: 2))
            #expect(try await lab.update("places", id, ["name": "x"]) == .failed([]))
            #expect(Outcome(try await lab.store.delete(type, item, options: .single, access: .test)[0]) == .failed([]))
            // Its unique name is free meanwhile.
            let other = try await lab.create("places", ["name": "Oslo"])
            #expect(Outcome(try await lab.store.restore(type, item, options: .single, access: .test)[0]) == .failed([]))
            _ = try await lab.store.purge(type, [RecordReference(key: .id(other))], options: .single, access: .test)
            #expect(Outcome(try await lab.store.restore(type, item, options: .single, access: .test)[0]) == .restored(version: 3))
            #expect(
                try await lab.text("SELECT string_agg(action, ',' ORDER BY id) FROM tessera.outbox") == "create,delete,create,purge,restore"
            )
        }
    }

    @Test("a purge empties the links that say so, with a version and an event of their own")
    func purgeClears() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "Oslo"])
            let sample = try await lab.create("samples", ["title": "A", "place_id": .guid(place)])
            let outcome = try await lab.store.purge(lab.type("places"), [RecordReference(key: .id(place))], options: .single, access: .test)
            #expect(Outcome(outcome[0]) == .purged)
            let row = try await lab.row("lab.sample", sample)
            #expect(row["place_id"] == "" && row["version"] == "2")
            #expect(try await lab.text("SELECT count(*)::text FROM lab.sample__places") == "0")
            #expect(try await lab.text("SELECT (old->>'place_id')::text FROM tessera.outbox WHERE action = 'update'") == "\(place)")
            #expect(try await lab.text("SELECT before->>'name' FROM tessera.change WHERE action = 'purge'") == "Oslo")
        }
    }

    @Test("a purge empties the links to several types that lead to the record, with a version and an event of their own")
    func purgeClearsAnyLinks() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "Oslo"])
            let topic = try await lab.create("topics", ["name": "Oslo"])
            let sample = try await lab.create("samples", ["title": "A", "subject_type": "lab.place", "subject_id": .guid(place)])
            let other = try await lab.create("samples", ["title": "B", "subject_type": "lab.topic", "subject_id": .guid(topic)])
            let outcome = try await lab.store.purge(lab.type("places"), [RecordReference(key: .id(place))], options: .single, access: .test)
            #expect(Outcome(outcome[0]) == .purged)
            let row = try await lab.row("lab.sample", sample)
            #expect(row["subject_id"] == "" && row["subject_type"] == "" && row["version"] == "2")
            #expect(try await lab.row("lab.sample", other)["version"] == "1")
            let event = "SELECT (old->>'subject_type') || ' ' || (old->>'subject_id') || ' ' || new::text FROM tessera.outbox"
            #expect(
                try await lab.text("\(event) WHERE action = 'update'")
                    == "lab.place \(place) {\"subject_id\": null, \"subject_type\": null}")
        }
    }

    @Test("a purge takes the record out of lists of links, as any change of them: with a version, before-values and an event")
    func purgeTellsLists() async throws {
        try await TestStore.with { lab in
            let oslo = try await lab.create("places", ["name": "Oslo"])
            let rome = try await lab.create("places", ["name": "Rome"])
            let link = { (id: GUID, role: String, primary: Bool) in
                Value.complex(["id": .guid(id), "role": .string(role), "is_primary": .bool(primary)])
            }
            let both = try await lab.create(
                "samples", ["title": "A", "places": .collection([link(oslo, "kept", true), link(rome, "made", false)])])
            let other = try await lab.create("samples", ["title": "B", "places": .collection([link(rome, "made", true)])])
            let deleted = try await lab.create("samples", ["title": "C", "places": .collection([link(oslo, "old", false)])])
            let samples = try lab.type("samples")
            _ = try await lab.store.delete(samples, [RecordReference(key: .id(deleted))], options: .single, access: .test)
            let options = WriteOptions.single
            let outcome = try await lab.store.purge(lab.type("places"), [RecordReference(key: .id(oslo))], options: options, access: .test)
            #expect(Outcome(outcome[0]) == .purged)
            let row = try await lab.row("lab.sample", both)
            #expect(row["version"] == "2" && row["place_id"] == "")
            #expect(try await lab.row("lab.sample", other)["version"] == "1")
            #expect(try await lab.row("lab.sample", deleted)["version"] == "3")
            #expect(
                try await lab.text("SELECT string_agg(target_id::text, ',') FROM lab.sample__places WHERE source_id = '\(both)'")
                    == "\(rome)")
            let sides = "jsonb_array_length(old->'places') || ' ' || jsonb_array_length(new->'places') || ' ' || (old->>'place_id')"
            #expect(
                try await lab.text(
                    "SELECT \(sides) || ' ' || (new ? 'place_id') FROM tessera.outbox WHERE record_id = '\(both)' AND version = 2")
                    == "2 1 \(oslo) true")
            #expect(
                try await lab.text(
                    "SELECT new::text || (old ? 'place_id') FROM tessera.outbox WHERE record_id = '\(deleted)' AND version = 3")
                    == "{\"places\": [], \"place_id\": null}true")
            let before = "SELECT before->'places'->0->>'role' FROM tessera.change WHERE change_set = '\(options.changeSet.id)'"
            #expect(try await lab.text("\(before) AND record_id = '\(deleted)' AND action = 'update'") == "old")
        }
    }

    @Test("a purge ends the shares of what it removes, and of nothing else")
    func purgeEndsShares() async throws {
        try await TestStore.with { lab in
            let oslo = try await lab.create("places", ["name": "Oslo"])
            let rome = try await lab.create("places", ["name": "Rome"])
            _ = try await lab.client.query(
                """
                INSERT INTO tessera.share (record_id, grantee_id, record_type, level, cause, created_by)
                SELECT id, created_by, 'lab.place', 1, 'helps with ' || name, created_by FROM lab.place
                """)
            let references = [RecordReference(key: .id(oslo)), RecordReference(key: .id(rome), expectedVersion: 7)]
            _ = try await lab.store.purge(lab.type("places"), references, options: .single, access: .test)
            #expect(try await lab.text("SELECT string_agg(cause, ',') FROM tessera.share") == "helps with Rome")
        }
    }

    @Test("a purge that meets another version than it expects leaves the links alone")
    func refusedPurgeReleasesNothing() async throws {
        try await TestStore.with { lab in
            let place = try await lab.create("places", ["name": "Oslo"])
            let sample = try await lab.create("samples", ["title": "A", "place_id": .guid(place)])
            let item = RecordReference(key: .id(place), expectedVersion: 9)
            let outcome = try await lab.store.purge(lab.type("places"), [item], options: .single, access: .test)
            #expect(Outcome(outcome[0]) == .failed([]))
            #expect(try await lab.row("lab.sample", sample)["version"] == "1")
            #expect(try await lab.row("lab.sample", sample)["place_id"] == "\(place)")
        }
    }

    @Test("what goes with a purged record is purged as if it had been asked for, circles included")
    func purgeCascades() async throws {
        let manifest = """
            manifest: 1
            id: desk
            version: "1.0.0"
            name: Desk
            platform: ">=0.1 <1.0"
            run: { mode: data }
            types:
              case:
                collection: cases
                label: Case
                fields:
                  name: { type: text, label: Name }
                  above: { type: link, label: Above, to: case, inverse: below, on_delete: cascade }
              note:
                collection: notes
                label: Note
                fields:
                  about: { type: link, label: About, to: case, on_delete: cascade, required: true }
                  answers: { type: link, label: Answers, to: note, on_delete: clear }
            """
        try await TestStore.with(["desk": manifest]) { desk in
            let top = try await desk.create("cases", ["name": "top"])
            let below = try await desk.create("cases", ["name": "below", "above_id": .guid(top)])
            #expect(try await desk.update("cases", top, ["above_id": .guid(below)]) == .updated(version: 2))
            let alone = try await desk.create("cases", ["name": "alone"])
            let note = try await desk.create("notes", ["about_id": .guid(below)])
            let answer = try await desk.create("notes", ["about_id": .guid(alone), "answers_id": .guid(note)])
            let outcome = try await desk.store.purge(desk.type("cases"), [RecordReference(key: .id(top))], options: .single, access: .test)
            #expect(Outcome(outcome[0]) == .purged)
            #expect(try await desk.text("SELECT string_agg(name, ',') FROM desk.case") == "alone")
            #expect(try await desk.row("desk.note", answer)["answers_id"] == "")
            let told = "SELECT string_agg(record_id::text, ',' ORDER BY record_id) FROM tessera.outbox WHERE action = 'purge'"
            #expect(try await desk.text(told) == [top, below, note].sorted().map(\.description).joined(separator: ","))
            #expect(
                try await desk.text("SELECT before->>'about_id' FROM tessera.change WHERE action = 'purge' AND record_id = '\(note)'")
                    == "\(below)")
        }
    }

    /// Writers set links to records that others purge at the same moment: each either comes before the purge, which then empties the link, or finds
    /// the record gone.
    @Test("links to one of several types never lead to a purged record, whoever comes first")
    func purgeRace() async throws {
        try await TestStore.with { lab in
            let (topics, samples) = (try lab.type("topics"), try lab.type("samples"))
            let old = try await lab.create("samples", ["title": "old"])
            var (linked, refused) = (0, 0)
            for round in 0..<150 {
                let topic = try await lab.create("topics", ["name": "t"])
                let link: [String: Value] = ["subject_type": "lab.topic", "subject_id": .guid(topic)]
                let outcomes = try await withThrowingTaskGroup(of: [WriteOutcome].self) { group in
                    group.addTask {
                        if round % 2 == 0 { await Task.yield() }
                        let outcome = try await lab.store.purge(topics, [RecordReference(key: .id(topic))], options: .single, access: .test)
                        #expect(Outcome(outcome[0]) == .purged)
                        return []
                    }
                    group.addTask {
                        try await lab.store.update(
                            samples, [RecordUpdate(key: .id(old), input: RecordInput(link))], options: .single, access: .test)
                    }
                    for count in 1...2 {
                        let new = (0..<count).map { RecordInput(link.merging(["title": .string("\(round) \(count) \($0)")]) { $1 }) }
                        group.addTask { try await lab.store.create(samples, new, options: .bulk("race"), access: .test) }
                    }
                    return try await group.reduce(into: []) { $0 += $1 }
                }
                for outcome in outcomes {
                    guard case .failed(let error) = outcome else {
                        linked += 1
                        continue
                    }
                    #expect(error.code == .linkTargetMissing || error.details.map(\.code) == ["records.link_target_missing"])
                    refused += 1
                }
                let dangling = "SELECT count(*)::text FROM lab.sample s WHERE s.subject_id IS NOT NULL"
                #expect(try await lab.text(dangling) == "0", "round \(round)")
            }
            print("\(linked) linked before the purge, \(refused) found the record gone")
        }
    }

    @Test("a purge is refused while a required link to several types leads to the record")
    func purgeRefusesRequiredAnyLinks() async throws {
        let manifest = """
            manifest: 1
            id: desk
            version: "1.0.0"
            name: Desk
            platform: ">=0.1 <1.0"
            run: { mode: data }
            types:
              thing: { collection: things, label: Thing, fields: { name: { type: text, label: Name } } }
              note:
                collection: notes
                label: Note
                fields: { about: { type: link_any, label: About, to: [thing], required: true } }
            """
        try await TestStore.with(["desk": manifest]) { desk in
            let thing = try await desk.create("things", ["name": "Lamp"])
            let free = try await desk.create("things", ["name": "Chair"])
            _ = try await desk.create("notes", ["about_type": "desk.thing", "about_id": .guid(thing)])
            let items = [RecordReference(key: .id(thing)), RecordReference(key: .id(free))]
            let outcomes = try await desk.store.purge(desk.type("things"), items, options: .bulk("tidy"), access: .test)
            guard case .failed(let error)? = outcomes.first else {
                Issue.record("purged")
                return
            }
            #expect(error.code == .stillReferenced && error.message.contains("notes"))
            #expect(Outcome(outcomes[1]) == .purged)
        }
    }

    @Test("a purge is refused while links that must stay point at the record")
    func purgeRestricts() async throws {
        try await TestStore.with { lab in
            let parent = try await lab.create("samples", ["title": "P"])
            _ = try await lab.create("samples", ["title": "C", "parent_id": .guid(parent)])
            let outcome = try await lab.store.purge(
                lab.type("samples"), [RecordReference(key: .id(parent))], options: .single, access: .test)
            guard case .failed(let error)? = outcome.first else {
                Issue.record("purged")
                return
            }
            #expect(error.code == .stillReferenced)
        }
    }
}
