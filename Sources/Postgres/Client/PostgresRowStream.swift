import Synchronization

/// The batches of a large result, in order; none is empty. To be read once, by one task.
package struct PostgresRowStream: AsyncSequence, Sendable {
    package typealias Element = PostgresResult

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let cursor: Cursor

        package mutating func next() async throws -> PostgresResult? { try await cursor.next() }
    }

    let cursor: Cursor

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(cursor: cursor) }

    /// A cursor on the server and the batch that is on its way from it.
    final class Cursor: Sendable {
        private let connection: PostgresConnection
        private let declaration: PendingResult
        private let fetch: SQL
        private let batchSize: Int
        private let pending: Mutex<PendingResult?>
        private let isDeclared = Mutex(false)

        /// Declares the cursor and asks for its first batch at once.
        init(connection: PostgresConnection, name: String, sql: SQL, batchSize: Int) throws {
            self.connection = connection
            self.batchSize = batchSize
            self.fetch = SQL(verbatim: "FETCH FORWARD \(batchSize) FROM \(name)")
            self.declaration = try connection.start("DECLARE \(raw: name) NO SCROLL CURSOR WITHOUT HOLD FOR " + sql)
            self.pending = Mutex(try connection.start(fetch))
        }

        func next() async throws -> PostgresResult? {
            guard let current = pending.withLock({ $0.take() }) else { return nil }
            // Its error is the cause of whatever happened to the first batch.
            if isDeclared.withLock({ !$0 }) {
                _ = try await declaration.value()
                isDeclared.withLock { $0 = true }
            }
            let batch = try await current.value()
            if batch.rowCount == batchSize {
                let following = try connection.start(fetch)
                pending.withLock { $0 = following }
            }
            return batch.isEmpty ? nil : batch
        }

        /// Waits for what is under way.
        func settle(cancelling: Bool) async {
            guard let current = pending.withLock({ $0.take() }) else { return }
            if cancelling { current.cancel() }
            _ = try? await current.value()
        }
    }
}
