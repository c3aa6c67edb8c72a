import Postgres
import TestPostgres
import Testing

@Suite(.timeLimit(.minutes(1))) struct AdmissionTests {
    private let narrow = PoolOptions(maxConnections: 8, runningStatements: 1, youngTime: .milliseconds(20))

    @Test("slow statements hold nobody back for longer than they count as young")
    func slowOnes() async throws {
        try await withClient(options: narrow) { client, _ in
            let slow = (0..<5).map { _ in Task { try await client.query("SELECT pg_sleep(30)") } }
            try await waitWhile { client.statistics.leasedConnections < 5 }
            _ = try await client.query("SELECT 1")
            for task in slow { task.cancel() }
            for task in slow { await #expect(throws: PostgresError.self) { try await task.value } }
        }
    }

    @Test("thousands of statements go through one place, each with its own answer")
    func throughput() async throws {
        try await withClient(options: narrow) { client, _ in
            let answers = try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<2000 {
                    group.addTask { try await client.query("SELECT \(bind: Int64(number))").int64(row: 0, column: 0) == Int64(number) }
                }
                return try await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
            }
            #expect(answers == 2000)
            #expect(client.statistics.waitingCallers == 0)
        }
    }

    @Test("who is cancelled while waiting for a place is told at once, and the others go on")
    func cancelled() async throws {
        let patient = PoolOptions(maxConnections: 8, runningStatements: 1, youngTime: .seconds(60))
        try await withClient(options: patient) { client, _ in
            let slow = Task { try await client.query("SELECT pg_sleep(60)") }
            try await waitWhile { client.statistics.leasedConnections < 1 }
            let waiting = Task { try await client.query("SELECT 1") }
            let last = Task { try await client.query("SELECT 2") }
            try await waitWhile { client.statistics.waitingCallers < 2 }
            waiting.cancel()
            let error = await #expect(throws: PostgresError.self) { try await waiting.value }
            #expect(error?.code == .cancelled)
            slow.cancel()
            _ = try await last.value
        }
    }

    @Test("who waits for a place when the client closes is still served")
    func closing() async throws {
        let patient = PoolOptions(maxConnections: 8, runningStatements: 1, youngTime: .seconds(60))
        try await withClient(options: patient) { client, _ in
            let first = Task { try await client.query("SELECT pg_sleep(2)") }
            try await waitWhile { client.statistics.leasedConnections < 1 }
            let waiting = Task { try await client.query("SELECT 1") }
            try await waitWhile { client.statistics.waitingCallers < 1 }
            await client.shutdown()
            _ = try await first.value
            _ = try await waiting.value
        }
    }
}
