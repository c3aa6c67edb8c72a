import CLibZip

/// The parts of a zip file, by name, through libzip.
final class ZipArchive {
    private let archive: OpaquePointer
    private let limits: XLSXLimits
    /// What the archive is read from, when that is memory.
    private let memory: UnsafeMutableRawBufferPointer?

    /// - Throws: for a file that can't be opened or is no zip file.
    init(path: String, limits: XLSXLimits) throws(XLSXError) {
        var code: Int32 = 0
        guard let opened = zip_open(path, Int32(ZIP_RDONLY), &code) else {
            var error = zip_error_t()
            zip_error_init_with_code(&error, code)
            defer { zip_error_fini(&error) }
            throw XLSXError("this is no readable workbook: \(String(cString: zip_error_strerror(&error)))")
        }
        archive = opened
        self.limits = limits
        memory = nil
    }

    /// - Throws: for what is no zip file.
    init(bytes: [UInt8], limits: XLSXLimits) throws(XLSXError) {
        // SAFETY: the copy lives until deinit, after the archive that reads from it is closed.
        let copy = UnsafeMutableRawBufferPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
        copy.copyBytes(from: bytes)
        var error = zip_error_t()
        zip_error_init(&error)
        defer { zip_error_fini(&error) }
        guard let source = zip_source_buffer_create(copy.baseAddress, UInt64(bytes.count), 0, &error) else {
            copy.deallocate()
            throw XLSXError("the workbook can't be read: \(String(cString: zip_error_strerror(&error)))")
        }
        guard let opened = zip_open_from_source(source, Int32(ZIP_RDONLY), &error) else {
            zip_source_free(source)
            copy.deallocate()
            throw XLSXError("this is no readable workbook: \(String(cString: zip_error_strerror(&error)))")
        }
        archive = opened
        self.limits = limits
        memory = copy
    }

    deinit {
        zip_discard(archive)
        memory?.deallocate()
    }

    /// Opens a part; nil when there is none of that name.
    func part(_ name: String) throws(XLSXError) -> ZipPart? {
        var status = zip_stat_t()
        zip_stat_init(&status)
        guard zip_stat(archive, name, UInt32(ZIP_FL_NOCASE), &status) == 0 else { return nil }
        guard status.size <= limits.partBytes else {
            throw XLSXError("\(name) has \(status.size) bytes; at most \(limits.partBytes) are read")
        }
        guard let file = zip_fopen_index(archive, status.index, 0) else {
            throw XLSXError("\(name) can't be read: \(String(cString: zip_strerror(archive)))")
        }
        return ZipPart(file: file, name: name, packedSize: status.comp_size, size: status.size, limits: limits, archive: self)
    }
}

/// A part of a zip file that is being read.
final class ZipPart {
    let name: String
    /// Bytes when inflated, as the file says.
    let size: UInt64
    private(set) var position: UInt64 = 0
    private let file: OpaquePointer
    private let packedSize: UInt64
    private let limits: XLSXLimits
    /// Keeps the archive open for as long as the part is read.
    private let archive: ZipArchive

    fileprivate init(file: OpaquePointer, name: String, packedSize: UInt64, size: UInt64, limits: XLSXLimits, archive: ZipArchive) {
        self.file = file
        self.name = name
        self.packedSize = packedSize
        self.size = size
        self.limits = limits
        self.archive = archive
    }

    deinit { zip_fclose(file) }

    /// The next bytes; empty at the end. What the file says of sizes isn't relied on.
    func read() throws(XLSXError) -> [UInt8] {
        var count: Int64 = 0
        // SAFETY: at most the capacity is written, and exactly what was written is declared.
        let bytes = [UInt8](unsafeUninitializedCapacity: 128 * 1024) { buffer, initialized in
            if let start = buffer.baseAddress { count = zip_fread(file, start, UInt64(buffer.count)) }
            initialized = Int(max(0, count))
        }
        guard count >= 0 else {
            throw XLSXError("\(name) is damaged: \(String(cString: zip_file_strerror(file)))")
        }
        position += UInt64(count)
        guard position <= limits.partBytes, position < 16 << 20 || position / max(1, packedSize) <= limits.inflation else {
            throw XLSXError(
                "\(name) inflates to more than \(limits.inflation) times its size; this is no workbook of a spreadsheet program")
        }
        return bytes
    }
}
