import QueryLanguage
import Synchronization

/// Bounds the bytes that are kept in memory for requests: of all principals together, and of each.
final class ByteBudget: Sendable {
    private struct State {
        var machine: ByteBudgetMachine<GUID>
        var lastNumber: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        /// Cancelled before they began to wait.
        var cancelled: Set<UInt64> = []
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - room: bytes of all.
    ///   - share: bytes of one principal.
    ///   - longest: how many of one principal's wait for theirs.
    init(room: Int, share: Int, longest: Int) {
        state = Mutex(State(machine: ByteBudgetMachine(room: room, share: share, longest: longest)))
    }

    /// Bytes that are given out now, and how many wait for theirs.
    var figures: (held: Int, waiting: Int) { state.withLock { ($0.machine.held, $0.machine.waiting) } }

    /// Bytes that a principal has, until nobody holds it any more.
    final class Hold: Sendable {
        private let budget: ByteBudget
        private let principal: GUID
        private let bytes: Mutex<Int>

        fileprivate init(_ budget: ByteBudget, _ principal: GUID, _ bytes: Int) {
            self.budget = budget
            self.principal = principal
            self.bytes = Mutex(bytes)
        }

        /// Gives back what turned out not to be needed.
        func shrink(to needed: Int) {
            let rest = bytes.withLock { bytes in
                let rest = max(0, bytes - max(0, needed))
                bytes -= rest
                return rest
            }
            budget.release(principal, rest)
        }

        deinit { budget.release(principal, bytes.withLock { $0 }) }
    }

    /// Bytes that are free now; nil when none are.
    func hold(_ bytes: Int, of principal: GUID) -> Hold? {
        let counted = state.withLock { state -> Int? in
            let counted = state.machine.counted(bytes)
            return state.machine.take(principal, bytes: counted) ? counted : nil
        }
        return counted.map { Hold(self, principal, $0) }
    }

    /// Waits until so many bytes are free.
    ///
    /// - Throws: `HTTPFault.queueFull`, `CancellationError`.
    func room(for bytes: Int, of principal: GUID) async throws -> Hold {
        let (number, counted) = state.withLock { state in
            state.lastNumber += 1
            return (state.lastNumber, state.machine.counted(bytes))
        }
        // A cancellation that came too late to matter leaves nothing behind.
        defer { _ = state.withLock { $0.cancelled.remove(number) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let result = state.withLock { state -> Result<Void, any Error>? in
                    if state.cancelled.remove(number) != nil { return .failure(CancellationError()) }
                    switch state.machine.arrive(principal, number, bytes: counted) {
                    case .granted: return .success(())
                    case .refused: return .failure(HTTPFault.queueFull)
                    case .waits:
                        state.waiting[number] = continuation
                        return nil
                    }
                }
                if let result { continuation.resume(with: result) }
            }
        } onCancel: {
            let (own, next) = state.withLock { state -> (CheckedContinuation<Void, any Error>?, [CheckedContinuation<Void, any Error>]) in
                guard let own = state.waiting.removeValue(forKey: number) else {
                    state.cancelled.insert(number)
                    return (nil, [])
                }
                let granted = state.machine.cancel(number) ?? []
                return (own, granted.compactMap { state.waiting.removeValue(forKey: $0) })
            }
            own?.resume(throwing: CancellationError())
            for continuation in next { continuation.resume() }
        }
        return Hold(self, principal, counted)
    }

    private func release(_ principal: GUID, _ bytes: Int) {
        guard bytes > 0 else { return }
        let next = state.withLock { state in
            state.machine.release(principal, bytes: bytes).compactMap { state.waiting.removeValue(forKey: $0) }
        }
        for continuation in next { continuation.resume() }
    }
}
