/// A JSON document in its text form, bound as `jsonb`. The server checks it.
package struct PostgresJSON: Hashable, Sendable {
    package let bytes: [UInt8]

    package init(bytes: [UInt8]) { self.bytes = bytes }
    package init(_ text: String) { self.bytes = Array(text.utf8) }

    package var text: String { String(decoding: bytes, as: UTF8.self) }
}

extension PostgresJSON: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .jsonb }
    package var postgresParameter: PostgresParameter { PostgresParameter(type: .jsonb, value: .jsonb(bytes)) }

    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> PostgresJSON {
        PostgresJSON(bytes: [UInt8](try cell.present()))
    }
}
