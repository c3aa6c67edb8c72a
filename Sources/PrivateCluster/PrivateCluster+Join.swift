package import Logging

extension PrivateCluster {
    /// A server that runs: another Tessera's, or one that was started for the caller, who then stops it.
    package struct Joined: Sendable {
        package let connectionURL: String
        /// The caller's own.
        package let cluster: RunningCluster?
    }

    /// How long a command waits for a server that another Tessera is initialising, starting, restarting or stopping.
    package static let joinTimeout = Duration.seconds(60)
    /// How long a folder without a cluster is looked at: a server that was started in the same instant takes that long to be seen there.
    package static let joinGrace = Duration.seconds(2)

    /// The server of the data folder as it runs, or one started for the caller. While another Tessera holds the folder and its PostgreSQL accepts no
    /// connections, as in its first start or after a crash of PostgreSQL, it is waited for.
    ///
    /// - Parameters:
    ///   - initialises: whether a folder without a cluster gets one, when nobody else is making it.
    ///   - timeout: how long to wait for the other Tessera.
    ///   - grace: how long to wait for one to appear, where there is no cluster and `initialises` is false.
    ///   - waiting: told once a second how long it has been waited, and what for.
    /// - Throws: `PrivateClusterError`, with `cluster.in_use` when the other Tessera's PostgreSQL didn't come up in time, with
    ///   `cluster.not_initialised` when there is none and none is being made.
    package static func join(
        _ options: PrivateClusterOptions, logger: Logger, initialises: Bool = true, timeout: Duration = joinTimeout,
        grace: Duration = joinGrace, waiting: (_ waited: Duration, _ what: String) -> Void
    ) async throws(PrivateClusterError) -> Joined {
        let clock = ContinuousClock()
        let begin = clock.now
        var nextWord = Duration.seconds(1)
        while true {
            if let url = try await runningConnectionURL(options) { return Joined(connectionURL: url, cluster: nil) }
            let holder: Holder
            if initialises || exists(options) {
                do throws(PrivateClusterError) {
                    let cluster = try await start(options, for: .command, logger: logger)
                    return Joined(connectionURL: cluster.connectionURL, cluster: cluster)
                } catch {
                    guard error.code == .inUse else { throw error }
                    holder = .process
                }
            } else {
                holder = isLocked(options) ? .process : .nobody
            }
            let waited = begin.duration(to: clock.now)
            guard waited < (holder == .process ? timeout : grace) else { throw givenUp(options, holder, after: waited) }
            if waited >= nextWord {
                waiting(waited, reason(options, holder))
                nextWord += .seconds(1)
            }
            do {
                try await clock.sleep(for: .milliseconds(50))
            } catch {
                throw PrivateClusterError(.stopped, "waiting for PostgreSQL was cancelled")
            }
        }
    }

    /// Who has the folder that is waited for.
    private enum Holder {
        case process
        case nobody
    }

    private static func isLocked(_ options: PrivateClusterOptions) -> Bool {
        lockHolder(options) != nil
    }

    /// Who has the folder now; nil for nobody, and for a process that hasn't said so yet.
    static func lockHolder(_ options: PrivateClusterOptions) -> FolderLock.Holder? {
        Files.canonical(options.dataDirectory).flatMap { FolderLock.holder(ClusterFolder(path: $0).lock) }
    }

    private static func reason(_ options: PrivateClusterOptions, _ holder: Holder) -> String {
        switch holder {
        case .process: "\(inUse(options)), whose PostgreSQL accepts no connections yet"
        case .nobody: "there is no database in \(Files.canonical(options.dataDirectory) ?? options.dataDirectory) yet"
        }
    }

    /// Who has the folder, as words.
    static func inUse(_ options: PrivateClusterOptions) -> String {
        let path = Files.canonical(options.dataDirectory) ?? options.dataDirectory
        return "the data folder \(path) is in use by \(FolderLock.holderName(ClusterFolder(path: path).lock))"
    }

    private static func givenUp(_ options: PrivateClusterOptions, _ holder: Holder, after waited: Duration) -> PrivateClusterError {
        switch holder {
        case .process:
            PrivateClusterError(
                .inUse,
                "\(reason(options, holder)), after \(waited.components.seconds) s; look into its log, stop that Tessera or choose another data folder"
            )
        case .nobody:
            PrivateClusterError(.notInitialised, reason(options, holder))
        }
    }
}
