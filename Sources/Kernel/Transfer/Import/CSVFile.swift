import Glibc

/// The rows of a CSV file, read in pieces.
struct CSVFile: ~Copyable {
    private let descriptor: Int32
    private let path: String
    private var reader = CSVReader()
    private var row = CSVRow()
    private var piece: [UInt8] = []
    /// Bytes read so far, of `size`.
    private(set) var position = 0
    let size: Int

    init(_ path: String) throws(ImportError) {
        self.path = path
        descriptor = open(path, O_RDONLY | O_CLOEXEC)
        var status = stat()
        guard descriptor >= 0, fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            let reason = descriptor < 0 ? String(cString: strerror(errno)) : "no regular file"
            if descriptor >= 0 { close(descriptor) }
            throw ImportError(.unreadable, "\(path) can't be read: \(reason)")
        }
        size = Int(status.st_size)
    }

    deinit { close(descriptor) }

    /// The next row, or nil after the last.
    mutating func next() throws(ImportError) -> CSVRow? {
        do {
            while try !reader.next(into: &row) {
                if position >= size, piece.isEmpty, isAtEnd { return nil }
                try fill()
            }
            return row
        } catch let error as CSVError {
            throw ImportError(.unreadable, "\(path): \(error)")
        } catch let error as ImportError {
            throw error
        } catch {
            throw ImportError(.unreadable, "\(path): \(error)")
        }
    }

    private var isAtEnd = false

    private mutating func fill() throws(ImportError) {
        var count = 0
        let path = path
        let descriptor = descriptor
        // SAFETY: at most the capacity is written, and exactly what was written is declared.
        let bytes = [UInt8](unsafeUninitializedCapacity: 256 * 1024) { buffer, initialized in
            repeat { count = read(descriptor, buffer.baseAddress, buffer.count) } while count < 0 && errno == EINTR
            initialized = max(0, count)
        }
        guard count >= 0 else { throw ImportError(.unreadable, "\(path) can't be read: \(String(cString: strerror(errno)))") }
        if count == 0 {
            reader.finish()
            isAtEnd = true
        } else {
            position += count
            reader.append(bytes)
        }
    }
}
