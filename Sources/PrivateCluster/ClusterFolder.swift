import Glibc

/// The folder of a private cluster and the paths in it.
struct ClusterFolder: Equatable, Sendable {
    /// Canonical and absolute.
    let path: String

    /// PostgreSQL's own data folder.
    var data: String { path + "/data" }
    var log: String { path + "/log" }
    /// What the postmaster says before its own log begins.
    var startLog: String { path + "/log/start.log" }
    var lock: String { path + "/lock" }
    /// `initdb` works in folders of this prefix, which are renamed to `data` when complete.
    static let stagingPrefix = "data.new-"

    /// Creates what is missing, gives it to the cluster's user, and makes sure that this user can get there.
    static func prepare(_ wanted: String, user: ClusterUser) async throws(PrivateClusterError) -> ClusterFolder {
        let absolute = Files.absolute(wanted)
        try makeParents(of: absolute)
        guard let parent = Files.canonical(Files.parent(of: absolute)), let name = absolute.split(separator: "/").last else {
            throw PrivateClusterError(.folderForeign, "\(wanted) cannot be a data folder; name one such as /var/lib/tessera/postgres")
        }
        let path = Files.canonical(absolute) ?? (parent == "/" ? "/\(name)" : "\(parent)/\(name)")
        let folder = ClusterFolder(path: path)
        try own(path, user: user)
        try await checkReachable(path, user: user)
        try own(folder.log, user: user)
        return folder
    }

    private static func makeParents(of path: String) throws(PrivateClusterError) {
        var current = ""
        for part in path.split(separator: "/").dropLast() {
            current += "/" + part
            if mkdir(current, 0o755) != 0 && errno != EEXIST && errno != EISDIR { throw .system("create", current, errno) }
        }
    }

    /// Makes a folder that only the cluster's user can enter, or checks an existing one.
    private static func own(_ path: String, user: ClusterUser) throws(PrivateClusterError) {
        if mkdir(path, 0o700) != 0 && errno != EEXIST { throw .system("create", path, errno) }
        let descriptor = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
        guard descriptor >= 0 else { throw try foreignFolder(path, user) ?? .system("open", path, errno) }
        defer { close(descriptor) }
        var info = stat()
        guard fstat(descriptor, &info) == 0 else { throw .system("look at", path, errno) }
        if info.st_uid != user.uid {
            // Root takes over a folder that is root's and holds nothing but a cluster's parts; nobody takes over anybody else's.
            guard user.isOther, info.st_uid == 0, holdsOnlyOurs(path) else {
                throw try foreignFolder(path, user) ?? .system("use", path, EPERM)
            }
            guard fchown(descriptor, user.uid, user.gid) == 0 else { throw .system("change the owner of", path, errno) }
        }
        if info.st_mode & 0o7777 != 0o700, fchmod(descriptor, 0o700) != 0 { throw .system("change the mode of", path, errno) }
    }

    private static func holdsOnlyOurs(_ path: String) -> Bool {
        Files.names(in: path).allSatisfy { ["data", "log", "lock", "start.log"].contains($0) || $0.hasPrefix(stagingPrefix) }
    }

    private static func foreignFolder(_ path: String, _ user: ClusterUser) throws(PrivateClusterError) -> PrivateClusterError? {
        guard let facts = try FileFacts.of(path) else { return nil }
        guard facts.kind == .directory else {
            return PrivateClusterError(.folderForeign, "\(path) is not a folder; name another data folder")
        }
        guard facts.owner != user.uid else { return nil }
        let owner = ClusterUser.entry(uid: facts.owner)?.name ?? "uid \(facts.owner)"
        if user.isOther && facts.owner == 0 {
            return PrivateClusterError(
                .folderForeign, "\(path) holds files that are not of a Tessera cluster; name an empty folder or a new one")
        }
        return PrivateClusterError(
            .folderForeign,
            "\(path) belongs to user \(owner), and PostgreSQL would run as \(user.name); start Tessera as \(owner) or name another folder")
    }

    /// Root can enter every folder; the user that PostgreSQL runs as may not. Asked of the system as that user, so that access
    /// lists and the like count too.
    private static func checkReachable(_ path: String, user: ClusterUser) async throws(PrivateClusterError) {
        guard user.isOther, try await !canEnter(path, user) else { return }
        var current = ""
        for part in path.split(separator: "/") {
            current += "/" + part
            guard try await !canEnter(current, user) else { continue }
            throw PrivateClusterError(
                .folderUnreachable,
                "PostgreSQL runs as user \(user.name), who cannot enter \(current); "
                    + "choose a data folder elsewhere, such as /var/lib/tessera, or allow it with: chmod o+x \(current)")
        }
    }

    private static func canEnter(_ path: String, _ user: ClusterUser) async throws(PrivateClusterError) -> Bool {
        let outcome = try await Command(executable: "/usr/bin/test", arguments: ["-x", path], user: user).run()
        switch outcome.end {
        case .exited(0): return true
        case .exited(1) where outcome.output.isEmpty: return false
        default:
            throw PrivateClusterError(.systemCall, "cannot run programs as user \(user.name): \(outcome.output) (\(outcome.end))")
        }
    }
}
