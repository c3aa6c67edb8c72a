import TestPostgres
import Testing

@testable import Postgres

@Suite struct ResultTests {
    @Test("gives rows, columns and what was done")
    func reading() async throws {
        try await withClient { client, _ in
            let result = try await client.query("SELECT i AS number, 'x' || i AS name, NULL::int AS nothing FROM generate_series(1, 3) i")
            #expect(result.rowCount == 3)
            #expect(result.columns.map(\.name) == ["number", "name", "nothing"])
            #expect(result.columns.map(\.type) == [.int4, .text, .int4])
            #expect(result.commandTag == "SELECT 3")
            #expect(try result.rows.map { try $0.decode(String.self, "name") } == ["x1", "x2", "x3"])
            #expect(result.isNull(row: 0, column: 2))
            #expect(try result.withBytes(row: 2, column: 1) { $0.map { Array($0) } } == Array("x3".utf8))
            #expect(try result.withBytes(row: 2, column: 2) { $0 == nil })
        }
    }

    @Test("answers a place or a type that isn't there with an error")
    func misreading() async throws {
        try await withClient { client, _ in
            let result = try await client.query("SELECT 'x' AS name, NULL::int AS nothing")
            for (row, column) in [(-1, 0), (1, 0), (0, 2), (0, -1), (.max, .max)] {
                let error = #expect(throws: PostgresError.self) { try result.text(row: row, column: column) }
                #expect(error?.code == .decode)
                #expect(result.isNull(row: row, column: column))
            }
            let wrong = #expect(throws: PostgresError.self) { try result.int64(row: 0, column: 0) }
            #expect(wrong?.message == "Row 0, column 0 (name, text) is no whole number of 64 bits; asked for Int64.")
            #expect(throws: PostgresError.self) { try result.int64(row: 0, column: 1) }
            #expect(throws: PostgresError.self) { try result.decode(String.self, row: 0, column: "other") }
        }
    }

    @Test("tells errors with their names and positions, and without values where a log could see them")
    func errors() async throws {
        try await withClient { client, database in
            try await database.execute(
                "CREATE TABLE people (name text CONSTRAINT name_once UNIQUE, age int CONSTRAINT adult CHECK (age > 17))")
            _ = try await client.query("INSERT INTO people VALUES (\(bind: "secret"), 18)")
            let unique = await #expect(throws: PostgresError.self) {
                try await client.pipelined("INSERT INTO people VALUES (\(bind: "secret"), 18)")
            }
            #expect(unique?.sqlState == "23505")
            #expect(unique?.constraint == "name_once")
            #expect(unique?.table == "people")
            #expect(unique.map { "\($0)".contains("secret") } == false)
            #expect(unique.map { String(reflecting: $0).contains("secret") } == true)
            let invalid = await #expect(throws: PostgresError.self) { try await client.query("SELECT \(bind: "secret")::int") }
            #expect(invalid?.sqlState == "22P02")
            #expect(invalid.map { "\($0)".contains("secret") } == false)
            let syntax = await #expect(throws: PostgresError.self) { try await client.query("SELECT FROM WHERE") }
            #expect(syntax?.position == 13)
            #expect(syntax.map { "\($0)" } == "postgres.server: SQLSTATE 42601, syntax error at or near \"WHERE\", at character 13")
        }
    }
}
