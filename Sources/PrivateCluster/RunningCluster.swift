import Glibc
import Logging

/// A private PostgreSQL that accepts connections.
///
/// The data folder stays locked until `stop()`, or until this process ends. A value that is dropped without `stop()` leaves its
/// PostgreSQL running, as a killed process does; the next start adopts it.
package actor RunningCluster {
    private enum State {
        case running(Postmaster)
        case stopped
    }

    /// For libpq: over the unix socket, as the owner of everything, to the database `tessera`. The same for the value's whole life.
    package nonisolated let connectionURL: String
    package nonisolated let socketDirectory: String
    /// The folder of `psql`, `pg_dump` and the server's other programs, in the server's version.
    package nonisolated let binariesDirectory: String
    /// The version of the installed server, such as `15.18 (Debian 15.18-0+deb12u1)`.
    package nonisolated let serverVersion: String
    /// True when the server ran already, left behind by a Tessera that was killed.
    package nonisolated let wasAdopted: Bool

    private let launcher: PostmasterLauncher
    private let logger: Logger
    private var state: State
    private var lock: FolderLock?
    private var restarts = 0

    init(_ postmaster: Postmaster, launcher: PostmasterLauncher, lock: FolderLock) {
        socketDirectory = postmaster.socketDirectory
        connectionURL = PrivateCluster.connectionURL(socketDirectory: postmaster.socketDirectory)
        binariesDirectory = launcher.binaries.directory
        serverVersion = postmaster.version
        wasAdopted = postmaster.wasAdopted
        // An adopted server keeps the socket folder that it was started with, through restarts too: connections know no other.
        self.launcher = launcher.withSocketDirectory(postmaster.socketDirectory)
        logger = launcher.logger
        state = .running(postmaster)
        self.lock = lock
    }

    /// The process id of the running postmaster, or nil after `stop()`.
    package var postmasterPID: Int32? {
        if case .running(let postmaster) = state { return postmaster.watch.pid }
        return nil
    }

    /// Returns when the postmaster has ended without being asked to, and how; nil once `stop()` was called or the task is cancelled.
    ///
    /// Call `restart()` after it and then wait again:
    ///
    ///     while let end = await cluster.unexpectedEnd() {
    ///         logger.error("PostgreSQL \(end)")
    ///         try await cluster.restart()
    ///     }
    package func unexpectedEnd() async -> ProcessEnd? {
        while case .running(let postmaster) = state {
            guard let end = await postmaster.watch.waitUntilEnded() else { return nil }
            // A restart that somebody asked for puts another postmaster in its place.
            while restarts > 0 { guard (try? await ContinuousClock().sleep(for: .milliseconds(20))) != nil else { return nil } }
            if case .running(let current) = state, current.watch === postmaster.watch { return end }
        }
        return nil
    }

    /// Whether the server runs and can't be reached, since its socket was removed.
    package var hasLostSocket: Bool {
        guard case .running(let postmaster) = state, restarts == 0, postmaster.watch.end == nil else { return false }
        return access(SocketFolder.socketPath(in: socketDirectory), F_OK) != 0 && errno == ENOENT
    }

    /// Starts the server again: after it died, or to make it read settings that need a restart.
    package func restart() async throws(PrivateClusterError) {
        guard case .running(let postmaster) = state, lock != nil else {
            throw PrivateClusterError(.stopped, "this PostgreSQL was stopped; start a new one")
        }
        restarts += 1
        defer { restarts -= 1 }
        if postmaster.watch.end == nil { try await launcher.shutDown(postmaster.watch) }
        let next = try await launcher.launch()
        guard case .running(let current) = state, current.watch === postmaster.watch else {
            // Stopped, or restarted by another caller, while this one was waiting.
            if case .stopped = state { try await launcher.shutDown(next.watch) }
            return
        }
        state = .running(next)
    }

    /// Shuts the server down, even in a cancelled task: fast, then at once when that takes longer than `stopTimeout`. Then the folder is
    /// free for the next start. Does nothing the second time.
    package func stop() async {
        guard case .running(let postmaster) = state else { return }
        state = .stopped
        let launcher = launcher
        let logger = logger
        // A task of its own, since the caller's may be cancelled and would then not wait.
        await Task {
            do {
                try await launcher.shutDown(postmaster.watch)
                logger.info("PostgreSQL has shut down", metadata: ["pid": "\(postmaster.watch.pid)"])
            } catch {
                logger.error("PostgreSQL did not shut down", metadata: ["error": "\(error)"])
            }
        }.value
        _ = rmdir(socketDirectory)
        lock = nil
    }
}
