import ArgumentParser
import Glibc
import ServiceLifecycle
import Synchronization
import UnixSignals

/// SIGTERM and Ctrl-C for a server, heard from its first moment to its last: before its services run they cancel what the start waits for; in the
/// group of services, whose member this is, they end all of it in order. No moment lies between the two.
final class StopSignal: Service {
    private struct State {
        var signal: UnixSignal?
        /// What is to be done when it comes.
        var reaction: (@Sendable () -> Void)?
    }

    private let state = Mutex(State())

    /// Hears signals from now on, for as long as the process lives.
    init() async {
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint)
        Task { for await signal in signals { note(signal) } }
    }

    private func note(_ signal: UnixSignal) {
        let reaction = state.withLock { state in
            state.signal = state.signal ?? signal
            defer { state.reaction = nil }
            return state.reaction
        }
        reaction?()
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
    /// - Throws: what the work throws; `ExitCode` 143 or 130 (128 and the signal's number, as shells have it) once it was stopped.
    func cancelling<R: Sendable>(_ work: @escaping @Sendable () async throws -> R) async throws -> R {
        let task = Task { try await work() }
        if !react({ task.cancel() }) { task.cancel() }
        let result = await task.result
        guard case .failure = result, let signal = state.withLock({ $0.signal }) else { return try result.get() }
        Console.error("stopped")
        throw ExitCode(128 + (signal == .sigterm ? SIGTERM : SIGINT))
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
