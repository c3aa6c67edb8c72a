import Catalog
import QueryLanguage
import Records
import TestKernel
import Testing

@Suite("Writing many records at once")
struct BulkTests {
    private static func sample(_ title: String, _ values: [String: Value] = [:]) -> RecordInput {
        RecordInput(values.merging(["title": .string(title)]) { given, _ in given })
    }

    @Test("links new records of one call to one another, by unique key or chosen id, in any order")
    func linksWithin() async throws {
        try await TestStore.with { lab in
            let chosen = GUID.version7()
            let inputs = [
                Self.sample("leaf", ["parent": .complex(["code": "BB1"])]),
                Self.sample("branch", ["code": "BB1", "parent": .complex(["code": "AA1"])]),
                Self.sample("root", ["code": "AA1", "id": .guid(chosen)]),
                Self.sample("twig", ["parent_id": .guid(chosen)]),
                Self.sample("own", ["code": "CC1", "parent": .complex(["code": "CC1"])]),
            ]
            let outcomes = try await lab.store.create(lab.type("samples"), inputs, options: .bulk("tree"), access: .test)
            #expect(outcomes.map(Outcome.init) == Array(repeating: .created, count: 5))
            let pairs =
                "SELECT string_agg(s.title || '<' || p.title, ',' ORDER BY s.title) FROM lab.sample s JOIN lab.sample p ON p.id = s.parent_id"
            #expect(try await lab.text(pairs) == "branch<root,leaf<branch,own<own,twig<root")
        }
    }

    @Test("stores records that link in a circle together, and more of them than one statement takes")
    func circles() async throws {
        try await TestStore.with { lab in
            let chain = (1...1_200).map { number in
                Self.sample(
                    "c\(number)",
                    ["code": .string("CC\(number)"), "parent": .complex(["code": .string("CC\(number == 1_200 ? 1_200 : number + 1)")])])
            }
            let circle = [
                Self.sample("x", ["code": "XX1", "parent": .complex(["code": "YY1"])]),
                Self.sample("y", ["code": "YY1", "parent": .complex(["code": "XX1"])]),
            ]
            let outcomes = try await lab.store.create(lab.type("samples"), chain + circle, options: .bulk("circle"), access: .test)
            #expect(outcomes.allSatisfy { Outcome($0) == .created })
            #expect(try await lab.text("SELECT count(parent_id)::text FROM lab.sample") == "1202")
        }
    }

    @Test("fails what links to an item that fails, and keeps the rest")
    func failsWithTarget() async throws {
        try await TestStore.with { lab in
            _ = try await lab.create("samples", ["title": "stored", "code": "TT1"])
            let inputs = [
                // Refused for its own sake, and by the database.
                Self.sample("bad", ["code": "BB1", "amount": 5_000]),
                Self.sample("below bad", ["parent": .complex(["code": "BB1"])]),
                Self.sample("second", ["code": "TT1", "id": .guid(GUID(high: 1, low: 2))]),
                Self.sample("below second", ["parent_id": .guid(GUID(high: 1, low: 2))]),
                Self.sample("below stored", ["parent": .complex(["code": "TT1"])]),
                Self.sample("below nothing", ["parent": .complex(["code": "ZZ1"])]),
            ]
            let outcomes = try await lab.store.create(lab.type("samples"), inputs, options: .bulk("some"), access: .test)
            #expect(outcomes.map { $0.isFailure } == [true, true, true, true, false, true])
            #expect(try await lab.text("SELECT string_agg(title, ',' ORDER BY title) FROM lab.sample") == "below stored,stored")
        }
    }

    @Test("refuses an id that is taken, whatever took it")
    func chosenIDs() async throws {
        try await TestStore.with { lab in
            let id = GUID.version7()
            let input = RecordInput(["name": "Oslo", "id": .guid(id)])
            let places = try lab.type("places")
            #expect(Outcome(try await lab.store.create(places, [input], options: .single, access: .test)[0]) == .created)
            for type in [places, try lab.type("topics")] {
                let again = try await lab.store.create(type, [input], options: .single, access: .test)
                guard case .failed(let error)? = again.first else {
                    Issue.record("created twice: \(again)")
                    continue
                }
                #expect(error.code == .notUnique)
            }
        }
    }

    @Test("undoes all of an atomic call, whatever fails: a key that finds nothing, a version, an item of an upsert")
    func atomic() async throws {
        try await TestStore.with { lab in
            let places = try lab.type("places")
            let oslo = try await lab.create("places", ["name": "Oslo"])
            let rename = RecordUpdate(key: .id(oslo), input: RecordInput(["name": "Kristiania"]))
            let missing = RecordUpdate(key: .unique(["name": "Nowhere"]), input: RecordInput(["name": "Somewhere"]))
            let updated = try await lab.store.update(places, [rename, missing], options: .bulk("u", .atomic), access: .test)
            #expect(updated.map(\.isFailure) == [true, true])
            let inputs = [RecordInput(["name": "Bergen"]), RecordInput(["name": .string(String(repeating: "x", count: 51))])]
            let upserted = try await lab.store.upsert(places, by: ["name"], inputs, options: .bulk("i", .atomic), access: .test)
            #expect(upserted.map(\.isFailure) == [true, true])
            let items = [RecordReference(key: .id(oslo)), RecordReference(key: .id(oslo), expectedVersion: 9)]
            let deleted = try await lab.store.delete(places, items, options: .bulk("d", .atomic), access: .test)
            #expect(deleted.contains { $0.isFailure })
            #expect(try await lab.text("SELECT string_agg(name || version, ',') FROM lab.place WHERE deleted_at IS NULL") == "Oslo1")
            #expect(try await lab.text("SELECT count(*)::text FROM tessera.outbox") == "1")
        }
    }

    @Test("lets records of one call take over each other's unique values in any order, and fails those whose value nobody gives up")
    func exchange() async throws {
        try await TestStore.with { lab in
            let places = try lab.type("places")
            let names = ["A", "B", "C", "D", "E", "stays"]
            let ids = try await lab.store.create(
                places, names.map { RecordInput(["name": .string($0)]) }, options: .bulk("new"), access: .test
            ).compactMap(\.id)
            func update(_ changes: [(Int, String)], _ mode: BulkMode) async throws -> [Outcome] {
                let items = changes.map { RecordUpdate(key: .id(ids[$0]), input: RecordInput(["name": .string($1)])) }
                return try await lab.store.update(places, items, options: .bulk("move", mode), access: .test).map(Outcome.init)
            }
            let stored =
                "SELECT string_agg(name || p.version || action, ' ' ORDER BY p.id) FROM lab.place p JOIN tessera.change c "
                + "ON c.record_id = p.id AND c.version = p.version WHERE p.deleted_at IS NULL"
            // Up by one, and two that swap.
            let moved = try await update([(0, "B"), (1, "C"), (2, "F"), (3, "E"), (4, "D")], .atomic)
            #expect(moved == Array(repeating: .updated(version: 2), count: 5))
            #expect(try await lab.text(stored) == "B2update C2update F2update E2update D2update stays1create")
            let before = "SELECT string_agg(before ->> 'name', '' ORDER BY record_id) FROM tessera.change WHERE version = 2"
            #expect(try await lab.text(before) == "ABCDE")
            // The third can't have its value, so the second keeps the one that the first wants; the last two go on.
            let some = try await update([(0, "C"), (1, "F"), (2, "stays"), (3, "D"), (4, "E"), (5, "stays")], .perItem)
            #expect(some == [.failed([]), .failed([]), .failed([]), .updated(version: 3), .updated(version: 3), .unchanged(version: 1)])
            #expect(try await lab.text(stored) == "B2update C2update F2update D3update E3update stays1create")
        }
    }

    @Test("adds and takes away links of many records, from either side, with one version for each record")
    func links() async throws {
        try await TestStore.with { lab in
            let oslo = try await lab.create("places", ["name": "Oslo"])
            let bergen = try await lab.create("places", ["name": "Bergen"])
            let one = try await lab.create("samples", ["title": "one", "code": "AA1"])
            let two = try await lab.create("samples", ["title": "two"])
            let type = try lab.type("samples")
            let additions = [
                LinkChange(key: .id(one), target: .id(oslo), columns: ["role": "home"]),
                LinkChange(key: .id(two), target: .unique(["name": "Oslo"])),
                LinkChange(key: .unique(["code": "AA1"]), target: .id(bergen), columns: ["is_primary": true]),
                LinkChange(key: .id(two), target: .unique(["name": "Nowhere"])),
            ]
            let added = try await lab.store.changeLinks(type, field: "places", additions, options: .bulk("add"), access: .test)
            #expect(added.map(Outcome.init) == [.updated(version: 2), .updated(version: 2), .updated(version: 2), .failed([])])
            let links = """
                SELECT string_agg(s.title || ' ' || p.name || coalesce(' ' || l.role, '') || CASE WHEN l.is_primary THEN '*' ELSE '' END, ','
                    ORDER BY s.title, p.name)
                FROM lab.sample__places l JOIN lab.sample s ON s.id = l.source_id JOIN lab.place p ON p.id = l.target_id
                """
            #expect(try await lab.text(links) == "one Bergen*,one Oslo home,two Oslo*")
            let removals = [
                LinkChange(key: .id(one), target: .id(oslo), isRemoval: true),
                LinkChange(key: .id(two), target: .id(bergen), isRemoval: true),
            ]
            let removed = try await lab.store.changeLinks(type, field: "places", removals, options: .bulk("take", .atomic), access: .test)
            #expect(removed.map(Outcome.init) == [.updated(version: 3), .unchanged(version: 2)])
            #expect(try await lab.text(links) == "one Bergen*,two Oslo*")
        }
    }

    @Test("keeps reads and writes of a transaction together, and undoes them together")
    func transactions() async throws {
        try await TestStore.with { lab in
            let places = try lab.type("places")
            struct Stop: Error {}
            await #expect(throws: Stop.self) {
                try await lab.store.transaction { store in
                    _ = try await store.create(places, [RecordInput(["name": "Oslo"])], options: .single, access: .test)
                    let second = try await store.create(places, [RecordInput(["name": "Oslo"])], options: .single, access: .test)
                    #expect(second.map(\.isFailure) == [true])
                    // One that is refused leaves the transaction as it was.
                    #expect(try await store.count(places, filter: nil, mode: .exact, access: .test) == 1)
                    #expect(try await lab.store.count(places, filter: nil, mode: .exact, access: .test) == 0)
                    throw Stop()
                }
            }
            #expect(try await lab.text("SELECT count(*)::text FROM lab.place") == "0")
        }
    }
}
