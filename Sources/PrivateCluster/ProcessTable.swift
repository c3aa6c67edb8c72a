import Glibc

/// What `/proc` says of the PostgreSQL processes on this machine.
enum ProcessTable {
    /// False for a process that has ended, even when nobody has reaped it yet.
    static func isRunning(_ pid: pid_t) -> Bool {
        guard pid > 0, let text = Files.readText("/proc/\(pid)/stat") else { return false }
        // The name in parentheses may hold anything; the state follows the last one.
        guard let close = text.lastIndex(of: ")") else { return false }
        let state = text[text.index(after: close)...].first { $0 != " " }
        return state != "Z" && state != "X"
    }

    /// The PostgreSQL processes that work in a data folder: postmaster, backends, bootstrap. PostgreSQL enters its data folder, so
    /// the working directory tells them from those of every other cluster, and a process that merely got an old id is none.
    static func postgresProcesses(in dataFolder: String, of user: ClusterUser) async throws(PrivateClusterError) -> [pid_t] {
        let folder = Files.canonical(dataFolder) ?? dataFolder
        var found: [pid_t] = []
        var unreadable: [pid_t] = []
        for name in Files.names(in: "/proc") {
            guard let pid = pid_t(name), isPostgres(pid, of: user) else { continue }
            switch Files.target(of: "/proc/\(pid)/cwd") {
            case .success(let directory): if directory == folder { found.append(pid) }
            case .failure(let error): if error.number == EACCES || error.number == EPERM { unreadable.append(pid) }
            }
        }
        if user.isOther && !unreadable.isEmpty {
            found += try await askAs(user, workingDirectoryOf: unreadable).filter { $0.value == folder }.map(\.key)
        }
        return found.sorted()
    }

    /// True when the program file of a process was replaced or removed since it was started, as an upgraded package does.
    static func runsReplacedProgram(_ pid: pid_t) -> Bool {
        guard case .success(let program) = Files.target(of: "/proc/\(pid)/exe") else { return false }
        return program.hasSuffix(" (deleted)")
    }

    private static func isPostgres(_ pid: pid_t, of user: ClusterUser) -> Bool {
        guard Files.readText("/proc/\(pid)/comm") == "postgres\n", isRunning(pid) else { return false }
        return (try? FileFacts.of("/proc/\(pid)"))?.owner == user.uid
    }

    /// Root in a container without CAP_SYS_PTRACE may not see another user's working directory; that user may.
    private static func askAs(_ user: ClusterUser, workingDirectoryOf pids: [pid_t]) async throws(PrivateClusterError) -> [pid_t: String] {
        let script = #"for p; do printf '%s %s\n' "$p" "$(readlink "/proc/$p/cwd")"; done"#
        let command = Command(
            executable: "/bin/sh", arguments: ["-c", script, "sh"] + pids.map(String.init), user: user,
            environment: ["PATH": "/usr/bin:/bin"])
        var directories: [pid_t: String] = [:]
        for line in try await command.run().output.split(separator: "\n") {
            guard let space = line.firstIndex(of: " "), let pid = pid_t(line[..<space]) else { continue }
            directories[pid] = String(line[line.index(after: space)...])
        }
        return directories
    }
}
