import Dispatch
import Glibc

/// A program to run as the cluster's user.
///
/// It is started with `posix_spawn`, which is safe in a process with many threads. That call cannot change the user, so for root
/// `setpriv` (util-linux, on every Debian) changes it and then becomes the program: the process id stays the same and nothing of
/// ours runs between fork and exec.
struct Command: Sendable {
    var executable: String
    var arguments: [String]
    var user: ClusterUser
    /// All variables that the program gets.
    var environment: [String: String] = [:]
    /// A session of its own keeps the terminal's Ctrl-C away.
    var ownSession = false

    struct Outcome: Sendable {
        let end: ProcessEnd
        /// Standard output and standard error together, at most the last 64 KiB.
        let output: String
    }

    /// Runs the program to its end on a thread of its own.
    func run() async throws(PrivateClusterError) -> Outcome {
        try await Blocking.run { () throws(PrivateClusterError) in try runAndWait() }
    }

    private func runAndWait() throws(PrivateClusterError) -> Outcome {
        var ends: [Int32] = [-1, -1]
        guard (GNUFunctions.pipe2?(&ends, O_CLOEXEC) ?? pipe(&ends)) == 0 else { throw .system("open", "a pipe", errno) }
        let (readEnd, writeEnd) = (ends[0], ends[1])
        defer { close(readEnd) }
        let started = Result { () throws(PrivateClusterError) in try spawn(output: writeEnd) }
        close(writeEnd)
        let pid = try started.get()
        let output = Command.drain(readEnd)
        var status: Int32 = 0
        while waitpid(pid, &status, 0) < 0 && errno == EINTR {}
        return Outcome(end: ProcessEnd(status: status), output: output)
    }

    private static func drain(_ descriptor: Int32) -> String {
        let limit = 65536
        var kept: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 8192)
        while true {
            let count = read(descriptor, &chunk, chunk.count)
            if count < 0 && errno == EINTR { continue }
            if count <= 0 { break }
            kept.append(contentsOf: chunk[..<count])
            if kept.count > 2 * limit { kept.removeFirst(kept.count - limit) }
        }
        return String(decoding: kept.suffix(limit), as: UTF8.self)
    }

    /// Starts the program with both outputs going to an open file and returns its process id.
    func spawn(output: Int32) throws(PrivateClusterError) -> pid_t {
        let vector = try argumentVector()
        var actions = posix_spawn_file_actions_t()
        var attributes = posix_spawnattr_t()
        posix_spawn_file_actions_init(&actions)
        posix_spawnattr_init(&attributes)
        defer {
            posix_spawn_file_actions_destroy(&actions)
            posix_spawnattr_destroy(&attributes)
        }
        posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
        posix_spawn_file_actions_adddup2(&actions, output, 1)
        posix_spawn_file_actions_adddup2(&actions, output, 2)
        // Nothing else of this process is the program's business: not its sockets, and above all not the folder's lock.
        _ = GNUFunctions.addCloseFrom?(&actions, 3)
        // The working directory may be one that the other user cannot read.
        _ = GNUFunctions.addChangeDirectory?(&actions, "/")

        var none = sigset_t()
        var all = sigset_t()
        sigemptyset(&none)
        sigfillset(&all)
        posix_spawnattr_setsigmask(&attributes, &none)
        posix_spawnattr_setsigdefault(&attributes, &all)
        let session = ownSession ? GNUFunctions.spawnInOwnSession : 0
        posix_spawnattr_setflags(&attributes, Int16(Int32(POSIX_SPAWN_SETSIGMASK) | Int32(POSIX_SPAWN_SETSIGDEF) | session))

        var pid: pid_t = 0
        let variables = environment.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }
        let result = Command.withCStrings(vector) { arguments in
            Command.withCStrings(variables) { posix_spawn(&pid, vector[0], &actions, &attributes, arguments, $0) }
        }
        guard result == 0 else { throw .system("run", vector[0], result) }
        return pid
    }

    func argumentVector() throws(PrivateClusterError) -> [String] {
        guard user.isOther else { return [executable] + arguments }
        guard let setpriv = ["/usr/bin/setpriv", "/bin/setpriv"].first(where: Files.isExecutable) else {
            throw PrivateClusterError(
                .noUser, "setpriv is needed to run PostgreSQL as user \(user.name); install the package util-linux")
        }
        return [setpriv, "--reuid=\(user.uid)", "--regid=\(user.gid)", "--init-groups", "--", executable] + arguments
    }

    private static func withCStrings<R>(_ strings: [String], _ body: ([UnsafeMutablePointer<CChar>?]) -> R) -> R {
        // SAFETY: every copy lives until body returns and is freed once.
        let copies = strings.map { strdup($0) }
        defer { for copy in copies { free(copy) } }
        return body(copies + [nil])
    }
}

/// Carries calls that block to threads that nobody else waits for.
enum Blocking {
    static func run<R: Sendable>(
        _ body: @escaping @Sendable () throws(PrivateClusterError) -> R
    ) async throws(PrivateClusterError) -> R {
        let result: Result<R, PrivateClusterError> = await withCheckedContinuation { continuation in
            DispatchQueue(label: "tessera.cluster.blocking").async {
                do throws(PrivateClusterError) {
                    continuation.resume(returning: .success(try body()))
                } catch {
                    continuation.resume(returning: .failure(error))
                }
            }
        }
        return try result.get()
    }
}
