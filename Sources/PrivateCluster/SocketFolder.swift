import Glibc

/// The private folder of the cluster's socket.
///
/// A socket's address holds 107 bytes, so the folder cannot lie in a data folder of any depth: it gets a short path of its own. Everyone
/// who can enter it is let in as the owner of the database, so it is entered by the cluster's user (and root) alone.
enum SocketFolder {
    static let port = 5432
    /// `sun_path` has 108 bytes and ends with a zero byte.
    static let longestPath = 107

    static func socketPath(in folder: String) -> String { "\(folder)/.s.PGSQL.\(port)" }

    /// Makes the folder for a data folder, or checks the one that is there. It outlives the session of whoever starts the server, which
    /// `$XDG_RUNTIME_DIR` doesn't.
    static func prepare(
        _ options: PrivateClusterOptions, folder: ClusterFolder, user: ClusterUser
    ) throws(PrivateClusterError) -> String {
        let name = hash(folder.path)
        if let root = options.socketRoot {
            let path = "\(Files.absolute(root))/\(name)"
            guard fits(path) else {
                throw PrivateClusterError(
                    .socketPathTooLong,
                    "the socket \(socketPath(in: path)) is longer than \(longestPath) bytes; choose a shorter socket folder than \(root)")
            }
            return try make(path, user: user)
        }
        if geteuid() == 0, access("/run", W_OK) == 0 { return try make("/run/tessera/\(name)", user: user) }
        return try make("/tmp/tessera-\(user.uid)-\(name)", user: user)
    }

    /// Makes the folder where it isn't there, and checks it.
    static func make(_ path: String, user: ClusterUser) throws(PrivateClusterError) -> String {
        let parent = Files.parent(of: path)
        if mkdir(parent, 0o755) != 0 && errno != EEXIST { throw .system("create", parent, errno) }
        if mkdir(path, 0o700) != 0 && errno != EEXIST { throw .system("create", path, errno) }
        // Root's own fresh folder, or one whose owner was not changed before a crash: nobody but root can have made it.
        if user.isOther, let facts = try FileFacts.of(path), facts.kind == .directory, facts.owner == 0,
            lchown(path, user.uid, user.gid) != 0
        {
            throw .system("change the owner of", path, errno)
        }
        try verify(path, user: user)
        return path
    }

    /// Refuses a folder that somebody else made, can enter or could exchange.
    static func verify(_ path: String, user: ClusterUser) throws(PrivateClusterError) {
        guard let facts = try FileFacts.of(path) else {
            throw PrivateClusterError(.socketFolderUnsafe, "the socket folder \(path) is gone; start again")
        }
        let remedy = "remove it, or choose another socket folder"
        guard facts.kind == .directory else {
            throw PrivateClusterError(.socketFolderUnsafe, "\(path) should be the socket's folder and is something else; \(remedy)")
        }
        guard facts.owner == user.uid else {
            let owner = ClusterUser.entry(uid: facts.owner)?.name ?? "uid \(facts.owner)"
            throw PrivateClusterError(
                .socketFolderUnsafe, "the socket folder \(path) belongs to \(owner) and not to \(user.name); \(remedy)")
        }
        guard facts.mode & 0o077 == 0 else {
            throw PrivateClusterError(
                .socketFolderUnsafe, "the socket folder \(path) can be entered by other users; \(remedy), or: chmod 0700 \(path)")
        }
        let parent = Files.canonical(Files.parent(of: path)) ?? Files.parent(of: path)
        guard let above = try FileFacts.of(parent), above.owner == 0 || above.owner == geteuid() || above.owner == user.uid,
            above.mode & 0o022 == 0 || above.mode & S_ISVTX != 0
        else {
            throw PrivateClusterError(
                .socketFolderUnsafe, "other users could exchange \(path), since they may write to \(parent); choose another socket folder")
        }
    }

    static func fits(_ folder: String) -> Bool { socketPath(in: folder).utf8.count <= longestPath }

    /// Sixteen hexadecimal digits that stand for a path (FNV-1a, 64 bits): the same data folder always gets the same socket folder.
    static func hash(_ path: String) -> String {
        var value: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in path.utf8 { value = (value ^ UInt64(byte)) &* 0x100_0000_01b3 }
        let digits = String(value, radix: 16)
        return String(repeating: "0", count: 16 - digits.count) + digits
    }
}
