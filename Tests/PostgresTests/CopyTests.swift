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

    @Test("carries a million rows in and out")
    func millionRows() async throws {
        try await withTable { client, _ in
            let copied = try await client.withConnection { try await $0.copyIn("COPY rows FROM STDIN", WideRows(left: 1000)) }
            #expect(copied == 1_000_000)
            let bytes = try await client.withConnection { connection in
                try await connection.copyOut("COPY rows TO STDOUT") { chunks in
                    var bytes = 0
                    for try await chunk in chunks {
                        #expect(chunk.last == UInt8(ascii: "\n") && chunk.count % 204 == 0)
                        bytes += chunk.count
                    }
                    return bytes
                }
            }
            #expect(bytes == 204_000_000)
        }
    }

    @Test("asks its source for no more while the server doesn't take what it has")
    func backPressureIn() async throws {
        try await withTable { client, database in
            try await database.execute(
                """
                CREATE FUNCTION wait() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_advisory_xact_lock(1); RETURN NEW; END';
                CREATE TRIGGER wait BEFORE INSERT ON rows FOR EACH ROW WHEN (NEW.id = 1000) EXECUTE FUNCTION wait();
                """
            )
            let lock = try await AdvisoryLock.hold(1, on: database)
            let asked = Collected<Int>()
            let copy = Task {
                try await client.withConnection { connection in
                    try await connection.copyIn("COPY rows FROM STDIN", Rows(end: 1_000_000, atRow: { asked.append($0) }))
                }
            }
            try await AdvisoryLock.waitForWaiters(1, on: lock.observer)
            // Long enough for all of it, if nothing held it up.
            for _ in 0..<300 { _ = try await lock.observer.pipelined("SELECT 1") }
            // A thousand rows are 24 kilobytes.
            #expect(asked.values.count < 200)
            await lock.release()
            #expect(try await copy.value == 1_000_000)
        }
    }

    @Test("reads no more from the server while nobody takes what it has")
    func backPressureOut() async throws {
        try await withTable { client, database in
            try await withClient(of: database.url) { observer in
                try await client.withConnection { connection in
                    try await connection.copyOut("COPY (SELECT generate_series(1, 3000000), repeat('x', 100)) TO STDOUT") { chunks in
                        var iterator = chunks.makeAsyncIterator()
                        _ = try await iterator.next()
                        var isHeldUp = false
                        while !isHeldUp {
                            let waits = try await observer.pipelined(
                                "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'ClientWrite' AND query LIKE 'COPY%'")
                            isHeldUp = try waits.int64(row: 0, column: 0) == 1
                        }
                        var bytes = 0
                        while let chunk = try await iterator.next() { bytes += chunk.count }
                        #expect(bytes > 300_000_000)
                    }
                }
            }
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
            let error = await #expect(throws: PostgresError.self) {
                try await client.withConnection { connection in
                    // It would never end by itself.
                    let bad = Prefixed(first: Array("x\tnot a number\n".utf8), rest: Rows(end: .max - 2000))
                    return try await connection.copyIn("COPY rows FROM STDIN", bad)
                }
            }
            #expect(error?.sqlState == "22P02")
            #expect(error?.server?.context?.contains("line 1") == true)
            try await expectCount(0, client)
        }
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
                                    """
                                    SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                                        WHERE application_name = 'tessera' AND datname = current_database()
                                    """
                                )
                            }))
                }
            }
            #expect(error?.code == .connectionLost || error?.sqlState == "57P01")
            try await expectCount(0, client)
        }
    }
}
