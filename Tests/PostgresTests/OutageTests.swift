import Logging
import Postgres
import Synchronization
import TestPostgres
import Testing

/// Connections are cut and servers restarted. Each test that touches the server has one of its own.
@Suite(.timeLimit(.minutes(3))) struct OutageTests {
    private let quick = PoolOptions(
        maxConnections: 4, pipelineConnections: 2, sharedLockWait: .seconds(60), acquireTimeout: .seconds(60),
        maxReconnectDelay: .milliseconds(200))

    @Test("reports a statement whose session was ended, and goes on with another connection")
    func terminatedWhileRunning() async throws {
        try await withClient(options: quick) { client, database in
            let lock = try await AdvisoryLock.hold(1, on: database)
            for isPipelined in [true, false] {
                let task = Task {
                    isPipelined
                        ? try await client.pipelined("SELECT pg_advisory_lock(1)") : try await client.query("SELECT pg_advisory_lock(1)")
                }
                try await AdvisoryLock.waitForWaiters(1, on: lock.observer)
                try await endSessions(of: database, where: "wait_event = 'advisory'")
                let error = await #expect(throws: PostgresError.self) { try await task.value }
                #expect(error?.code == .connectionLost)
                #expect(error?.sqlState == "57P01")
                #expect(try await client.pipelined("SELECT 1").rowCount == 1)
                #expect(try await client.query("SELECT 1").rowCount == 1)
            }
            await lock.release()
        }
    }

    @Test("replaces idle connections that were cut, without anyone noticing")
    func terminatedWhileIdle() async throws {
        try await withClient(options: quick) { client, database in
            for _ in 0..<5 {
                _ = try await client.query("SELECT 1")
                _ = try await client.pipelined("SELECT 1")
                let lost = client.statistics.connectionsLost
                try await endSessions(of: database, where: "application_name = 'tessera'")
                try await waitWhile { client.statistics.connectionsLost < lost + 2 }
                #expect(try await client.query("SELECT 1").rowCount == 1)
                #expect(try await client.pipelined("SELECT 1").rowCount == 1)
            }
        }
    }

    @Test("fails a transaction whose connection is cut, and commits nothing of it")
    func terminatedInTransaction() async throws {
        try await withClient(options: quick) { client, database in
            try await database.execute("CREATE TABLE t (id int)")
            let error = await #expect(throws: PostgresError.self) {
                try await client.transaction { tx in
                    _ = try await tx.query("INSERT INTO t VALUES (1)")
                    try await endSessions(of: database, where: "application_name = 'tessera'")
                    _ = try await tx.query("INSERT INTO t VALUES (2)")
                }
            }
            #expect(error?.code == .connectionLost)
            #expect(try await client.query("SELECT count(*) FROM t").int64(row: 0, column: 0) == 0)
        }
    }

    @Test("waits for a server that restarts, and says once that it is away and once that it is back")
    func restart() async throws {
        let server = try await TestServer.start()
        let log = LogRecorder()
        try await withClient(of: server.url, options: quick, logger: log.logger) { client in
            _ = try await client.query("SELECT 1")
            _ = try await client.pipelined("SELECT 1")
            try await server.stop()
            async let waiting = withThrowingTaskGroup(of: Int.self) { group in
                for number in 0..<100 {
                    group.addTask {
                        number % 2 == 0 ? try await client.query("SELECT 1").rowCount : try await client.pipelined("SELECT 1").rowCount
                    }
                }
                return try await group.reduce(0, +)
            }
            try await waitWhile { client.statistics.isServerReachable }
            try await server.start()
            #expect(try await waiting == 100)
            #expect(client.statistics.isServerReachable)
            // Told when no other connection has broken for a while.
            try await waitWhile { !log.messages.contains { $0.hasPrefix("PostgreSQL is back") } }
            #expect(log.messages.filter { $0.hasPrefix("PostgreSQL is away") }.count == 1)
            #expect(log.messages.filter { $0.hasPrefix("PostgreSQL is back") }.count == 1)
        }
    }

    @Test("loses nothing that was acknowledged when the server crashes under load, and works again afterwards")
    func crash() async throws {
        let server = try await TestServer.start()
        try await server.execute("CREATE TABLE t (id int PRIMARY KEY)")
        // The cluster never syncs its files, but what it has written survives its death; with this it writes before it acknowledges.
        try await withClient(of: server.url, options: quick, settings: ["synchronous_commit": "on"]) { client in
            let acknowledged = Collected<Int32>()
            let writers = Task {
                await withTaskGroup(of: Void.self) { group in
                    for writer in 0..<16 {
                        group.addTask {
                            for step in 0..<400 {
                                let id = Int32(writer * 400 + step)
                                if (try? await client.pipelined("INSERT INTO t VALUES (\(bind: id))")) != nil { acknowledged.append(id) }
                            }
                        }
                    }
                }
            }
            try await waitWhile { acknowledged.values.count < 500 }
            try await server.crash()
            try await server.start()
            await writers.value
            let ids = try await client.query("SELECT array_agg(id) FROM t").decode([Int32].self, row: 0, column: 0)
            #expect(Set(acknowledged.values).subtracting(ids).isEmpty)
            #expect(client.statistics.connectionsLost > 0)
        }
    }

    @Test("says what is wrong when a caller has waited long enough for a server that is away")
    func awayForLong() async throws {
        let server = try await TestServer.start()
        try await withClient(of: server.url, options: PoolOptions(acquireTimeout: .milliseconds(300), maxReconnectDelay: .milliseconds(50)))
        { client in
            _ = try await client.query("SELECT 1")
            try await server.stop()
            for isPipelined in [true, false] {
                let error = await #expect(throws: PostgresError.self) {
                    isPipelined ? try await client.pipelined("SELECT 1") : try await client.query("SELECT 1")
                }
                #expect(error?.code == .connection)
            }
        }
    }

    @Test("gives up an idle connection that doesn't answer its health check")
    func frozenWhileIdle() async throws {
        let impatient = PoolOptions(
            maxConnections: 1, pipelineConnections: 1, acquireTimeout: .seconds(60), healthCheckInterval: .milliseconds(50),
            answerTimeout: .milliseconds(200)
        )
        // A frozen backend holds up commands that wait for all of them, so the shared server won't do.
        let server = try await TestServer.start()
        try await withClient(of: server.url, options: impatient) { client in
            for isPipelined in [true, false] {
                let sql: SQL = "SELECT pg_backend_pid()"
                let first = try await isPipelined ? client.pipelined(sql) : client.query(sql)
                let frozen = try first.int64(row: 0, column: 0)
                try await signal("STOP", to: frozen, on: server)
                try await waitWhile { client.statistics.connectionsLost < (isPipelined ? 1 : 2) }
                let second = try await isPipelined ? client.pipelined(sql) : client.query(sql)
                #expect(try second.int64(row: 0, column: 0) != frozen)
                try await signal("CONT", to: frozen, on: server)
            }
        }
    }

    @Test("answers a cancelled caller even when the server doesn't")
    func frozenWhileCancelling() async throws {
        let impatient = PoolOptions(
            maxConnections: 1, pipelineConnections: 1, acquireTimeout: .seconds(60), answerTimeout: .milliseconds(300))
        let server = try await TestServer.start()
        let database = try await TestDatabase.create(on: server)
        try await withClient(of: database.url, options: impatient) { client in
            let lock = try await AdvisoryLock.hold(1, on: database)
            let process = try await client.query("SELECT pg_backend_pid()").int64(row: 0, column: 0)
            let task = Task { try await client.query("SELECT pg_advisory_lock(1)") }
            try await AdvisoryLock.waitForWaiters(1, on: lock.observer)
            try await signal("STOP", to: process, on: server)
            task.cancel()
            let error = await #expect(throws: PostgresError.self) { try await task.value }
            #expect(error?.code == .connectionLost)
            #expect(try await client.query("SELECT 1").rowCount == 1)
            try await signal("CONT", to: process, on: server)
            await lock.release()
        }
    }

    /// The server does it itself, since the tests may not be allowed to.
    private func signal(_ name: String, to process: Int64, on server: TestServer) async throws {
        try await server.execute("COPY (SELECT 1) TO PROGRAM 'cat >/dev/null; kill -\(name) \(process)'")
    }

    private func endSessions(of database: TestDatabase, where condition: String) async throws {
        try await database.execute(
            """
            SELECT pg_terminate_backend(pid) FROM pg_stat_activity
                WHERE pid <> pg_backend_pid() AND datname = current_database() AND \(condition)
            """
        )
    }
}

/// Remembers what was logged.
final class LogRecorder: Sendable {
    private let lines = Mutex<[String]>([])

    var messages: [String] { lines.withLock { $0 } }

    var logger: Logger { Logger(label: "recorder") { _ in Handler(recorder: self) } }

    private struct Handler: LogHandler {
        let recorder: LogRecorder
        var logLevel = Logger.Level.trace
        var metadata: Logger.Metadata = [:]

        subscript(metadataKey key: String) -> Logger.Metadata.Value? {
            get { metadata[key] }
            set { metadata[key] = newValue }
        }

        func log(event: LogEvent) { recorder.lines.withLock { $0.append("\(event.message)") } }
    }
}
