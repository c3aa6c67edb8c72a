import Glibc

/// The file of rows that failed: the columns of the import's file and one with the reason, so that it can be corrected and fed again.
package struct FailedRows: ~Copyable {
    /// Header of the column with the reason; an import leaves it out.
    package static let column = "import_error"

    private let descriptor: Int32
    private var writer = CSVWriter()
    private let width: Int
    package private(set) var count = 0

    /// - Throws: `import.unreadable` when the file can't be written.
    package init(path: String, headers: [String]) throws(ImportError) {
        descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw ImportError(.unreadable, "\(path) can't be written: \(String(cString: strerror(errno)))") }
        let own = headers.filter { $0 != Self.column }
        width = own.count
        writer.row(own + [Self.column])
    }

    deinit {
        close(descriptor)
    }

    package mutating func add(_ cells: [String], reason: String) throws(ImportError) {
        count += 1
        writer.row(cells.prefix(width) + [String](repeating: "", count: max(0, width - cells.count)) + [reason])
        if writer.count > 64 * 1024 { try flush() }
    }

    package mutating func flush() throws(ImportError) {
        var rest = writer.take()[...]
        while !rest.isEmpty {
            let written = rest.withUnsafeBytes { write(descriptor, $0.baseAddress, $0.count) }
            guard written > 0 || errno == EINTR else {
                throw ImportError(.unreadable, "the file of failed rows can't be written: \(String(cString: strerror(errno)))")
            }
            rest = rest.dropFirst(max(0, written))
        }
    }
}
