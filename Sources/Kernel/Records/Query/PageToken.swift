import QueryLanguage

/// What a `skiptoken` holds: the sort keys of the last row delivered, and how many records `top` still allows.
///
/// Opaque to clients. It is bound to the query by a fingerprint over filter, order and literals and over its own content: another query's
/// token, or a changed one, is refused. It grants nothing, since the guard's predicate applies to every page.
struct PageToken: Hashable {
    var remaining: Int64?
    var values: [Value]

    private static let formatVersion: UInt8 = 1

    /// Base64url without padding.
    func encoded(for query: String) -> String {
        var payload: [UInt8] = [Self.formatVersion, UInt8(truncatingIfNeeded: values.count), remaining == nil ? 0 : 1]
        if let remaining { payload.append(bigEndian: UInt64(bitPattern: remaining)) }
        for value in values {
            guard !value.isNull else {
                payload.append(0)
                continue
            }
            let text = Array(value.text.utf8)
            payload.append(1)
            payload.append(bigEndian: UInt64(text.count))
            payload += text
        }
        payload.append(bigEndian: Self.fingerprint(of: payload, query: query))
        return Base64URL.encode(payload)
    }

    /// Nil for anything that `encoded(for:)` did not make for this query with keys of these types.
    init?(_ text: String, for query: String, types: [PropertyType]) {
        guard let bytes = Base64URL.decode(text), bytes.count >= 11 else { return nil }
        var reader = ByteReader(bytes: bytes[..<(bytes.count - 8)])
        var end = ByteReader(bytes: bytes[(bytes.count - 8)...])
        guard end.readInteger() == Self.fingerprint(of: Array(reader.bytes), query: query) else { return nil }
        guard reader.readByte() == Self.formatVersion, reader.readByte().map(Int.init) == types.count else { return nil }
        remaining = nil
        if reader.readByte() == 1 {
            guard let number = reader.readInteger(), let count = Int64(exactly: number) else { return nil }
            remaining = count
        }
        values = []
        for type in types {
            guard let value = reader.readValue(of: type) else { return nil }
            values.append(value)
        }
    }

    init(remaining: Int64?, values: [Value]) {
        self.remaining = remaining
        self.values = values
    }

    /// FNV-1a, 64 bits: the same on every node and after every restart.
    static func fingerprint(of payload: [UInt8], query: String) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in query.utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        for byte in payload { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        return hash
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian number: UInt64) {
        for shift in stride(from: UInt64(56), through: 0, by: -8) { append(UInt8(truncatingIfNeeded: number >> shift)) }
    }
}

/// Reads a token's bytes; answers nil at their end.
private struct ByteReader {
    var bytes: ArraySlice<UInt8>

    mutating func readByte() -> UInt8? { bytes.popFirst() }

    mutating func readInteger() -> UInt64? {
        guard bytes.count >= 8 else { return nil }
        var number: UInt64 = 0
        for _ in 0..<8 { number = number << 8 | UInt64(bytes.removeFirst()) }
        return number
    }

    mutating func readValue(of type: PropertyType) -> Value? {
        guard let flag = readByte() else { return nil }
        guard flag == 1 else { return .null }
        guard let length = readInteger(), length <= UInt64(bytes.count) else { return nil }
        let text = String(decoding: bytes.prefix(Int(length)), as: UTF8.self)
        bytes.removeFirst(Int(length))
        if type.isText { return .string(text) }
        return Value(text: text, type: type)
    }
}

/// RFC 4648, section 5, without padding.
enum Base64URL {
    private static let alphabet = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_".utf8)

    static func encode(_ bytes: [UInt8]) -> String {
        var output: [UInt8] = []
        output.reserveCapacity((bytes.count * 4 + 2) / 3)
        var buffer: UInt32 = 0
        var bits = 0
        for byte in bytes {
            buffer = buffer << 8 | UInt32(byte)
            bits += 8
            while bits >= 6 {
                bits -= 6
                output.append(alphabet[Int(buffer >> UInt32(bits) & 63)])
            }
        }
        if bits > 0 { output.append(alphabet[Int(buffer << UInt32(6 - bits) & 63)]) }
        return String(decoding: output, as: UTF8.self)
    }

    static func decode(_ text: String) -> [UInt8]? {
        var output: [UInt8] = []
        var buffer: UInt32 = 0
        var bits = 0
        for byte in text.utf8 {
            guard let digit = digit(byte) else { return nil }
            buffer = buffer << 6 | digit
            bits += 6
            guard bits >= 8 else { continue }
            bits -= 8
            output.append(UInt8(truncatingIfNeeded: buffer >> UInt32(bits)))
        }
        // What is left over has to be nothing but padding, so that each token has one spelling.
        guard bits < 6, buffer & (1 << UInt32(bits) - 1) == 0 else { return nil }
        return output
    }

    private static func digit(_ byte: UInt8) -> UInt32? {
        switch byte {
        case UInt8(ascii: "A")...UInt8(ascii: "Z"): UInt32(byte) - 65
        case UInt8(ascii: "a")...UInt8(ascii: "z"): UInt32(byte) - 71
        case UInt8(ascii: "0")...UInt8(ascii: "9"): UInt32(byte) + 4
        case UInt8(ascii: "-"): 62
        case UInt8(ascii: "_"): 63
        default: nil
        }
    }
}
