/// One bound value of a statement: its type and its bytes, or NULL.
///
/// Small values are held inline, so that binding a number or a uuid allocates nothing.
package struct PostgresParameter: Sendable, Hashable {
    enum Value: Sendable, Hashable {
        case null
        case bool(Bool)
        case int2(Int16)
        case int4(Int32)
        case int8(Int64)
        /// Bit patterns, so that NaN equals itself.
        case float4(UInt32)
        case float8(UInt64)
        case uuid(PostgresUUID)
        /// Sent in the binary format of `text`, which is the bytes themselves.
        case text(String)
        /// Sent in the text format of whatever the type is.
        case literal(String)
        /// Sent in binary format as is.
        case binary([UInt8])
        /// Sent as jsonb: its binary format is a version byte and the text.
        case jsonb([UInt8])
        case jsonbText(String)
    }

    package let type: PostgresType
    let value: Value

    init(type: PostgresType, value: Value) {
        self.type = type
        self.value = value
    }

    package static func null(_ type: PostgresType = .unspecified) -> PostgresParameter {
        PostgresParameter(type: type, value: .null)
    }

    /// A value in its text form, cast by the server: for types that have no Swift counterpart here.
    package static func literal(_ text: String, type: PostgresType = .unspecified) -> PostgresParameter {
        PostgresParameter(type: type, value: .literal(text))
    }

    /// A value in the binary form of its type.
    package static func binary(_ bytes: [UInt8], type: PostgresType) -> PostgresParameter {
        PostgresParameter(type: type, value: .binary(bytes))
    }

    package var isNull: Bool { value == .null }

    /// 0 for text, 1 for binary, as libpq counts formats.
    var formatCode: Int32 {
        if case .literal = value { return 0 }
        return 1
    }

    /// Appends what goes over the wire; NULL appends nothing.
    func appendBytes(to buffer: inout [UInt8]) {
        switch value {
        case .null: break
        case .bool(let value): buffer.append(value ? 1 : 0)
        case .int2(let value): buffer.appendBigEndian(value)
        case .int4(let value): buffer.appendBigEndian(value)
        case .int8(let value): buffer.appendBigEndian(value)
        case .float4(let bits): buffer.appendBigEndian(bits)
        case .float8(let bits): buffer.appendBigEndian(bits)
        case .uuid(let value):
            buffer.appendBigEndian(value.high)
            buffer.appendBigEndian(value.low)
        case .text(let text), .literal(let text): buffer.append(contentsOf: text.utf8)
        case .binary(let bytes): buffer.append(contentsOf: bytes)
        case .jsonb(let bytes):
            buffer.append(1)
            buffer.append(contentsOf: bytes)
        case .jsonbText(let text):
            buffer.append(1)
            buffer.append(contentsOf: text.utf8)
        }
    }
}

extension [UInt8] {
    mutating func appendBigEndian<T: FixedWidthInteger>(_ value: T) {
        Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
    }
}
