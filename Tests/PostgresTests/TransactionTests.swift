import Postgres
import Synchronization
import TestPostgres
import Testing

@Suite(.timeLimit(.minutes(1))) struct TransactionTests {
    private struct Stop: Error {}

    private func count(_ client: PostgresClient) async throws -> Int64 {
        try await client.pipelined("SELECT count(*) FROM t").int64(row: 0, column: 0)
    }

    private func withTable(_ body: (PostgresClient) async throws -> Void) async throws {
        try await withClient { client, database in
            try await database.execute("CREATE TABLE t (id int PRIMARY KEY, value int NOT NULL DEFAULT 0)")
            try await body(client)
        }
    }

    @Test("commits what returns and rolls back what throws")
    func outcome() async throws {
        try await withTable { client in
            try await client.transaction { _ = try await $0.query("INSERT INTO t VALUES (1)") }
            await #expect(throws: Stop.self) {
                try await client.transaction { tx in
                    _ = try await tx.query("INSERT INTO t VALUES (2)")
                    throw Stop()
                }
            }
            #expect(try await count(client) == 1)
        }
    }

    @Test("sends nothing for a transaction without statements")
    func empty() async throws {
        try await withTable { client in
            let seven = try await client.transaction { _ in 7 }
            #expect(seven == 7)
            #expect(client.statistics.statements == 0)
            // The connection isn't left with a BEGIN that nobody asked for.
            let open = try await client.pipelined(
                "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND state LIKE 'idle in transaction%'"
            )
            #expect(try open.int64(row: 0, column: 0) == 0)
        }
    }

    @Test("has the isolation and access it was asked for, scripts included")
    func modes() async throws {
        try await withTable { client in
            let level = try await client.transaction(isolation: .serializable, readOnly: true) { tx in
                try await tx.query("SHOW transaction_isolation").text(row: 0, column: 0)
            }
            #expect(level == "serializable")
            let error = await #expect(throws: PostgresError.self) {
                try await client.transaction(readOnly: true) { try await $0.execute("INSERT INTO t VALUES (1)") }
            }
            #expect(error?.sqlState == "25006")
            try await client.transaction { tx in
                try await tx.execute("INSERT INTO t VALUES (1); INSERT INTO t VALUES (2)")
                _ = try await tx.query("INSERT INTO t VALUES (3)")
            }
            await #expect(throws: Stop.self) {
                try await client.transaction { tx in
                    try await tx.execute("INSERT INTO t VALUES (4); INSERT INTO t VALUES (5)")
                    throw Stop()
                }
            }
            #expect(try await count(client) == 3)
        }
    }

    @Test("says so when the commit became a rollback")
    func swallowedFailure() async throws {
        try await withTable { client in
            let error = await #expect(throws: PostgresError.self) {
                try await client.transaction { tx in
                    _ = try await tx.query("INSERT INTO t VALUES (1)")
                    _ = try? await tx.query("SELECT 1 / 0")
                }
            }
            #expect(error?.code == .transactionAborted)
            let left = try await count(client)
            #expect(left == 0)
        }
    }

    @Test("undoes a failed savepoint and goes on, also when nested")
    func savepoints() async throws {
        try await withTable { client in
            try await client.transaction { tx in
                _ = try await tx.query("INSERT INTO t VALUES (1)")
                try await tx.savepoint { inner in
                    _ = try await inner.query("INSERT INTO t VALUES (2)")
                    await #expect(throws: PostgresError.self) {
                        try await inner.savepoint { innermost in
                            _ = try await innermost.query("INSERT INTO t VALUES (3)")
                            _ = try await innermost.query("INSERT INTO t VALUES (1)")
                        }
                    }
                    _ = try await inner.query("INSERT INTO t VALUES (4)")
                }
                await #expect(throws: Stop.self) {
                    try await tx.savepoint { inner in
                        _ = try await inner.query("INSERT INTO t VALUES (5)")
                        throw Stop()
                    }
                }
            }
            let ids = try await client.query("SELECT array_agg(id ORDER BY id) FROM t").decode([Int32].self, row: 0, column: 0)
            #expect(ids == [1, 2, 4])
        }
    }

    @Test("runs again after a serialization failure, as often as it is allowed to and no more")
    func retry() async throws {
        try await withTable { client in
            _ = try await client.query("INSERT INTO t VALUES (1, 0)")
            let attempts = Atomic(0)
            let final = try await client.transaction(isolation: .repeatableRead, retrySerializationFailures: 3) { tx in
                let attempt = attempts.add(1, ordering: .relaxed).newValue
                let value = try await tx.query("SELECT value FROM t WHERE id = 1").int64(row: 0, column: 0)
                // Somebody else writes in between, the first two times.
                if attempt <= 2 { _ = try await client.pipelined("UPDATE t SET value = value + 10 WHERE id = 1") }
                return try await tx.query("UPDATE t SET value = \(bind: value + 1)::int WHERE id = 1 RETURNING value").int64(
                    row: 0, column: 0)
            }
            #expect(attempts.load(ordering: .relaxed) == 3)
            #expect(final == 21)
            let error = await #expect(throws: PostgresError.self) {
                try await client.transaction(isolation: .repeatableRead, retrySerializationFailures: 1) { tx in
                    _ = try await tx.query("SELECT value FROM t WHERE id = 1")
                    _ = try await client.pipelined("UPDATE t SET value = value + 10 WHERE id = 1")
                    _ = try await tx.query("UPDATE t SET value = 0 WHERE id = 1")
                }
            }
            #expect(error?.isSerializationFailure == true)
        }
    }

    @Test("rolls back what a borrower leaves open, before anyone else gets the connection")
    func leftOpen() async throws {
        try await withClient(options: PoolOptions(maxConnections: 1)) { client, database in
            try await database.execute("CREATE TABLE t (id int)")
            try await client.withConnection { connection in
                _ = try await connection.query("BEGIN")
                _ = try await connection.query("INSERT INTO t VALUES (1)")
            }
            #expect(try await client.query("SELECT count(*) FROM t").int64(row: 0, column: 0) == 0)
            let kept = try await client.withConnection { $0 }
            let error = await #expect(throws: PostgresError.self) { try await kept.query("SELECT 1") }
            #expect(error?.code == .busy)
        }
    }

    @Test("pipelines statements of several tasks within one transaction")
    func concurrentStatements() async throws {
        try await withTable { client in
            try await client.transaction { tx in
                try await withThrowingTaskGroup(of: Void.self) { group in
                    for number in 0..<200 { group.addTask { _ = try await tx.query("INSERT INTO t VALUES (\(bind: Int32(number)))") } }
                    try await group.waitForAll()
                }
            }
            #expect(try await count(client) == 200)
        }
    }

    @Test("streams a large result in batches, stops early, and reports a bad query")
    func streams() async throws {
        try await withTable { client in
            let sum = try await client.stream("SELECT generate_series(1, \(bind: 10_500)) AS n", batchSize: 1000) { batches in
                var sum: Int64 = 0
                var sizes: [Int] = []
                for try await batch in batches {
                    sizes.append(batch.rowCount)
                    for row in batch.rows { sum += try row.decode(Int64.self, 0) }
                }
                #expect(sizes == Array(repeating: 1000, count: 10) + [500])
                return sum
            }
            #expect(sum == 10_500 * 10_501 / 2)
            let first = try await client.stream("SELECT generate_series(1, 100000)", batchSize: 10) { batches in
                for try await batch in batches { return batch.rowCount }
                return 0
            }
            #expect(first == 10)
            let error = await #expect(throws: PostgresError.self) {
                try await client.stream("SELECT nothing") { for try await _ in $0 {} }
            }
            #expect(error?.sqlState == "42703")
            let late = await #expect(throws: PostgresError.self) {
                try await client.stream("SELECT 1 / (5000 - n) FROM generate_series(1, 10000) n") { for try await _ in $0 {} }
            }
            #expect(late?.sqlState == "22012")
            try await client.transaction { tx in
                _ = try await tx.query("INSERT INTO t SELECT generate_series(1, 2500)")
                let rows = try await tx.stream("SELECT id FROM t", batchSize: 1000) { batches in
                    var rows = 0
                    for try await batch in batches { rows += batch.rowCount }
                    return rows
                }
                #expect(rows == 2500)
                _ = try await tx.query("INSERT INTO t VALUES (0)")
            }
            #expect(try await count(client) == 2501)
        }
    }
}
