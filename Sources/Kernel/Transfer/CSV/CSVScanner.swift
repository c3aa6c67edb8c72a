/// Finds the fields of one row after the other in a buffer that may end anywhere.
///
/// It only marks where fields begin and end, and takes up where it stopped when the buffer has grown. Offsets are the buffer's; the
/// owner drops what lies before `rowStart` and calls `moved(by:)`.
struct CSVScanner {
    private enum State {
        case rowStart, fieldStart, unquoted, quoted
        /// After a quote inside a quoted field: the end of the field, or the first half of a doubled quote.
        case quoteSeen
        /// Spaces between a closing quote and the delimiter.
        case afterQuote
    }

    let delimiter: UInt8
    let limits: CSVLimits
    /// Of the row that is being read or was just completed.
    private(set) var rowStart = 0
    private(set) var rowLine: Int
    /// Relative to `rowStart`.
    var bounds: [TableRow.Bounds] = []
    /// Where the row's last field ends; the line break follows.
    private(set) var rowEnd = 0

    private var state = State.rowStart
    private var position = 0
    private var fieldStart = 0
    private var isQuoted = false
    private var hasEscapes = false
    /// Whether any field of the row holds doubled quotes.
    private(set) var rowHasEscapes = false
    /// Set after a carriage return: a line feed that follows belongs to it.
    private var skipsLineFeed = false
    private var line: Int
    private var lineStart = 0

    private static let quote = UInt8(ascii: "\"")
    private static let space = UInt8(ascii: " ")
    private static let lineFeed = UInt8(ascii: "\n")
    private static let carriageReturn = UInt8(ascii: "\r")

    init(delimiter: UInt8, limits: CSVLimits, start: Int = 0, line: Int = 1) {
        self.delimiter = delimiter
        self.limits = limits
        self.line = line
        rowLine = line
        position = start
        rowStart = start
        lineStart = start
    }

    /// Tells that so many bytes at the start of the buffer are gone.
    mutating func moved(by count: Int) {
        position -= count
        rowStart -= count
        rowEnd -= count
        fieldStart -= count
        lineStart -= count
    }

    /// What may be dropped from the buffer: all before the current row, or everything read when no row has begun.
    var consumed: Int { state == .rowStart ? position : rowStart }

    /// True when a row is complete; false when the buffer ends first.
    mutating func scan(_ bytes: Span<UInt8>) throws(CSVFault) -> Bool {
        while position < bytes.count {
            let byte = bytes[position]
            switch state {
            case .rowStart:
                beginRow(byte)
            case .fieldStart:
                try beginField(byte)
            case .unquoted:
                position = nextSpecial(bytes, than: delimiter)
                guard position < bytes.count else { break }
                if try endsField(bytes[position], at: position) { return true }
            case .quoted:
                position = nextSpecial(bytes, than: Self.quote)
                guard position < bytes.count else { break }
                try insideQuotes(bytes)
            case .quoteSeen:
                if byte == Self.quote {
                    hasEscapes = true
                    state = .quoted
                    position += 1
                } else if try endsQuotedField(byte, end: position - 1) {
                    return true
                }
            case .afterQuote:
                if try endsQuotedField(byte, end: rowEnd) { return true }
            }
        }
        try checkUnfinished()
        return false
    }

    /// Completes the last row, which ends with the file; false when there is none.
    mutating func finish() throws(CSVFault) -> Bool {
        switch state {
        case .rowStart: return false
        case .fieldStart, .unquoted: try endField(at: position)
        case .quoteSeen: try endField(at: position - 1)
        case .afterQuote: try endField(at: rowEnd)
        case .quoted:
            throw fault(
                .unclosedQuote, at: fieldStart - 1, "a quote is opened here and never closed; close it, or double a quote that is text")
        }
        rowEnd = position
        state = .rowStart
        return true
    }

    // MARK: Steps

    private mutating func beginRow(_ byte: UInt8) {
        if byte == Self.lineFeed && skipsLineFeed {
            skipsLineFeed = false
            position += 1
            lineStart = position
        } else if byte == Self.lineFeed || byte == Self.carriageReturn {
            // An empty line is no row.
            endLine(byte)
        } else {
            skipsLineFeed = false
            bounds.removeAll(keepingCapacity: true)
            rowHasEscapes = false
            rowStart = position
            rowLine = line
            fieldStart = position
            state = .fieldStart
        }
    }

    /// At the first byte of a field, or after spaces, before which a quote opens a quoted field too.
    @inline(__always)
    private mutating func beginField(_ byte: UInt8) throws(CSVFault) {
        if byte == Self.quote {
            isQuoted = true
            hasEscapes = false
            position += 1
            fieldStart = position
            state = .quoted
        } else if byte == Self.space && delimiter != Self.space {
            position += 1
        } else {
            state = .unquoted
        }
    }

    /// At a byte of an unquoted field that may end it, or after a quoted one. True at the end of the row.
    @inline(__always)
    private mutating func endsField(_ byte: UInt8, at end: Int) throws(CSVFault) -> Bool {
        if byte == delimiter {
            try endField(at: end)
            position += 1
            fieldStart = position
            state = .fieldStart
            return false
        }
        if byte == Self.lineFeed || byte == Self.carriageReturn {
            try endField(at: end)
            rowEnd = position
            endLine(byte)
            state = .rowStart
            return true
        }
        guard byte != 0 else { throw zeroByte() }
        position += 1
        return false
    }

    private mutating func insideQuotes(_ bytes: Span<UInt8>) throws(CSVFault) {
        let byte = bytes[position]
        switch byte {
        case Self.quote:
            state = .quoteSeen
        case Self.carriageReturn:
            line += 1
            lineStart = position + 1
        case Self.lineFeed:
            if position == fieldStart || bytes[position - 1] != Self.carriageReturn { line += 1 }
            lineStart = position + 1
        case 0:
            throw zeroByte()
        default:
            break
        }
        position += 1
    }

    private mutating func endsQuotedField(_ byte: UInt8, end: Int) throws(CSVFault) -> Bool {
        if byte == delimiter || byte == Self.lineFeed || byte == Self.carriageReturn { return try endsField(byte, at: end) }
        guard byte == Self.space else {
            throw fault(.textAfterQuote, at: position, "text after a closing quote; double the quotes that are text, or remove them")
        }
        // Kept here until the field ends, since the field's end lies before the spaces.
        rowEnd = end
        state = .afterQuote
        position += 1
        return false
    }

    @inline(__always)
    private mutating func endField(at end: Int) throws(CSVFault) {
        guard end - fieldStart <= limits.fieldBytes, end - rowStart <= limits.rowBytes, bounds.count < limits.fields else {
            throw limitFault(at: end)
        }
        let escaped = isQuoted && hasEscapes
        bounds.append(
            TableRow.Bounds(
                start: UInt32(truncatingIfNeeded: fieldStart &- rowStart), end: UInt32(truncatingIfNeeded: end &- rowStart),
                isQuoted: isQuoted, hasEscapes: escaped))
        rowHasEscapes = rowHasEscapes || escaped
        isQuoted = false
    }

    private mutating func endLine(_ byte: UInt8) {
        skipsLineFeed = byte == Self.carriageReturn
        line += 1
        position += 1
        lineStart = position
    }

    // MARK: Limits and faults

    private func checkUnfinished() throws(CSVFault) {
        guard state != .rowStart else { return }
        if position - fieldStart > limits.fieldBytes { throw fieldTooLong() }
        if position - rowStart > limits.rowBytes { throw rowTooLong() }
    }

    @inline(never)
    private func limitFault(at end: Int) -> CSVFault {
        if end - fieldStart > limits.fieldBytes { return fieldTooLong() }
        if end - rowStart > limits.rowBytes { return rowTooLong() }
        return fault(.tooManyFields, at: fieldStart, "the row has more than \(limits.fields) fields; is the delimiter the right one?")
    }

    private func fieldTooLong() -> CSVFault {
        let hint = isQuoted ? "; is the quote that opens it closed?" : "; is the delimiter the right one?"
        return fault(.fieldTooLong, at: isQuoted ? fieldStart - 1 : fieldStart, "a field of more than \(limits.fieldBytes) bytes\(hint)")
    }

    private func rowTooLong() -> CSVFault {
        CSVFault(
            code: .rowTooLong, line: rowLine, lineStart: rowStart, offset: rowStart, field: 1,
            message: "a row of more than \(limits.rowBytes) bytes; are all quotes closed?")
    }

    private func zeroByte() -> CSVFault {
        fault(.zeroByte, at: position, "a zero byte; if this is a UTF-16 file, save it as CSV in UTF-8")
    }

    private func fault(_ code: CSVError.Code, at offset: Int, _ message: String) -> CSVFault {
        // The offset of an opening quote may lie on an earlier line than the end of the buffer.
        offset >= lineStart
            ? CSVFault(code: code, line: line, lineStart: lineStart, offset: offset, field: bounds.count + 1, message: message)
            : CSVFault(code: code, line: nil, lineStart: rowStart, offset: offset, field: bounds.count + 1, message: message)
    }

    // MARK: Search

    /// The next byte that is the given one or below 0x0E, where line breaks and the zero byte are; eight bytes at a time.
    @inline(__always)
    private func nextSpecial(_ bytes: Span<UInt8>, than wanted: UInt8) -> Int {
        let ones: UInt64 = 0x0101_0101_0101_0101
        let tops: UInt64 = 0x8080_8080_8080_8080
        let pattern = ones &* UInt64(wanted)
        var offset = position
        let count = bytes.count
        while offset &+ 8 <= count {
            // SAFETY: the eight bytes lie within the span, and every bit pattern is an integer.
            let word = UInt64(littleEndian: unsafe bytes.bytes.unsafeLoadUnaligned(fromByteOffset: offset, as: UInt64.self))
            let different = word ^ pattern
            // The lowest set top bit marks the first byte that is zero after the exclusive or, or less than 0x0E; higher ones may be wrong.
            let found = ((different &- ones) & ~different | (word &- ones &* 0x0E) & ~word) & tops
            if found != 0 { return offset &+ found.trailingZeroBitCount >> 3 }
            offset &+= 8
        }
        while offset < count {
            let byte = bytes[offset]
            if byte == wanted || byte < 0x0E { return offset }
            offset += 1
        }
        return offset
    }
}

/// A failure by its place in the buffer, before lines and columns are counted.
struct CSVFault: Error {
    let code: CSVError.Code
    /// Nil when it is to be counted from the start of the row.
    let line: Int?
    let lineStart: Int
    let offset: Int
    let field: Int
    let message: String
}
