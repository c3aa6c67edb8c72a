/// Writes CSV (RFC 4180): rows into a buffer that the caller takes whenever it likes.
///
/// A field is quoted when it holds a quote, a line break, anything that a reader might take for the delimiter, or white space at its ends, and
/// when it is an empty text: no value at all is written as nothing, so that the two can be told apart when the file is read again.
package struct CSVWriter: Sendable {
    package var delimiter: UInt8
    /// CRLF as the standard has it.
    package var lineEnd: [UInt8]
    private var buffer: [UInt8]
    private var isFirst = true
    private var rowIsEmpty = true

    /// - Parameter byteOrderMark: Excel takes a file without one for Windows-1252.
    package init(
        delimiter: UInt8 = UInt8(ascii: ","), lineEnd: String = "\r\n", byteOrderMark: Bool = false
    ) {
        self.delimiter = delimiter
        self.lineEnd = Array(lineEnd.utf8)
        buffer = byteOrderMark ? [0xEF, 0xBB, 0xBF] : []
    }

    /// Adds a field to the current row; nil is no value.
    package mutating func field(_ text: String?) {
        guard var text else { return separate() }
        // UTF-8 storage makes the closure run on the string's own bytes.
        text.withUTF8 { bytes in
            // SAFETY: the pointer is used within this closure only.
            field(utf8: bytes)
        }
    }

    /// Adds a field that is UTF-8 already.
    package mutating func field(utf8 bytes: some Collection<UInt8>) {
        separate()
        guard needsQuotes(bytes) else {
            buffer.append(contentsOf: bytes)
            return
        }
        let quote = UInt8(ascii: "\"")
        buffer.append(quote)
        for byte in bytes {
            if byte == quote { buffer.append(quote) }
            buffer.append(byte)
        }
        buffer.append(quote)
    }

    /// Ends the current row.
    package mutating func endRow() {
        // A row of one field without a value would be an empty line, which is no row.
        if rowIsEmpty { buffer.append(contentsOf: [UInt8(ascii: "\""), UInt8(ascii: "\"")]) }
        buffer.append(contentsOf: lineEnd)
        isFirst = true
        rowIsEmpty = true
    }

    package mutating func row(_ fields: [String?]) {
        for text in fields { field(text) }
        endRow()
    }

    /// How many bytes wait to be taken.
    package var count: Int { buffer.count }

    /// Hands over what was written so far.
    package mutating func take() -> [UInt8] {
        defer { buffer = [] }
        return buffer
    }

    private mutating func separate() {
        if isFirst {
            isFirst = false
        } else {
            buffer.append(delimiter)
            rowIsEmpty = false
        }
    }

    private mutating func needsQuotes(_ bytes: some Collection<UInt8>) -> Bool {
        rowIsEmpty = false
        guard let first = bytes.first else { return true }
        var last = first
        for byte in bytes {
            if byte == delimiter || Self.quotedBytes[Int(byte)] { return true }
            last = byte
        }
        if first <= 0x20 || last <= 0x20 { return true }
        guard first >= 0x80 || last >= 0x80 else { return false }
        let scalars = String(decoding: bytes, as: UTF8.self).unicodeScalars
        // U+FEFF at the start of a file would be taken for a byte order mark, which is no text.
        return scalars.first?.value == 0xFEFF || [scalars.first, scalars.last].contains { $0?.properties.isWhitespace == true }
    }

    /// Quote, line feed, carriage return and the delimiters that are recognised.
    private static let quotedBytes = (0..<256).map { byte in
        [0x22, 0x0A, 0x0D].contains(byte) || CSVOptions.delimiters.contains { Int($0) == byte }
    }
}
