import Foundation
import Glibc

/// `tessera serve` as a process of its own, on a free port.
final class RunningServer {
    let pid: pid_t
    let http: HTTP
    /// The token that this start printed.
    let printedToken: String?
    /// Held for as long as the server runs: a folder that goes takes its PostgreSQL along.
    private let folder: DataFolder
    private let errors: Int32
    private var isEnded = false

    /// Returns when the server answers; throws with what it said when it ended instead.
    init(
        _ folder: DataFolder, deployment: String = Program.starter, token: String = "", port: UInt16 = 0, options: [String] = [],
        environment: [String: String] = [:]
    ) throws {
        self.folder = folder
        var ends: [Int32] = [-1, -1]
        guard pipe(&ends) == 0 else { throw TestFailure("no pipe: \(errno)") }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        defer { close(ends[0]) }
        errors = try Program.temporaryFile()
        let words = ["serve", "--data", folder.data, "--deployment", deployment, "--listen", "127.0.0.1:\(port)"] + options
        pid = try Program.spawn(Program.path, words, environment: environment, output: ends[1], errors: errors)
        close(ends[1])
        var text = ""
        var buffer = [UInt8](repeating: 0, count: 4096)
        while !text.contains("/api\n") {
            let count = read(ends[0], &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            guard count > 0 else {
                let code = Program.wait(pid)
                throw TestFailure("serve ended with \(code): \(text)\(Program.text(of: errors))")
            }
            text += String(decoding: buffer[..<count], as: UTF8.self)
        }
        let lines = text.split(separator: "\n")
        printedToken = lines.first { $0.hasPrefix("token  ") }.map { String($0.split(separator: " ")[1]) }
        guard let line = lines.first(where: { $0.hasPrefix("serving ") }), let port = URL(string: String(line.dropFirst(8)))?.port else {
            throw TestFailure("no address: \(text)")
        }
        http = HTTP(port: UInt16(port), token: printedToken ?? token)
    }

    deinit {
        if !isEnded { stop() }
        close(errors)
    }

    var address: String { "http://127.0.0.1:\(http.port)" }

    /// What makes a command ask this server.
    var environment: [String: String] { ["TESSERA_URL": address, "TESSERA_TOKEN": http.token] }

    /// Runs a command that asks this server.
    func tessera(_ arguments: String...) throws -> Outcome { try Program.run(arguments, environment: environment) }

    /// What it wrote to standard error so far.
    var log: String { Program.text(of: errors) }

    /// Asks it to stop and waits; the exit code.
    @discardableResult
    func stop() -> Int32 { end(SIGTERM) }

    @discardableResult
    func end(_ signal: Int32) -> Int32 {
        guard !isEnded else { return -1 }
        isEnded = true
        kill(pid, signal)
        return Program.wait(pid, within: .seconds(60))
    }
}
