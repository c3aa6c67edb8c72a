import Foundation
import Testing

@testable import PrivateCluster

@Suite("Refusals", .serialized)
struct RefusalTests {
    @Test("keeps a second Tessera off the folder and names the first")
    func twoServers() async throws {
        try await TestFolder.with { folder in
            let holder = try Holder(folder)
            let (postmaster, _) = try await holder.ready()
            let error = try await failure { _ = try await folder.start() }
            #expect(error.code == .inUse)
            #expect(
                error.message == "the data folder \(folder.path)/cluster is in use by process \(holder.pid), a server; "
                    + "stop that Tessera or choose another data folder")
            let asServer = try await failure {
                _ = try await PrivateCluster.own(folder.options(), logger: TestFolder.logger) { waited, _ in
                    Issue.record("waited \(waited) for another server")
                }
            }
            #expect(asServer == error)
            #expect(ProcessTable.isRunning(postmaster))
            await holder.finish()
            try await folder.withCluster { cluster in try await cluster.expect("SELECT 1", "1") }
        }
    }

    @Test("a server waits for a command that has the folder, tells so, and starts when that has ended")
    func serverBehindCommand() async throws {
        try await TestFolder.with { folder in
            let command = try Holder(folder, isCommand: true)
            _ = try await command.ready()
            let early = try await failure {
                _ = try await PrivateCluster.own(folder.options(), logger: TestFolder.logger, timeout: .milliseconds(100)) { _, _ in }
            }
            #expect(early.code == .inUse && early.message.contains("is in use by process \(command.pid), a command; "))
            let (told, telling) = AsyncStream.makeStream(of: String.self)
            async let started = PrivateCluster.own(folder.options(), logger: TestFolder.logger, timeout: .seconds(60)) {
                telling.yield("\($0.components.seconds) \($1)")
            }
            let word = await told.first { _ in true }
            #expect(word == "1 the data folder \(folder.path)/cluster is in use by process \(command.pid), a command")
            await command.finish()
            let cluster = try await started
            #expect(!cluster.wasAdopted)
            try await cluster.expect("SELECT 1", "1")
            await cluster.stop()
        }
    }

    @Test("lets go of a folder at once, whatever process is being started at that moment")
    func inheritedLock() async throws {
        try await TestFolder.with { folder in
            let path = "\(folder.path)/lock"
            let first = try FolderLock(path: path, owner: folder.user(), purpose: .command)
            let error = #expect(throws: PrivateClusterError.self) { _ = try FolderLock(path: path, owner: folder.user(), purpose: .server) }
            #expect(error?.code == .inUse)
            // What a child has between its fork and its program.
            let copy = dup(first.descriptor)
            defer { close(copy) }
            _ = consume first
            _ = try FolderLock(path: path, owner: folder.user(), purpose: .server)
        }
    }

    @Test("names the packages to install for data of another major version", arguments: [14, 99])
    func otherMajor(major: Int) async throws {
        try await TestFolder.with { folder in
            try await folder.withCluster { _ in }
            let file = "\(folder.path)/cluster/data/PG_VERSION"
            try Files.replace(file, with: "\(major)\n", owner: folder.user(), sync: false)
            let error = try await failure { _ = try await folder.start() }
            #expect(error.code == .versionMismatch)
            #expect(
                error.message.hasPrefix("the data folder was made by PostgreSQL \(major), and that version is not installed (found: 15."))
            #expect(error.message.contains("apt install postgresql-\(major)"))
        }
    }

    @Test("says how to get PostgreSQL when there is none where it looks")
    func noBinaries() async throws {
        try await TestFolder.with { folder in
            var options = folder.options()
            options.environment["TESSERA_POSTGRES_BIN"] = "/nowhere"
            let error = try await failure { _ = try await folder.start(options) }
            #expect(error.code == .binariesNotFound)
            #expect(error.message.hasPrefix("no PostgreSQL 15 or newer in /nowhere: none was found; install it (apt install postgresql)"))
            #expect(!FileManager.default.fileExists(atPath: "\(folder.path)/cluster/data"))
        }
    }

    @Test("names the directory that the other user cannot enter, and the remedy", .enabled(if: geteuid() == 0))
    func unreachable() async throws {
        try await TestFolder.with { folder in
            let closed = "\(folder.path)/closed"
            #expect(mkdir(closed, 0o700) == 0)
            let user = try folder.user()
            let error = try await failure { _ = try await folder.start(folder.options("closed/below/cluster")) }
            #expect(error.code == .folderUnreachable)
            #expect(
                error.message == "PostgreSQL runs as user \(user.name), who cannot enter \(closed); "
                    + "choose a data folder elsewhere, such as /var/lib/tessera, or allow it with: chmod o+x \(closed)")
            #expect(chmod(closed, 0o711) == 0)
            try await folder.withCluster(folder.options("closed/below/cluster")) { cluster in
                try await cluster.expect("SELECT 1", "1")
            }
        }
    }

    @Test("leaves other people's folders and files alone")
    func foreignFolders() async throws {
        try await TestFolder.with { folder in
            let file = "\(folder.path)/file"
            #expect(FileManager.default.createFile(atPath: file, contents: nil))
            let notFolder = try await failure { _ = try await folder.start(folder.options("file")) }
            #expect(notFolder.code == .folderForeign)
            #expect(notFolder.message == "\(file) is not a folder; name another data folder")

            try FileManager.default.createDirectory(atPath: "\(folder.path)/full/data", withIntermediateDirectories: true)
            #expect(FileManager.default.createFile(atPath: "\(folder.path)/full/letter.txt", contents: nil))
            if geteuid() == 0 {
                let holdsOthers = try await failure { _ = try await folder.start(folder.options("full")) }
                #expect(holdsOthers.code == .folderForeign)
                #expect(try FileFacts.of("\(folder.path)/full")?.owner == 0)
                #expect(try FileFacts.of("\(folder.path)/full")?.mode == 0o755)
            }
        }
    }

    @Test("refuses a data folder of another user", .enabled(if: geteuid() == 0))
    func otherOwner() async throws {
        try await TestFolder.with { folder in
            #expect(mkdir("\(folder.path)/cluster", 0o700) == 0)
            #expect(chown("\(folder.path)/cluster", 54321, 54321) == 0)
            let error = try await failure { _ = try await folder.start() }
            #expect(error.code == .folderForeign)
            #expect(error.message.contains("\(folder.path)/cluster belongs to user uid 54321"))
        }
    }

    @Test("refuses an existing data folder that is not PostgreSQL's")
    func strangeData() async throws {
        try await TestFolder.with { folder in
            try await folder.withCluster { _ in }
            #expect(unlink("\(folder.path)/cluster/data/PG_VERSION") == 0)
            let error = try await failure { _ = try await folder.start() }
            #expect(error.code == .folderForeign)
            #expect(error.message.hasPrefix("\(folder.path)/cluster/data is not empty and not PostgreSQL's either"))
        }
    }

    @Test("does not put its socket where somebody else made the folder first", .enabled(if: geteuid() == 0))
    func foreignSocketFolder() async throws {
        try await TestFolder.with { folder in
            let options = folder.options()
            let socketFolder = "\(folder.path)/s/\(SocketFolder.hash("\(folder.path)/cluster"))"
            try FileManager.default.createDirectory(atPath: socketFolder, withIntermediateDirectories: true)
            #expect(chown(socketFolder, 54321, 54321) == 0)
            let foreign = try await failure { _ = try await folder.start(options) }
            #expect(foreign.code == .socketFolderUnsafe)
            #expect(foreign.message.hasPrefix("the socket folder \(socketFolder) belongs to uid 54321 and not to "))

            let user = try folder.user()
            #expect(chown(socketFolder, user.uid, user.gid) == 0)
            #expect(chmod(socketFolder, 0o777) == 0)
            let open = try await failure { _ = try await folder.start(options) }
            #expect(open.code == .socketFolderUnsafe)
            #expect(open.message.contains("can be entered by other users"))

            #expect(rmdir(socketFolder) == 0)
            #expect(symlink("/tmp", socketFolder) == 0)
            let link = try await failure { _ = try await folder.start(options) }
            #expect(link.code == .socketFolderUnsafe)

            #expect(unlink(socketFolder) == 0)
            #expect(chmod("\(folder.path)/s", 0o777) == 0)
            let exchangeable = try await failure { _ = try await folder.start(options) }
            #expect(exchangeable.code == .socketFolderUnsafe)
            #expect(exchangeable.message.contains("other users could exchange"))
        }
    }

    @Test("refuses a socket folder that is too long instead of failing in PostgreSQL")
    func longSocketRoot() async throws {
        try await TestFolder.with { folder in
            var options = folder.options()
            options.socketRoot = folder.path + "/" + String(repeating: "s", count: 80)
            let error = try await failure { _ = try await folder.start(options) }
            #expect(error.code == .socketPathTooLong)
            #expect(error.message.contains("is longer than 107 bytes"))
        }
    }

    @Test("shows the last words of a server that does not start")
    func lastWords() async throws {
        try await TestFolder.with { folder in
            var options = folder.options()
            options.settings = ["max_connections": "0"]
            let error = try await failure { _ = try await folder.start(options) }
            #expect(error.code == .startFailed)
            #expect(error.message.hasPrefix("PostgreSQL ended with exit code 1 at its start; its last words:\n"))
            #expect(error.message.contains(#"0 is outside the valid range for parameter "max_connections""#))
            try await folder.withCluster { cluster in try await cluster.expect("SELECT 1", "1") }
        }
    }

    @Test("shows why initdb failed and leaves nothing behind")
    func initFails() async throws {
        try await TestFolder.with { folder in
            let directory = "\(folder.path)/bin"
            try FileManager.default.createDirectory(atPath: directory, withIntermediateDirectories: false)
            for (name, line) in [("postgres", "echo 'postgres (PostgreSQL) 15.0'"), ("initdb", "echo 'no room left' >&2; exit 3")] {
                try "#!/bin/sh\n\(line)\n".write(toFile: "\(directory)/\(name)", atomically: true, encoding: .utf8)
                chmod("\(directory)/\(name)", 0o755)
            }
            var options = folder.options()
            options.binariesDirectory = directory
            let error = try await failure { _ = try await folder.start(options) }
            #expect(error.code == .initFailed)
            #expect(error.message == "initdb for \(folder.path)/cluster/data ended with exit code 3:\nno room left")
            #expect(Files.names(in: "\(folder.path)/cluster") == ["lock", "log"])
        }
    }

    @Test("gives up in time on a server that never gets ready, and leaves none behind")
    func timeOut() async throws {
        try await TestFolder.with { folder in
            try await folder.withCluster { _ in }
            var options = folder.options()
            options.startTimeout = .zero
            let error = try await failure { _ = try await folder.start(options) }
            #expect(error.code == .startTimedOut)
            #expect(try await folder.processes() == [])
        }
    }
}
