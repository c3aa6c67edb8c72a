/// The encodings that a CSV file may have.
package enum CSVEncoding: String, Sendable, CaseIterable {
    case utf8 = "utf-8"
    /// Western European Windows; Excel writes it for "CSV" without "UTF-8". Includes ISO 8859-1's letters.
    case windows1252 = "windows-1252"
}

/// What is known of a CSV file before it is read. What is left open is found out from the file.
package struct CSVOptions: Sendable, Equatable {
    /// The delimiters that are recognised, the likeliest first.
    package static let delimiters = [UInt8(ascii: ","), UInt8(ascii: ";"), UInt8(ascii: "\t"), UInt8(ascii: "|")]

    /// One of `delimiters`, or another ASCII character that is no quote, line break or space.
    package var delimiter: UInt8?
    package var encoding: CSVEncoding?
    package var limits: CSVLimits

    package init(delimiter: UInt8? = nil, encoding: CSVEncoding? = nil, limits: CSVLimits = CSVLimits()) {
        self.delimiter = delimiter
        self.encoding = encoding
        self.limits = limits
    }
}

/// Bounds on what one row may hold, so that no file can fill the memory.
package struct CSVLimits: Sendable, Equatable {
    /// Bytes of one field as they stand in the file. 16 MiB: more than any request that writes one record may have.
    package var fieldBytes: Int
    /// Fields of one row. 2,000: PostgreSQL's tables have at most 1,600 columns.
    package var fields: Int
    /// Bytes of one row as they stand in the file. 64 MiB.
    package var rowBytes: Int

    package init(fieldBytes: Int = 16 << 20, fields: Int = 2000, rowBytes: Int = 64 << 20) {
        self.fieldBytes = max(1, fieldBytes)
        self.fields = max(1, fields)
        self.rowBytes = min(max(1, rowBytes), 1 << 30)
    }
}
