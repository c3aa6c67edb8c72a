/// Somebody waits for a connection of their own.
///
/// SAFETY: filled before it is submitted; afterwards only the reactor's thread touches it.
final class LeaseRequest: @unchecked Sendable {
    var continuation: UnsafeContinuation<Lease, any Error>?
    private(set) var isDone = false
    private var isSubmitted = false
    private var isCancelledEarly = false

    /// False when the caller was cancelled before the request arrived.
    func accept() -> Bool {
        isSubmitted = true
        if isCancelledEarly { complete(.failure(PostgresError.cancelled())) }
        return !isDone
    }

    func cancel() {
        if isSubmitted {
            complete(.failure(PostgresError.cancelled()))
        } else {
            isCancelledEarly = true
        }
    }

    func complete(_ result: Result<Lease, PostgresError>) {
        guard !isDone else { return }
        isDone = true
        continuation.take()?.resume(with: result.mapError { $0 as any Error })
    }
}
