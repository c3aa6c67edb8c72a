/// Reads JSON (RFC 8259) from bytes, value by value as its caller asks, so that nothing is built that nobody wants.
///
/// Strict: UTF-8 only, no byte order mark, no duplicate keys, no lone surrogates, no U+0000 (PostgreSQL keeps none), nothing after the value.
/// Nesting is bounded, so that bad input can't exhaust the stack. Numbers stay text, so that nothing passes through a Double.
package struct JSONReader {
    package enum Kind: Hashable {
        case object, array, string, number, bool, null

        package var description: String {
            switch self {
            case .object: "an object"
            case .array: "an array"
            case .string: "a string"
            case .number: "a number"
            case .bool: "true or false"
            case .null: "null"
            }
        }
    }

    /// The keys of an object that is being read.
    package struct Keys {
        fileprivate var seen: Set<String> = []
        fileprivate var awaitsKey = false
    }

    package struct Key {
        package var name: String
        package var offset: Int
    }

    /// Objects and arrays within each other.
    package static let maximumDepth = 32

    package let bytes: [UInt8]
    package private(set) var offset = 0
    private var depth = 0

    package init(_ bytes: [UInt8]) { self.bytes = bytes }

    // MARK: Structure

    /// What kind of value begins here; nothing is consumed but white space.
    package mutating func peek() throws(JSONSyntaxError) -> Kind {
        skipBlanks()
        guard offset < bytes.count else { throw JSONSyntaxError(at: offset, "The body ends where a value is expected.") }
        switch bytes[offset] {
        case UInt8(ascii: "{"): return .object
        case UInt8(ascii: "["): return .array
        case UInt8(ascii: "\""): return .string
        case UInt8(ascii: "t"), UInt8(ascii: "f"): return .bool
        case UInt8(ascii: "n"): return .null
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return .number
        default: throw JSONSyntaxError(at: offset, "A value is expected here: an object, array, string, number, true, false or null.")
        }
    }

    /// Consumes the brace that opens an object.
    package mutating func beginObject() throws(JSONSyntaxError) -> Keys {
        try enter(UInt8(ascii: "{"))
        return Keys()
    }

    /// Reads the next key and its colon, or goes past the end of the object and answers nil.
    package mutating func nextKey(_ keys: inout Keys) throws(JSONSyntaxError) -> Key? {
        skipBlanks()
        if consume(UInt8(ascii: "}")) {
            guard !keys.awaitsKey else { throw JSONSyntaxError(at: offset - 1, "A key is expected after the comma.") }
            depth -= 1
            return nil
        }
        if !keys.seen.isEmpty, !keys.awaitsKey {
            guard consume(UInt8(ascii: ",")) else { throw JSONSyntaxError(at: offset, "A comma or } is expected after a value.") }
            keys.awaitsKey = true
            return try nextKey(&keys)
        }
        keys.awaitsKey = false
        let keyOffset = offset
        let key = try readString()
        guard keys.seen.insert(key).inserted else { throw JSONSyntaxError(at: keyOffset, "The key \"\(key)\" stands twice in one object.") }
        skipBlanks()
        guard consume(UInt8(ascii: ":")) else { throw JSONSyntaxError(at: offset, "A colon is expected after the key \"\(key)\".") }
        return Key(name: key, offset: keyOffset)
    }

    /// Consumes the bracket that opens an array.
    package mutating func beginArray() throws(JSONSyntaxError) {
        try enter(UInt8(ascii: "["))
    }

    /// Goes to the next element of an array, or past its end and answers false. `index` is the number of elements read.
    package mutating func nextElement(_ index: Int) throws(JSONSyntaxError) -> Bool {
        skipBlanks()
        if consume(UInt8(ascii: "]")) {
            depth -= 1
            return false
        }
        guard index > 0 else { return true }
        guard consume(UInt8(ascii: ",")) else { throw JSONSyntaxError(at: offset, "A comma or ] is expected after an element.") }
        skipBlanks()
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "]") {
            throw JSONSyntaxError(at: offset, "An element is expected after the comma.")
        }
        return true
    }

    /// Only white space may be left.
    package mutating func finish() throws(JSONSyntaxError) {
        skipBlanks()
        guard offset == bytes.count else { throw JSONSyntaxError(at: offset, "Nothing may follow the body's one value.") }
    }

    // MARK: Values

    package mutating func readNull() throws(JSONSyntaxError) {
        try readWord("null")
    }

    package mutating func readBool() throws(JSONSyntaxError) -> Bool {
        if offset < bytes.count, bytes[offset] == UInt8(ascii: "t") {
            try readWord("true")
            return true
        }
        try readWord("false")
        return false
    }

    /// The bytes of a number as they stand.
    package mutating func readNumber() throws(JSONSyntaxError) -> ArraySlice<UInt8> {
        let start = offset
        _ = consume(UInt8(ascii: "-"))
        if consume(UInt8(ascii: "0")) {
            if isDigit(at: offset) { throw JSONSyntaxError(at: start, "A number may not begin with a zero before other digits.") }
        } else {
            try readDigits()
        }
        if consume(UInt8(ascii: ".")) { try readDigits() }
        if offset < bytes.count, bytes[offset] | 0x20 == UInt8(ascii: "e") {
            offset += 1
            if !consume(UInt8(ascii: "+")) { _ = consume(UInt8(ascii: "-")) }
            try readDigits()
        }
        return bytes[start..<offset]
    }

    package mutating func readString() throws(JSONSyntaxError) -> String {
        let start = offset
        guard consume(UInt8(ascii: "\"")) else { throw JSONSyntaxError(at: offset, "A string in double quotes is expected.") }
        let contents = offset
        while offset < bytes.count {
            switch bytes[offset] {
            case UInt8(ascii: "\""):
                let text = try text(of: bytes[contents..<offset], at: contents)
                offset += 1
                return text
            case UInt8(ascii: "\\"):
                return try readEscapedString(start: start, contents: contents)
            case 0..<0x20:
                throw JSONSyntaxError(at: offset, "A control character in a string must be written as an escape, such as \\n.")
            default:
                offset += 1
            }
        }
        throw JSONSyntaxError(at: start, "The string that begins here never ends.")
    }

    /// Passes over one value of any kind, checked as strictly as the rest, and answers its bytes.
    @discardableResult
    package mutating func skipValue() throws(JSONSyntaxError) -> ArraySlice<UInt8> {
        let kind = try peek()
        let start = offset
        switch kind {
        case .null: try readNull()
        case .bool: _ = try readBool()
        case .number: _ = try readNumber()
        case .string: _ = try readString()
        case .array:
            try beginArray()
            var count = 0
            while try nextElement(count) {
                try skipValue()
                count += 1
            }
        case .object:
            var keys = try beginObject()
            while try nextKey(&keys) != nil { try skipValue() }
        }
        return bytes[start..<offset]
    }

    // MARK: Bytes

    private mutating func enter(_ bracket: UInt8) throws(JSONSyntaxError) {
        guard depth < Self.maximumDepth else {
            throw JSONSyntaxError(at: offset, "Values may be nested \(Self.maximumDepth) deep at most.")
        }
        guard consume(bracket) else { throw JSONSyntaxError(at: offset, "\(Unicode.Scalar(bracket)) is expected.") }
        depth += 1
    }

    private mutating func readWord(_ word: StaticString) throws(JSONSyntaxError) {
        let start = offset
        for byte in word.description.utf8 {
            guard consume(byte) else { throw JSONSyntaxError(at: start, "\(word) is expected.") }
        }
    }

    private mutating func readDigits() throws(JSONSyntaxError) {
        guard isDigit(at: offset) else { throw JSONSyntaxError(at: offset, "A digit is expected.") }
        while isDigit(at: offset) { offset += 1 }
    }

    private mutating func readEscapedString(start: Int, contents: Int) throws(JSONSyntaxError) -> String {
        var decoded = Array(bytes[contents..<offset])
        while offset < bytes.count {
            let byte = bytes[offset]
            switch byte {
            case UInt8(ascii: "\""):
                let text = try text(of: decoded[...], at: contents)
                offset += 1
                return text
            case UInt8(ascii: "\\"):
                try readEscape(into: &decoded)
            case 0..<0x20:
                throw JSONSyntaxError(at: offset, "A control character in a string must be written as an escape, such as \\n.")
            default:
                decoded.append(byte)
                offset += 1
            }
        }
        throw JSONSyntaxError(at: start, "The string that begins here never ends.")
    }

    private mutating func readEscape(into decoded: inout [UInt8]) throws(JSONSyntaxError) {
        let start = offset
        offset += 1
        guard offset < bytes.count else { throw JSONSyntaxError(at: start, "The escape never ends.") }
        let byte = bytes[offset]
        offset += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): decoded.append(byte)
        case UInt8(ascii: "b"): decoded.append(0x08)
        case UInt8(ascii: "f"): decoded.append(0x0C)
        case UInt8(ascii: "n"): decoded.append(0x0A)
        case UInt8(ascii: "r"): decoded.append(0x0D)
        case UInt8(ascii: "t"): decoded.append(0x09)
        case UInt8(ascii: "u"): decoded.append(contentsOf: String(try readUnicodeEscape(start: start)).utf8)
        default: throw JSONSyntaxError(at: start, "\\ must be followed by one of \" \\ / b f n r t u.")
        }
    }

    private mutating func readUnicodeEscape(start: Int) throws(JSONSyntaxError) -> Unicode.Scalar {
        var code = try readFourHexDigits(start: start)
        if (0xD800..<0xDC00).contains(code), consume(UInt8(ascii: "\\")), consume(UInt8(ascii: "u")) {
            let low = try readFourHexDigits(start: start)
            guard (0xDC00..<0xE000).contains(low) else {
                throw JSONSyntaxError(at: start, "A surrogate stands here without its other half.")
            }
            code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
        }
        guard let scalar = Unicode.Scalar(code) else { throw JSONSyntaxError(at: start, "A surrogate stands here without its other half.") }
        guard code != 0 else { throw JSONSyntaxError(at: start, "The character U+0000 can't be stored.") }
        return scalar
    }

    private mutating func readFourHexDigits(start: Int) throws(JSONSyntaxError) -> UInt32 {
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard offset < bytes.count, let digit = Self.hexValue(bytes[offset]) else {
                throw JSONSyntaxError(at: start, "\\u must be followed by four hexadecimal digits.")
            }
            code = code << 4 | digit
            offset += 1
        }
        return code
    }

    private func text(of slice: ArraySlice<UInt8>, at start: Int) throws(JSONSyntaxError) -> String {
        guard let text = String(validating: slice, as: UTF8.self) else { throw JSONSyntaxError(at: start, "The text isn't valid UTF-8.") }
        return text
    }

    private mutating func skipBlanks() {
        while offset < bytes.count {
            switch bytes[offset] {
            case 0x20, 0x0A, 0x0D, 0x09: offset += 1
            default: return
            }
        }
    }

    private mutating func consume(_ byte: UInt8) -> Bool {
        guard offset < bytes.count, bytes[offset] == byte else { return false }
        offset += 1
        return true
    }

    private func isDigit(at index: Int) -> Bool {
        index < bytes.count && bytes[index] &- 48 < 10
    }

    private static func hexValue(_ byte: UInt8) -> UInt32? {
        if byte &- 48 < 10 { return UInt32(byte &- 48) }
        let folded = (byte | 0x20) &- 97
        return folded < 6 ? UInt32(folded) + 10 : nil
    }
}
