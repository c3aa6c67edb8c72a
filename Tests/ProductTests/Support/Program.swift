import Dispatch
import Foundation
import Glibc

/// What a finished command left.
struct Outcome: Sendable {
    let code: Int32
    let output: String
    let errors: String
}

/// The built program, started as people start it.
enum Program {
    static let root: String = {
        let parts = #filePath.split(separator: "/").dropLast(4)
        return "/" + parts.joined(separator: "/")
    }()

    static let path: String = {
        if let named = ProcessInfo.processInfo.environment["TESSERA_PROGRAM"] { return named }
        let own = (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? ""
        let beside = own.split(separator: "/").dropLast().joined(separator: "/")
        let candidate = "/\(beside)/tessera"
        return FileManager.default.isExecutableFile(atPath: candidate) ? candidate : "\(root)/.build/debug/tessera"
    }()

    static let starter = "\(root)/manifests/deployments/starter.yaml"

    static let sharedData = ProcessInfo.processInfo.environment["TESSERA_SHARED_DATA"] ?? "\(root)/../shared/data"

    /// Runs a command to its end.
    static func run(_ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        try run(program: path, arguments, environment: environment)
    }

    static func run(program: String, _ arguments: [String], environment: [String: String] = [:]) throws -> Outcome {
        let output = try temporaryFile()
        let errors = try temporaryFile()
        defer {
            close(output)
            close(errors)
        }
        let pid = try spawn(program, arguments, environment: environment, output: output, errors: errors)
        let code = wait(pid)
        return Outcome(code: code, output: text(of: output), errors: text(of: errors))
    }

    /// Starts a process; its end is the caller's to wait for.
    static func spawn(_ program: String, _ arguments: [String], environment: [String: String], output: Int32, errors: Int32) throws -> pid_t
    {
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, errors, 2)
        var variables = ProcessInfo.processInfo.environment
        for name in ["TESSERA_DATABASE_URL", "TESSERA_MODULE_PATH", "TESSERA_TOKEN", "TESSERA_URL", "NO_COLOR"] { variables[name] = nil }
        variables.merge(environment) { $1 }
        let words = ([program] + arguments).map { strdup($0) } + [nil]
        let pairs = variables.map { strdup("\($0)=\($1)") } + [nil]
        defer { (words + pairs).forEach { free($0) } }
        // As from a terminal, however these tests were started.
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        var hangUp = sigset_t()
        sigemptyset(&hangUp)
        sigaddset(&hangUp, SIGHUP)
        posix_spawnattr_setsigdefault(&attributes, &hangUp)
        posix_spawnattr_setflags(&attributes, Int16(POSIX_SPAWN_SETSIGDEF))
        var pid: pid_t = 0
        let status = posix_spawnp(&pid, program, &actions, &attributes, words, pairs)
        guard status == 0 else { throw TestFailure("can't start \(program): \(String(cString: strerror(status)))") }
        return pid
    }

    /// The exit code, or 128 and the signal.
    @discardableResult
    static func wait(_ pid: pid_t) -> Int32 {
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 { if errno != EINTR { return -1 } }
        return status & 0x7F == 0 ? (status >> 8) & 0xFF : 128 + (status & 0x7F)
    }

    /// The same for a process that was asked to end; it is killed when it doesn't.
    static func wait(_ pid: pid_t, within limit: Duration) -> Int32 {
        let deadline = ContinuousClock.now + limit
        var information = siginfo_t()
        while ContinuousClock.now < deadline {
            if waitid(P_PID, id_t(pid), &information, WEXITED | WNOHANG | WNOWAIT) == 0, information.si_signo == SIGCHLD {
                return wait(pid)
            }
            poll(nil, 0, 2)
        }
        kill(pid, SIGKILL)
        return wait(pid)
    }

    /// A file without a name, for the output of a process.
    static func temporaryFile() throws -> Int32 {
        var template = Array("/tmp/tessera-out.XXXXXX".utf8CString)
        let descriptor = mkstemp(&template)
        guard descriptor >= 0 else { throw TestFailure("no file for output: \(errno)") }
        _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
        unlink(template)
        return descriptor
    }

    static func text(of descriptor: Int32) -> String {
        var bytes: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        var offset: off_t = 0
        while true {
            let count = pread(descriptor, &buffer, buffer.count, offset)
            guard count > 0 else { return String(decoding: bytes, as: UTF8.self) }
            bytes += buffer[..<count]
            offset += off_t(count)
        }
    }
}

struct TestFailure: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
