import Glibc
import Logging

/// Brings a postmaster up on an existing data folder: adopts the one that runs, or clears away what a crash left and starts one.
struct PostmasterLauncher: Sendable {
    let options: PrivateClusterOptions
    let folder: ClusterFolder
    let user: ClusterUser
    let binaries: ServerBinaries
    let socketDirectory: String
    let logger: Logger

    private static let pollInterval = Duration.milliseconds(10)
    private static let orphanTimeout = Duration.seconds(10)

    func launch() async throws(PrivateClusterError) -> Postmaster {
        let postmaster: Postmaster
        if let running = try await adopt() {
            postmaster = running
        } else {
            try await clearAway()
            postmaster = try await start()
        }
        do throws(PrivateClusterError) {
            try await ensureDatabase(postmaster)
        } catch {
            if !postmaster.wasAdopted { await giveUp(postmaster.watch) }
            throw error
        }
        return postmaster
    }

    /// The postmaster of this data folder, when one runs.
    func runningPostmaster() async throws(PrivateClusterError) -> PostmasterFile? {
        guard let file = PostmasterFile.read(in: folder.data) else { return nil }
        return try await ProcessTable.postgresProcesses(in: folder.data, of: user).contains(file.pid) ? file : nil
    }

    // MARK: Adopting

    private func adopt() async throws(PrivateClusterError) -> Postmaster? {
        guard let file = try await runningPostmaster() else { return nil }
        let watch = ProcessWatch(pid: file.pid)
        logger.info("found a running PostgreSQL on the data folder", metadata: ["pid": "\(file.pid)", "status": "\(file.status.rawValue)"])
        guard let ready = try await waitUntilReady(watch, adopted: true) else { return nil }
        let directory = ready.socketDirectory ?? socketDirectory
        if let reason = try await reasonToReplace(ready, at: directory) {
            logger.notice("restarting the running PostgreSQL", metadata: ["pid": "\(file.pid)", "reason": "\(reason)"])
            try await shutDown(watch)
            return nil
        }
        return Postmaster(watch: watch, socketDirectory: directory, wasAdopted: true, version: binaries.version)
    }

    /// Why a running postmaster cannot be kept, or nil when it can.
    private func reasonToReplace(_ file: PostmasterFile, at directory: String) async throws(PrivateClusterError) -> String? {
        if file.port != SocketFolder.port { return "it listens on port \(file.port ?? 0)" }
        do throws(PrivateClusterError) {
            try SocketFolder.verify(directory, user: user)
        } catch {
            return error.message
        }
        if ProcessTable.runsReplacedProgram(file.pid) { return "its program file was replaced" }
        do throws(PrivateClusterError) {
            let rows = try await ask(
                "SELECT current_setting('server_version'), current_setting('fsync'), current_setting('data_directory')",
                database: "postgres", directory: directory, postmaster: file.pid)
            guard let row = rows.first, row.count == 3 else { return "it does not answer as expected" }
            if row[0] != binaries.version { return "it runs version \(row[0] ?? "?"), and \(binaries.version) is installed" }
            if options.durable && row[1] != "on" { return "it runs without fsync" }
            if row[2].flatMap(Files.canonical) != folder.data { return "it serves \(row[2] ?? "?")" }
            return nil
        } catch {
            return error.message
        }
    }

    /// Ends a postmaster: fast, and at once when that takes too long.
    func shutDown(_ watch: ProcessWatch) async throws(PrivateClusterError) {
        watch.send(SIGINT)
        if await watch.waitUntilEnded(within: options.stopTimeout) != nil { return }
        logger.warning("PostgreSQL does not shut down in time; ending it at once", metadata: ["pid": "\(watch.pid)"])
        watch.send(SIGQUIT)
        if await watch.waitUntilEnded(within: .seconds(20)) != nil { return }
        throw PrivateClusterError(
            .doesNotEnd, "PostgreSQL, process \(watch.pid), does not end; look why (\(folder.log)), and end it before starting again")
    }

    /// Ends a postmaster of our own whose start came to nothing.
    private func giveUp(_ watch: ProcessWatch) async {
        guard watch.end == nil else { return }
        // A task of its own: what ended the start may have been that the caller's was cancelled, which would not wait for the end.
        await Task { [self] in
            do {
                try await shutDown(watch)
            } catch {
                logger.error("PostgreSQL did not shut down", metadata: ["error": "\(error)"])
            }
        }.value
    }

    // MARK: After a crash

    /// Removes what keeps a new postmaster from starting after the old one was killed.
    private func clearAway() async throws(PrivateClusterError) {
        try await endOrphans()
        // PostgreSQL copes with its own stale lock files unless the old id still stands for a process: another program that got it since,
        // or a dead postmaster that nobody has reaped. They are removed only now that no process of the cluster is left, whom the
        // entry for shared memory in postmaster.pid would protect.
        if let file = PostmasterFile.read(in: folder.data) {
            logger.notice("removing the postmaster.pid of a PostgreSQL that was killed", metadata: ["pid": "\(file.pid)"])
        }
        let socket = SocketFolder.socketPath(in: socketDirectory)
        for path in [PostmasterFile.path(in: folder.data), socket + ".lock", socket] {
            guard unlink(path) == 0 || errno == ENOENT else { throw .system("remove", path, errno) }
        }
    }

    /// Backends outlive a killed postmaster until they look up from their work. Until they are gone no new one may start.
    private func endOrphans() async throws(PrivateClusterError) {
        var orphans = try await ProcessTable.postgresProcesses(in: folder.data, of: user)
        let clock = ContinuousClock()
        let begin = clock.now
        var signal = SIGQUIT
        while !orphans.isEmpty {
            logger.notice("ending processes that a killed PostgreSQL left", metadata: ["pids": "\(orphans)"])
            let watches = orphans.map(ProcessWatch.init(pid:))
            for watch in watches { watch.send(signal) }
            for watch in watches { _ = await watch.waitUntilEnded(within: .seconds(2)) }
            // Their shared memory died with the postmaster: nothing that they might still do is of any use.
            signal = SIGKILL
            orphans = try await ProcessTable.postgresProcesses(in: folder.data, of: user)
            guard orphans.isEmpty || begin.duration(to: clock.now) < Self.orphanTimeout else {
                throw PrivateClusterError(
                    .doesNotEnd, "processes \(orphans) of an earlier PostgreSQL still work in \(folder.data) and do not end; end them first"
                )
            }
        }
    }

    // MARK: Starting

    private func start() async throws(PrivateClusterError) -> Postmaster {
        _ = try SocketFolder.make(socketDirectory, user: user)
        try Files.replace(
            "\(folder.data)/\(ClusterSettings.fileName)", with: ClusterSettings.file(options, logDirectory: folder.log), owner: user,
            sync: false)
        _ = unlink(folder.startLog)
        let output = open(folder.startLog, O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0o600)
        guard output >= 0 else { throw .system("create", folder.startLog, errno) }
        defer { close(output) }
        if user.isOther { _ = fchown(output, user.uid, user.gid) }
        let command = Command(
            executable: binaries.path(of: "postgres"),
            arguments: ["-D", folder.data] + ClusterSettings.commandLine(options, socketDirectory: socketDirectory), user: user,
            environment: ServerBinaries.serverEnvironment(options), ownSession: true)
        let watch = ProcessWatch(pid: try command.spawn(output: output))
        do throws(PrivateClusterError) {
            guard try await waitUntilReady(watch, adopted: false) != nil else {
                let end = watch.end.map { "\($0)" } ?? "ended"
                throw PrivateClusterError(
                    .startFailed, "PostgreSQL \(end) at its start; its last words:\n\(PostmasterLog.ending(of: folder))")
            }
        } catch {
            await giveUp(watch)
            throw error
        }
        logger.info("PostgreSQL accepts connections", metadata: ["pid": "\(watch.pid)", "version": "\(binaries.version)"])
        return Postmaster(watch: watch, socketDirectory: socketDirectory, wasAdopted: false, version: binaries.version)
    }

    /// Waits until the postmaster says that it is ready; nil when it ended first.
    private func waitUntilReady(_ watch: ProcessWatch, adopted: Bool) async throws(PrivateClusterError) -> PostmasterFile? {
        let clock = ContinuousClock()
        let begin = clock.now
        var nextWord = Duration.seconds(10)
        while watch.end == nil {
            let file = PostmasterFile.read(in: folder.data)
            if let file, file.pid == watch.pid {
                if file.status == .ready { return file }
                if adopted && file.status == .stopping {
                    try await shutDown(watch)
                    return nil
                }
            }
            let waited = begin.duration(to: clock.now)
            guard waited < options.startTimeout else {
                throw PrivateClusterError(
                    .startTimedOut,
                    "PostgreSQL, process \(watch.pid), does not accept connections after \(waited.components.seconds) s; its last words:\n"
                        + PostmasterLog.ending(of: folder))
            }
            if waited > nextWord {
                logger.notice("waiting for PostgreSQL, which may be recovering", metadata: ["seconds": "\(waited.components.seconds)"])
                nextWord += .seconds(10)
            }
            do {
                try await clock.sleep(for: Self.pollInterval)
            } catch {
                throw PrivateClusterError(.stopped, "the start of PostgreSQL was cancelled")
            }
        }
        return nil
    }

    // MARK: Asking

    private func ensureDatabase(_ postmaster: Postmaster) async throws(PrivateClusterError) {
        let (directory, pid) = (postmaster.socketDirectory, postmaster.watch.pid)
        let name = PrivateCluster.database
        let known = try await ask(
            "SELECT 1 FROM pg_database WHERE datname = '\(name)'", database: "postgres", directory: directory, postmaster: pid)
        guard known.isEmpty else { return }
        _ = try await ask("CREATE DATABASE \(name)", database: "postgres", directory: directory, postmaster: pid)
    }

    private func ask(
        _ sql: String, database: String, directory: String, postmaster: pid_t
    ) async throws(PrivateClusterError) -> [[String?]] {
        try await Blocking.run { () throws(PrivateClusterError) in
            do throws(ServerSession.Failure) {
                let session = try ServerSession(socketDirectory: directory, database: database, postmaster: postmaster, timeout: 30)
                return try session.query(sql)
            } catch {
                let state = error.state.map { " (\($0))" } ?? ""
                throw PrivateClusterError(.session, "PostgreSQL, process \(postmaster), answers: \(error.message)\(state)")
            }
        }
    }
}

extension PostmasterLauncher {
    func withSocketDirectory(_ directory: String) -> PostmasterLauncher {
        PostmasterLauncher(
            options: options, folder: folder, user: user, binaries: binaries, socketDirectory: directory, logger: logger)
    }
}
