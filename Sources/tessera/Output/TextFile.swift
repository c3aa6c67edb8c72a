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
        try Console.write(Array(text.utf8), to: descriptor, name: path)
    }

    /// Finds out before the work begins whether a file could be written at its end; leaves none behind.
    static func requireWritable(_ path: String) throws {
        let isThere = access(path, F_OK) == 0
        let descriptor = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Failure(.wrongInput, "\(path) can't be written: \(String(cString: strerror(errno)))") }
        close(descriptor)
        if !isThere { unlink(path) }
    }

    /// Refuses to write over what a command reads, also where another name leads there.
    ///
    /// - Parameter option: the one that says where to write.
    static func requireApart(_ output: String, from inputs: [String], option: String) throws {
        for input in inputs where isSame(output, input) {
            throw Failure(
                .wrongInput,
                "\(output) is the same file as \(input), which this command reads or writes itself; it would be overwritten. "
                    + "Name another one with \(option).")
        }
    }

    /// Whether two paths lead to one regular file, by links of whatever kind; of files that aren't there yet, whether they would.
    private static func isSame(_ one: String, _ other: String) -> Bool {
        var (first, second) = (stat(), stat())
        let isThere = (stat(one, &first) == 0, stat(other, &second) == 0)
        guard isThere.0 || isThere.1 else { return place(of: one) == place(of: other) }
        return isThere == (true, true) && first.st_mode & S_IFMT == S_IFREG && first.st_dev == second.st_dev
            && first.st_ino == second.st_ino
    }

    /// Folder and name of a file that isn't there yet.
    private static func place(of path: String) -> [String] {
        let folder = path.split(separator: "/", omittingEmptySubsequences: false).dropLast().joined(separator: "/")
        return [absolute(folder.isEmpty ? (path.hasPrefix("/") ? "/" : ".") : folder), name(of: path)]
    }
}
