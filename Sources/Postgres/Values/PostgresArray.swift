/// A type that can be an element of a one-dimensional array parameter.
package protocol PostgresArrayElement: PostgresEncodable {
    /// The type an array of these is sent as.
    static var postgresArrayType: PostgresType { get }
    static func postgresArray(_ elements: [Self]) -> PostgresParameter
}

extension PostgresArrayElement {
    package static func postgresArray(_ elements: [Self]) -> PostgresParameter {
        ArrayEncoder.encode(elements, elementType: postgresType, arrayType: postgresArrayType)
    }
}

extension Array: PostgresEncodable where Element: PostgresArrayElement {
    package static var postgresType: PostgresType { Element.postgresArrayType }
    package var postgresParameter: PostgresParameter { Element.postgresArray(self) }
}

extension Optional: PostgresArrayElement where Wrapped: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { Wrapped.postgresArrayType }
}

/// An array of bytes is `bytea`, not an array of numbers.
extension UInt8: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { .bytea }
    package static func postgresArray(_ elements: [UInt8]) -> PostgresParameter { .binary(elements, type: .bytea) }
}

extension [UInt8]: PostgresArrayElement {
    package static var postgresArrayType: PostgresType { .byteaArray }
}

extension Bool: PostgresArrayElement { package static var postgresArrayType: PostgresType { .boolArray } }
extension Int16: PostgresArrayElement { package static var postgresArrayType: PostgresType { .int2Array } }
extension Int32: PostgresArrayElement { package static var postgresArrayType: PostgresType { .int4Array } }
extension Int64: PostgresArrayElement { package static var postgresArrayType: PostgresType { .int8Array } }
extension Int: PostgresArrayElement { package static var postgresArrayType: PostgresType { .int8Array } }
extension Float: PostgresArrayElement { package static var postgresArrayType: PostgresType { .float4Array } }
extension Double: PostgresArrayElement { package static var postgresArrayType: PostgresType { .float8Array } }
extension String: PostgresArrayElement { package static var postgresArrayType: PostgresType { .textArray } }
extension PostgresUUID: PostgresArrayElement { package static var postgresArrayType: PostgresType { .uuidArray } }
extension PostgresNumeric: PostgresArrayElement { package static var postgresArrayType: PostgresType { .numericArray } }
extension PostgresDate: PostgresArrayElement { package static var postgresArrayType: PostgresType { .dateArray } }
extension PostgresTimestamp: PostgresArrayElement { package static var postgresArrayType: PostgresType { .timestamptzArray } }
extension PostgresInterval: PostgresArrayElement { package static var postgresArrayType: PostgresType { .intervalArray } }
extension PostgresJSON: PostgresArrayElement { package static var postgresArrayType: PostgresType { .jsonbArray } }

/// Writes arrays in binary form, or as a literal where an element has no binary form of its own.
enum ArrayEncoder {
    static func encode(_ elements: [some PostgresEncodable], elementType: PostgresType, arrayType: PostgresType) -> PostgresParameter {
        let parameters = elements.map(\.postgresParameter)
        if parameters.contains(where: { $0.formatCode == 0 }) { return .literal(literal(parameters), type: arrayType) }
        return .binary(binary(parameters, elementType: elementType), type: arrayType)
    }

    /// array_send's form: dimensions, a flag for NULLs, the element type, length and lower bound, then each element.
    private static func binary(_ parameters: [PostgresParameter], elementType: PostgresType) -> [UInt8] {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(20 + parameters.count * 12)
        bytes.appendBigEndian(Int32(parameters.isEmpty ? 0 : 1))
        bytes.appendBigEndian(Int32(parameters.contains(where: \.isNull) ? 1 : 0))
        bytes.appendBigEndian(elementType.rawValue)
        guard !parameters.isEmpty else { return bytes }
        bytes.appendBigEndian(Int32(truncatingIfNeeded: parameters.count))
        bytes.appendBigEndian(Int32(1))
        for parameter in parameters {
            let start = bytes.count
            bytes.appendBigEndian(Int32(-1))
            if parameter.isNull { continue }
            parameter.appendBytes(to: &bytes)
            let length = bytes.count - start - 4
            for place in 0..<4 { bytes[start + place] = UInt8(truncatingIfNeeded: length >> (24 - 8 * place)) }
        }
        return bytes
    }

    private static func literal(_ parameters: [PostgresParameter]) -> String {
        var bytes: [UInt8] = [UInt8(ascii: "{")]
        for (index, parameter) in parameters.enumerated() {
            if index > 0 { bytes.append(UInt8(ascii: ",")) }
            guard !parameter.isNull else {
                bytes.append(contentsOf: "NULL".utf8)
                continue
            }
            var element: [UInt8] = []
            parameter.appendBytes(to: &element)
            bytes.append(UInt8(ascii: "\""))
            for byte in element {
                if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") { bytes.append(UInt8(ascii: "\\")) }
                bytes.append(byte)
            }
            bytes.append(UInt8(ascii: "\""))
        }
        bytes.append(UInt8(ascii: "}"))
        return String(decoding: bytes, as: UTF8.self)
    }
}
