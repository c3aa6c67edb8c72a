import Glibc

/// The formats of files that records are read from. All are told by what the file holds, not by its name.
package enum ImportFormat: String, Sendable {
    case csv, xlsx, vcard

    init(beginning bytes: [UInt8]) {
        if bytes.starts(with: [0x50, 0x4B, 0x03, 0x04]) {
            self = .xlsx
        } else {
            let text = String(decoding: bytes.prefix(200).drop { $0 <= 0x20 || $0 >= 0x80 }, as: UTF8.self)
            self = text.uppercased().hasPrefix("BEGIN:VCARD") ? .vcard : .csv
        }
    }
}

/// A file of records, read one after the other.
protocol ImportSource: AnyObject {
    /// The next record; nil after the last. Empty rows are left out.
    func next() throws(ImportError) -> SourceRecord?
    /// Rows that have cells, all of them empty, and were left out so far.
    var blankRows: Int { get }
    /// Bytes read so far, of `size`.
    var position: Int { get }
    var size: Int { get }
}

/// One record as its file has it.
enum SourceRecord: Sendable {
    case row(TableRow)
    case card(VCardReader.Item)

    var line: Int {
        switch self {
        case .row(let row): row.line
        case .card(let item): item.line
        }
    }

    /// Its size in memory, about.
    var bytes: Int {
        switch self {
        case .row(let row): row.bytes.count
        case .card(let item): item.source.count
        }
    }

    /// What goes into the file of failed rows: the cells, nil for those that hold nothing, or the text of the card.
    var cells: [String?] {
        switch self {
        case .row(let row): row.cells
        case .card(let item): [String(decoding: item.source, as: UTF8.self)]
        }
    }
}

/// A regular file, read piece by piece.
final class FilePieces {
    let path: String
    let size: Int
    private(set) var position = 0
    private let descriptor: Int32

    /// - Throws: `import.unreadable`
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

    /// What the file is, by its first bytes.
    func format() throws(ImportError) -> ImportFormat {
        ImportFormat(beginning: try read(at: 0, count: 4096))
    }

    /// The next piece; empty at the end.
    func next() throws(ImportError) -> [UInt8] {
        let bytes = try read(at: position, count: 256 * 1024)
        position += bytes.count
        return bytes
    }

    private func read(at offset: Int, count wanted: Int) throws(ImportError) -> [UInt8] {
        var count = 0
        let descriptor = descriptor
        // SAFETY: at most the capacity is written, and exactly what was written is declared.
        let bytes = [UInt8](unsafeUninitializedCapacity: wanted) { buffer, initialized in
            repeat { count = pread(descriptor, buffer.baseAddress, buffer.count, off_t(offset)) } while count < 0 && errno == EINTR
            initialized = max(0, count)
        }
        guard count >= 0 else { throw ImportError(.unreadable, "\(path) can't be read: \(String(cString: strerror(errno)))") }
        return bytes
    }
}
