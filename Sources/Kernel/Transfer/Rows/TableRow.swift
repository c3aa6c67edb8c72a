/// One row of a table: its fields lie one after the other in one buffer, which the next row uses again.
package struct TableRow: Sendable {
    /// Where a field's text lies in `bytes`.
    struct Bounds: Sendable {
        var start: UInt32
        var end: UInt32
        var isQuoted: Bool
        var hasEscapes: Bool
        var origin = Origin.text
    }

    /// What a field was before it was text.
    enum Origin: Sendable {
        case text
        /// A value of a workbook, now in the form of an export whatever the rest of its column looks like.
        case value
        /// A formula that failed.
        case error
    }

    /// The line of the file that the row begins on, from 1.
    package internal(set) var line = 0
    var bytes: [UInt8] = []
    var bounds: [Bounds] = []

    package init() {}

    /// How many fields there are; at least one.
    package var count: Int { bounds.count }

    /// The text of a field without quotes; empty for a field that the row does not have.
    package func text(_ index: Int) -> String {
        String(decoding: self[index], as: UTF8.self)
    }

    /// The text of a field in UTF-8, well-formed; empty for a field that the row does not have.
    ///
    /// Valid until the row is read again; keep `text` or a copy, since a slice that lives on makes the next row copy its buffer.
    package subscript(_ index: Int) -> ArraySlice<UInt8> {
        guard bounds.indices.contains(index) else { return [] }
        return bytes[Int(bounds[index].start)..<Int(bounds[index].end)]
    }

    package func isEmpty(_ index: Int) -> Bool {
        !bounds.indices.contains(index) || bounds[index].start == bounds[index].end
    }

    /// True when the field was in quotes. An export writes an empty text as `""` and no value at all as nothing.
    package func isQuoted(_ index: Int) -> Bool {
        bounds.indices.contains(index) && bounds[index].isQuoted
    }

    func origin(_ index: Int) -> Origin { bounds.indices.contains(index) ? bounds[index].origin : .text }

    /// Whether no field holds more than blanks.
    var isBlank: Bool {
        bounds.indices.allSatisfy { index in
            if origin(index) == .error { return false }
            let field = self[index]
            if field.contains(where: { $0 > 0x20 && $0 < 0x80 }) { return false }
            return text(index).trimmingBlanks().isEmpty
        }
    }

    /// All fields.
    package var texts: [String] { bounds.indices.map(text) }

    /// All fields; nil for those that hold nothing, not even quotes.
    var cells: [String?] {
        bounds.indices.map { index in
            let text = text(index)
            return !isQuoted(index) && text.trimmingBlanks().isEmpty ? nil : text
        }
    }

    /// Begins another row.
    mutating func clear(line: Int) {
        self.line = line
        bytes.removeAll(keepingCapacity: true)
        bounds.removeAll(keepingCapacity: true)
    }

    /// Adds a field.
    mutating func append(_ field: some Collection<UInt8>, isQuoted: Bool = false, origin: Origin = .text) {
        let start = UInt32(bytes.count)
        bytes.append(contentsOf: field)
        bounds.append(Bounds(start: start, end: UInt32(bytes.count), isQuoted: isQuoted, hasEscapes: false, origin: origin))
    }

    /// Takes empty fields off the end.
    mutating func dropEmptyEnd() {
        while let last = bounds.last, last.start == last.end, !last.isQuoted { bounds.removeLast() }
    }

    /// Turns doubled quotes into single ones, in place.
    mutating func unescape() {
        for index in bounds.indices where bounds[index].hasEscapes {
            var target = Int(bounds[index].start)
            var source = target
            let end = Int(bounds[index].end)
            while source < end {
                let byte = bytes[source]
                bytes[target] = byte
                target += 1
                source += byte == UInt8(ascii: "\"") ? 2 : 1
            }
            bounds[index].end = UInt32(target)
            bounds[index].hasEscapes = false
        }
    }

    /// Replaces Windows-1252 by UTF-8, field by field.
    mutating func decodeWindows1252() {
        var decoded: [UInt8] = []
        decoded.reserveCapacity(bytes.count + bytes.count / 4)
        for index in bounds.indices {
            let start = UInt32(decoded.count)
            for byte in bytes[Int(bounds[index].start)..<Int(bounds[index].end)] { Windows1252.append(byte, to: &decoded) }
            bounds[index].start = start
            bounds[index].end = UInt32(decoded.count)
        }
        bytes = decoded
    }
}
