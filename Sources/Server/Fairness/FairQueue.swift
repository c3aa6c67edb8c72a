import QueryLanguage
import Synchronization

/// Gives each principal its share of the work, in front of the database.
final class FairQueue: Sendable {
    private struct State {
        var machine: FairQueueMachine<GUID>
        var lastNumber: UInt64 = 0
        var waiting: [UInt64: CheckedContinuation<Void, any Error>] = [:]
        /// Cancelled before they began to wait.
        var cancelled: Set<UInt64> = []
        var refused = 0
    }

    private let state: Mutex<State>

    /// - Parameters:
    ///   - room: requests worked on at once.
    ///   - longest: requests that wait at most, of all principals together.
    ///   - share: requests of one principal worked on at once.
    init(room: Int, longest: Int, share: Int) {
        state = Mutex(State(machine: FairQueueMachine(room: room, longest: longest, share: share)))
    }

    /// Requests that wait for their turn now, and those refused since the start.
    var figures: (waiting: Int, refused: Int) { state.withLock { ($0.machine.waiting, $0.refused) } }

    /// A place among those whose requests are worked on, until nobody holds it any more.
    final class Place: Sendable {
        private let queue: FairQueue
        private let principal: GUID

        fileprivate init(_ queue: FairQueue, _ principal: GUID) {
            self.queue = queue
            self.principal = principal
        }

        deinit { queue.leave(principal) }
    }

    /// A place that is taken in the middle of a request, and held until nobody has this any more.
    final class Turn: Sendable {
        private let queue: FairQueue
        private let principal: GUID
        private let place = Mutex<Place?>(nil)

        init(_ queue: FairQueue, _ principal: GUID) {
            self.queue = queue
            self.principal = principal
        }

        /// Waits for the principal's turn.
        func begin() async throws {
            let taken = try await queue.place(of: principal)
            place.withLock { $0 = taken }
        }
    }

    /// Waits for the principal's turn.
    ///
    /// - Parameter requests: how many the principal gets by it: those of a batch.
    /// - Throws: `HTTPFault.queueFull`, `CancellationError`.
    func place(of principal: GUID, requests: Int = 1) async throws -> Place {
        try await enter(principal, requests)
        return Place(self, principal)
    }

    private func enter(_ principal: GUID, _ requests: Int) async throws {
        let number = state.withLock { state in
            state.lastNumber += 1
            return state.lastNumber
        }
        // A cancellation that came too late to matter leaves nothing behind.
        defer { _ = state.withLock { $0.cancelled.remove(number) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let resumptions = state.withLock { Self.arrive(principal, requests, number, continuation, &$0) }
                for (continuation, result) in resumptions { continuation.resume(with: result) }
            }
        } onCancel: {
            let continuation = state.withLock { state -> CheckedContinuation<Void, any Error>? in
                guard let waiting = state.waiting.removeValue(forKey: number) else {
                    state.cancelled.insert(number)
                    return nil
                }
                _ = state.machine.cancel(number)
                return waiting
            }
            continuation?.resume(throwing: CancellationError())
        }
    }

    private typealias Resumption = (CheckedContinuation<Void, any Error>, Result<Void, any Error>)

    private static func arrive(
        _ principal: GUID, _ requests: Int, _ number: UInt64, _ continuation: CheckedContinuation<Void, any Error>, _ state: inout State
    ) -> [Resumption] {
        if state.cancelled.remove(number) != nil { return [(continuation, .failure(CancellationError()))] }
        switch state.machine.arrive(principal, number, requests: requests) {
        case .runs: return [(continuation, .success(()))]
        case .waits:
            state.waiting[number] = continuation
            return []
        case .refused:
            state.refused += 1
            return [(continuation, .failure(HTTPFault.queueFull))]
        case .waitsInsteadOf(let other):
            state.refused += 1
            state.waiting[number] = continuation
            return state.waiting.removeValue(forKey: other).map { [($0, .failure(HTTPFault.queueFull))] } ?? []
        }
    }

    private func leave(_ principal: GUID) {
        let next = state.withLock { state in
            state.machine.finish(principal).flatMap { state.waiting.removeValue(forKey: $0) }
        }
        next?.resume()
    }
}
