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
