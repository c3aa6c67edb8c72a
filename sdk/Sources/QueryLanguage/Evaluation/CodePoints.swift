/// Text as a sequence of code points, on its UTF-8 bytes.
enum CodePoints {
    /// How many code points the bytes hold: all bytes that don't continue one.
    static func count(_ bytes: Span<UInt8>) -> Int {
        var count = 0
        for index in bytes.indices where bytes[index] & 0xC0 != 0x80 { count += 1 }
        return count
    }

    /// Whether a text has a part at a byte offset.
    static func matches(_ part: String, in text: String, at start: Int) -> Bool {
        let (bytes, wanted) = (text.utf8.span, part.utf8.span)
        guard start >= 0, start + wanted.count <= bytes.count else { return false }
        for index in wanted.indices where bytes[start + index] != wanted[index] { return false }
        return true
    }

    /// The byte offset of the first occurrence of a part; 0 for an empty one.
    static func firstIndex(of part: String, in text: String) -> Int? {
        let (bytes, wanted) = (text.utf8.span, part.utf8.span)
        guard let first = wanted.isEmpty ? nil : wanted[0] else { return 0 }
        guard wanted.count <= bytes.count else { return nil }
        for start in 0...(bytes.count - wanted.count) where bytes[start] == first {
            if matches(wanted, in: bytes, at: start) { return start }
        }
        return nil
    }

    private static func matches(_ part: Span<UInt8>, in bytes: Span<UInt8>, at start: Int) -> Bool {
        for index in part.indices where bytes[start + index] != part[index] { return false }
        return true
    }

    /// At most `length` code points from a position; a negative position counts from the end.
    static func substring(_ text: String, start: Int64, length: Int64) -> String {
        let scalars = text.unicodeScalars
        var skip = start
        if start < 0 { skip = max(0, Int64(count(text.utf8.span)) + max(start, -Int64(Int32.max))) }
        guard length > 0, let from = scalars.index(scalars.startIndex, offsetBy: Int(clamping: skip), limitedBy: scalars.endIndex) else {
            return ""
        }
        let end = scalars.index(from, offsetBy: Int(clamping: length), limitedBy: scalars.endIndex) ?? scalars.endIndex
        return String(scalars[from..<end])
    }

    /// Without white space at both ends.
    static func trimmed(_ text: String) -> String {
        let scalars = text.unicodeScalars
        guard let first = scalars.firstIndex(where: { !WhiteSpace.contains($0) }),
            let last = scalars.lastIndex(where: { !WhiteSpace.contains($0) })
        else { return "" }
        return String(scalars[first...last])
    }
}
