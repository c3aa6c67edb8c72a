import Catalog
import Postgres
import QueryLanguage
import Records
import Synchronization
import TestKernel
import Testing

private final class Counter: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add() { count.add(1, ordering: .relaxed) }
}

/// Transactions run again when the database breaks one of two off that wait for each other; so each of these counts how often it ran.
@Suite("Bulk writes that meet")
struct MeetingTests {
    private static let places = [0, 1]
    private static let oneAfterTheOther = [2, 3].map { version in Array(repeating: Outcome.updated(version: version), count: 2) }

    /// Two calls whose records somebody holds until both wait.
    private func meet(
        _ lab: TestStore, holding held: GUID, in type: RecordType, _ calls: [@Sendable (RecordStore) async throws -> [WriteOutcome]]
    ) async throws -> (outcomes: [[Outcome]], runs: Int) {
        let runs = Counter()
        @Sendable func run(_ call: @escaping @Sendable (RecordStore) async throws -> [WriteOutcome]) async throws -> [Outcome] {
            try await lab.store.transaction { store in
                runs.add()
                return try await call(store).map(Outcome.init)
            }
        }
        let tasks = try await lab.client.transaction { gate in
            _ = try await gate.query("SELECT 1 FROM \(raw: type.table.sql) WHERE id = \(bind: PostgresUUID(guid: held)) FOR UPDATE")
            var tasks: [Task<[Outcome], any Error>] = []
            for call in calls {
                tasks.append(Task { try await run(call) })
                try await lab.waitForWaiting(tasks.count)
            }
            return tasks
        }
        var outcomes: [[Outcome]] = []
        for task in tasks { outcomes.append(try await task.value) }
        return (outcomes, runs.value)
    }

    @Test(
        "change records in opposite orders one after the other, be it the same properties or different ones",
        arguments: [false, true], places)
    func updates(differ: Bool, held: Int) async throws {
        try await TestStore.with { lab in
            let ids = [try await lab.create("samples", ["title": "a"]), try await lab.create("samples", ["title": "b"])].sorted()
            let type = try lab.type("samples")
            let (outcomes, runs) = try await meet(
                lab, holding: ids[held], in: type,
                [ids, ids.reversed()].enumerated().map { number, order in
                    let notes = RecordInput(["notes": .string("n\(number)")])
                    let inputs = [notes, differ ? RecordInput(["amount": 1]) : notes]
                    let items = zip(order, inputs).map { RecordUpdate(key: .id($0), input: $1) }
                    return { try await $0.update(type, items, options: .bulk("b\(number)"), access: .test) }
                })
            #expect(outcomes == Self.oneAfterTheOther)
            #expect(runs == 2)
        }
    }

    @Test("set links without loops and other properties one after the other", arguments: places)
    func turns(held: Int) async throws {
        try await TestStore.with(["lab": TestManifests.tree]) { lab in
            let root = try await lab.create("units", ["name": "root"])
            let ids = [try await lab.create("units", ["name": "a"]), try await lab.create("units", ["name": "b"])].sorted()
            let type = try lab.type("units")
            let inputs = [RecordInput(["note": "n"]), RecordInput(["parent_id": .guid(root)])]
            let (outcomes, runs) = try await meet(
                lab, holding: ids[held], in: type,
                [ids, ids.reversed()].enumerated().map { number, order in
                    let items = zip(order, inputs).map { RecordUpdate(key: .id($0), input: $1) }
                    return { try await $0.update(type, items, options: .bulk("b\(number)"), access: .test) }
                })
            #expect(outcomes == Self.oneAfterTheOther)
            #expect(runs == 2)
        }
    }

    @Test("delete more records than one statement takes in opposite orders one after the other")
    func removals() async throws {
        try await TestStore.with { lab in
            let type = try lab.type("places")
            let inputs = (0..<501).map { RecordInput(["name": .string("p\($0)")]) }
            let made = try await lab.store.create(type, inputs, options: .bulk("places"), access: .test)
            let ids = made.compactMap { if case .created(let id, _) = $0 { id } else { nil } }.sorted()
            let (outcomes, runs) = try await meet(
                lab, holding: ids[0], in: type,
                [ids, ids.reversed()].enumerated().map { number, order in
                    { store in
                        let items = order.map { RecordReference(key: .id($0)) }
                        return try await store.delete(type, items, options: .bulk("d\(number)"), access: .test)
                    }
                })
            #expect(outcomes[0].allSatisfy { $0 == .deleted(version: 2) } && outcomes[1].allSatisfy { $0 == .failed([]) })
            #expect(runs == 2)
        }
    }

    @Test("who links to a record isn't kept waiting by who changes or deletes it")
    func linking() async throws {
        try await TestStore.with { lab in
            let (oslo, bergen) = (try await lab.create("places", ["name": "Oslo"]), try await lab.create("places", ["name": "Bergen"]))
            let type = try lab.type("places")
            try await lab.store.transaction { store in
                let rename = RecordUpdate(key: .id(oslo), input: RecordInput(["name": "Kristiania"]))
                #expect(try await store.update(type, [rename], options: .single, access: .test).map(Outcome.init) == [.updated(version: 2)])
                let gone = [RecordReference(key: .id(bergen))]
                #expect(try await store.delete(type, gone, options: .single, access: .test).map(Outcome.init) == [.deleted(version: 2)])
                for place in [oslo, bergen] { _ = try await lab.create("samples", ["title": "a", "place_id": .guid(place)]) }
            }
            #expect(try await lab.text("SELECT count(place_id)::text FROM lab.sample") == "2")
        }
    }
}
