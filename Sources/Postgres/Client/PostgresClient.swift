package import Logging
import ServiceLifecycle
import Synchronization

/// A client for one PostgreSQL database: a pool of connections that belong to one caller at a time, and a few that many callers
/// share for short statements.
///
/// Connections are opened when they are needed, so that the client works from the start; `run()` closes it gracefully when the
/// service group shuts down. A client that is let go of closes its connections too.
package final class PostgresClient: Service, Sendable {
    package let configuration: PostgresConfiguration
    package let options: PoolOptions
    let core: ClientCore

    package init(configuration: PostgresConfiguration, options: PoolOptions = PoolOptions(), logger: Logger) {
        self.configuration = configuration
        self.options = options
        self.core = ClientCore(configuration: configuration, options: options, logger: logger)
        core.start()
    }

    deinit { core.submit(.stop) }

    package var statistics: PoolStatistics { core.statistics.withLock { $0 } }

    /// Waits for graceful shutdown or cancellation, finishes what runs, closes all connections.
    package func run() async throws {
        // Ends by cancellation as well; either way it is time to close.
        try? await gracefulShutdown()
        await shutdown()
    }

    /// Finishes what runs, then closes all connections; later calls throw `postgres.closed`.
    package func shutdown() async {
        await withUnsafeContinuation { continuation in
            core.submit(.shutDown { continuation.resume() })
        }
    }

    /// Runs a statement on a connection of its own: lists, aggregates, anything of unknown cost. Cancelling the task cancels the
    /// statement on the server.
    package func query(_ sql: SQL) async throws -> PostgresResult {
        try await core.run(sql, route: .pool)
    }

    /// Runs a short statement on a shared connection. The answer to a cancelled caller is dropped; the statement itself runs on. One that has to
    /// wait for a lock goes on to a connection of its own.
    package func pipelined(_ sql: SQL) async throws -> PostgresResult {
        do {
            return try await core.run(sql, route: .pipeline)
        } catch let error as PostgresError where error.isLockTimeout {
            core.submit(.metLock(StatementKey(sql)))
            return try await core.run(sql, route: .pool)
        }
    }

    /// Lends a connection for the length of `body`. A transaction left open is rolled back.
    package func withConnection<R: Sendable>(_ body: (PostgresConnection) async throws -> R) async throws -> R {
        let lease = try await core.acquireLease()
        defer { core.submit(.release(lease)) }
        return try await body(PostgresConnection(core: core, lease: lease))
    }

    /// Runs `body` in a transaction: committed when it returns, rolled back when it throws.
    ///
    /// BEGIN travels together with the first statement. A serialization failure or a deadlock runs `body` again, up to
    /// `retrySerializationFailures` times, so allow that only for a body that has no effects besides the database.
    package func transaction<R: Sendable>(
        isolation: PostgresIsolation = .readCommitted, readOnly: Bool = false, retrySerializationFailures: Int = 0,
        _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        try await withConnection { connection in
            var retriesLeft = retrySerializationFailures
            while true {
                do {
                    return try await connection.transaction(isolation: isolation, readOnly: readOnly, body)
                } catch let error as PostgresError where error.mayRetryTransaction && retriesLeft > 0 && !Task.isCancelled {
                    retriesLeft -= 1
                }
            }
        }
    }

    /// Reads a large result in batches from a cursor, in a read-only transaction of its own. The next batch is fetched while the
    /// caller works on the present one, no further.
    package func stream<R: Sendable>(
        _ sql: SQL, batchSize: Int = 1000, _ body: (PostgresRowStream) async throws -> R
    ) async throws -> R {
        try await transaction(readOnly: true) { transaction in
            try await transaction.stream(sql, batchSize: batchSize, body)
        }
    }

    /// What is sent with NOTIFY on this channel from now on.
    package func notifications(channel: String) async throws -> PostgresNotifications {
        let subscription = Subscription(channel: channel)
        let notifications = PostgresNotifications(core: core, subscription: subscription)
        core.submit(.subscribe(subscription))
        try await withTaskCancellationHandler {
            try await subscription.waitForStart()
        } onCancel: {
            subscription.fail(PostgresError.cancelled())
        }
        return notifications
    }
}

extension PostgresError {
    /// The database undid the transaction for reasons that may be gone the next time.
    package var mayRetryTransaction: Bool { isSerializationFailure || isStalePlan }
}
