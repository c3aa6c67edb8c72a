import Glibc

/// What the file system says of a path, without following a symbolic link in its last part.
struct FileFacts {
    enum Kind { case directory, regular, link, other }

    let kind: Kind
    let owner: uid_t
    /// Permission bits only.
    let mode: mode_t

    /// Nil when nothing is there.
    static func of(_ path: String) throws(PrivateClusterError) -> FileFacts? {
        var info = stat()
        guard lstat(path, &info) == 0 else {
            let number = errno
            if number == ENOENT || number == ENOTDIR { return nil }
            throw .system("look at", path, number)
        }
        let kind: Kind =
            switch info.st_mode & S_IFMT {
            case S_IFDIR: .directory
            case S_IFREG: .regular
            case S_IFLNK: .link
            default: .other
            }
        return FileFacts(kind: kind, owner: info.st_uid, mode: info.st_mode & 0o7777)
    }
}

/// The few file operations that starting a cluster takes. None follows a symbolic link in the last part of a path that it opens,
/// since a process of root works here in folders that another user owns.
enum Files {
    /// The first `limit` bytes of a file, or nil when it cannot be opened.
    static func read(_ path: String, limit: Int = 1 << 20) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        return read(descriptor, limit: limit)
    }

    static func readText(_ path: String, limit: Int = 1 << 20) -> String? {
        read(path, limit: limit).map { String(decoding: $0, as: UTF8.self) }
    }

    /// The last `limit` bytes of a file, or nil when it cannot be opened.
    static func readEnd(_ path: String, limit: Int) -> String? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let size = lseek(descriptor, 0, SEEK_END)
        _ = lseek(descriptor, max(0, size - off_t(limit)), SEEK_SET)
        return read(descriptor, limit: limit).map { String(decoding: $0, as: UTF8.self) }
    }

    private static func read(_ descriptor: Int32, limit: Int) -> [UInt8]? {
        var result: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: min(limit, 16384))
        while result.count < limit {
            let count = Glibc.read(descriptor, &chunk, min(chunk.count, limit - result.count))
            if count < 0 && errno == EINTR { continue }
            if count < 0 { return nil }
            if count == 0 { break }
            result.append(contentsOf: chunk[..<count])
        }
        return result
    }

    /// Replaces a file as a whole: readers see the old text or the new one.
    static func replace(_ path: String, with text: String, owner: ClusterUser, sync: Bool) throws(PrivateClusterError) {
        let temporary = path + ".new"
        _ = unlink(temporary)
        try write(temporary, text, flags: O_CREAT | O_EXCL, owner: owner, sync: sync)
        guard rename(temporary, path) == 0 else { throw .system("rename to", path, errno) }
    }

    static func append(_ path: String, _ text: String, owner: ClusterUser, sync: Bool) throws(PrivateClusterError) {
        try write(path, text, flags: O_APPEND, owner: owner, sync: sync)
    }

    private static func write(
        _ path: String, _ text: String, flags: Int32, owner: ClusterUser, sync: Bool
    ) throws(PrivateClusterError) {
        let descriptor = open(path, O_WRONLY | O_CLOEXEC | O_NOFOLLOW | flags, 0o600)
        guard descriptor >= 0 else { throw .system("open", path, errno) }
        defer { close(descriptor) }
        if owner.isOther, fchown(descriptor, owner.uid, owner.gid) != 0 { throw .system("change the owner of", path, errno) }
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            guard count > 0 else { throw .system("write", path, errno) }
            rest = rest.dropFirst(count)
        }
        if sync, fsync(descriptor) != 0 { throw .system("sync", path, errno) }
    }

    /// Makes a change of names in a directory last through a power cut.
    static func syncDirectory(_ path: String) {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_DIRECTORY)
        guard descriptor >= 0 else { return }
        _ = fsync(descriptor)
        close(descriptor)
    }

    /// The names in a directory, sorted; none when it cannot be read.
    static func names(in path: String) -> [String] {
        // SAFETY: the stream is used by this call alone; each entry's name is copied before the next call replaces it.
        guard let stream = opendir(path) else { return [] }
        defer { closedir(stream) }
        var names: [String] = []
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != "." && name != ".." { names.append(name) }
        }
        return names.sorted()
    }

    /// Where a symbolic link points, and the error number when that cannot be read.
    static func target(of link: String) -> Result<String, LinkError> {
        var buffer = [UInt8](repeating: 0, count: 4096)
        let count = buffer.withUnsafeMutableBytes { bytes in
            bytes.withMemoryRebound(to: CChar.self) { names in names.baseAddress.map { readlink(link, $0, names.count) } ?? -1 }
        }
        guard count >= 0 else { return .failure(LinkError(number: errno)) }
        return .success(String(decoding: buffer[..<count], as: UTF8.self))
    }

    struct LinkError: Error {
        let number: Int32
    }

    /// The path with every link resolved, or nil when something on it is missing.
    static func canonical(_ path: String) -> String? {
        // SAFETY: realpath allocates the result, which is copied and freed here.
        guard let resolved = realpath(path, nil) else { return nil }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let current = canonical(".") else { return path }
        return current + "/" + path
    }

    static func isExecutable(_ path: String) -> Bool { access(path, X_OK) == 0 }

    static func parent(of path: String) -> String {
        var parts = path.split(separator: "/")
        _ = parts.popLast()
        return "/" + parts.joined(separator: "/")
    }
}

extension Files {
    /// Seconds since 1970; 0 when nothing is there.
    static func modificationTime(_ path: String) -> Int {
        var info = stat()
        return lstat(path, &info) == 0 ? info.st_mtim.tv_sec : 0
    }
}
