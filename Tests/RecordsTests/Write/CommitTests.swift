import QueryLanguage
import Records
import Synchronization
import TestKernel
import Testing

@Suite("Telling of commits")
struct CommitTests {
    private final class Count: Sendable {
        let told = Atomic(0)
        var value: Int { told.load(ordering: .relaxed) }
    }

    @Test("who listens is told once a write is committed: of a transaction at its end, of what is rolled back never")
    func tells() async throws {
        try await TestStore.with { lab in
            let count = Count()
            lab.store.onCommit { count.told.add(1, ordering: .relaxed) }
            _ = try await lab.create("topics", ["name": "a"])
            #expect(count.value == 1)
            let inputs = ["b", "c"].map { RecordInput(["name": .string($0)]) }
            _ = try await lab.store.create(lab.type("topics"), inputs, options: .bulk("two"), access: .test)
            #expect(count.value == 2)
            try await lab.store.transaction { store in
                _ = try await store.create(lab.type("topics"), inputs, options: .single, access: .test)
                #expect(count.value == 2)
            }
            #expect(count.value == 3)
            struct Stop: Error {}
            await #expect(throws: Stop.self) {
                try await lab.store.transaction { store in
                    _ = try await store.create(lab.type("topics"), inputs, options: .single, access: .test)
                    throw Stop()
                }
            }
            #expect(count.value == 3)
        }
    }
}
