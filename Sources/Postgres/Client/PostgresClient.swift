package import Logging
import ServiceLifecycle

/// A client for one PostgreSQL database: a pool of connections that belong to one caller at a time, and a few that many callers
/// share for short statements.
///
/// Connections are opened when they are needed, so that the client works from the start; `run()` closes it gracefully when the
/// service group shuts down.
package final class PostgresClient: Service, Sendable {
    package let configuration: PostgresConfiguration
    package let options: PoolOptions
    private let logger: Logger

    package init(configuration: PostgresConfiguration, options: PoolOptions = PoolOptions(), logger: Logger) {
        self.configuration = configuration
        self.options = options
        self.logger = logger
    }

    package var statistics: PoolStatistics { PoolStatistics() }

    /// Waits for graceful shutdown or cancellation, finishes what runs, closes all connections.
    package func run() async throws {
        throw PostgresError(.closed, "not supported yet")
    }

    /// Finishes what runs, then closes all connections; later calls throw `postgres.closed`.
    package func shutdown() async {}

    /// Runs a statement on a connection of its own: lists, aggregates, anything of unknown cost. Cancelling the task cancels the
    /// statement on the server.
    package func query(_ sql: SQL) async throws -> PostgresResult {
        throw PostgresError(.closed, "not supported yet")
    }

    /// Runs a short statement on a shared connection. The answer to a cancelled caller is dropped; the statement itself runs on.
    package func pipelined(_ sql: SQL) async throws -> PostgresResult {
        throw PostgresError(.closed, "not supported yet")
    }

    /// Lends a connection for the length of `body`.
    package func withConnection<R: Sendable>(_ body: (PostgresConnection) async throws -> R) async throws -> R {
        throw PostgresError(.closed, "not supported yet")
    }

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// A serialization failure or a deadlock runs `body` again, up to `retrySerializationFailures` times, so allow that only for a
    /// body that has no effects besides the database.
    package func transaction<R: Sendable>(
        isolation: PostgresIsolation = .readCommitted, readOnly: Bool = false, retrySerializationFailures: Int = 0,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        throw PostgresError(.closed, "not supported yet")
    }

    /// Reads a large result in batches from a cursor, in a read-only transaction of its own. The next batch is fetched while the
    /// caller works on the present one, no further.
    package func stream<R: Sendable>(
        _ sql: SQL, batchSize: Int = 1000, _ body: (PostgresRowStream) async throws -> R
    ) async throws -> R {
        throw PostgresError(.closed, "not supported yet")
    }

    /// What is sent with NOTIFY on this channel from now on.
    package func notifications(channel: String) async throws -> PostgresNotifications {
        throw PostgresError(.closed, "not supported yet")
    }
}
