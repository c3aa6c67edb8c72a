import Glibc

/// The two things that composing needs of a file system, so that it works over memory just as well.
public struct FileSystem: Sendable {
    /// The content of a file, at most one byte more than ``ManifestSource/maxBytes``; nil when it can't be read.
    public let read: @Sendable (_ path: String) -> [UInt8]?
    /// The names of the files in a folder, in any order; nil when there is no such folder.
    public let list: @Sendable (_ folder: String) -> [String]?

    /// Makes a file system of two functions.
    public init(read: @escaping @Sendable (_ path: String) -> [UInt8]?, list: @escaping @Sendable (_ folder: String) -> [String]?) {
        self.read = read
        self.list = list
    }

    /// The machine's files.
    public static let disk = FileSystem(read: readFile, list: listFolder)

    /// Files held in memory: paths and texts.
    public static func memory(_ files: [String: String]) -> FileSystem {
        FileSystem(
            read: { files[$0].map { Array($0.utf8) } },
            list: { folder in
                let names = files.keys.filter { Path.folder(of: $0) == folder }.map { Path.name(of: $0) }
                return names.isEmpty ? nil : names
            })
    }

    private static func readFile(_ path: String) -> [UInt8]? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        let limit = ManifestSource.maxBytes + 1
        var content: [UInt8] = []
        while content.count < limit {
            let wanted = min(64 * 1024, limit - content.count)
            var count = 0
            // SAFETY: at most the capacity is written, and exactly what was written is declared.
            content += [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
                repeat { count = Glibc.read(descriptor, buffer.baseAddress, wanted) } while count < 0 && errno == EINTR
                initialized = max(0, count)
            }
            if count < 0 { return nil }
            if count == 0 { break }
        }
        return content
    }

    private static func listFolder(_ folder: String) -> [String]? {
        guard let directory = opendir(folder) else { return nil }
        defer { closedir(directory) }
        var names: [String] = []
        while let entry = readdir(directory) {
            // SAFETY: d_name is an array within the entry that ends with a zero; the entry lives until the next readdir.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: pointer.pointee)) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}

/// Paths as texts.
enum Path {
    static func folder(of path: String) -> String {
        guard let slash = path.lastIndex(of: "/") else { return "." }
        return slash == path.startIndex ? "/" : String(path[..<slash])
    }

    static func name(of path: String) -> String {
        path.lastIndex(of: "/").map { String(path[path.index(after: $0)...]) } ?? path
    }

    /// A path as seen from a folder; absolute paths stay.
    static func join(_ folder: String, _ path: String) -> String {
        if path.hasPrefix("/") || folder == "." { return path }
        return folder.hasSuffix("/") ? folder + path : "\(folder)/\(path)"
    }
}
