import Foundation
import Logging
import Testing

@testable import PrivateCluster

/// A folder of a test's own with room for a cluster; what runs or lies in it afterwards is ended and removed.
struct TestFolder: Sendable {
    let path: String

    static func with(_ body: (TestFolder) async throws -> Void) async throws {
        var name = Array("/tmp/tsr-XXXXXX".utf8CString)
        let made = try #require(mkdtemp(&name))
        let folder = TestFolder(path: String(cString: made))
        chmod(folder.path, 0o755)
        do {
            try await body(folder)
        } catch {
            await folder.cleanUp()
            throw error
        }
        await folder.cleanUp()
    }

    /// Small and fast, and without care for power cuts.
    func options(_ name: String = "cluster") -> PrivateClusterOptions {
        var options = PrivateClusterOptions(dataDirectory: "\(path)/\(name)")
        options.socketRoot = "\(path)/s"
        options.durable = false
        options.memory = .mebibytes(128)
        options.maxConnections = 20
        options.startTimeout = .seconds(120)
        return options
    }

    func start(_ options: PrivateClusterOptions? = nil) async throws -> RunningCluster {
        try await PrivateCluster.start(options ?? self.options(), logger: TestFolder.logger)
    }

    /// Starts a cluster, hands it over and stops it.
    func withCluster(_ options: PrivateClusterOptions? = nil, _ body: (RunningCluster) async throws -> Void) async throws {
        let cluster = try await start(options)
        do {
            try await body(cluster)
        } catch {
            await cluster.stop()
            throw error
        }
        await cluster.stop()
    }

    static let logger = Logger(label: "cluster-tests") { _ in SwiftLogNoOpLogHandler() }

    /// The user that a test's cluster runs as.
    func user(_ options: PrivateClusterOptions? = nil) throws -> ClusterUser { try ClusterUser.choose(options ?? self.options()) }

    func processes(_ name: String = "cluster") async throws -> [Int32] {
        try await ProcessTable.postgresProcesses(in: "\(path)/\(name)/data", of: user())
    }

    private func cleanUp() async {
        for name in Files.names(in: path) {
            for pid in (try? await processes(name)) ?? [] { kill(pid, SIGKILL) }
        }
        try? FileManager.default.removeItem(atPath: path)
    }
}

/// What a program printed, without the last line's end.
@discardableResult
func output(_ executable: String, _ arguments: String...) async throws -> String {
    let me = ClusterUser(uid: geteuid(), gid: getegid(), name: "me", isOther: false)
    let command = Command(
        executable: executable, arguments: arguments, user: me, environment: ["PATH": "/usr/bin:/bin", "LC_ALL": "C.UTF-8"])
    let outcome = try await command.run()
    return outcome.output.hasSuffix("\n") ? String(outcome.output.dropLast()) : outcome.output
}

extension RunningCluster {
    /// Through the connection URL and libpq, as Tessera itself connects.
    nonisolated func sql(_ statement: String) async throws -> String {
        try await output("\(binariesDirectory)/psql", connectionURL, "-XAtq", "-c", statement)
    }

    nonisolated func expect(_ statement: String, _ answer: String, at location: SourceLocation = #_sourceLocation) async throws {
        let found = try await sql(statement)
        #expect(found == answer, "\(statement)", sourceLocation: location)
    }
}

/// A process that holds a cluster, to be killed.
final class Holder: Sendable {
    let pid: Int32
    private let process: Process
    private let input: FileHandle
    private let output: FileHandle

    init(_ folder: TestFolder, user: String? = nil, name: String = "cluster", isCommand: Bool = false) throws {
        let program = "\(folder.path)/holder"
        if !FileManager.default.fileExists(atPath: program) {
            // Copied, since the build folder may be one that another user cannot enter.
            let built = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent().appendingPathComponent("ClusterHolder")
            try FileManager.default.copyItem(at: built, to: URL(fileURLWithPath: program))
        }
        let process = Process()
        let (toChild, fromChild) = (Pipe(), Pipe())
        let arguments = [program, "\(folder.path)/\(name)", "\(folder.path)/s"] + (isCommand ? ["command"] : [])
        process.executableURL = URL(fileURLWithPath: user == nil ? program : "/usr/bin/setpriv")
        process.arguments =
            user.map { ["--reuid=\($0)", "--regid=\($0)", "--clear-groups", "--"] + arguments } ?? Array(arguments.dropFirst())
        process.standardInput = toChild
        process.standardOutput = fromChild
        try process.run()
        self.process = process
        pid = process.processIdentifier
        input = toChild.fileHandleForWriting
        output = fromChild.fileHandleForReading
    }

    /// The next line that it prints.
    func line() async throws -> String {
        let descriptor = output.fileDescriptor
        return try await Blocking.run { () throws(PrivateClusterError) in
            var text: [UInt8] = []
            var byte: UInt8 = 0
            while read(descriptor, &byte, 1) == 1, byte != 10 { text.append(byte) }
            return String(decoding: text, as: UTF8.self)
        }
    }

    /// The process id of its postmaster and the URL, once it accepts connections.
    func ready() async throws -> (postmaster: Int32, url: String) {
        let words = try await line().split(separator: " ", maxSplits: 2).map(String.init)
        guard words.count == 3, words[0] == "ready", let pid = Int32(words[1]) else {
            Issue.record("the holder says: \(words)")
            throw CancellationError()
        }
        return (pid, words[2])
    }

    func killHard() async {
        kill(pid, SIGKILL)
        await waitUntilExit()
    }

    /// Lets it stop its cluster in order.
    func finish() async {
        try? input.close()
        await waitUntilExit()
    }

    private func waitUntilExit() async {
        let process = process
        _ = try? await Blocking.run { () throws(PrivateClusterError) in process.waitUntilExit() }
    }
}

/// Waits for a condition that nothing announces; false when it does not come true in time.
func eventually(within limit: Duration = .seconds(60), _ condition: () async throws -> Bool) async throws -> Bool {
    let clock = ContinuousClock()
    let deadline = clock.now + limit
    while clock.now < deadline {
        if try await condition() { return true }
        try await clock.sleep(for: .milliseconds(2))
    }
    return false
}

/// The failure that a body ends with.
func failure(_ body: () async throws -> Void) async throws -> PrivateClusterError {
    do {
        try await body()
    } catch let error as PrivateClusterError {
        return error
    }
    throw Missing()
}

struct Missing: Error, CustomStringConvertible {
    var description: String { "nothing failed, and something should have" }
}
