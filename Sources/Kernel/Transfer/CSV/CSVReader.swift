/// Reads a CSV file (RFC 4180 and what spreadsheets make of it) from chunks of bytes, row by row, in constant memory.
///
///     var reader = CSVReader()
///     var row = TableRow()
///     for await chunk in chunks {
///         reader.append(chunk)
///         while try reader.next(into: &row) { … }
///     }
///     reader.finish()
///     while try reader.next(into: &row) { … }
///
/// - Delimiter: comma, semicolon, tab or bar, recognised from the first 64 KiB unless named; a first line `sep=;` is obeyed.
/// - Encoding: UTF-8, or Windows-1252 when the first row that is not plain ASCII is no UTF-8; a byte order mark is skipped.
/// - Lines end with LF, CRLF or CR; empty lines are skipped; the last line needs no end.
/// - Fields in double quotes may hold delimiters, line breaks and doubled quotes. Spaces around such a field are not part of it; around
///   any other they are. A quote within a field that does not begin with one is text.
/// - Rows may have different numbers of fields: what that means is for the caller to say.
package struct CSVReader: Sendable {
    /// So much is looked at to find the delimiter.
    package static let sampleBytes = 64 << 10

    /// Known from the first row on.
    package private(set) var delimiter: UInt8?
    /// Nil as long as everything was plain ASCII and none was named.
    package private(set) var encoding: CSVEncoding?

    private let limits: CSVLimits
    private var buffer: [UInt8] = []
    private var isFinished = false
    private var failure: CSVError?
    private var scanner: CSVScanner?

    package init(_ options: CSVOptions = CSVOptions()) {
        delimiter = options.delimiter
        encoding = options.encoding
        limits = options.limits
    }

    /// Adds the next bytes of the file. Take all rows between two calls, else they pile up.
    package mutating func append(_ bytes: some Collection<UInt8>) {
        discardConsumed()
        buffer.append(contentsOf: bytes)
    }

    /// Says that the file ends here.
    package mutating func finish() { isFinished = true }

    /// Reads the next row; false when more bytes are needed, or after `finish()` when there is no further row.
    ///
    /// - Throws: `CSVError`, and from then on the same one again: nothing after a broken row can be trusted.
    package mutating func next(into row: inout TableRow) throws(CSVError) -> Bool {
        if let failure { throw failure }
        do throws(CSVFault) {
            guard try prepare() else { return false }
            return try readRow(into: &row)
        } catch {
            let located = locate(error)
            failure = located
            throw located
        }
    }

    // MARK: Rows

    private mutating func readRow(into row: inout TableRow) throws(CSVFault) -> Bool {
        guard var scanner = take() else { return false }
        defer { self.scanner = scanner }
        var isComplete = try scanner.scan(buffer.span)
        if !isComplete && isFinished { isComplete = try scanner.finish() }
        guard isComplete else { return false }
        row.line = scanner.rowLine
        row.bytes.removeAll(keepingCapacity: true)
        row.bytes.append(contentsOf: buffer[scanner.rowStart..<scanner.rowEnd])
        swap(&row.bounds, &scanner.bounds)
        if !Self.isASCII(row.bytes.span) { try decode(&row, rowStart: scanner.rowStart) }
        if scanner.rowHasEscapes { row.unescape() }
        return true
    }

    /// Takes the scanner out of the value, so that its arrays are changed in place and not copied.
    private mutating func take() -> CSVScanner? {
        defer { scanner = nil }
        return scanner
    }

    private mutating func decode(_ row: inout TableRow, rowStart: Int) throws(CSVFault) {
        if encoding == .windows1252 { return row.decodeWindows1252() }
        do {
            _ = try UTF8Span(validating: row.bytes.span)
            encoding = .utf8
        } catch {
            guard encoding == nil else {
                let offset = error.byteOffsets.lowerBound
                let field = row.bounds.firstIndex { Int($0.end) > offset } ?? row.bounds.count - 1
                throw CSVFault(
                    code: .encoding, line: nil, lineStart: rowStart, offset: rowStart + offset, field: field + 1,
                    message: "byte 0x\(String(row.bytes[offset], radix: 16, uppercase: true)) is not UTF-8, which the file is otherwise; "
                        + "save the whole file in UTF-8")
            }
            encoding = .windows1252
            row.decodeWindows1252()
        }
    }

    private static func isASCII(_ bytes: Span<UInt8>) -> Bool {
        var gathered: UInt64 = 0
        var offset = 0
        while offset &+ 8 <= bytes.count {
            // SAFETY: the eight bytes lie within the span, and every bit pattern is an integer.
            gathered |= unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self)
            offset &+= 8
        }
        while offset < bytes.count {
            gathered |= UInt64(bytes[offset])
            offset &+= 1
        }
        return gathered & 0x8080_8080_8080_8080 == 0
    }

    private mutating func discardConsumed() {
        guard let consumed = scanner?.consumed, consumed > 0 else { return }
        buffer.removeSubrange(..<consumed)
        scanner?.moved(by: consumed)
    }

    // MARK: Start of the file

    /// Skips the byte order mark and finds the delimiter; false when more bytes are needed for that.
    private mutating func prepare() throws(CSVFault) -> Bool {
        if scanner != nil { return true }
        guard isFinished || buffer.count >= Self.sampleBytes || (delimiter != nil && buffer.count >= 16) else { return false }
        var start = 0
        if buffer.starts(with: [0xEF, 0xBB, 0xBF]) {
            start = 3
            encoding = .utf8
        } else if buffer.starts(with: [0xFE, 0xFF]) || buffer.starts(with: [0xFF, 0xFE]) {
            throw CSVFault(
                code: .encoding, line: 1, lineStart: 0, offset: 0, field: 1, message: "the file is UTF-16; save it as CSV in UTF-8")
        }
        var line = 1
        if let (named, end) = CSVDelimiterDetector.namedDelimiter(buffer[start...]) {
            delimiter = delimiter ?? named
            start = end
            line = 2
        }
        let found = delimiter ?? CSVDelimiterDetector.detect(buffer.span, start: start, limits: limits, isWhole: isFinished)
        delimiter = found
        scanner = CSVScanner(delimiter: found, limits: limits, start: start, line: line)
        return true
    }

    // MARK: Places

    private func locate(_ fault: CSVFault) -> CSVError {
        var line = fault.line ?? scanner?.rowLine ?? 1
        var lineStart = min(fault.lineStart, buffer.count)
        let offset = min(max(fault.offset, lineStart), buffer.count)
        if fault.line == nil {
            for index in lineStart..<offset
            where buffer[index] == 10 || (buffer[index] == 13 && (index + 1 == offset || buffer[index + 1] != 10)) {
                line += 1
                lineStart = index + 1
            }
        }
        let isContinuation: (UInt8) -> Bool = encoding == .windows1252 ? { _ in false } : { $0 & 0xC0 == 0x80 }
        let column = buffer[lineStart..<offset].reduce(1) { isContinuation($1) ? $0 : $0 + 1 }
        return CSVError(code: fault.code, line: line, column: column, field: fault.field, message: fault.message)
    }
}

extension CSVReader {
    /// All rows of a file that is in memory, for small ones.
    package static func rows(of bytes: some Collection<UInt8>, _ options: CSVOptions = CSVOptions()) throws(CSVError) -> [[String]] {
        var reader = CSVReader(options)
        reader.append(bytes)
        reader.finish()
        var rows: [[String]] = []
        var row = TableRow()
        while try reader.next(into: &row) { rows.append(row.texts) }
        return rows
    }
}
