import Catalog
import Postgres
import QueryLanguage
import TestKernel
import Testing

@testable import Records

@Suite("Links without loops")
struct LoopTests {
    /// Units by name, each with the name of its parent.
    private func tree(_ lab: TestStore) async throws -> String {
        let pairs = """
            SELECT string_agg(u.name || coalesce('<' || p.name, ''), ' ' ORDER BY u.name)
            FROM lab.unit u LEFT JOIN lab.unit p ON p.id = u.parent_id WHERE u.deleted_at IS NULL
            """
        return try await lab.text(pairs) ?? ""
    }

    /// Units in a chain, each the parent of the next.
    private func chain(_ lab: TestStore, _ names: String...) async throws -> [String: GUID] {
        var ids: [String: GUID] = [:]
        var last: GUID?
        for name in names {
            last = try await lab.create("units", ["name": .string(name), "parent_id": last.map(Value.guid) ?? .null])
            ids[name] = last
        }
        return ids
    }

    private func setParents(
        _ lab: TestStore, _ pairs: [(GUID?, GUID?)], _ options: WriteOptions = .bulk("parents")
    ) async throws -> [WriteOutcome] {
        let updates = pairs.map { unit, parent in
            RecordUpdate(key: .id(unit ?? GUID(high: 0, low: 0)), input: RecordInput(["parent_id": parent.map(Value.guid) ?? .null]))
        }
        return try await lab.store.update(lab.type("units"), updates, options: options, access: .test)
    }

    private static let refused = Outcome.failed(["records.link_loop"])

    @Test("refuses a link that leads back to its record, at whatever distance, and says where and what to do")
    func alone() async throws {
        try await TestStore.with(["lab": TestManifests.tree]) { lab in
            let units = try await chain(lab, "a", "b", "c", "d")
            for target in ["a", "b", "c", "d"] {
                let outcome = try await setParents(lab, [(units["a"], units[target])], .single)
                guard case .failed(let error)? = outcome.first else { throw TestStoreError("\(outcome)") }
                #expect(error.code == .invalid && error.target == "parent" && error.details.map(\.code) == ["records.link_loop"])
                #expect(
                    error.message
                        == "Parent unit leads back to this unit itself (deleted ones count): choose another unit, or first change the link of one in between."
                )
            }
            #expect(try await tree(lab) == "a b<a c<b d<c")
            #expect(try await lab.text("SELECT sum(version)::text FROM lab.unit") == "4")
            // Everything else goes on, and what was in the way can be taken out of it.
            #expect(try await lab.update("units", try #require(units["a"]), ["note": "kept"]) == .updated(version: 2))
            #expect(try await setParents(lab, [(units["d"], nil), (units["a"], units["d"])]).map(\.isFailure) == [false, false])
            #expect(try await tree(lab) == "a<d b<a c<b d")
            #expect(try await lab.update("units", try #require(units["c"]), ["parent_id": try .guid(#require(units["c"]))]) == Self.refused)
            // Links for which the manifest doesn't say it may lead anywhere.
            #expect(
                try await lab.update("units", try #require(units["a"]), ["partner_id": try .guid(#require(units["a"]))])
                    == .updated(version: 4))
        }
    }

    @Test("refuses new records that link in a circle, with all that link to them, and keeps the others")
    func created() async throws {
        try await TestStore.with(["lab": TestManifests.tree]) { lab in
            func unit(_ name: String, _ parent: String?) -> RecordInput {
                RecordInput(["name": .string(name), "parent": parent.map { .complex(["name": .string($0)]) } ?? .null])
            }
            let own = GUID.version7()
            let inputs = [
                unit("a", "b"), unit("b", "c"), unit("c", "a"), unit("below", "a"), unit("root", nil), unit("leaf", "root"),
                RecordInput(["name": "own", "id": .guid(own), "parent_id": .guid(own)]),
            ]
            let units = try lab.type("units")
            let outcomes = try await lab.store.create(units, inputs, options: .bulk("circle"), access: .test)
            #expect(
                outcomes.map(Outcome.init) == [Self.refused, Self.refused, Self.refused, .failed([]), .created, .created, Self.refused])
            #expect(try await tree(lab) == "leaf<root root")
            let whole = try await lab.store.create(units, Array(inputs[..<5]), options: .bulk("circle", .atomic), access: .test)
            #expect(whole.count(where: \.isFailure) == 5)
            #expect(try await tree(lab) == "leaf<root root")
        }
    }

    @Test("judges the links of one request as they are at its end, and fails the items that close a loop")
    func bulk() async throws {
        try await TestStore.with(["lab": TestManifests.tree]) { lab in
            let units = try await chain(lab, "a", "b", "c")
            let free = try await chain(lab, "x", "y").merging(try await chain(lab, "z")) { $1 }
            // Turned around: at no time after the statement is there a loop.
            let turned = try await setParents(lab, [(units["a"], units["b"]), (units["b"], nil)])
            #expect(turned.map(\.isFailure) == [false, false])
            #expect(try await tree(lab) == "a<b b c<b x y<x z")
            // Each alone would do.
            let both = [(free["x"], free["z"]), (free["z"], free["y"]), (units["c"], units["a"])]
            let whole = try await setParents(lab, both, .bulk("both", .atomic))
            #expect(whole.map(\.isFailure) == [true, true, true])
            #expect(try await tree(lab) == "a<b b c<b x y<x z")
            let some = try await setParents(lab, both)
            #expect(some.count(where: \.isFailure) == 1)
            #expect(
                some.compactMap { if case .failed(let error) = $0 { error.details.map(\.code) } else { nil } } == [["records.link_loop"]])
            #expect(try await LinkLoops.find(lab.catalog, on: lab.client).isEmpty)

            // Links by name and records by condition come to the same writes.
            let type = try lab.type("units")
            let link = LinkChange(key: .unique(["name": "b"]), target: .unique(["name": "a"]))
            let linked = try await lab.store.changeLinks(type, field: "parent", [link], options: .single, access: .test)
            #expect(linked.map(Outcome.init) == [Self.refused])
            let each = try await lab.store.each(
                type, units.values.sorted(), .update(RecordInput(["parent_id": try .guid(#require(units["a"]))])), options: .bulk("each"),
                access: .test)
            let names = Dictionary(uniqueKeysWithValues: units.map { ($1, $0) })
            let failed = zip(units.values.sorted(), each).filter { $1.isFailure }.compactMap { names[$0.0] }
            #expect(failed.sorted() == ["a", "b"])
            let upsert = try await lab.store.upsert(
                type, by: ["name"], [RecordInput(["name": "b", "parent": .complex(["name": "c"])])], options: .single, access: .test)
            #expect(upsert.map(Outcome.init) == [Self.refused])
        }
    }

    @Test("counts deleted records, and refuses an undo that would close a loop")
    func deletedAndUndone() async throws {
        try await TestStore.with(["lab": TestManifests.tree]) { lab in
            let units = try await chain(lab, "a", "b", "c")
            let type = try lab.type("units")
            let middle = RecordReference(key: .id(try #require(units["b"])))
            _ = try await lab.store.delete(type, [middle], options: .single, access: .test)
            #expect(try await setParents(lab, [(units["a"], units["c"])], .single).map(Outcome.init) == [Self.refused])
            _ = try await lab.store.restore(type, [middle], options: .single, access: .test)
            #expect(try await tree(lab) == "a b<a c<b")

            let cut = WriteOptions.bulk("cut")
            _ = try await setParents(lab, [(units["b"], nil)], cut)
            #expect(try await setParents(lab, [(units["a"], units["c"])], .single).map(Outcome.init) == [.updated(version: 2)])
            let report = try await Undo(lab.store, of: cut.changeSet.id, access: .test).run()
            #expect(report.undone == 0 && report.refused.map(\.code) == ["records.invalid"])
            #expect(report.refused.first?.reason.hasPrefix("Parent unit leads back to this unit itself") == true)
            #expect(try await tree(lab) == "a<c b c<b")
        }
    }

    @Test("lets one of two transactions in that would close a loop together")
    func together() async throws {
        try await TestStore.with(["lab": TestManifests.tree]) { lab in
            let units = try await chain(lab, "a").merging(try await chain(lab, "b")) { $1 }
            let third = try await lab.create("units", ["name": "c"])
            let second = try await lab.store.transaction { store in
                let type = try lab.type("units")
                @Sendable func set(_ unit: String, _ parent: String, _ store: RecordStore) async throws -> [Outcome] {
                    let item = RecordUpdate(
                        key: .id(try #require(units[unit])), input: RecordInput(["parent_id": try .guid(#require(units[parent]))]))
                    return try await store.update(type, [item], options: .single, access: .test).map(Outcome.init)
                }
                #expect(try await set("a", "b", store) == [.updated(version: 2)])
                let second = Task { try await set("b", "a", lab.store) }
                try await lab.waitForWaiting(1)
                // Nobody else waits.
                #expect(try await lab.update("units", third, ["note": "free", "parent_id": .null]) == .updated(version: 2))
                return second
            }
            #expect(try await second.value == [Self.refused])
            #expect(try await tree(lab) == "a<b b c")
        }
    }

    @Test("leaves no loop behind however many writers move records about")
    func crowd() async throws {
        try await TestStore.with(["lab": TestManifests.tree]) { lab in
            let names = ["a", "b", "c", "d", "e"]
            var units: [GUID] = []
            for name in names { units.append(try await lab.create("units", ["name": .string(name)])) }
            let all = units
            try await withThrowingTaskGroup(of: Void.self) { group in
                for writer in 0..<4 {
                    group.addTask {
                        for step in 0..<12 {
                            let (unit, parent) = (all[(writer + step * 3) % 5], all[(writer * 2 + step) % 5])
                            let other = all[(writer + step + 1) % 5]
                            _ = try await setParents(lab, [(unit, parent), (other, step % 4 == 0 ? nil : unit)])
                        }
                    }
                }
                try await group.waitForAll()
            }
            let left = try await tree(lab)
            #expect(try await LinkLoops.find(lab.catalog, on: lab.client).isEmpty, "\(left)")
        }
    }

    @Test("finds loops that were there before, and lets them be mended")
    func standing() async throws {
        try await TestStore.with(["lab": TestManifests.tree]) { lab in
            let units = try await chain(lab, "a", "b", "c", "d", "e")
            let (a, c) = (try #require(units["a"]), try #require(units["c"]))
            _ = try await lab.client.query(SQL(verbatim: "UPDATE lab.unit SET parent_id = '\(c)' WHERE id = '\(a)'"))
            let found = try #require(try await LinkLoops.find(lab.catalog, on: lab.client).first)
            let members = ["a", "b", "c"].compactMap { units[$0] }.sorted()
            #expect(found.records == 3 && found.ids == members)
            #expect(
                found.description
                    == "lab.unit.parent: 3 units are in loops of Parent unit (\(members.map(\.description).joined(separator: ", "))). They stay as they "
                    + "are, and no further loop can be made: give one of each loop another Parent unit, or none.")
            // What hangs below a loop isn't in one, and moves freely; nothing new joins.
            #expect(try await setParents(lab, [(units["e"], units["a"])], .single).map(Outcome.init) == [.updated(version: 2)])
            #expect(try await setParents(lab, [(units["b"], units["e"])], .single).map(Outcome.init) == [Self.refused])
            #expect(try await lab.update("units", a, ["note": "kept"]) == .updated(version: 2))
            #expect(try await setParents(lab, [(units["a"], nil)], .single).map(Outcome.init) == [.updated(version: 3)])
            #expect(try await LinkLoops.find(lab.catalog, on: lab.client).isEmpty)
        }
    }

    @Test("adds nothing to writes that set no such link, or empty it")
    func costs() throws {
        let catalog = try TestStore.catalog(["lab": TestManifests.tree])
        let type = try #require(catalog.type(collection: "units"))
        func sql(_ columns: [String: Value]) -> String {
            var draft = WriteDraft(index: 0, id: .version7(), isUpdate: true)
            draft.columns = columns
            let set = type.fields.flatMap(\.columns).filter { columns[$0.name] != nil }
            return UpdateStatement(type: type, access: .test, changeSet: ChangeSet(id: .version7()), columns: set, lists: []).sql(for: [
                draft
            ]).text
        }
        for columns in [["note": "x"], ["parent_id": .null], ["partner_id": .guid(.version7())]] as [[String: Value]] {
            #expect(!sql(columns).contains("turn") && !sql(columns).contains("no_loops"))
        }
        #expect(sql(["parent_id": .guid(.version7())]).contains("tessera.no_loops('lab', 'unit', 'parent_id', "))
    }
}
