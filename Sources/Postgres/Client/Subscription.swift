import Synchronization

/// One listener's notifications between the reactor and its task.
final class Subscription: Sendable {
    private enum Phase { case starting, running, ended((any Error)?) }

    private struct State {
        var phase = Phase.starting
        var buffer = RingBuffer<PostgresNotification>()
        var starter: CheckedContinuation<Void, any Error>?
        var reader: CheckedContinuation<PostgresNotification?, any Error>?
    }

    let channel: String
    private let limit: Int
    private let state = Mutex(State())

    init(channel: String, limit: Int = 4096) {
        self.channel = channel
        self.limit = limit
    }

    var hasBegun: Bool { state.withLock { if case .starting = $0.phase { false } else { true } } }

    // MARK: On the reactor's thread

    /// The server listens. The second time it does so again, after an interruption.
    func begin() {
        let (isFirst, starter) = state.withLock { state -> (Bool, CheckedContinuation<Void, any Error>?) in
            guard case .starting = state.phase else { return (false, nil) }
            state.phase = .running
            // None yet, when the server was quicker than the task that is to wait for it.
            return (true, state.starter.take())
        }
        starter?.resume()
        if !isFirst { deliverIfRunning(.reconnected) }
    }

    func deliver(_ notification: PostgresNotification) { deliverIfRunning(notification) }

    func fail(_ error: PostgresError) { finish(error) }

    func end() { finish(nil) }

    private func deliverIfRunning(_ notification: PostgresNotification) {
        let reader = state.withLock { state -> CheckedContinuation<PostgresNotification?, any Error>? in
            guard case .running = state.phase else { return nil }
            if let reader = state.reader.take() { return reader }
            // Rather than keep everything for a slow reader, tell it to look for itself.
            if state.buffer.count >= limit {
                state.buffer = RingBuffer()
                state.buffer.append(.overflowed)
            }
            state.buffer.append(notification)
            return nil
        }
        reader?.resume(returning: notification)
    }

    private func finish(_ error: PostgresError?) {
        let (starter, reader) = state.withLock { state in
            if case .ended = state.phase {} else { state.phase = .ended(error) }
            return (state.starter.take(), state.reader.take())
        }
        starter?.resume(throwing: error ?? PostgresError.closed())
        if let error { reader?.resume(throwing: error) } else { reader?.resume(returning: nil) }
    }

    // MARK: On the listener's task

    func waitForStart() async throws {
        try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
            let phase = state.withLock { state -> Phase in
                if case .starting = state.phase { state.starter = continuation }
                return state.phase
            }
            switch phase {
            case .starting: break
            case .running: continuation.resume()
            case .ended(let error): continuation.resume(throwing: error ?? PostgresError.closed())
            }
        }
    }

    func next() async throws -> PostgresNotification? {
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<PostgresNotification?, any Error>) in
                let ready = state.withLock { state -> Result<PostgresNotification?, any Error>? in
                    if let notification = state.buffer.popFirst() { return .success(notification) }
                    if case .ended(let error) = state.phase { return error.map { .failure($0) } ?? .success(nil) }
                    state.reader = continuation
                    return nil
                }
                if let ready { continuation.resume(with: ready) }
            }
        } onCancel: {
            end()
        }
    }
}
