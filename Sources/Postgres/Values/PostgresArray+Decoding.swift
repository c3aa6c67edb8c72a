/// A type that knows how to read an array of itself.
package protocol PostgresArrayDecodable: PostgresDecodable {
    static func decodeArray(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> [Self]
}

extension PostgresArrayDecodable {
    package static func decodeArray(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> [Self] {
        var parser = ArrayLiteralParser(try cell.present())
        return try parser.elements()
    }
}

extension Array: PostgresDecodable where Element: PostgresArrayDecodable {
    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> [Element] {
        try Element.decodeArray(cell)
    }
}

extension Optional: PostgresArrayDecodable where Wrapped: PostgresArrayDecodable {}
extension [UInt8]: PostgresArrayDecodable {}
extension Bool: PostgresArrayDecodable {}
extension Int16: PostgresArrayDecodable {}
extension Int32: PostgresArrayDecodable {}
extension Int64: PostgresArrayDecodable {}
extension Int: PostgresArrayDecodable {}
extension Float: PostgresArrayDecodable {}
extension Double: PostgresArrayDecodable {}
extension String: PostgresArrayDecodable {}
extension PostgresUUID: PostgresArrayDecodable {}
extension PostgresNumeric: PostgresArrayDecodable {}
extension PostgresDate: PostgresArrayDecodable {}
extension PostgresTimestamp: PostgresArrayDecodable {}
extension PostgresInterval: PostgresArrayDecodable {}
extension PostgresJSON: PostgresArrayDecodable {}

/// A lone byte is read from `int2`; an array of bytes from `bytea`.
extension UInt8: PostgresArrayDecodable {
    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> UInt8 {
        guard let value = UInt8(exactly: try Int16.decode(cell)) else { throw PostgresCell.Mismatch("is no number from 0 to 255") }
        return value
    }

    /// The hexadecimal form `\x…`; the client sets `bytea_output = hex` on every connection.
    package static func decodeArray(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> [UInt8] {
        let bytes = try cell.present()
        guard bytes.count >= 2, bytes.count % 2 == 0, bytes[0] == UInt8(ascii: "\\"), bytes[1] == UInt8(ascii: "x") else {
            throw PostgresCell.Mismatch("is no bytea")
        }
        var result: [UInt8] = []
        result.reserveCapacity(bytes.count / 2 - 1)
        for index in stride(from: 2, to: bytes.count, by: 2) {
            guard let high = hexValue(bytes[index]), let low = hexValue(bytes[index + 1]) else {
                throw PostgresCell.Mismatch("is no bytea")
            }
            result.append(high << 4 | low)
        }
        return result
    }
}

/// Reads the text form of a one-dimensional array: `{1,NULL,"a \"quoted\" element"}`.
struct ArrayLiteralParser {
    private let bytes: UnsafeRawBufferPointer
    private var position = 0
    private var element: [UInt8] = []

    init(_ bytes: UnsafeRawBufferPointer) { self.bytes = bytes }

    mutating func elements<Element: PostgresDecodable>() throws(PostgresCell.Mismatch) -> [Element] {
        skipBounds()
        guard take(UInt8(ascii: "{")) else { throw PostgresCell.Mismatch("is no array") }
        var result: [Element] = []
        if take(UInt8(ascii: "}")) {
            try expectEnd()
            return result
        }
        repeat {
            let isNull = try readElement()
            result.append(try decodeElement(isNull: isNull))
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw PostgresCell.Mismatch("is no array") }
        try expectEnd()
        return result
    }

    private func decodeElement<Element: PostgresDecodable>(isNull: Bool) throws(PostgresCell.Mismatch) -> Element {
        // SAFETY: the cell is used up before the pointer to the element's bytes ends with the closure.
        let outcome: Result<Element, PostgresCell.Mismatch> = element.withUnsafeBytes { buffer in
            do throws(PostgresCell.Mismatch) {
                return .success(try Element.decode(PostgresCell(bytes: isNull ? nil : buffer, type: .unspecified)))
            } catch { return .failure(error) }
        }
        return try outcome.get()
    }

    /// `[2:4]={…}` is how an array that doesn't begin at 1 is written.
    private mutating func skipBounds() {
        guard bytes.first == UInt8(ascii: "["), let equals = bytes.firstIndex(of: UInt8(ascii: "=")) else { return }
        position = equals + 1
    }

    /// Reads one element into `element`; true when it is NULL.
    private mutating func readElement() throws(PostgresCell.Mismatch) -> Bool {
        element.removeAll(keepingCapacity: true)
        guard position < bytes.count else { throw PostgresCell.Mismatch("is no array") }
        if bytes[position] == UInt8(ascii: "{") { throw PostgresCell.Mismatch("is an array of more than one dimension") }
        guard take(UInt8(ascii: "\"")) else {
            while position < bytes.count, bytes[position] != UInt8(ascii: ","), bytes[position] != UInt8(ascii: "}") {
                try appendNext()
            }
            return element.elementsEqual("NULL".utf8)
        }
        while position < bytes.count, bytes[position] != UInt8(ascii: "\"") { try appendNext() }
        guard take(UInt8(ascii: "\"")) else { throw PostgresCell.Mismatch("is no array") }
        return false
    }

    private mutating func appendNext() throws(PostgresCell.Mismatch) {
        if bytes[position] == UInt8(ascii: "\\") { position += 1 }
        guard position < bytes.count else { throw PostgresCell.Mismatch("is no array") }
        element.append(bytes[position])
        position += 1
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        guard position < bytes.count, bytes[position] == byte else { return false }
        position += 1
        return true
    }

    private func expectEnd() throws(PostgresCell.Mismatch) {
        guard position == bytes.count else { throw PostgresCell.Mismatch("is no array") }
    }
}
