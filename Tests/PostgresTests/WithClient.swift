import Logging
import Postgres
import TestPostgres

/// Runs `body` with a client on a fresh database; both are gone afterwards.
func withClient<R: Sendable>(
    options: PoolOptions = PoolOptions(), settings: [String: String] = [:],
    logger: Logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
    _ body: (PostgresClient, TestDatabase) async throws -> R
) async throws -> R {
    try await TestPostgres.withDatabase { database in
        let configuration = try PostgresConfiguration(url: database.url, settings: settings)
        let client = PostgresClient(configuration: configuration, options: options, logger: logger)
        do {
            let result = try await body(client, database)
            await client.shutdown()
            return result
        } catch {
            await client.shutdown()
            throw error
        }
    }
}
