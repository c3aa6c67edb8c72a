import Postgres
import TestPostgres
import TestRandom
import Testing

/// A caller is cancelled in each state its statement can be in; whatever the state, the next caller finds everything in order.
@Suite(.timeLimit(.minutes(1))) struct CancellationTests {
    private let one = PoolOptions(maxConnections: 1, pipelineConnections: 1)

    private func expectCancelled<R: Sendable>(_ task: Task<R, any Error>, _ comment: Comment) async {
        let error = await #expect(throws: PostgresError.self, comment) { try await task.value }
        #expect(error?.code == .cancelled, comment)
    }

    @Test("cancels a running statement of the pool on the server")
    func runningOwned() async throws {
        try await withClient(options: one) { client, database in
            let lock = try await AdvisoryLock.hold(1, on: database)
            let task = Task { try await client.query("SELECT pg_advisory_lock(1)") }
            try await AdvisoryLock.waitForWaiters(1, on: client)
            task.cancel()
            await expectCancelled(task, "the lock is held still, so only a cancel ends the statement")
            try await AdvisoryLock.waitForWaiters(0, on: client)
            #expect(try await client.query("SELECT 1").int64(row: 0, column: 0) == 1)
            #expect(client.statistics.cancelsSent >= 1)
            #expect(client.statistics.connectionsLost == 0)
            await lock.release()
        }
    }

    @Test("drops the answer to a caller of a shared connection and lets the statement run")
    func runningShared() async throws {
        try await withClient(options: one) { client, database in
            let lock = try await AdvisoryLock.hold(1, on: database)
            let task = Task { try await client.pipelined("SELECT pg_advisory_lock(1), pg_advisory_unlock(1)") }
            let next = Task {
                // Sent behind the one that waits.
                try await client.pipelined("SELECT 2").int64(row: 0, column: 0)
            }
            try await waitWhile { client.statistics.pipelinedInFlight < 1 }
            task.cancel()
            await expectCancelled(task, "answered at once, while the server still waits")
            await lock.release()
            #expect(try await next.value == 2)
            #expect(client.statistics.cancelsSent == 0)
        }
    }

    @Test("takes back a caller that waits for a connection")
    func waiting() async throws {
        try await withClient(options: one) { client, _ in
            try await client.withConnection { connection in
                let query = Task { try await client.query("SELECT 1") }
                let lease = Task { try await client.withConnection { try await $0.query("SELECT 1") } }
                try await waitWhile { client.statistics.waitingCallers < 2 }
                query.cancel()
                lease.cancel()
                await expectCancelled(query, "waiting statement")
                await expectCancelled(lease, "waiting borrower")
                _ = try await connection.query("SELECT 1")
            }
            #expect(try await client.query("SELECT 1").rowCount == 1)
        }
    }

    @Test("passes over any number of callers that have gone away")
    func manyWaiting() async throws {
        try await withClient(options: one) { client, _ in
            let tasks = try await client.withConnection { _ in
                let tasks = (0..<20_000).map { _ in Task { try await client.query("SELECT 1") } }
                try await waitWhile { client.statistics.waitingCallers < 20_000 }
                for task in tasks { task.cancel() }
                for task in tasks { _ = try? await task.value }
                return tasks
            }
            #expect(tasks.count == 20_000)
            #expect(try await client.query("SELECT 1").rowCount == 1)
            // Figures are published after the answer.
            try await waitWhile { client.statistics.statements == 0 }
            #expect(client.statistics.statements == 1)
        }
    }

    @Test("answers a caller that was cancelled beforehand without sending anything")
    func beforehand() async throws {
        try await withClient(options: one) { client, _ in
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.pipelined("SELECT 1")
            }
            await expectCancelled(task, "pipelined")
            let second = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                return try await client.withConnection { try await $0.query("SELECT 1") }
            }
            await expectCancelled(second, "borrowed")
            #expect(client.statistics.statements == 0)
        }
    }

    @Test("cancels one of several statements on a borrowed connection and no other")
    func oneOfSeveral() async throws {
        try await withClient(options: one) { client, database in
            let lock = try await AdvisoryLock.hold(1, on: database)
            try await client.withConnection { connection in
                let first = Task { try await connection.query("SELECT pg_advisory_lock(1)") }
                try await AdvisoryLock.waitForWaiters(1, on: client)
                let second = Task { try await connection.query("SELECT 2").int64(row: 0, column: 0) }
                first.cancel()
                await expectCancelled(first, "the one that runs")
                #expect(try await second.value == 2)
            }
            await lock.release()
        }
    }

    @Test("rolls back a transaction whose task is cancelled")
    func transaction() async throws {
        try await withClient(options: one) { client, database in
            try await database.execute("CREATE TABLE t (id int)")
            let lock = try await AdvisoryLock.hold(1, on: database)
            let task = Task {
                try await client.transaction { tx in
                    _ = try await tx.query("INSERT INTO t VALUES (1)")
                    return try await tx.query("SELECT pg_advisory_lock(1)")
                }
            }
            try await AdvisoryLock.waitForWaiters(1, on: client)
            task.cancel()
            await expectCancelled(task, "transaction")
            #expect(try await client.query("SELECT count(*) FROM t").int64(row: 0, column: 0) == 0)
            await lock.release()
        }
    }

    @Test("survives cancels at every moment")
    func storm() async throws {
        try await withClient(options: PoolOptions(maxConnections: 4, pipelineConnections: 2)) { client, _ in
            let seed = UInt64.random(in: 0 ... .max)
            var random = SeededGenerator(seed: seed)
            for _ in 0..<20 {
                let tasks = (0..<40).map { number in
                    Task {
                        let sql: SQL = "SELECT \(bind: number), count(*) FROM generate_series(1, 20000)"
                        let result = number % 2 == 0 ? try await client.query(sql) : try await client.pipelined(sql)
                        return try result.int64(row: 0, column: 0) == Int64(number)
                    }
                }
                for task in tasks.shuffled(using: &random) {
                    if Bool.random(using: &random) { task.cancel() } else { await Task.yield() }
                }
                for task in tasks {
                    do { #expect(try await task.value, "seed \(seed)") } catch {
                        #expect((error as? PostgresError)?.code == .cancelled, "seed \(seed)")
                    }
                }
            }
            for number in 0..<20 {
                let answer = try await client.query("SELECT \(bind: number)").int64(row: 0, column: 0)
                #expect(answer == Int64(number))
            }
            #expect(client.statistics.connectionsLost == 0)
        }
    }
}
