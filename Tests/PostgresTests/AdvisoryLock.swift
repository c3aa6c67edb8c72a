import Postgres
import TestPostgres

/// Holds a lock on a client of its own, so that statements of the client under test can be made to wait for as long as a test needs.
final class AdvisoryLock: Sendable {
    private let client: PostgresClient
    /// A client that isn't the one under test.
    var observer: PostgresClient { client }
    private let holder: Task<Void, any Error>
    private let letGo: AsyncStream<Void>.Continuation

    private init(client: PostgresClient, holder: Task<Void, any Error>, letGo: AsyncStream<Void>.Continuation) {
        self.client = client
        self.holder = holder
        self.letGo = letGo
    }

    static func hold(_ number: Int, on database: TestDatabase) async throws -> AdvisoryLock {
        let client = PostgresClient(
            configuration: try PostgresConfiguration(url: database.url, applicationName: "lock"), logger: silentLogger)
        let (isHeld, held) = AsyncStream.makeStream(of: Void.self)
        let (mayEnd, letGo) = AsyncStream.makeStream(of: Void.self)
        let holder = Task {
            try await client.withConnection { connection in
                _ = try await connection.query("SELECT pg_advisory_lock(\(bind: number))")
                held.finish()
                for await _ in mayEnd {}
                _ = try await connection.query("SELECT pg_advisory_unlock(\(bind: number))")
            }
        }
        for await _ in isHeld {}
        return AdvisoryLock(client: client, holder: holder, letGo: letGo)
    }

    func release() async {
        letGo.finish()
        _ = try? await holder.value
        await client.shutdown()
    }

    /// Returns when so many sessions wait for an advisory lock.
    static func waitForWaiters(_ count: Int, on client: PostgresClient) async throws {
        let waiters: SQL = """
            SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
                AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
            """
        while try await client.pipelined(waiters).int64(row: 0, column: 0) != Int64(count) {}
    }
}
