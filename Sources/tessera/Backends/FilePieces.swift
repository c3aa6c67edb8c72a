import Glibc

/// A regular file, open for reading; each iteration begins at its start.
final class FilePieces: Sendable {
    let path: String
    /// In bytes, when it was opened.
    let size: Int
    private let descriptor: Int32

    init(_ path: String) throws {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let reason = descriptor < 0 ? String(cString: strerror(errno)) : "no regular file"
            if descriptor >= 0 { close(descriptor) }
            throw Failure(.wrongInput, "\(path) can't be read: \(reason)")
        }
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    func makeIterator() -> Iterator { Iterator(file: self) }

    /// All of it, for what is small.
    func whole() throws -> [UInt8] {
        var iterator = makeIterator()
        var bytes: [UInt8] = []
        while let piece = try iterator.nextPiece() { bytes += piece }
        return bytes
    }

    struct Iterator {
        fileprivate let file: FilePieces
        private(set) var position = 0

        fileprivate init(file: FilePieces) { self.file = file }

        /// Up to 256 KiB; nil at the end.
        mutating func nextPiece() throws -> [UInt8]? {
            var count = 0
            let (descriptor, offset) = (file.descriptor, off_t(position))
            // SAFETY: at most the capacity is written, and exactly what was written is declared.
            let bytes = [UInt8](unsafeUninitializedCapacity: 256 * 1024) { buffer, initialized in
                repeat { count = pread(descriptor, buffer.baseAddress, buffer.count, offset) } while count < 0 && errno == EINTR
                initialized = max(0, count)
            }
            guard count >= 0 else { throw Failure(.wrongInput, "\(file.path) can't be read: \(String(cString: strerror(errno)))") }
            position += count
            return count == 0 ? nil : bytes
        }
    }
}
