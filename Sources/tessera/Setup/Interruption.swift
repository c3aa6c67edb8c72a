import UnixSignals

/// Signals that ask to end, as something that work can clean up after.
enum Interruption {
    /// Does the work so that the first one cancels it rather than ends the process: a transaction is rolled back, a PostgreSQL started
    /// for the work is stopped. The second one ends the process as usual. Work that ends well all the same has its result.
    ///
    /// - Throws: what the work throws; `ExitCode` 130, 143 or 129 once it was interrupted.
    static func cancelling<R: Sendable>(_ work: @escaping @Sendable () async throws -> R) async throws -> R {
        let signals = await UnixSignalsSequence(trapping: EndingSignals.heard)
        let task = Task { try await work() }
        let watch = Task { () -> UnixSignal? in
            for await signal in signals {
                EndingSignals.letThrough()
                task.cancel()
                return signal
            }
            return nil
        }
        let result = await task.result
        watch.cancel()
        guard let signal = await watch.value, case .failure = result else { return try result.get() }
        Console.error("stopped")
        throw EndingSignals.exitCode(of: signal)
    }
}
