import Glibc
import NIOCore
import NIOPosix

/// Runs what blocks on threads kept for that, so that event loops go on.
func blocking<R: Sendable>(_ body: @escaping @Sendable () throws -> R) async throws -> R {
    try await NIOThreadPool.singleton.runIfActive(body)
}

extension FilesError {
    /// What the operating system says, with what was tried.
    static func system(_ action: String, _ path: String, _ number: Int32 = errno) -> FilesError {
        FilesError(.storeFailed, "\(path) can't be \(action): \(String(cString: strerror(number)))")
    }
}

/// Folders and files as the stores need them. Everything here blocks.
enum Disk {
    /// Makes a folder for this user alone, if it isn't there, and puts its name on disk.
    static func makeFolder(_ path: String) throws {
        if mkdir(path, 0o700) == 0 {
            let parent = path.lastIndex(of: "/").map { String(path[..<$0]) } ?? "."
            return try syncFolder(parent.isEmpty ? "/" : parent)
        }
        let number = errno
        guard number == EEXIST else { throw FilesError.system("made", path, number) }
    }

    static func makeFolders(_ path: String) throws {
        var partial = path.hasPrefix("/") ? "" : "."
        for part in path.split(separator: "/") {
            partial += "/\(part)"
            var info = stat()
            if stat(partial, &info) != 0 { try makeFolder(partial) }
        }
    }

    static func syncFolder(_ path: String) throws {
        let folder = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        guard folder >= 0 else { throw FilesError.system("opened", path) }
        defer { close(folder) }
        guard fsync(folder) == 0 else { throw FilesError.system("written", path) }
    }

    static func size(_ path: String) -> Int64? {
        var info = stat()
        guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
        return Int64(info.st_size)
    }

    /// Seconds since 1970 of a file's last change.
    static func modified(_ path: String) -> Int? {
        var info = stat()
        return stat(path, &info) == 0 ? info.st_mtim.tv_sec : nil
    }

    static func names(in folder: String) -> [String] {
        guard let listing = opendir(folder) else { return [] }
        defer { closedir(listing) }
        var names: [String] = []
        while let entry = readdir(listing) {
            // SAFETY: readdir ends d_name with a zero.
            let name = withUnsafePointer(to: &entry.pointee.d_name) { pointer in
                pointer.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }

    /// Writes all of a piece.
    static func write(_ bytes: UnsafeRawBufferPointer, to descriptor: Int32, _ path: String) throws {
        var rest = bytes
        while !rest.isEmpty {
            let count = Glibc.write(descriptor, rest.baseAddress, rest.count)
            if count < 0 {
                if errno == EINTR { continue }
                throw FilesError.system("written", path)
            }
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }
}

/// An open file that is read in pieces from any thread, one at a time.
final class ReadableFile: Sendable {
    static let pieceSize = 262_144

    private let descriptor: Int32
    private let path: String

    /// nil when there is no such file.
    init?(_ path: String) throws {
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        self.path = path
        guard descriptor >= 0 else {
            guard errno == ENOENT else { throw FilesError.system("read", path) }
            return nil
        }
    }

    deinit { close(descriptor) }

    var size: Int64 {
        var info = stat()
        return fstat(descriptor, &info) == 0 ? Int64(info.st_size) : 0
    }

    /// Up to one piece from an offset on; empty at the end.
    func read(at offset: Int64, atMost count: Int) throws -> ByteBuffer {
        let wanted = min(count, Self.pieceSize)
        var buffer = ByteBuffer()
        while true {
            var result = 0
            // SAFETY: pread writes at most `wanted` bytes into memory of at least that size.
            buffer.writeWithUnsafeMutableBytes(minimumWritableBytes: wanted) { memory in
                result = pread(descriptor, memory.baseAddress, wanted, off_t(offset))
                return max(0, result)
            }
            if result >= 0 { return buffer }
            guard errno == EINTR else { throw FilesError.system("read", path) }
        }
    }
}
