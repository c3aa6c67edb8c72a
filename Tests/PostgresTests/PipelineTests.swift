import Postgres
import TestPostgres
import Testing

@Suite(.timeLimit(.minutes(2))) struct PipelineTests {
    @Test("gives each of ten thousand concurrent callers its own answer, failures included")
    func correctness() async throws {
        try await withClient { client, database in
            try await database.execute("CREATE TABLE numbers (id int primary key)")
            let outcomes = try await withThrowingTaskGroup(of: (Int, String).self) { group in
                for number in 0..<10_000 {
                    group.addTask { (number, try await Self.exchange(number, client)) }
                }
                return try await group.reduce(into: [Int: String]()) { $0[$1.0] = $1.1 }
            }
            #expect(outcomes.count == 10_000)
            let wrong = outcomes.filter { $0.value != "as expected" }
            #expect(wrong.isEmpty, "\(wrong.count) answers, such as \(wrong.prefix(3))")
            #expect(try await client.query("SELECT count(*), count(DISTINCT id) FROM numbers").int64(row: 0, column: 0) == 2000)
            #expect(client.statistics.pipelinedInFlight == 0)
        }
    }

    /// One of five kinds of statement; says what came instead of the answer that this number calls for.
    private static func exchange(_ number: Int, _ client: PostgresClient) async throws -> String {
        let outcome = try await answer(number, client)
        return outcome.received == outcome.expected ? "as expected" : "\(outcome)"
    }

    private static func answer(_ number: Int, _ client: PostgresClient) async throws -> (received: String?, expected: String) {
        switch number % 5 {
        case 0: (try await client.pipelined("SELECT \(bind: number)").text(row: 0, column: 0), "\(number)")
        case 1: (try await client.pipelined("SELECT \(bind: "text \(number)") || 'x'").text(row: 0, column: 0), "text \(number)x")
        case 2: (try await client.pipelined("INSERT INTO numbers VALUES (\(bind: Int32(number)))").commandTag, "INSERT 0 1")
        case 3: (await failure { try await client.pipelined("SELECT 1 / (\(bind: number) - \(bind: number))") }, "22012")
        default: (await failure { try await client.pipelined("SELECT nothing FROM nowhere_\(raw: String(number % 7))") }, "42P01")
        }
    }

    private static func failure(_ body: () async throws -> PostgresResult) async -> String? {
        do {
            _ = try await body()
            return nil
        } catch { return (error as? PostgresError)?.sqlState }
    }

    @Test("reports an error that comes only at the commit")
    func deferredConstraint() async throws {
        try await withClient { client, database in
            try await database.execute("CREATE TABLE d (id int UNIQUE DEFERRABLE INITIALLY DEFERRED); INSERT INTO d VALUES (1)")
            for _ in 0..<3 {
                async let failing = Self.failure { try await client.pipelined("INSERT INTO d VALUES (1)") }
                async let neighbour = client.pipelined("SELECT 5").int64(row: 0, column: 0)
                let (sqlState, five) = try await (failing, neighbour)
                #expect(sqlState == "23505")
                #expect(five == 5)
            }
            let pooled = await #expect(throws: PostgresError.self) { try await client.query("INSERT INTO d VALUES (1)") }
            #expect(pooled?.sqlState == "23505")
        }
    }

    @Test("closes a shared connection on which somebody began a transaction")
    func strayTransaction() async throws {
        try await withClient(options: PoolOptions(pipelineConnections: 1)) { client, database in
            try await database.execute("CREATE TABLE t (id int)")
            _ = try await client.pipelined("BEGIN")
            try await waitWhile { client.statistics.connectionsLost < 1 }
            _ = try await client.pipelined("INSERT INTO t VALUES (1)")
            #expect(try await client.query("SELECT count(*) FROM t").int64(row: 0, column: 0) == 1)
        }
    }

    @Test("lets no slow statement of the pool hold up a pipelined one")
    func separation() async throws {
        try await withClient { client, database in
            let blocker = try await AdvisoryLock.hold(1, on: database)
            async let slow = client.query("SELECT pg_advisory_lock(1)")
            try await AdvisoryLock.waitForWaiters(1, on: client)
            for number in 0..<100 {
                #expect(try await client.pipelined("SELECT \(bind: number)").int64(row: 0, column: 0) == Int64(number))
            }
            await blocker.release()
            _ = try await slow
        }
    }

    @Test("lets no pipelined statement that waits for a lock hold up others, whichever connection they share")
    func locks() async throws {
        try await withClient(options: PoolOptions(pipelineConnections: 1)) { client, database in
            let blocker = try await AdvisoryLock.hold(1, on: database)
            let waiting = (0..<3).map { _ in Task { try await client.pipelined("SELECT pg_advisory_lock_shared(1)") } }
            try await AdvisoryLock.waitForWaiters(3, on: client)
            for number in 0..<100 {
                #expect(try await client.pipelined("SELECT \(bind: number)").int64(row: 0, column: 0) == Int64(number))
            }
            await blocker.release()
            for task in waiting { #expect(try await task.value.commandTag == "SELECT 1") }
        }
    }

    @Test("carries large parameters and results through a full socket")
    func largeValues() async throws {
        try await withClient(options: PoolOptions(pipelineConnections: 1)) { client, _ in
            let text = String(repeating: "0123456789", count: 200_000)
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for _ in 0..<20 { group.addTask { try await client.pipelined("SELECT \(bind: text)").text(row: 0, column: 0) == text } }
                for try await isEqual in group { #expect(isEqual) }
            }
        }
    }
}
