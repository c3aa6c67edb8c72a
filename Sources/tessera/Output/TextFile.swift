import Glibc

/// Files that commands write.
enum TextFile {
    /// The path from the root, links followed where the file is there.
    static func absolute(_ path: String) -> String {
        guard let resolved = realpath(path, nil) else { return path }
        defer { free(resolved) }
        return String(cString: resolved)
    }

    /// What stands behind the last slash.
    static func name(of path: String) -> String { path.split(separator: "/").last.map(String.init) ?? path }

    /// An empty file that is open for writing; the caller closes it.
    static func create(_ path: String, mode: mode_t) throws -> Int32 {
        let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
        guard descriptor >= 0 else { throw Failure(.wrongInput, "\(path) can't be written: \(String(cString: strerror(errno)))") }
        return descriptor
    }

    static func close(_ descriptor: Int32) { _ = Glibc.close(descriptor) }

    static func write(_ text: String, to path: String) throws {
        let descriptor = try create(path, mode: 0o644)
        defer { close(descriptor) }
        try Console.write(Array(text.utf8), to: descriptor)
    }

    /// Finds out before the work begins whether a file could be written at its end; leaves none behind.
    static func requireWritable(_ path: String) throws {
        let isThere = access(path, F_OK) == 0
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(.wrongInput, "\(path) can't be written: \(String(cString: strerror(errno)))") }
        close(descriptor)
        if !isThere { unlink(path) }
    }
}
