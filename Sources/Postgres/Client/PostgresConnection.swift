/// A connection that belongs to the caller while its scope lasts. Statements sent from several tasks at once are pipelined in the
/// order they arrive.
package final class PostgresConnection: Sendable {
    init() {}

    package func query(_ sql: SQL) async throws -> PostgresResult {
        throw PostgresError(.closed, "not supported yet")
    }

    /// Runs a script of several statements without parameters, in one implicit transaction. Gives the last result.
    @discardableResult
    package func execute(_ script: String) async throws -> PostgresResult {
        throw PostgresError(.closed, "not supported yet")
    }

    /// Runs `COPY … FROM STDIN` and feeds it. Gives the number of rows. When `chunks` throws or the task is cancelled, nothing has
    /// been copied and the connection can be used again.
    @discardableResult
    package func copyIn<Chunks: AsyncSequence>(_ sql: SQL, _ chunks: Chunks) async throws -> Int where Chunks.Element == [UInt8] {
        throw PostgresError(.closed, "not supported yet")
    }

    /// Runs `COPY … TO STDOUT`; `body` gets chunks of whole rows and may stop early.
    package func copyOut<R: Sendable>(_ sql: SQL, _ body: (PostgresCopyStream) async throws -> R) async throws -> R {
        throw PostgresError(.closed, "not supported yet")
    }
}

package enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}

/// An open transaction on a connection of its own.
package final class PostgresTransaction: Sendable {
    package let connection: PostgresConnection

    init(connection: PostgresConnection) { self.connection = connection }

    package func query(_ sql: SQL) async throws -> PostgresResult { try await connection.query(sql) }

    @discardableResult
    package func execute(_ script: String) async throws -> PostgresResult { try await connection.execute(script) }

    @discardableResult
    package func copyIn<Chunks: AsyncSequence>(_ sql: SQL, _ chunks: Chunks) async throws -> Int where Chunks.Element == [UInt8] {
        try await connection.copyIn(sql, chunks)
    }

    package func copyOut<R: Sendable>(_ sql: SQL, _ body: (PostgresCopyStream) async throws -> R) async throws -> R {
        try await connection.copyOut(sql, body)
    }

    /// Runs `body` after a savepoint; when it throws, everything since is undone and the transaction goes on.
    package func savepoint<R: Sendable>(_ body: (PostgresTransaction) async throws -> R) async throws -> R {
        throw PostgresError(.closed, "not supported yet")
    }

    package func stream<R: Sendable>(
        _ sql: SQL, batchSize: Int = 1000, _ body: (PostgresRowStream) async throws -> R
    ) async throws -> R {
        throw PostgresError(.closed, "not supported yet")
    }
}
