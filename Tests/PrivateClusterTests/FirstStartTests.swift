import Foundation
import Testing

@testable import PrivateCluster

@Suite("First start", .serialized)
struct FirstStartTests {
    @Test("initialises a cluster, and the next start finds it as it was left")
    func initialises() async throws {
        try await TestFolder.with { folder in
            var socketDirectory = ""
            try await folder.withCluster { cluster in
                #expect(cluster.wasAdopted == false)
                try await cluster.expect("SELECT current_database(), current_user", "tessera|tessera")
                try await cluster.expect("SHOW server_encoding", "UTF8")
                try await cluster.expect("SELECT datcollate FROM pg_database WHERE datname = 'tessera'", "C.UTF-8")
                try await cluster.expect("SHOW data_checksums", "on")
                try await cluster.expect("SHOW listen_addresses", "")
                try await cluster.expect("SHOW jit", "off")
                try await cluster.expect("SHOW timezone", "UTC")
                try await cluster.expect("CREATE TABLE kept AS SELECT 'Müller' AS name", "")
                socketDirectory = cluster.socketDirectory
            }
            #expect(!FileManager.default.fileExists(atPath: socketDirectory))
            // The process that writes the log ends once nobody can write to it any more.
            var left = try await folder.processes()
            for _ in 0..<100 where !left.isEmpty {
                try await Task.sleep(for: .milliseconds(50))
                left = try await folder.processes()
            }
            #expect(left == [])
            try await folder.withCluster { cluster in
                #expect(cluster.wasAdopted == false)
                try await cluster.expect("SELECT name FROM kept", "Müller")
            }
        }
    }

    @Test("keeps data on disk unless a test says otherwise")
    func durable() async throws {
        try await TestFolder.with { folder in
            var options = folder.options()
            options.durable = true
            try await folder.withCluster(options) { cluster in
                for setting in ["fsync", "full_page_writes", "synchronous_commit"] {
                    try await cluster.expect("SHOW \(setting)", "on")
                }
            }
        }
    }

    @Test("runs as an unprivileged user, in folders that only it can enter, out of the terminal's reach")
    func privateAndUnprivileged() async throws {
        try await TestFolder.with { folder in
            let user = try folder.user()
            #expect(user.uid != 0)
            try await folder.withCluster { cluster in
                let pid = try #require(await cluster.postmasterPID)
                #expect(try FileFacts.of("/proc/\(pid)")?.owner == user.uid)
                for path in [
                    cluster.socketDirectory, "\(folder.path)/cluster", "\(folder.path)/cluster/data", "\(folder.path)/cluster/log",
                ] {
                    let facts = try #require(try FileFacts.of(path))
                    #expect(facts.owner == user.uid)
                    #expect(facts.mode == 0o700)
                }
                #expect(getsid(pid) == pid)
                #expect(getsid(pid) != getsid(0))
            }
        }
    }

    @Test("reaches a data folder whose own path is far too long for a socket")
    func longPath() async throws {
        try await TestFolder.with { folder in
            let options = folder.options(String(repeating: "a-long-name/", count: 20) + "cluster")
            try await folder.withCluster(options) { cluster in
                #expect(cluster.connectionURL.utf8.count < 160)
                try await cluster.expect("SELECT 1", "1")
            }
        }
    }

    @Test("puts the socket into the system's folder for such things and leaves nothing there")
    func defaultSocketFolder() async throws {
        try await TestFolder.with { folder in
            var options = folder.options()
            options.socketRoot = nil
            let expected = geteuid() == 0 && access("/run", W_OK) == 0 ? "/run/tessera/" : "/tmp/tessera-\(geteuid())-"
            var socketDirectory = ""
            try await folder.withCluster(options) { cluster in
                socketDirectory = cluster.socketDirectory
                #expect(socketDirectory == expected + SocketFolder.hash("\(folder.path)/cluster"))
                try await cluster.expect("SELECT 1", "1")
            }
            #expect(try FileFacts.of(socketDirectory) == nil)
        }
    }

    @Test("redoes an initialisation that was killed half-way")
    func interrupted() async throws {
        try await TestFolder.with { folder in
            let cluster = "\(folder.path)/cluster"
            func isInitialised() -> Bool { FileManager.default.fileExists(atPath: "\(cluster)/data") }
            var isHalfWay = false
            // On a busy machine the initialisation may have got to its end before this test looks; then it takes another one.
            for _ in 0..<10 where !isHalfWay {
                for pid in try await folder.processes() { kill(pid, SIGKILL) }
                try? FileManager.default.removeItem(atPath: cluster)
                let holder = try Holder(folder)
                let begun = try await eventually {
                    isInitialised()
                        || Files.names(in: cluster).contains {
                            $0.hasPrefix("data.new-") && Files.names(in: "\(cluster)/\($0)").contains("base")
                        }
                }
                #expect(begun)
                await holder.killHard()
                isHalfWay = !isInitialised()
            }
            #expect(isHalfWay)
            try await folder.withCluster { cluster in
                try await cluster.expect("SELECT count(*) FROM pg_database WHERE datname = 'tessera'", "1")
            }
            // The orphaned initdb may have gone on writing during that start; by now its output has ended it.
            try await folder.withCluster { _ in
                #expect(Files.names(in: "\(folder.path)/cluster").filter { $0.hasPrefix("data.new-") } == [])
            }
        }
    }

    @Test("a command beside the very first start waits for the database, and one where nothing starts makes none")
    func joinsFirstStart() async throws {
        try await TestFolder.with { folder in
            let none = try await failure {
                _ = try await PrivateCluster.join(
                    folder.options(), logger: TestFolder.logger, initialises: false, grace: .milliseconds(1_100)
                ) { waited, what in #expect(waited >= .seconds(1) && what.contains("there is no database in \(folder.path)/cluster yet")) }
            }
            #expect(none.code == .notInitialised)
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/cluster"))
            let holder = try Holder(folder)
            async let joined = PrivateCluster.join(
                folder.options(), logger: TestFolder.logger, initialises: false, grace: .seconds(60)
            ) { _, _ in }
            let url = try await holder.ready().url
            #expect(try await joined.connectionURL == url)
            #expect(try await joined.cluster == nil)
            #expect(FolderLock.holder("\(folder.path)/cluster/lock") == .init(process: holder.pid, purpose: .server))
            // As between the start of the server and its database.
            let maintenance = url.replacingOccurrences(of: ":///tessera?", with: ":///postgres?")
            try await output("/usr/bin/psql", maintenance, "-Xqc", "ALTER DATABASE tessera RENAME TO other")
            #expect(try await PrivateCluster.runningConnectionURL(folder.options()) == nil)
            try await output("/usr/bin/psql", maintenance, "-Xqc", "ALTER DATABASE other RENAME TO tessera")
            #expect(try await PrivateCluster.runningConnectionURL(folder.options()) == url)
            await holder.finish()
            #expect(FolderLock.holder("\(folder.path)/cluster/lock") == nil)
        }
    }

    @Test("creates the database again when it is missing")
    func missingDatabase() async throws {
        try await TestFolder.with { folder in
            try await folder.withCluster { cluster in
                let maintenance = cluster.connectionURL.replacingOccurrences(of: ":///tessera?", with: ":///postgres?")
                try await output("\(cluster.binariesDirectory)/psql", maintenance, "-Xqc", "DROP DATABASE tessera")
            }
            try await folder.withCluster { cluster in
                try await cluster.expect("SELECT current_database()", "tessera")
            }
        }
    }

    @Test("lets an operator's setting in postgresql.conf win over its own, but none that it relies on")
    func operatorSettings() async throws {
        try await TestFolder.with { folder in
            try await folder.withCluster { _ in }
            let file = "\(folder.path)/cluster/data/postgresql.conf"
            try Files.append(file, "work_mem = '7MB'\nlisten_addresses = '*'\n", owner: folder.user(), sync: false)
            try await folder.withCluster { cluster in
                try await cluster.expect("SHOW work_mem", "7MB")
                try await cluster.expect("SHOW listen_addresses", "")
            }
        }
    }

    @Test("started as an ordinary user it runs as that user", .enabled(if: geteuid() == 0))
    func ordinaryUser() async throws {
        try await TestFolder.with { folder in
            let nobody = try #require(getpwnam("nobody")).pointee.pw_uid
            try FileManager.default.createDirectory(atPath: "\(folder.path)/own", withIntermediateDirectories: false)
            #expect(chown("\(folder.path)/own", nobody, nobody) == 0)
            #expect(mkdir("\(folder.path)/s", 0o755) == 0)
            #expect(chown("\(folder.path)/s", nobody, nobody) == 0)
            let holder = try Holder(folder, user: String(nobody), name: "own/cluster")
            let (postmaster, url) = try await holder.ready()
            #expect(try FileFacts.of("/proc/\(postmaster)")?.owner == nobody)
            #expect(try await output("/usr/bin/psql", url, "-XAtc", "SELECT 1") == "1")
            await holder.finish()
            #expect(!ProcessTable.isRunning(postmaster))
            // Root finds it afterwards and leaves it with its owner.
            try await folder.withCluster(folder.options("own/cluster")) { cluster in
                let pid = try #require(await cluster.postmasterPID)
                #expect(try FileFacts.of("/proc/\(pid)")?.owner == nobody)
            }
        }
    }
}
