/// One value of a result while its bytes can be read. It must not outlive the call it is passed to.
package struct PostgresCell {
    /// Why a cell can't be read as the type asked for; the result adds row and column.
    package struct Mismatch: Error {
        package let reason: String
        package init(_ reason: String) { self.reason = reason }
    }

    /// The text form of the value; nil for NULL.
    package let bytes: UnsafeRawBufferPointer?
    package let type: PostgresType

    package init(bytes: UnsafeRawBufferPointer?, type: PostgresType) {
        self.bytes = bytes
        self.type = type
    }

    func present() throws(Mismatch) -> UnsafeRawBufferPointer {
        guard let bytes else { throw Mismatch("is NULL") }
        return bytes
    }
}

/// A type that can be read from a column of a result.
package protocol PostgresDecodable {
    static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Self
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Self {
        cell.bytes == nil ? nil : try Wrapped.decode(cell)
    }
}

extension Bool: PostgresDecodable {
    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Bool {
        let bytes = try cell.present()
        guard bytes.count == 1, bytes[0] == UInt8(ascii: "t") || bytes[0] == UInt8(ascii: "f") else {
            throw PostgresCell.Mismatch("is no boolean")
        }
        return bytes[0] == UInt8(ascii: "t")
    }
}

extension FixedWidthInteger where Self: SignedInteger {
    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Self {
        guard let value = parseDecimal(try cell.present()) else { throw PostgresCell.Mismatch("is no whole number of \(bitWidth) bits") }
        return value
    }

    /// Digits with an optional sign, nothing else; nil when the value doesn't fit.
    static func parseDecimal(_ bytes: UnsafeRawBufferPointer) -> Self? {
        let negative = bytes.first == UInt8(ascii: "-")
        let digits = negative ? bytes.dropFirst() : bytes[...]
        guard !digits.isEmpty else { return nil }
        var value: Self = 0
        for byte in digits {
            let digit = byte &- UInt8(ascii: "0")
            guard digit < 10 else { return nil }
            let (scaled, tooLarge) = value.multipliedReportingOverflow(by: 10)
            // Counted downwards for negative numbers, since the smallest one has no positive twin.
            let (next, overflow) = negative ? scaled.subtractingReportingOverflow(Self(digit)) : scaled.addingReportingOverflow(Self(digit))
            guard !tooLarge, !overflow else { return nil }
            value = next
        }
        return value
    }
}

extension Int: PostgresDecodable {}
extension Int16: PostgresDecodable {}
extension Int32: PostgresDecodable {}
extension Int64: PostgresDecodable {}

extension Double: PostgresDecodable {
    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Double {
        // Swift reads "NaN" and "Infinity" as PostgreSQL writes them.
        guard let value = Double(String(decoding: try cell.present(), as: UTF8.self)) else { throw PostgresCell.Mismatch("is no number") }
        return value
    }
}

extension Float: PostgresDecodable {
    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> Float {
        guard let value = Float(String(decoding: try cell.present(), as: UTF8.self)) else { throw PostgresCell.Mismatch("is no number") }
        return value
    }
}

extension String: PostgresDecodable {
    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> String {
        String(decoding: try cell.present(), as: UTF8.self)
    }
}
