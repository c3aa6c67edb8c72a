import ArgumentParser
import ServiceLifecycle
import Synchronization
import UnixSignals

/// Signals that ask a server to end, heard from its first moment to its last: before its services run they cancel what the start waits for; in the
/// group of services, whose member this is, they end all of it in order. No moment lies between the two. Said once more, it waits for nothing.
final class StopSignal: Service {
    private struct State {
        var signal: UnixSignal?
        /// What is to be done when it comes.
        var reaction: (@Sendable () -> Void)?
        /// What is to be done when it comes once more.
        var impatience: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Hears signals from now on, for as long as the process lives.
    init() async {
        let signals = await UnixSignalsSequence(trapping: EndingSignals.heard)
        Task { for await signal in signals { note(signal) } }
    }

    private func note(_ signal: UnixSignal) {
        let (isFirst, reaction) = state.withLock { state in
            guard state.signal == nil else { return (false, state.impatience) }
            state.signal = signal
            defer { state.reaction = nil }
            return (true, state.reaction)
        }
        reaction?()
        guard isFirst else { return }
        Task {
            try await Task.sleep(for: .seconds(1))
            guard state.withLock({ $0.impatience != nil }) else { return }
            Console.error("stopping: what is running is finished first; the same signal again ends it at once")
        }
    }

    /// - Returns: false when the signal has come already.
    private func react(_ reaction: @escaping @Sendable () -> Void) -> Bool {
        state.withLock { state in
            guard state.signal == nil else { return false }
            state.reaction = reaction
            return true
        }
    }

    /// A part of the start, cancelled by the signal. One that ends well all the same has its result: the services that follow stop at once, and clean
    /// up after it.
    ///
    /// - Throws: what the work throws; `ExitCode` 143, 130 or 129 once it was stopped.
    func cancelling<R: Sendable>(_ work: @escaping @Sendable () async throws -> R) async throws -> R {
        let task = Task { try await work() }
        if !react({ task.cancel() }) { task.cancel() }
        let result = await task.result
        guard case .failure = result, state.withLock({ $0.signal != nil }) else { return try result.get() }
        throw stopped()
    }

    private func stopped() -> ExitCode {
        Console.error("stopped")
        return EndingSignals.exitCode(of: state.withLock { $0.signal })
    }

    /// Work that ends in order by itself after the first signal; the second cancels it.
    ///
    /// - Throws: what the work throws; `ExitCode` 143, 130 or 129 once it was cancelled.
    func cancellingWhenToldTwice(_ work: @escaping @Sendable () async throws -> Void) async throws {
        let task = Task { try await work() }
        state.withLock { $0.impatience = { task.cancel() } }
        let result = await task.result
        state.withLock { $0.impatience = nil }
        guard task.isCancelled else { return try result.get() }
        throw stopped()
    }

    /// Returns when the signal comes or has come; the group is configured to stop in order then.
    func run() async {
        await cancelWhenGracefulShutdown {
            let (stream, continuation) = AsyncStream<Never>.makeStream()
            guard self.react({ continuation.finish() }) else { return }
            for await _ in stream {}
        }
    }
}
