/// The data of one COPY between its caller and the reactor. At most one call waits at a time.
///
/// SAFETY: everything in it belongs to the reactor's thread.
final class CopyChannel: @unchecked Sendable {
    typealias Waiter = UnsafeContinuation<[UInt8]?, any Error>

    /// What the caller asks for.
    enum Command: Sendable {
        /// Wait until the server takes or gives data.
        case open(Waiter)
        case write([UInt8], Waiter)
        /// No more data; the waiter hears when the server has taken it all in.
        case end(Waiter)
        case next(Waiter)
        /// Stop early and wait until the connection is clean.
        case abandon(Waiter)
    }

    static let chunkSize = 1 << 16

    var waiter: Waiter?
    var isOpen = false
    var isAbandoned = false
    var received: [UInt8] = []
    private(set) var outcome: Result<PostgresResult, any Error>?

    func resume(_ value: [UInt8]? = nil) {
        waiter.take()?.resume(returning: value)
    }

    /// Everything received so far.
    func takeReceived() -> [UInt8]? {
        guard !received.isEmpty else { return nil }
        let chunk = received
        received = []
        return chunk
    }

    /// The server's verdict, or the loss of the connection.
    func finished(_ result: Result<PostgresResult, any Error>) {
        outcome = result
        guard let waiter = waiter.take() else { return }
        answer(waiter)
    }

    /// Answers a call that came after the end: first what is left of the data, then nil or the error.
    func answer(_ waiter: Waiter) {
        if !isAbandoned, let chunk = takeReceived() {
            waiter.resume(returning: chunk)
            return
        }
        switch outcome {
        case .failure(let error) where !isAbandoned: waiter.resume(throwing: error)
        default: waiter.resume(returning: nil)
        }
    }
}
