package import Logging

extension PrivateCluster {
    /// How long a server waits for a command that has the data folder for itself, such as `tessera plan`.
    package static let commandTimeout = Duration.seconds(10)

    /// The cluster for a server. A command that has the folder at that moment is waited for, since it ends by itself; where another server has it,
    /// this one is refused at once.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait for commands.
    ///   - waiting: told once a second how long it has been waited, and what for.
    /// - Throws: `PrivateClusterError`, with the last lines of the server's log when it did not start.
    package static func own(
        _ options: PrivateClusterOptions, logger: Logger, timeout: Duration = commandTimeout,
        waiting: (_ waited: Duration, _ what: String) -> Void
    ) async throws(PrivateClusterError) -> RunningCluster {
        let clock = ContinuousClock()
        let begin = clock.now
        var nextWord = Duration.seconds(1)
        while true {
            let refusal: PrivateClusterError
            do throws(PrivateClusterError) {
                return try await start(options, for: .server, logger: logger)
            } catch {
                guard error.code == .inUse else { throw error }
                refusal = error
            }
            // Before it has written into the lock that it took, a holder isn't known.
            let isServer = lockHolder(options).map { $0.purpose != .command } ?? false
            let waited = begin.duration(to: clock.now)
            guard !isServer, waited < timeout else { throw refusal }
            if waited >= nextWord {
                waiting(waited, inUse(options))
                nextWord += .seconds(1)
            }
            do {
                try await clock.sleep(for: .milliseconds(50))
            } catch {
                throw PrivateClusterError(.stopped, "waiting for a command was cancelled")
            }
        }
    }
}
