import Catalog
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
