import Catalog
import Logging
import Postgres
import QueryLanguage
import Records
import Synchronization
import TestKernel
import Testing

/// A module that sees each judgement of a sample, so that a test can do something between it and the write.
private final class Judgements: WriteHooks {
    private let state = Mutex((count: 0, seen: { (_: Int) async throws -> Void in } as @Sendable (Int) async throws -> Void))

    /// - Parameter seen: called with the number of the judgement, from 1 on.
    func watch(_ seen: @escaping @Sendable (Int) async throws -> Void) { state.withLock { $0 = (0, seen) } }

    var count: Int { state.withLock { $0.count } }

    func interest(in recordType: String) -> HookInterest? {
        recordType == "lab.sample" ? HookInterest(reads: ["title", "notes", "places"], writes: []) : nil
    }

    func beforeWrite(
        recordType: String, choices: [String: [Choice]], images: [HookImage], access: Access
    ) async throws -> [HookResult] {
        let (number, seen) = state.withLock { state in
            state.count += 1
            return (state.count, state.seen)
        }
        try await seen(number)
        return images.map { _ in .patch([:]) }
    }

    func normalisePhones(_ numbers: [String]) throws -> [NormalisedPhone] { try NoHooks().normalisePhones(numbers) }
}

@Suite("A record that others keep changing")
struct HotRecordTests {
    /// A sample with one place, its store with judgements that are watched, and somebody else's store.
    private func with(
        _ body:
            @Sendable (
                _ lab: TestStore, _ others: TestStore, _ sample: GUID, _ places: [GUID], _ judgements: Judgements
            ) async throws -> Void
    ) async throws {
        let judgements = Judgements()
        try await TestStore.with(hooks: judgements) { lab in
            let others = lab.withoutModules
            var places: [GUID] = []
            for name in ["Oslo", "Bergen", "Rome", "Paris"] { places.append(try await others.create("places", ["name": .string(name)])) }
            let sample = try await others.create(
                "samples", ["title": "hot", "places": .collection([.complex(["id": .guid(places[0])])])])
            try await body(lab, others, sample, places, judgements)
        }
    }

    private func link(_ lab: TestStore, _ sample: GUID, _ place: GUID) async throws -> Outcome {
        let change = LinkChange(key: .id(sample), target: .id(place))
        let outcomes = try await lab.store.changeLinks(
            lab.type("samples"), field: "places", [change], options: .single, access: .test)
        return Outcome(try #require(outcomes.first))
    }

    private func purge(_ lab: TestStore, _ place: GUID) async throws -> Outcome {
        let outcomes = try await lab.store.purge(lab.type("places"), [RecordReference(key: .id(place))], options: .single, access: .test)
        return Outcome(try #require(outcomes.first))
    }

    /// Others change the record, link it, and purge what it links to; they wait, and nothing of it moves. The tasks end when the record is free.
    private func besiege(
        _ others: TestStore, _ sample: GUID, linking place: GUID, purging linked: GUID? = nil
    ) async throws -> [Task<Outcome, any Error>] {
        let before = try await links(others)
        var tasks = [
            Task { try await others.update("samples", sample, ["notes": "after"]) },
            Task { try await link(others, sample, place) },
        ]
        if let linked { tasks.append(Task { try await purge(others, linked) }) }
        try await others.waitForWaiting(tasks.count)
        #expect(try await links(others) == before)
        return tasks
    }

    private func links(_ lab: TestStore) async throws -> String? {
        try await lab.text(
            "SELECT string_agg(p.name, ',' ORDER BY p.name) FROM lab.sample__places l JOIN lab.place p ON p.id = l.target_id")
    }

    @Test("is held, with its links, by the last try of a change that expects no version")
    func update() async throws {
        try await with { lab, others, sample, places, judgements in
            let waiting = Mutex<[Task<Outcome, any Error>]>([])
            judgements.watch { number in
                guard number < 3 else {
                    let tasks = try await besiege(others, sample, linking: places[3], purging: places[0])
                    return waiting.withLock { $0 = tasks }
                }
                #expect(
                    try await others.update("samples", sample, ["notes": .string("before \(number)")])
                        == .updated(version: Int64(number) + 1))
            }
            #expect(try await lab.update("samples", sample, ["title": "mine"]) == .updated(version: 4))
            #expect(judgements.count == 3)
            var outcomes: [Outcome] = []
            for task in waiting.withLock({ $0 }) { outcomes.append(try await task.value) }
            #expect(
                outcomes.count(where: { if case .updated = $0 { true } else { false } }) == 2 && outcomes.contains(.purged), "\(outcomes)")
            #expect(try await links(others) == "Paris")
            let row = try await others.row("lab.sample", sample)
            #expect(row["title"] == "mine" && row["notes"] == "after" && row["version"] == "7")
        }
    }

    @Test("is held, with its links, by the last try to add one")
    func linking() async throws {
        try await with { lab, others, sample, places, judgements in
            let waiting = Mutex<[Task<Outcome, any Error>]>([])
            judgements.watch { number in
                guard number < 3 else {
                    let tasks = try await besiege(others, sample, linking: places[3])
                    return waiting.withLock { $0 = tasks }
                }
                #expect(
                    try await others.update("samples", sample, ["notes": .string("before \(number)")])
                        == .updated(version: Int64(number) + 1))
            }
            #expect(try await link(lab, sample, places[1]) == .updated(version: 4))
            #expect(judgements.count == 3)
            for task in waiting.withLock({ $0 }) { _ = try await task.value }
            #expect(try await links(others) == "Bergen,Oslo,Paris")
            #expect(try await others.row("lab.sample", sample)["version"] == "6")
        }
    }
}
