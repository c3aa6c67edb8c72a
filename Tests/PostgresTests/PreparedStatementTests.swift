import Postgres
import TestPostgres
import Testing

@Suite(.timeLimit(.minutes(1))) struct PreparedStatementTests {
    private let oneLane = PoolOptions(maxConnections: 1, pipelineConnections: 1, preparedStatementLimit: 8)

    private func preparedOnServer(_ client: PostgresClient) async throws -> Int64 {
        try await client.pipelined("SELECT count(*) FROM pg_prepared_statements").int64(row: 0, column: 0)
    }

    @Test("prepares a shape once per connection")
    func once() async throws {
        try await withClient(options: oneLane) { client, _ in
            for number in 0..<50 { _ = try await client.pipelined("SELECT \(bind: number) * 2") }
            #expect(
                try await client.pipelined(
                    "SELECT statement FROM pg_prepared_statements WHERE statement NOT LIKE 'SET %' ORDER BY prepare_time LIMIT 1"
                ).text(
                    row: 0, column: 0) == "SELECT $1 * 2")
            // The first one sets the connection up.
            #expect(client.statistics.prepared == 3)
        }
    }

    @Test("keeps no plan of a statement that wants a new one each time, alone, in a pipeline and in a transaction")
    func plannedEachTime() async throws {
        try await withClient(options: oneLane) { client, _ in
            func statement(_ number: Int) -> SQL {
                var sql: SQL = "SELECT \(bind: number) * 3"
                sql.planning = .eachTime
                return sql
            }
            for number in 0..<7 { #expect(try await client.pipelined(statement(number)).int64(row: 0, column: 0) == Int64(number * 3)) }
            for number in 0..<7 { #expect(try await client.query(statement(number)).int64(row: 0, column: 0) == Int64(number * 3)) }
            try await client.transaction { transaction in
                for number in 0..<7 {
                    let result = try await transaction.query(statement(number))
                    let answer = try result.int64(row: 0, column: 0)
                    #expect(answer == Int64(number * 3))
                }
            }
            for route in [Route.pipeline, .pool] {
                let kept: SQL = "SELECT count(*) FROM pg_prepared_statements WHERE statement LIKE '%* 3'"
                #expect(try await route.run(kept, client).int64(row: 0, column: 0) == 0)
            }
            var joined: SQL = "EXPLAIN "
            joined.append(statement(1))
            #expect(joined.planning == .eachTime)
        }
    }

    @Test("plans once what wants it so, and leaves other statements and transactions on the same connection as they were")
    func plannedOnce() async throws {
        var options = PoolOptions()
        options.maxConnections = 1
        try await withClient(options: options) { client, _ in
            var once: SQL = "SELECT current_setting('plan_cache_mode'), \(bind: 1)"
            once.planning = .once
            let usual: SQL = "SELECT current_setting('plan_cache_mode')"
            for _ in 0..<2 {
                #expect(try await client.query(once).text(row: 0, column: 0) == "force_generic_plan")
                #expect(try await client.query(once).text(row: 0, column: 0) == "force_generic_plan")
                #expect(try await client.query(usual).text(row: 0, column: 0) == "auto")
            }
            _ = try await client.query(once)
            try await client.transaction { transaction in
                let modes = [try await transaction.query(usual), try await transaction.query(once)]
                #expect(try modes.map { try $0.text(row: 0, column: 0) } == ["auto", "auto"])
            }
            _ = try await client.query(once)
            await #expect(throws: PostgresError.self) { try await client.query("SELECT 1 / \(bind: 0)") }
            #expect(try await client.query(usual).text(row: 0, column: 0) == "auto")
            #expect(try await client.query(once).text(row: 0, column: 0) == "force_generic_plan")
            #expect(try await client.pipelined(once).text(row: 0, column: 0) == "auto")
        }
    }

    @Test("keeps no more statements than its limit, on the server too")
    func eviction() async throws {
        try await withClient(options: oneLane) { client, _ in
            for round in 0..<3 {
                for number in 0..<40 { _ = try await client.pipelined("SELECT \(raw: String(number)), \(bind: round)") }
            }
            #expect(try await preparedOnServer(client) <= 9)
            // Concurrently, so that statements are evicted while others of the same shape are in flight.
            try await withThrowingTaskGroup(of: Bool.self) { group in
                for number in 0..<2000 {
                    group.addTask {
                        let result = try await client.pipelined("SELECT \(raw: String(number % 20)), \(bind: number)")
                        return try result.int64(row: 0, column: 1) == Int64(number)
                    }
                }
                for try await isRight in group { #expect(isRight) }
            }
            #expect(try await preparedOnServer(client) <= 10)
        }
    }

    @Test("prepares again, unnoticed, when a table has changed its shape")
    func schemaChange() async throws {
        try await withClient(options: oneLane) { client, database in
            try await database.execute("CREATE TABLE shapes (id int); INSERT INTO shapes VALUES (1)")
            for route in [Route.pipeline, .pool] {
                _ = try await route.run("SELECT * FROM shapes", client)
                _ = try await route.run("SELECT * FROM shapes", client)
            }
            try await database.execute("ALTER TABLE shapes ADD COLUMN name text DEFAULT 'x'")
            for route in [Route.pipeline, .pool] {
                #expect(try await route.run("SELECT * FROM shapes", client).columnCount == 2)
                #expect(try await route.run("SELECT * FROM shapes", client).columnCount == 2)
            }
        }
    }

    private enum Route {
        case pipeline, pool
        func run(_ sql: SQL, _ client: PostgresClient) async throws -> PostgresResult {
            self == .pipeline ? try await client.pipelined(sql) : try await client.query(sql)
        }
    }

    @Test("prepares again when the server has lost a statement")
    func lostStatement() async throws {
        try await withClient(options: oneLane) { client, _ in
            for _ in 0..<2 {
                #expect(try await client.pipelined("SELECT 1").int64(row: 0, column: 0) == 1)
                _ = try await client.pipelined("DEALLOCATE ALL")
            }
            #expect(try await client.pipelined("SELECT 1").int64(row: 0, column: 0) == 1)
        }
    }

    @Test("reports a changed shape within a transaction, and the next transaction goes well")
    func schemaChangeInTransaction() async throws {
        try await withClient(options: oneLane) { client, database in
            try await database.execute("CREATE TABLE shapes (id int); INSERT INTO shapes VALUES (1)")
            _ = try await client.query("SELECT * FROM shapes")
            try await database.execute("ALTER TABLE shapes ADD COLUMN name text")
            let error = await #expect(throws: PostgresError.self) {
                try await client.transaction { try await $0.query("SELECT * FROM shapes").columnCount }
            }
            #expect(error?.sqlState == "0A000")
            #expect(try await client.transaction { try await $0.query("SELECT * FROM shapes").columnCount } == 2)
            try await database.execute("ALTER TABLE shapes ADD COLUMN other text")
            #expect(
                try await client.transaction(retrySerializationFailures: 1) { try await $0.query("SELECT * FROM shapes").columnCount } == 3)
        }
    }

    @Test("tells the same text with other types apart")
    func types() async throws {
        try await withClient(options: oneLane) { client, _ in
            try await expectType("bigint", of: "SELECT pg_typeof(\(bind: 1))::text", client)
            try await expectType("text", of: "SELECT pg_typeof(\(bind: "1"))::text", client)
            try await expectType("integer", of: "SELECT pg_typeof(\(bind: Int32?.none))::text", client)
        }
    }

    private func expectType(_ name: String, of sql: SQL, _ client: PostgresClient) async throws {
        #expect(try await client.pipelined(sql).text(row: 0, column: 0) == name)
    }
}
