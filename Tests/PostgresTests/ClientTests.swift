import Logging
import Postgres
import TestPostgres
import Testing

@Suite struct ClientTests {
    @Test("runs statements on the pool and on the pipeline")
    func basics() async throws {
        try await withClient { client, _ in
            let one = try await client.query("SELECT \(bind: 41) + 1 AS answer")
            #expect(try one.int64(row: 0, column: 0) == 42)
            let two = try await client.pipelined("SELECT \(bind: "a") || \(bind: "b")")
            #expect(try two.text(row: 0, column: 0) == "ab")
        }
    }

    @Test("keeps what a transaction did, and undoes it when its body throws")
    func transactions() async throws {
        try await withClient { client, _ in
            try await client.withConnection { _ = try await $0.execute("CREATE TABLE t (id int primary key)") }
            try await client.transaction { tx in
                _ = try await tx.query("INSERT INTO t VALUES (\(bind: Int32(1)))")
            }
            await #expect(throws: PostgresError.self) {
                try await client.transaction { tx in
                    _ = try await tx.query("INSERT INTO t VALUES (\(bind: Int32(2)))")
                    _ = try await tx.query("INSERT INTO t VALUES (\(bind: Int32(1)))")
                }
            }
            let count = try await client.query("SELECT count(*) FROM t")
            #expect(try count.int64(row: 0, column: 0) == 1)
        }
    }
}
