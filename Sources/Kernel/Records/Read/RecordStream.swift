import Postgres
import Synchronization

/// Records as they arrive, a JSON object (UTF-8) each. Iterated once, by one task; letting go of the iterator ends the reading.
///
/// A batch of rows is held here and one more is on its way, however slow the reader is.
package struct RecordStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]

    private let open: @Sendable (BatchChannel) async throws -> Void

    init(_ open: @escaping @Sendable (BatchChannel) async throws -> Void) {
        self.open = open
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(open) }

    package struct AsyncIterator: AsyncIteratorProtocol {
        private let reading: Reading
        private var batch: PostgresResult?
        private var row = 0

        fileprivate init(_ open: @escaping @Sendable (BatchChannel) async throws -> Void) {
            reading = Reading(open)
        }

        package mutating func next() async throws -> [UInt8]? {
            while true {
                if let batch, row < batch.rowCount {
                    defer { row += 1 }
                    return try batch.withBytes(row: row, column: 0) { $0.map { [UInt8]($0) } ?? [] }
                }
                batch = try await ReadFailure.translating { try await reading.channel.receive() }
                row = 0
                if batch == nil { return nil }
            }
        }
    }

    /// The task that reads; it ends with the iterator that owns this.
    private final class Reading: Sendable {
        let channel = BatchChannel()
        private let task: Task<Void, Never>

        init(_ open: @escaping @Sendable (BatchChannel) async throws -> Void) {
            task = Task { [channel] in
                do {
                    try await open(channel)
                    channel.finish(nil)
                } catch {
                    channel.finish(error)
                }
            }
        }

        deinit {
            task.cancel()
            channel.close()
        }
    }
}

/// Hands batches from one task to another, one at a time: the sender waits until its batch was taken.
final class BatchChannel: Sendable {
    private struct State {
        var batch: PostgresResult?
        var sender: CheckedContinuation<Void, any Error>?
        var receiver: CheckedContinuation<PostgresResult?, any Error>?
        var end: Result<Void, any Error>?
        var isClosed = false
    }

    private let state = Mutex(State())

    /// Waits until the batch was taken. Throws when nobody will take it any more.
    func send(_ batch: PostgresResult) async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let resume: (() -> Void)? = state.withLock { state in
                if state.isClosed { return { continuation.resume(throwing: CancellationError()) } }
                if let receiver = state.receiver.take() {
                    return {
                        receiver.resume(returning: batch)
                        continuation.resume()
                    }
                }
                state.batch = batch
                state.sender = continuation
                return nil
            }
            resume?()
        }
    }

    /// The next batch; nil after the last one.
    func receive() async throws -> PostgresResult? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<PostgresResult?, any Error>) in
                let resume: (() -> Void)? = state.withLock { state in
                    if let batch = state.batch.take() {
                        let sender = state.sender.take()
                        return {
                            sender?.resume()
                            continuation.resume(returning: batch)
                        }
                    }
                    if state.isClosed { return { continuation.resume(throwing: CancellationError()) } }
                    if let end = state.end { return { continuation.resume(with: end.map { nil }) } }
                    state.receiver = continuation
                    return nil
                }
                resume?()
            }
        } onCancel: {
            close()
        }
    }

    /// No further batches come.
    func finish(_ error: (any Error)?) {
        let receiver = state.withLock { state in
            state.end = error.map { .failure($0) } ?? .success(())
            return state.receiver.take()
        }
        if let error { receiver?.resume(throwing: error) } else { receiver?.resume(returning: nil) }
    }

    /// No further batches are wanted.
    func close() {
        let (sender, receiver) = state.withLock { state in
            state.isClosed = true
            state.batch = nil
            return (state.sender.take(), state.receiver.take())
        }
        sender?.resume(throwing: CancellationError())
        receiver?.resume(throwing: CancellationError())
    }
}
