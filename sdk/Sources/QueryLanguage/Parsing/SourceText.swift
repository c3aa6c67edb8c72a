/// The decoded bytes of one text and where each of them stood in what the user typed.
struct SourceText: Sendable {
    let bytes: [UInt8]
    /// Columns before the first byte, when the text is a part of a longer one.
    private let base: Int
    /// For a text with escapes: the offset of each decoded byte as typed, and one more for the end.
    private let offsets: [Int32]

    /// A text without escapes.
    init(plain text: String) {
        bytes = Array(text.utf8)
        base = 0
        offsets = []
    }

    /// A part of a query string: `%XX` and `+` are decoded.
    init(encoded typed: ArraySlice<UInt8>) throws(QueryError) {
        base = typed.startIndex
        guard typed.contains(where: { $0 == UInt8(ascii: "%") || $0 == UInt8(ascii: "+") }) else {
            bytes = Array(typed)
            offsets = []
            return
        }
        var decoded: [UInt8] = []
        var starts: [Int32] = []
        decoded.reserveCapacity(typed.count)
        starts.reserveCapacity(typed.count + 1)
        var index = typed.startIndex
        while index < typed.endIndex {
            starts.append(Int32(truncatingIfNeeded: index - typed.startIndex))
            switch typed[index] {
            case UInt8(ascii: "%"):
                guard index + 2 < typed.endIndex, let high = ASCII.hexValue(typed[index + 1]), let low = ASCII.hexValue(typed[index + 2])
                else { throw QueryError(.syntax, at: index + 1, "'%' must be followed by two hexadecimal digits.") }
                decoded.append(high << 4 | low)
                index += 3
            case UInt8(ascii: "+"):
                decoded.append(UInt8(ascii: " "))
                index += 1
            default:
                decoded.append(typed[index])
                index += 1
            }
        }
        starts.append(Int32(truncatingIfNeeded: typed.count))
        bytes = decoded
        offsets = starts
    }

    /// The column, from 1, at which a decoded byte was typed.
    func column(_ index: Int) -> Int {
        guard !offsets.isEmpty else { return base + index + 1 }
        return base + Int(offsets[min(max(index, 0), offsets.count - 1)]) + 1
    }

    /// Whether a byte was typed as `%XX`.
    func isEncoded(_ index: Int) -> Bool {
        index + 1 < offsets.count && offsets[index + 1] - offsets[index] == 3
    }

    /// The text of some of the bytes.
    func string(_ range: Range<Int>) -> String {
        String(decoding: bytes[range], as: UTF8.self)
    }

    /// What is said of a byte that `firstInvalidIndex` found.
    func invalid(at index: Int) -> QueryError {
        let message = bytes[index] == 0 ? "A query holds no NUL character; remove %00." : "The query is not valid UTF-8 text here."
        return QueryError(.syntax, at: column(index), message)
    }

    /// The first byte that isn't part of valid UTF-8, or is a NUL, which no text of a record may hold.
    var firstInvalidIndex: Int? {
        var index = 0
        while index < bytes.count {
            let byte = bytes[index]
            if byte == 0 { return index }
            if byte < 0x80 {
                index += 1
                continue
            }
            var decoder = UTF8()
            var iterator = bytes[index...].makeIterator()
            guard case .scalarValue(let scalar) = decoder.decode(&iterator) else { return index }
            index += UTF8.width(scalar)
        }
        return nil
    }
}
