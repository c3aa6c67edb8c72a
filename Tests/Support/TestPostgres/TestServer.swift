import CLibPQ
import Dispatch
import Glibc

/// A PostgreSQL cluster of its own in a short folder under /tmp, reached by unix socket, without fsync.
///
/// A shell process owns the cluster. It takes commands on its standard input, and when that ends, because the test process ended or
/// was killed, it stops the cluster and removes the folder.
package final class TestServer: Sendable {
    package let folder: String
    private let keeper: KeeperProcess
    private let queue = DispatchQueue(label: "test-postgres")

    private init(folder: String, keeper: KeeperProcess) {
        self.folder = folder
        self.keeper = keeper
    }

    package static func start() async throws -> TestServer {
        try await onThread(DispatchQueue.global()) {
            let keeper = try KeeperProcess.launch(script: keeperScript)
            let folder = try keeper.answer()
            return TestServer(folder: folder, keeper: keeper)
        }
    }

    package func url(database: String = "postgres") -> String {
        "postgres://tessera@/\(database)?host=\(folder)"
    }

    package var url: String { url() }

    /// Stops (`fast`: sessions are ended) and starts again.
    package func restart() async throws { try await command("restart") }
    package func stop() async throws { try await command("stop") }
    package func start() async throws { try await command("start") }
    /// Kills the postmaster and its children as a power cut would.
    package func crash() async throws { try await command("crash") }

    /// Runs a script over a connection that is independent of any client under test.
    package func execute(_ script: String, database: String = "postgres") async throws {
        let url = url(database: database)
        try await Self.onThread(DispatchQueue.global()) {
            let connection = PQconnectdb(url)
            defer { PQfinish(connection) }
            guard PQstatus(connection) == CONNECTION_OK else {
                throw TestPostgresError(String(cString: PQerrorMessage(connection)))
            }
            let result = PQexec(connection, script)
            defer { PQclear(result) }
            let status = PQresultStatus(result)
            guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else {
                throw TestPostgresError(String(cString: PQresultErrorMessage(result)))
            }
        }
    }

    private func command(_ name: String) async throws {
        try await Self.onThread(queue) { [keeper] in
            try keeper.send(name)
            _ = try keeper.answer()
        }
    }

    private static func onThread<R: Sendable>(_ queue: DispatchQueue, _ work: @escaping @Sendable () throws -> R) async throws -> R {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Result { try work() }) }
        }
    }

    private static let keeperScript = """
        set -eu
        # What other children of the tests wait on must not stay open here.
        for fd in /proc/$$/fd/*; do
          fd=${fd##*/}
          if [ "$fd" -gt 2 ]; then eval "exec $fd>&-" 2>/dev/null || true; fi
        done
        bin=$(ls -d /usr/lib/postgresql/*/bin | sort -t/ -k5 -n | tail -n 1)
        dir=$(mktemp -d /tmp/tsrt.XXXXXX)
        cd "$dir"
        start() {
          if "$bin/pg_ctl" -D "$dir/data" -w -t 60 -s -l "$dir/log" -o "-c listen_addresses='' -c unix_socket_directories='$dir' \\
            -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_connections=300 -c shared_buffers=64MB \\
            -c log_statement=none" start >/dev/null 2>&1 </dev/null
          then echo "ok $dir"; else echo "failed $(tail -n 3 "$dir/log" | tr '\\n' ' ')"; fi
        }
        stop() { "$bin/pg_ctl" -D "$dir/data" -w -s -m "$1" stop >/dev/null 2>&1 </dev/null || true; }
        crash() {
          postmaster=$(head -n 1 "$dir/data/postmaster.pid")
          children=$(ps -o pid= --ppid "$postmaster")
          kill -9 $postmaster $children 2>/dev/null || true
          while kill -0 "$postmaster" 2>/dev/null; do sleep 0.01; done
        }
        trap 'stop immediate; cd /; rm -rf "$dir"' EXIT
        trap 'exit 1' TERM HUP INT
        "$bin/initdb" -D "$dir/data" -U tessera -A trust -E UTF8 --locale=C.UTF-8 --no-sync >"$dir/log" 2>&1 </dev/null
        start
        while read -r line; do
          case "$line" in
            stop) stop fast; echo "ok" ;;
            start) start ;;
            restart) stop fast; start ;;
            crash) crash; echo "ok" ;;
          esac
        done
        """
}

/// The shell process and the two pipes to it.
///
/// SAFETY: the descriptors never change; commands are sent one at a time from the server's serial queue.
private final class KeeperProcess: Sendable {
    private let input: Int32
    private let output: Int32

    private init(input: Int32, output: Int32) {
        self.input = input
        self.output = output
    }

    deinit {
        close(input)
        close(output)
    }

    static func launch(script: String) throws -> KeeperProcess {
        var toChild: [Int32] = [-1, -1]
        var fromChild: [Int32] = [-1, -1]
        guard pipe(&toChild) == 0, pipe(&fromChild) == 0 else { throw TestPostgresError("pipe failed: \(errno)") }
        // Closed on exec, so that no other child holds the pipe open after this process has died.
        for descriptor in toChild + fromChild { _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC) }
        defer {
            close(toChild[0])
            close(fromChild[1])
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, toChild[0], 0)
        posix_spawn_file_actions_adddup2(&actions, fromChild[1], 1)
        // A session of its own, so that Ctrl-C ends the tests and leaves the keeper to clean up.
        var arguments = ["/usr/bin/setsid", "/bin/bash", "-c", script]
        // PostgreSQL refuses to run as root.
        if geteuid() == 0 {
            arguments = ["/usr/bin/setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups", "--"] + arguments
        }
        let pointers = arguments.map { strdup($0) } + [nil]
        defer { pointers.forEach { free($0) } }
        var process: pid_t = 0
        let status = posix_spawn(&process, arguments[0], &actions, nil, pointers, environ)
        guard status == 0 else { throw TestPostgresError("Can't start \(arguments[0]): error \(status)") }
        return KeeperProcess(input: toChild[1], output: fromChild[0])
    }

    func send(_ command: String) throws {
        let line = Array((command + "\n").utf8)
        guard write(input, line, line.count) == line.count else { throw TestPostgresError("The keeper of the test cluster is gone.") }
    }

    /// What follows `ok` in the next line.
    func answer() throws -> String {
        var line: [UInt8] = []
        var byte: UInt8 = 0
        while true {
            let count = read(output, &byte, 1)
            if count < 0, errno == EINTR { continue }
            guard count == 1 else {
                throw TestPostgresError("The keeper of the test cluster ended: \(String(decoding: line, as: UTF8.self))")
            }
            if byte == UInt8(ascii: "\n") { break }
            line.append(byte)
        }
        let text = String(decoding: line, as: UTF8.self)
        guard text.hasPrefix("ok") else { throw TestPostgresError("The test cluster didn't start: \(text)") }
        return String(text.dropFirst(3))
    }
}
