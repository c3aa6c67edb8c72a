import Glibc

/// A library's file before the linker maps it: what isn't whole would end the process without a word when its missing pages are touched, and what is no
/// file could keep it waiting for ever.
struct LibraryFile {
    private let bytes: Int
    private let file: Int32

    /// What keeps a library from being loaded; nil when the linker may judge it.
    static func complaint(about path: String) -> String? {
        // Without blocking, since a pipe would wait for its writer.
        let file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard file >= 0 else { return "can't be read: \(String(cString: strerror(errno)))" }
        defer { close(file) }
        var facts = stat()
        guard fstat(file, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return "is no regular file" }
        let library = LibraryFile(bytes: Int(facts.st_size), file: file)
        guard let end = library.end(), end > library.bytes else { return nil }
        return "is cut off: it has \(library.bytes) of \(end) bytes"
    }

    /// Where the last part that an ELF header names ends (ELF-64 object file format, version 1.5, sections 2, 3 and 6); nil for files without one.
    private func end() -> Int? {
        let header = read(at: 0, count: 64)
        guard header.starts(with: [0x7F, 0x45, 0x4C, 0x46, 2, 1]) else { return nil }
        guard header.count == 64 else { return 64 }
        func number(_ bytes: [UInt8], _ offset: Int, _ width: Int) -> Int {
            // Numbers beyond any file's size mean no file's.
            Int(clamping: (0..<width).reversed().reduce(UInt64(0)) { $0 << 8 | UInt64(bytes[offset + $1]) })
        }
        func end(of start: Int, _ length: Int) -> Int {
            let (sum, isTooLarge) = start.addingReportingOverflow(length)
            return isTooLarge ? .max : sum
        }
        let segments = (start: number(header, 32, 8), size: number(header, 54, 2), count: number(header, 56, 2))
        let sections = end(of: number(header, 40, 8), number(header, 58, 2) * number(header, 60, 2))
        var last = max(sections, end(of: segments.start, segments.size * segments.count))
        guard last <= bytes, segments.size >= 56 else { return last }
        for index in 0..<segments.count {
            let segment = read(at: segments.start + index * segments.size, count: 56)
            guard segment.count == 56 else { break }
            last = max(last, end(of: number(segment, 8, 8), number(segment, 32, 8)))
        }
        return last
    }

    private func read(at offset: Int, count: Int) -> [UInt8] {
        [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
            filled = max(0, pread(file, buffer.baseAddress, count, off_t(offset)))
        }
    }
}
