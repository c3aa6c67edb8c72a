package import Logging

extension PrivateCluster {
    /// A server that runs: another Tessera's, or one that was started for the caller, who then stops it.
    package struct Joined: Sendable {
        package let connectionURL: String
        /// The caller's own.
        package let cluster: RunningCluster?
    }

    /// How long a command waits for a server that another Tessera is starting, restarting or stopping.
    package static let joinTimeout = Duration.seconds(60)

    /// The server of the data folder as it runs, or one started for the caller. While another Tessera holds the folder and its PostgreSQL accepts no
    /// connections, as after a crash of PostgreSQL, it is waited for.
    ///
    /// - Parameters:
    ///   - timeout: how long to wait for it.
    ///   - waiting: told once a second how long it has been waited for, and for what.
    /// - Throws: `PrivateClusterError`, with `cluster.in_use` when the other Tessera's PostgreSQL didn't come up in time.
    package static func join(
        _ options: PrivateClusterOptions, logger: Logger, timeout: Duration = joinTimeout,
        waiting: (_ waited: Duration, _ what: String) -> Void
    ) async throws(PrivateClusterError) -> Joined {
        let clock = ContinuousClock()
        let begin = clock.now
        var nextWord = Duration.seconds(1)
        while true {
            if let url = try await runningConnectionURL(options) { return Joined(connectionURL: url, cluster: nil) }
            let held: PrivateClusterError
            do throws(PrivateClusterError) {
                let cluster = try await start(options, logger: logger)
                return Joined(connectionURL: cluster.connectionURL, cluster: cluster)
            } catch {
                guard error.code == .inUse else { throw error }
                held = error
            }
            let waited = begin.duration(to: clock.now)
            guard waited < timeout else {
                throw PrivateClusterError(
                    .inUse,
                    "\(held.message); its PostgreSQL accepted no connections for \(waited.components.seconds) s, so look into its log")
            }
            if waited >= nextWord {
                waiting(waited, held.message)
                nextWord += .seconds(1)
            }
            do {
                try await clock.sleep(for: .milliseconds(50))
            } catch {
                throw PrivateClusterError(.stopped, "waiting for PostgreSQL was cancelled")
            }
        }
    }
}
