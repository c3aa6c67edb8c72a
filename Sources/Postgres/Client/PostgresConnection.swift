/// A connection that belongs to the caller while its scope lasts. Statements sent from several tasks at once are pipelined in the
/// order they arrive.
package final class PostgresConnection: Sendable {
    private let core: ClientCore
    private let lease: Lease

    init(core: ClientCore, lease: Lease) {
        self.core = core
        self.lease = lease
    }

    /// Runs a statement. Cancelling the task cancels the statement on the server.
    package func query(_ sql: SQL) async throws -> PostgresResult {
        try await core.run(sql, route: .lease(lease))
    }

    /// Runs a script of several statements without parameters, in one implicit transaction. Gives the last result.
    @discardableResult
    package func execute(_ script: String) async throws -> PostgresResult {
        try await ensureBegun()
        return try await core.run(SQL(verbatim: script), purpose: .script, route: .lease(lease))
    }

    /// Runs `COPY … FROM STDIN` and feeds it. Gives the number of rows. When `chunks` throws or the task is cancelled, nothing has
    /// been copied and the connection can be used again.
    @discardableResult
    package func copyIn<Chunks: AsyncSequence>(_ sql: SQL, _ chunks: Chunks) async throws -> Int where Chunks.Element == [UInt8] {
        let operation = try await startCopy(sql, .copyIn)
        do {
            for try await chunk in chunks {
                _ = try await core.copyCall(operation) { .write(chunk, $0) }
            }
            try Task.checkCancellation()
        } catch {
            await core.abandonCopy(operation)
            throw error is CancellationError ? PostgresError.cancelled() : error
        }
        _ = try await core.copyCall(operation) { .end($0) }
        return try operation.copyOutcome().affectedRows
    }

    /// Runs `COPY … TO STDOUT`; `body` gets chunks of whole rows and may stop early.
    package func copyOut<R: Sendable>(_ sql: SQL, _ body: (PostgresCopyStream) async throws -> R) async throws -> R {
        let operation = try await startCopy(sql, .copyOut)
        do {
            let result = try await body(PostgresCopyStream(core: core, operation: operation))
            await core.abandonCopy(operation)
            return result
        } catch {
            await core.abandonCopy(operation)
            throw error
        }
    }

    /// Runs `body` between BEGIN and COMMIT, or ROLLBACK when it throws.
    func transaction<R: Sendable>(
        isolation: PostgresIsolation, readOnly: Bool, _ body: (PostgresTransaction) async throws -> R
    ) async throws -> R {
        let begin = StatementKey(text: "BEGIN ISOLATION LEVEL \(isolation.rawValue) READ \(readOnly ? "ONLY" : "WRITE")")
        core.submit(.setBegin(lease, begin))
        do {
            let result = try await body(PostgresTransaction(connection: self, depth: 0))
            let commit = try await core.run("COMMIT", purpose: .endTransaction, route: .lease(lease))
            if commit.commandTag == "ROLLBACK" {
                throw PostgresError(
                    .transactionAborted, "A statement of the transaction had failed, so everything was rolled back instead of committed."
                )
            }
            return result
        } catch {
            _ = try? await core.runUncancelled("ROLLBACK", purpose: .endTransaction, route: .lease(lease))
            throw error
        }
    }

    /// Runs a statement even when the task has been cancelled.
    func queryUncancelled(_ sql: SQL) async throws -> PostgresResult {
        try await core.runUncancelled(sql, route: .lease(lease))
    }

    /// Starts a statement whose answer is fetched later.
    func start(_ sql: SQL) throws -> PendingResult {
        if let problem = ParameterBuffer.problem(with: sql) { throw problem }
        let pending = PendingResult(core: core, operation: Operation(sql, route: .lease(lease)))
        pending.start()
        return pending
    }

    /// Scripts and COPY can't take the BEGIN along.
    private func ensureBegun() async throws {
        _ = try await core.run(SQL(), purpose: .begin, route: .lease(lease))
    }

    private func startCopy(_ sql: SQL, _ purpose: Operation.Purpose) async throws -> Operation {
        guard sql.parameters.isEmpty else { throw PostgresError(.encode, "COPY takes no parameters.") }
        try await ensureBegun()
        let operation = Operation(sql, purpose: purpose, route: .lease(lease))
        let channel = CopyChannel()
        operation.copy = channel
        operation.completion = .callback { channel.finished($0) }
        core.submit(.operation(operation))
        _ = try await core.copyCall(operation) { .open($0) }
        guard operation.isCopyOpen else { throw PostgresError(.encode, "The statement is no COPY: \(sql)") }
        return operation
    }
}

package enum PostgresIsolation: String, Sendable {
    case readCommitted = "READ COMMITTED"
    case repeatableRead = "REPEATABLE READ"
    case serializable = "SERIALIZABLE"
}
