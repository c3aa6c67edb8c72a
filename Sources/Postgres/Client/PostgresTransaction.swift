import Synchronization

/// An open transaction on a connection of its own.
package final class PostgresTransaction: Sendable {
    package let connection: PostgresConnection
    private let depth: Int
    private let cursors = Atomic(0)

    init(connection: PostgresConnection, depth: Int) {
        self.connection = connection
        self.depth = depth
    }

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

    /// Runs `body` after a savepoint; when it throws, everything since is undone and the transaction can go on.
    package func savepoint<R: Sendable>(_ body: (PostgresTransaction) async throws -> R) async throws -> R {
        // Named by depth, so that the few statements are prepared once.
        let name = "tessera_\(depth + 1)"
        _ = try await connection.query("SAVEPOINT \(raw: name)")
        do {
            let result = try await body(PostgresTransaction(connection: connection, depth: depth + 1))
            _ = try await connection.query("RELEASE SAVEPOINT \(raw: name)")
            return result
        } catch {
            _ = try? await connection.queryUncancelled("ROLLBACK TO SAVEPOINT \(raw: name)")
            throw error
        }
    }

    /// Reads a large result in batches from a cursor. The next batch is fetched while `body` works on the present one, no further.
    package func stream<R: Sendable>(
        _ sql: SQL, batchSize: Int = 1000, _ body: (PostgresRowStream) async throws -> R
    ) async throws -> R {
        let number = cursors.add(1, ordering: .relaxed).newValue
        let name = "tessera_cursor_\(depth)_\(number)"
        let cursor = try PostgresRowStream.Cursor(connection: connection, name: name, sql: sql, batchSize: max(1, batchSize))
        do {
            let result = try await body(PostgresRowStream(cursor: cursor))
            await cursor.settle(cancelling: false)
            _ = try await connection.query("CLOSE \(raw: name)")
            return result
        } catch {
            await cursor.settle(cancelling: Task.isCancelled)
            throw error
        }
    }
}
