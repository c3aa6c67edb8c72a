/// A type whose values can be bound to a statement.
package protocol PostgresEncodable: Sendable {
    /// The type a NULL of this kind is sent as.
    static var postgresType: PostgresType { get }
    var postgresParameter: PostgresParameter { get }
}

extension PostgresParameter: PostgresEncodable {
    package static var postgresType: PostgresType { .unspecified }
    package var postgresParameter: PostgresParameter { self }
}

extension Optional: PostgresEncodable where Wrapped: PostgresEncodable {
    package static var postgresType: PostgresType { Wrapped.postgresType }
    package var postgresParameter: PostgresParameter { self?.postgresParameter ?? .null(Wrapped.postgresType) }
}

extension Bool: PostgresEncodable {
    package static var postgresType: PostgresType { .bool }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .bool, value: .bool(self)) }
}

extension UInt8: PostgresEncodable {
    package static var postgresType: PostgresType { .int2 }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .int2, value: .int2(Int16(self))) }
}

extension Int16: PostgresEncodable {
    package static var postgresType: PostgresType { .int2 }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .int2, value: .int2(self)) }
}

extension Int32: PostgresEncodable {
    package static var postgresType: PostgresType { .int4 }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .int4, value: .int4(self)) }
}

extension Int64: PostgresEncodable {
    package static var postgresType: PostgresType { .int8 }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .int8, value: .int8(self)) }
}

extension Int: PostgresEncodable {
    package static var postgresType: PostgresType { .int8 }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .int8, value: .int8(Int64(self))) }
}

extension Float: PostgresEncodable {
    package static var postgresType: PostgresType { .float4 }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .float4, value: .float4(bitPattern)) }
}

extension Double: PostgresEncodable {
    package static var postgresType: PostgresType { .float8 }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .float8, value: .float8(bitPattern)) }
}

extension String: PostgresEncodable {
    package static var postgresType: PostgresType { .text }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .text, value: .text(self)) }
}

extension Substring: PostgresEncodable {
    package static var postgresType: PostgresType { .text }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .text, value: .text(String(self))) }
}
