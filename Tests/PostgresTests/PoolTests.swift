import Postgres
import ServiceLifecycle
import TestPostgres
import Testing

@Suite(.timeLimit(.minutes(1))) struct PoolTests {
    @Test("serves callers in the order they came")
    func fairness() async throws {
        try await withClient(options: PoolOptions(maxConnections: 1)) { client, _ in
            let order = Collected<Int>()
            let holder = Gate()
            let held = Task { try await client.withConnection { _ in await holder.wait() } }
            try await waitWhile { client.statistics.leasedConnections < 1 }
            var callers: [Task<Void, any Error>] = []
            for number in 0..<50 {
                callers.append(Task { try await client.withConnection { _ in order.append(number) } })
                try await waitWhile { client.statistics.waitingCallers <= number }
            }
            holder.open()
            for caller in callers { try await caller.value }
            try await held.value
            #expect(order.values == Array(0..<50))
        }
    }

    @Test("counts a caller's time from its call, however long the client had slept")
    func sleepingClient() async throws {
        try await withClient(options: PoolOptions(acquireTimeout: .seconds(2))) { client, database in
            // The client's thread has nothing to do while these are waited for.
            for _ in 0..<3 { try await database.execute("SELECT pg_sleep(0.8)") }
            await #expect(throws: Never.self) { try await client.query("SELECT 1") }
        }
    }

    @Test("tells a caller that waited in vain what to do about it")
    func exhaustion() async throws {
        try await withClient(options: PoolOptions(maxConnections: 2, acquireTimeout: .seconds(3))) { client, _ in
            try await client.withConnection { _ in
                try await client.withConnection { _ in
                    let error = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
                    #expect(error?.code == .poolExhausted)
                    #expect(
                        error?.message == "All 2 connections were in use for 3.0 seconds. Raise maxConnections, or look for slow queries.")
                    let pipelined = try await client.pipelined("SELECT 1")
                    #expect(pipelined.rowCount == 1)
                }
            }
            #expect(client.statistics.acquireTimeouts == 1)
            #expect(try await client.query("SELECT 1").rowCount == 1)
        }
    }

    @Test("checks idle connections and closes those that idle for long")
    func idling() async throws {
        let options = PoolOptions(
            maxConnections: 2, pipelineConnections: 1, idleTimeout: .milliseconds(400), healthCheckInterval: .milliseconds(50))
        try await withClient(options: options) { client, _ in
            _ = try await client.query("SELECT 1")
            _ = try await client.pipelined("SELECT 1")
            try await waitWhile { client.statistics.statements < 5 }
            try await waitWhile { client.statistics.idleConnections > 0 }
            try await waitWhile { client.statistics.openConnections > 1 }
            #expect(client.statistics.connectionsLost == 0)
            #expect(try await client.query("SELECT 1").rowCount == 1)
        }
    }

    @Test("closes with its service group, gracefully")
    func service() async throws {
        try await TestPostgres.withDatabase { database in
            let client = PostgresClient(configuration: try PostgresConfiguration(url: database.url), logger: silentLogger)
            let lock = try await AdvisoryLock.hold(1, on: database)
            let group = ServiceGroup(configuration: .init(services: [client], logger: silentLogger))
            let running = Task { try await group.run() }
            let slow = Task { try await client.query("SELECT pg_advisory_lock(1)").rowCount }
            try await AdvisoryLock.waitForWaiters(1, on: lock.observer)
            await group.triggerGracefulShutdown()
            await lock.release()
            #expect(try await slow.value == 1)
            try await running.value
            let error = await #expect(throws: PostgresError.self) { try await client.query("SELECT 1") }
            #expect(error?.code == .closed)
        }
    }

    @Test("finishes what runs and what waits before it closes")
    func shutdown() async throws {
        try await withClient(options: PoolOptions(maxConnections: 1, pipelineConnections: 1)) { client, database in
            let lock = try await AdvisoryLock.hold(1, on: database)
            let running = Task { try await client.query("SELECT pg_advisory_lock(1), 1").rowCount }
            try await AdvisoryLock.waitForWaiters(1, on: lock.observer)
            let waiting = Task { try await client.query("SELECT 2").rowCount }
            try await waitWhile { client.statistics.waitingCallers < 1 }
            let closing = Task { await client.shutdown() }
            var refusal: PostgresError?
            while refusal == nil {
                do { _ = try await client.pipelined("SELECT 1") } catch { refusal = error as? PostgresError }
            }
            #expect(refusal?.code == .closed)
            await lock.release()
            #expect(try await running.value == 1)
            #expect(try await waiting.value == 1)
            await closing.value
            let left = try await TestPostgres.shared()
            try await left.execute(
                """
                DO $$ BEGIN
                    ASSERT (SELECT count(*) = 0 FROM pg_stat_activity WHERE datname = '\(database.name)' AND application_name = 'tessera');
                END $$
                """
            )
        }
    }
}

/// Something to wait for.
final class Gate: Sendable {
    private let stream: AsyncStream<Void>
    private let continuation: AsyncStream<Void>.Continuation

    init() { (stream, continuation) = AsyncStream.makeStream() }

    func wait() async { for await _ in stream {} }
    func open() { continuation.finish() }
}
