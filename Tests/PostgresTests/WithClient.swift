import Logging
import Postgres
import Synchronization
import TestPostgres

let silentLogger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }

/// Runs `body` with a client on a fresh database; both are gone afterwards.
func withClient<R: Sendable>(
    options: PoolOptions = PoolOptions(), settings: [String: String] = [:], logger: Logger = silentLogger,
    _ body: (PostgresClient, TestDatabase) async throws -> R
) async throws -> R {
    try await TestPostgres.withDatabase { database in
        try await withClient(of: database.url, options: options, settings: settings, logger: logger) { try await body($0, database) }
    }
}

/// The same on a database that exists already.
func withClient<R: Sendable>(
    of url: String, options: PoolOptions = PoolOptions(), settings: [String: String] = [:], logger: Logger = silentLogger,
    _ body: (PostgresClient) async throws -> R
) async throws -> R {
    let configuration = try PostgresConfiguration(url: url, settings: settings)
    let client = PostgresClient(configuration: configuration, options: options, logger: logger)
    do {
        let result = try await body(client)
        await client.shutdown()
        return result
    } catch {
        await client.shutdown()
        throw error
    }
}

/// What several tasks have to tell, in the order they told it.
final class Collected<Value: Sendable>: Sendable {
    private let storage = Mutex<[Value]>([])

    var values: [Value] { storage.withLock { $0 } }
    func append(_ value: Value) { storage.withLock { $0.append(value) } }
}
