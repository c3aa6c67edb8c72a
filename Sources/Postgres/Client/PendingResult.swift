import Synchronization

/// A statement that has been sent and whose answer nobody has asked for yet.
final class PendingResult: Sendable {
    private struct State {
        var result: Result<PostgresResult, any Error>?
        var reader: CheckedContinuation<PostgresResult, any Error>?
    }

    private let core: ClientCore
    private let operation: Operation
    private let state = Mutex(State())

    init(core: ClientCore, operation: Operation) {
        self.core = core
        self.operation = operation
    }

    func start() {
        operation.completion = .callback { [self] in received($0) }
        core.submit(.operation(operation))
    }

    func cancel() { core.submit(.cancel(operation)) }

    /// Waits for the answer. Cancelling the task cancels the statement.
    func value() async throws -> PostgresResult {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                let result = state.withLock { state in
                    if state.result == nil { state.reader = continuation }
                    return state.result
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            cancel()
        }
    }

    private func received(_ result: Result<PostgresResult, any Error>) {
        let reader = state.withLock { state in
            state.result = result
            return state.reader.take()
        }
        reader?.resume(with: result)
    }
}
