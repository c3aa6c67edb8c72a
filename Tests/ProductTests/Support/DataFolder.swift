import Foundation
import Glibc

/// A folder under /tmp with a deployment's data; it goes with the value, and so does the PostgreSQL that a killed server left in it.
final class DataFolder: Sendable {
    let path: String

    init() throws {
        var template = Array("/tmp/tessera-product.XXXXXX".utf8CString)
        guard mkdtemp(&template) != nil else { throw TestFailure("no folder: \(errno)") }
        path = String(decoding: template.dropLast().map { UInt8(bitPattern: $0) }, as: UTF8.self)
        // The cluster of a server that runs as root belongs to another user.
        chmod(path, 0o755)
    }

    deinit {
        killPostmaster(with: SIGQUIT)
        try? FileManager.default.removeItem(atPath: path)
    }

    var data: String { "\(path)/data" }

    func file(_ name: String, _ text: String) throws -> String {
        let file = "\(path)/\(name)"
        try text.write(toFile: file, atomically: false, encoding: .utf8)
        return file
    }

    func text(_ name: String) throws -> String { try String(contentsOfFile: "\(path)/\(name)", encoding: .utf8) }

    /// Runs a command on this folder's data.
    func tessera(_ arguments: String..., deployment: String = Program.starter) throws -> Outcome {
        let end = arguments.firstIndex(of: "--") ?? arguments.endIndex
        // psql looks at no manifest.
        let options = ["--data", data] + (arguments.first == "psql" ? [] : ["--deployment", deployment])
        return try Program.run(arguments[..<end] + options + arguments[end...])
    }

    /// Rows of a statement, columns separated by `|`.
    func query(_ sql: String) throws -> [String] {
        let outcome = try tessera("psql", "--", "-XAt", "-v", "ON_ERROR_STOP=1", "-c", sql)
        guard outcome.code == 0 else { throw TestFailure("psql: \(outcome.errors)") }
        return outcome.output.split(separator: "\n").map(String.init)
    }

    /// The process id of the cluster's postmaster, when its file is there.
    var postmaster: pid_t? {
        guard let file = try? String(contentsOfFile: "\(data)/postgres/data/postmaster.pid", encoding: .utf8),
            let line = file.split(separator: "\n").first
        else { return nil }
        return pid_t(line)
    }

    /// PostgreSQL's processes that serve clients.
    var sessions: [pid_t] {
        guard let postmaster, let entries = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else { return [] }
        return entries.compactMap { pid_t($0) }.filter { pid in
            guard let words = try? String(contentsOfFile: "/proc/\(pid)/cmdline", encoding: .utf8), words.contains("[local]"),
                let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8),
                let parent = stat.split(separator: ")").last?.split(separator: " ").dropFirst().first
            else { return false }
            return pid_t(parent) == postmaster
        }
    }

    func killPostmaster(with signal: Int32) {
        guard let postmaster, isPostgres(postmaster) else { return }
        kill(postmaster, signal)
        let deadline = ContinuousClock.now + .seconds(20)
        // Not a child of this process, so there is nothing to wait on.
        while isPostgres(postmaster), ContinuousClock.now < deadline { poll(nil, 0, 5) }
    }

    /// Whether it runs: one that has ended and that nobody has reaped keeps its name.
    private func isPostgres(_ pid: pid_t) -> Bool {
        guard let stat = try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8) else { return false }
        return stat.contains("(postgres) ") && !stat.contains("(postgres) Z")
    }
}
