import Foundation
import Logging
import ServiceLifecycle
import Synchronization
import Testing

@testable import PrivateCluster

@Suite("After a crash", .serialized)
struct RecoveryTests {
    @Test("adopts the server that a killed Tessera left behind, and stops it in the end")
    func adopts() async throws {
        try await TestFolder.with { folder in
            let holder = try Holder(folder)
            let (postmaster, url) = try await holder.ready()
            try await output("/usr/bin/psql", url, "-Xqc", "CREATE TABLE kept AS SELECT 1 AS number")
            await holder.killHard()
            #expect(ProcessTable.isRunning(postmaster))
            #expect(try await PrivateCluster.runningConnectionURL(folder.options()) == url)

            let cluster = try await folder.start()
            #expect(cluster.wasAdopted)
            #expect(await cluster.postmasterPID == postmaster)
            #expect(cluster.connectionURL == url)
            try await cluster.expect("SELECT number FROM kept", "1")
            await cluster.stop()
            #expect(!ProcessTable.isRunning(postmaster))
            #expect(try await PrivateCluster.runningConnectionURL(folder.options()) == nil)
        }
    }

    @Test("restarts an adopted server on request, at the same address")
    func restartsAdopted() async throws {
        try await TestFolder.with { folder in
            let holder = try Holder(folder)
            let (postmaster, url) = try await holder.ready()
            await holder.killHard()
            var options = folder.options()
            // A different place for new sockets does not move those of a running server.
            options.socketRoot = "\(folder.path)/other"
            try await folder.withCluster(options) { cluster in
                #expect(cluster.wasAdopted)
                try await cluster.restart()
                #expect(await cluster.postmasterPID != postmaster)
                #expect(cluster.connectionURL == url)
                try await cluster.expect("SELECT 1", "1")
            }
        }
    }

    @Test("replaces a left-behind server when another version is installed by now")
    func upgradedPackage() async throws {
        try await TestFolder.with { folder in
            let holder = try Holder(folder)
            let (postmaster, _) = try await holder.ready()
            await holder.killHard()
            var options = folder.options()
            options.binariesDirectory = try disguise(folder, version: "15.99 (upgraded)")
            try await folder.withCluster(options) { cluster in
                #expect(cluster.wasAdopted == false)
                #expect(await cluster.postmasterPID != postmaster)
                #expect(!ProcessTable.isRunning(postmaster))
            }
        }
    }

    @Test("replaces a left-behind server that does not keep data on disk")
    func withoutFsync() async throws {
        try await TestFolder.with { folder in
            let holder = try Holder(folder)
            let (postmaster, _) = try await holder.ready()
            await holder.killHard()
            var options = folder.options()
            options.durable = true
            try await folder.withCluster(options) { cluster in
                #expect(await cluster.postmasterPID != postmaster)
                try await cluster.expect("SHOW fsync", "on")
            }
        }
    }

    @Test("starts over a stale postmaster.pid whose process id another program has got since")
    func recycledProcess() async throws {
        try await TestFolder.with { folder in
            try await folder.withCluster { _ in }
            let sleeper = Process()
            sleeper.executableURL = URL(fileURLWithPath: "/usr/bin/sleep")
            sleeper.arguments = ["600"]
            try sleeper.run()
            defer { kill(sleeper.processIdentifier, SIGKILL) }
            let data = "\(folder.path)/cluster/data"
            // Without its line for shared memory PostgreSQL itself would refuse to start over this file.
            let text = "\(sleeper.processIdentifier)\n\(data)\n1\n5432\n\(folder.path)/s/gone\n\n\nready   \n"
            try Files.replace(PostmasterFile.path(in: data), with: text, owner: folder.user(), sync: false)
            try await folder.withCluster { cluster in
                #expect(cluster.wasAdopted == false)
                try await cluster.expect("SELECT 1", "1")
            }
            #expect(sleeper.isRunning)
        }
    }

    @Test("recovers when postmaster and Tessera were both killed")
    func bothKilled() async throws {
        try await TestFolder.with { folder in
            let holder = try Holder(folder)
            let (postmaster, url) = try await holder.ready()
            try await output("/usr/bin/psql", url, "-Xqc", "CREATE TABLE kept AS SELECT 1 AS number")
            await holder.killHard()
            kill(postmaster, SIGKILL)
            try await folder.withCluster { cluster in
                #expect(cluster.wasAdopted == false)
                try await cluster.expect("SELECT number FROM kept", "1")
            }
        }
    }

    @Test("tells of a killed postmaster, ends the backends that it left, and starts again with all that was committed")
    func postmasterKilled() async throws {
        try await TestFolder.with { folder in
            try await folder.withCluster { cluster in
                let postmaster = try #require(await cluster.postmasterPID)
                _ = try await cluster.sql("CREATE TABLE kept AS SELECT 1 AS number")
                // Busy without ever looking up: such a backend does not notice that its postmaster is gone.
                let busy = Task { try await cluster.sql("DO $$ BEGIN LOOP END LOOP; END $$") }
                #expect(
                    try await eventually {
                        try await cluster.sql("SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'DO %'") == "1"
                    })
                async let end = cluster.unexpectedEnd()
                kill(postmaster, SIGKILL)
                #expect(await end == .signalled(SIGKILL))
                try await cluster.restart()
                #expect(await cluster.postmasterPID != postmaster)
                try await cluster.expect("SELECT number FROM kept", "1")
                #expect(try await busy.value.contains("server closed the connection"))
            }
        }
    }

    @Test("a command beside a server waits while its PostgreSQL is away, and works on it when it is back")
    func joinsRestarted() async throws {
        try await TestFolder.with { folder in
            try await folder.withCluster { cluster in
                let beside = try await PrivateCluster.join(folder.options(), logger: TestFolder.logger) { _, _ in }
                #expect(beside.cluster == nil && beside.connectionURL == cluster.connectionURL)
                kill(try #require(await cluster.postmasterPID), SIGKILL)
                _ = await cluster.unexpectedEnd()
                let words = Mutex<[String]>([])
                let error = try await failure {
                    _ = try await PrivateCluster.join(folder.options(), logger: TestFolder.logger, timeout: .milliseconds(1_500)) {
                        waited, what in
                        words.withLock { $0.append("\(waited.components.seconds) \(what)") }
                    }
                }
                #expect(error.code == .inUse && error.message.contains("accepts no connections yet, after 1 s"))
                #expect(words.withLock { $0 }.map { $0.hasPrefix("1 the data folder") } == [true])
                async let joined = PrivateCluster.join(folder.options(), logger: TestFolder.logger) { _, _ in }
                try await cluster.restart()
                #expect(try await joined.cluster == nil)
                #expect(try await joined.connectionURL == cluster.connectionURL)
            }
        }
    }

    @Test("a command that waits for a server that is stopping starts PostgreSQL itself, and stops it")
    func joinsStopped() async throws {
        try await TestFolder.with { folder in
            let cluster = try await folder.start()
            kill(try #require(await cluster.postmasterPID), SIGKILL)
            _ = await cluster.unexpectedEnd()
            async let joined = PrivateCluster.join(folder.options(), logger: TestFolder.logger) { _, _ in }
            await cluster.stop()
            let own = try #require(try await joined.cluster)
            try await own.expect("SELECT 1", "1")
            await own.stop()
            // What the killed postmaster left ends by itself once it notices.
            let deadline = ContinuousClock.now + .seconds(20)
            while try await !folder.processes().isEmpty, ContinuousClock.now < deadline { try await Task.sleep(for: .milliseconds(20)) }
            #expect(try await folder.processes() == [])
        }
    }

    @Test("watching ends without a word when the cluster is stopped, and a stopped one cannot be restarted")
    func stopped() async throws {
        try await TestFolder.with { folder in
            let cluster = try await folder.start()
            async let end = cluster.unexpectedEnd()
            await cluster.stop()
            #expect(await end == nil)
            #expect(await cluster.postmasterPID == nil)
            let error = try await failure { try await cluster.restart() }
            #expect(error.code == .stopped)
            await cluster.stop()
        }
    }

    @Test("ends a server at once that a fast shutdown cannot end")
    func immediateShutdown() async throws {
        try await TestFolder.with { folder in
            var options = folder.options()
            options.stopTimeout = .milliseconds(500)
            let cluster = try await folder.start(options)
            let postmaster = try #require(await cluster.postmasterPID)
            let stuck = Task { try await cluster.sql("SELECT pg_sleep(600)") }
            var backend: Int32 = 0
            #expect(
                try await eventually {
                    let answer = try await cluster.sql("SELECT pid FROM pg_stat_activity WHERE query = 'SELECT pg_sleep(600)'")
                    backend = Int32(answer) ?? 0
                    return backend != 0
                })
            kill(backend, SIGSTOP)
            await cluster.stop()
            #expect(!ProcessTable.isRunning(postmaster))
            _ = try await stuck.value
            try await folder.withCluster { cluster in try await cluster.expect("SELECT 1", "1") }
        }
    }

    @Test("stops in order even when the task that asks is cancelled")
    func stopWhenCancelled() async throws {
        try await TestFolder.with { folder in
            let cluster = try await folder.start()
            let task = Task {
                withUnsafeCurrentTask { $0?.cancel() }
                await cluster.stop()
            }
            await task.value
            let log = try #require(Files.names(in: "\(folder.path)/cluster/log").first { $0.hasPrefix("postgres-") })
            let text = try #require(Files.readText("\(folder.path)/cluster/log/\(log)"))
            #expect(text.contains("received fast shutdown request"))
            #expect(!text.contains("received immediate shutdown request"))
        }
    }

    @Test("as a service it starts a killed server again, and stops it at a graceful shutdown")
    func supervised() async throws {
        try await TestFolder.with { folder in
            let cluster = try await folder.start()
            let first = try #require(await cluster.postmasterPID)
            let supervisor = ClusterSupervisor(cluster, logger: TestFolder.logger)
            let group = ServiceGroup(services: [supervisor], logger: TestFolder.logger)
            async let run: Void = group.run()
            kill(first, SIGKILL)
            #expect(try await eventually { await cluster.postmasterPID != first })
            let second = try #require(await cluster.postmasterPID)
            try await cluster.expect("SELECT 1", "1")
            await group.triggerGracefulShutdown()
            try await run
            #expect(!ProcessTable.isRunning(second))
        }
    }

    @Test("as a service it can be reached again after its socket was removed")
    func socketRemoved() async throws {
        try await TestFolder.with { folder in
            let cluster = try await folder.start()
            let first = try #require(await cluster.postmasterPID)
            let group = ServiceGroup(
                services: [ClusterSupervisor(cluster, logger: TestFolder.logger)], logger: TestFolder.logger)
            async let run: Void = group.run()
            try FileManager.default.removeItem(atPath: cluster.socketDirectory)
            #expect(try await eventually { await cluster.postmasterPID != first })
            try await cluster.expect("SELECT 1", "1")
            await group.triggerGracefulShutdown()
            try await run
            #expect(await cluster.postmasterPID == nil)
        }
    }

    @Test("as a service it ends when it is told to, even while its server is dead and can't be started again")
    func toldToStopWhileDead() async throws {
        try await TestFolder.with { folder in
            let cluster = try await folder.start()
            let postmaster = try #require(await cluster.postmasterPID)
            let group = ServiceGroup(
                services: [ClusterSupervisor(cluster, logger: TestFolder.logger)], logger: TestFolder.logger)
            async let run: Void = group.run()
            let data = "\(folder.path)/cluster/data"
            try FileManager.default.moveItem(atPath: data, toPath: "\(data).away")
            kill(postmaster, SIGKILL)
            _ = await cluster.unexpectedEnd()
            await group.triggerGracefulShutdown()
            try await run
            #expect(await cluster.postmasterPID == nil)
        }
    }

    /// Programs that claim another version and are the installed ones otherwise.
    private func disguise(_ folder: TestFolder, version: String) throws -> String {
        let installed = try #require(ServerBinaries.searchedDirectories("").first { Files.isExecutable($0 + "/postgres") })
        let directory = "\(folder.path)/bin"
        try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
        let script = """
            #!/bin/sh
            if [ "$1" = -V ]; then echo 'postgres (PostgreSQL) \(version)'; else exec \(installed)/postgres "$@"; fi

            """
        try script.write(toFile: "\(directory)/postgres", atomically: true, encoding: .utf8)
        for name in ["initdb", "psql"] {
            try FileManager.default.createSymbolicLink(atPath: "\(directory)/\(name)", withDestinationPath: "\(installed)/\(name)")
        }
        chmod("\(directory)/postgres", 0o755)
        return directory
    }
}
