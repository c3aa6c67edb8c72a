import Glibc
import Logging

/// A PostgreSQL of Tessera's own, for deployments that name no database.
///
/// It lives in the data folder, listens on a unix socket in a private folder and nowhere else, and is started and stopped with the
/// server. Started as root, it runs as an unprivileged user, since PostgreSQL refuses root.
package enum PrivateCluster {
    /// The database of the deployment.
    package static let database = "tessera"
    /// The role that owns the cluster.
    package static let role = "tessera"

    /// Initialises the cluster when there is none, starts or adopts its server, and returns when it accepts connections.
    ///
    /// - Throws: `PrivateClusterError`, with the last lines of the server's log when it did not start.
    static func start(
        _ options: PrivateClusterOptions, for purpose: FolderLock.Purpose = .server, logger: Logger
    ) async throws(PrivateClusterError) -> RunningCluster {
        let user = try ClusterUser.choose(options)
        let folder = try await ClusterFolder.prepare(options.dataDirectory, user: user)
        let lock = try FolderLock(path: folder.lock, owner: user, purpose: purpose)
        let initializer = ClusterInitializer(options: options, folder: folder, user: user, logger: logger)
        let major = try initializer.existingMajor()
        let binaries = try await ServerBinaries.find(options, dataMajor: major, user: user)
        let socketDirectory = try SocketFolder.prepare(options, folder: folder, user: user)
        await initializer.removeLeftovers()
        if major == nil { try await initializer.initialize(binaries) }
        let launcher = PostmasterLauncher(
            options: options, folder: folder, user: user, binaries: binaries, socketDirectory: socketDirectory, logger: logger)
        return RunningCluster(try await launcher.launch(), launcher: launcher, lock: lock)
    }

    /// Whether the data folder holds a cluster that was initialised to its end.
    package static func exists(_ options: PrivateClusterOptions) -> Bool {
        guard let path = Files.canonical(options.dataDirectory) else { return false }
        return access("\(ClusterFolder(path: path).data)/PG_VERSION", F_OK) == 0
    }

    /// The URL of the cluster's server if one runs and lets people into the deployment's database, whoever started it; else nil. For commands beside a
    /// running server, also in its very first start: there is a moment between the server and its database.
    package static func runningConnectionURL(_ options: PrivateClusterOptions) async throws(PrivateClusterError) -> String? {
        guard let path = Files.canonical(options.dataDirectory) else { return nil }
        let folder = ClusterFolder(path: path)
        guard let file = PostmasterFile.read(in: folder.data), file.status == .ready, let directory = file.socketDirectory else {
            return nil
        }
        let processes = try await ProcessTable.postgresProcesses(in: folder.data, of: try ClusterUser.choose(options))
        guard processes.contains(file.pid), await hasDatabase(file.pid, directory) else { return nil }
        return connectionURL(socketDirectory: directory)
    }

    /// False while the server has no database yet (3D000), or lets nobody in since it starts or stops (57P03). Whatever else is in the way is the
    /// caller's to see.
    private static func hasDatabase(_ postmaster: pid_t, _ directory: String) async -> Bool {
        let refusal = try? await Blocking.run { () throws(PrivateClusterError) -> String? in
            do throws(ServerSession.Failure) {
                _ = try ServerSession(socketDirectory: directory, database: database, postmaster: postmaster, timeout: 30)
                return nil
            } catch {
                return error.state
            }
        }
        return refusal != "3D000" && refusal != "57P03"
    }

    /// Where data go when nobody says: `/var/lib/tessera` for root, since other users can read there, else `$XDG_DATA_HOME/tessera` or
    /// `~/.local/share/tessera`. The cluster takes `postgres` below it. Nil for a user without a home.
    package static func defaultDataDirectory(
        environment: [String: String] = PrivateClusterOptions.processEnvironment(), isRoot: Bool = geteuid() == 0
    ) -> String? {
        if isRoot { return "/var/lib/tessera" }
        if let data = environment["XDG_DATA_HOME"], data.hasPrefix("/") { return data + "/tessera" }
        if let home = environment["HOME"], home.hasPrefix("/") { return home + "/.local/share/tessera" }
        return nil
    }

    static func connectionURL(socketDirectory: String) -> String {
        "postgresql:///\(database)?host=\(percentEncoded(socketDirectory))&port=\(SocketFolder.port)&user=\(role)"
    }

    /// Encoded as a part of a URL's query (RFC 3986, unreserved characters stay).
    static func percentEncoded(_ text: String) -> String {
        text.utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            if character.isASCII && (character.isLetter || character.isNumber || "-._~".contains(character)) { return String(character) }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}
