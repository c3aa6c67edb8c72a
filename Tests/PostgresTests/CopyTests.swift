import Glibc
import Postgres
import TestPostgres
import Testing

@Suite(.timeLimit(.minutes(3)), .serialized) struct CopyTests {
    private let one = PoolOptions(maxConnections: 1, pipelineConnections: 1)
    private struct Stop: Error {}

    /// Lines `n<tab>text of row n` in chunks of a thousand, made as they are asked for.
    private struct Rows: AsyncSequence, AsyncIteratorProtocol {
        typealias Element = [UInt8]
        var next = 0
        let end: Int
        var atRow: @Sendable (Int) async throws -> Void = { _ in }

        func makeAsyncIterator() -> Rows { self }

        mutating func next() async throws -> [UInt8]? {
            guard next < end else { return nil }
            try await atRow(next)
            var chunk: [UInt8] = []
            for number in next..<Swift.min(next + 1000, end) { chunk += "\(number)\ttext of row \(number)\n".utf8 }
            next += 1000
            return chunk
        }
    }

    /// The same thousand rows of 204 bytes again and again.
    private struct WideRows: AsyncSequence, AsyncIteratorProtocol {
        typealias Element = [UInt8]
        var left: Int
        private let chunk = (0..<1000).flatMap { _ in Array("1\t\(String(repeating: "x", count: 201))\n".utf8) }

        init(left: Int) { self.left = left }

        func makeAsyncIterator() -> WideRows { self }

        mutating func next() async throws -> [UInt8]? {
            left -= 1
            return left < 0 ? nil : chunk
        }
    }

    private func withTable(_ body: (PostgresClient, TestDatabase) async throws -> Void) async throws {
        try await withClient(options: one) { client, database in
            try await database.execute("CREATE UNLOGGED TABLE rows (id int, text text)")
            try await body(client, database)
        }
    }

    private func expectCount(_ count: Int64, _ client: PostgresClient) async throws {
        #expect(try await client.query("SELECT count(*) FROM rows").int64(row: 0, column: 0) == count)
    }

    private func expectUsable(_ connection: PostgresConnection) async throws {
        #expect(try await connection.query("SELECT 1").rowCount == 1)
    }

    /// Kilobytes of memory in use.
    private func residentMemory() -> Int {
        guard let file = fopen("/proc/self/statm", "r") else { return 0 }
        defer { fclose(file) }
        var line = [UInt8](repeating: 0, count: 200)
        let count = fread(&line, 1, 200, file)
        let fields = String(decoding: line.prefix(count), as: UTF8.self).split(separator: " ")
        return fields.dropFirst().first.flatMap { Int($0) }.map { $0 * 4 } ?? 0
    }

    @Test("carries a million rows in and out with little memory")
    func millionRows() async throws {
        try await withTable { client, _ in
            let before = residentMemory()
            let copied = try await client.withConnection { try await $0.copyIn("COPY rows FROM STDIN", WideRows(left: 1000)) }
            #expect(copied == 1_000_000)
            let (lines, bytes) = try await client.withConnection { connection in
                try await connection.copyOut("COPY rows TO STDOUT") { chunks in
                    var lines = 0
                    var bytes = 0
                    for try await chunk in chunks {
                        #expect(chunk.last == UInt8(ascii: "\n"))
                        lines += chunk.count { $0 == UInt8(ascii: "\n") }
                        bytes += chunk.count
                    }
                    return (lines, bytes)
                }
            }
            #expect(lines == 1_000_000)
            #expect(bytes == 204_000_000)
            // Two hundred megabytes went by; other tests run beside this one and need some memory too.
            #expect(residentMemory() - before < 70_000)
        }
    }

    @Test("copies nothing when the source fails half way, and leaves the connection usable")
    func failingSource() async throws {
        try await withTable { client, _ in
            try await client.withConnection { connection in
                await #expect(throws: Stop.self) {
                    try await connection.copyIn("COPY rows FROM STDIN", Rows(end: 500_000, atRow: { if $0 > 250_000 { throw Stop() } }))
                }
                try await expectUsable(connection)
            }
            try await expectCount(0, client)
        }
    }

    @Test("copies nothing when the task is cancelled half way")
    func cancelledIn() async throws {
        try await withTable { client, _ in
            let isHalfWay = Gate()
            let task = Task {
                try await client.withConnection { connection in
                    try await connection.copyIn(
                        "COPY rows FROM STDIN", Rows(end: .max - 2000, atRow: { if $0 == 100_000 { isHalfWay.open() } }))
                }
            }
            await isHalfWay.wait()
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            try await expectCount(0, client)
            #expect(client.statistics.connectionsLost == 0)
        }
    }

    @Test("stops soon after the server has refused a row, and says which")
    func badRow() async throws {
        try await withTable { client, _ in
            let sent = Sent()
            let error = await #expect(throws: PostgresError.self) {
                try await client.withConnection { connection in
                    var rows = Rows(end: .max - 2000, atRow: { sent.row = $0 })
                    let bad = Prefixed(first: Array("x\tnot a number\n".utf8), rest: rows)
                    rows.next = 0
                    return try await connection.copyIn("COPY rows FROM STDIN", bad)
                }
            }
            #expect(error?.sqlState == "22P02")
            #expect(error?.server?.context?.contains("line 1") == true)
            try await expectCount(0, client)
        }
    }

    private final class Sent: @unchecked Sendable {
        // SAFETY: one task writes, and nobody reads before it has ended.
        var row = 0
    }

    private struct Prefixed: AsyncSequence, AsyncIteratorProtocol {
        typealias Element = [UInt8]
        var first: [UInt8]?
        var rest: Rows

        init(first: [UInt8], rest: Rows) {
            self.first = first
            self.rest = rest
        }

        func makeAsyncIterator() -> Prefixed { self }

        mutating func next() async throws -> [UInt8]? {
            if let chunk = first.take() { return chunk }
            return try await rest.next()
        }
    }

    @Test("refuses statements during a COPY, COPY that isn't one, and COPY as a statement")
    func misuse() async throws {
        try await withTable { client, _ in
            try await client.withConnection { connection in
                let probe = Rows(
                    end: 1000,
                    atRow: { _ in
                        let error = await #expect(throws: PostgresError.self) { try await connection.query("SELECT 1") }
                        #expect(error?.code == .busy)
                    })
                let copied = try await connection.copyIn("COPY rows FROM STDIN", probe)
                #expect(copied == 1000)
                let notCopy = await #expect(throws: PostgresError.self) { try await connection.copyIn("SELECT 1", Rows(end: 10)) }
                #expect(notCopy?.code == .encode)
                let syntax = await #expect(throws: PostgresError.self) {
                    try await connection.copyIn("COPY nowhere FROM STDIN", Rows(end: 10))
                }
                #expect(syntax?.sqlState == "42P01")
                try await expectUsable(connection)
            }
            for sql in ["COPY rows FROM STDIN", "COPY rows TO STDOUT"] as [SQL] {
                let asStatement = await #expect(throws: PostgresError.self) { try await client.query(sql) }
                #expect(asStatement?.code == .encode)
                let asScript = await #expect(throws: PostgresError.self) {
                    try await client.withConnection { try await $0.execute(sql.text) }
                }
                #expect(asScript?.code == .encode)
            }
            let wrongWay = await #expect(throws: PostgresError.self) {
                try await client.withConnection { try await $0.copyIn("COPY rows TO STDOUT", Rows(end: 10)) }
            }
            #expect(wrongWay?.code == .encode)
            try await expectCount(1000, client)
        }
    }

    @Test("stops a COPY out when its reader has seen enough, throws, or is cancelled")
    func stoppedOut() async throws {
        try await withTable { client, _ in
            let endless: SQL = "COPY (SELECT generate_series(1, 1000000000), repeat('x', 100)) TO STDOUT"
            try await client.withConnection { connection in
                let size = try await connection.copyOut(endless) { chunks in
                    for try await chunk in chunks { return chunk.count }
                    return 0
                }
                #expect(size >= 65_536)
                await #expect(throws: Stop.self) {
                    try await connection.copyOut(endless) { chunks in for try await _ in chunks { throw Stop() } }
                }
                try await expectUsable(connection)
            }
            let hasBegun = Gate()
            let task = Task {
                try await client.withConnection { connection in
                    try await connection.copyOut(endless) { chunks in for try await _ in chunks { hasBegun.open() } }
                }
            }
            await hasBegun.wait()
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .cancelled)
            #expect(try await client.query("SELECT 1").rowCount == 1)
            #expect(client.statistics.connectionsLost == 0)
        }
    }

    @Test("takes part in transactions")
    func transactions() async throws {
        try await withTable { client, _ in
            await #expect(throws: Stop.self) {
                try await client.transaction { tx in
                    _ = try await tx.copyIn("COPY rows FROM STDIN", Rows(end: 5000))
                    #expect(try await tx.query("SELECT count(*) FROM rows").int64(row: 0, column: 0) == 5000)
                    throw Stop()
                }
            }
            try await expectCount(0, client)
        }
    }

    @Test("reports a connection lost in the middle of a COPY")
    func lost() async throws {
        try await withTable { client, database in
            let error = await #expect(throws: PostgresError.self) {
                try await client.withConnection { connection in
                    try await connection.copyIn(
                        "COPY rows FROM STDIN",
                        Rows(
                            end: .max - 2000,
                            atRow: { row in
                                guard row == 50_000 else { return }
                                try await database.execute(
                                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'tessera' AND datname = current_database()"
                                )
                            }))
                }
            }
            #expect(error?.code == .connectionLost || error?.sqlState == "57P01")
            try await expectCount(0, client)
        }
    }
}
