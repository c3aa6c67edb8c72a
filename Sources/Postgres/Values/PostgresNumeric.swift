/// An exact decimal number as PostgreSQL's `numeric` writes it. Its digits are never rounded.
package struct PostgresNumeric: Hashable, Sendable, LosslessStringConvertible {
    /// `-?digits[.digits]`, or `NaN`, `Infinity`, `-Infinity`.
    package let description: String

    package var isFinite: Bool { !["NaN", "Infinity", "-Infinity"].contains(description) }

    /// Reads a finite number: sign, digits, an optional fraction. Exponents are refused, and so are NaN and infinities.
    package init?(_ description: String) {
        guard Self.isDecimal(description.utf8) else { return nil }
        self.description = description
    }

    package init(_ integer: some BinaryInteger) {
        self.description = String(integer)
    }

    private init(unchecked description: String) {
        self.description = description
    }

    private static func isDecimal(_ text: String.UTF8View) -> Bool {
        var digits = text[...]
        if digits.first == UInt8(ascii: "-") || digits.first == UInt8(ascii: "+") { digits = digits.dropFirst() }
        let parts = digits.split(separator: UInt8(ascii: "."), maxSplits: 1, omittingEmptySubsequences: false)
        return parts.allSatisfy { part in
            !part.isEmpty && part.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
        }
    }
}

extension PostgresNumeric: PostgresEncodable, PostgresDecodable {
    package static var postgresType: PostgresType { .numeric }
    package var postgresParameter: PostgresParameter { .literal(description, type: .numeric) }

    package static func decode(_ cell: PostgresCell) throws(PostgresCell.Mismatch) -> PostgresNumeric {
        let text = String(decoding: try cell.present(), as: UTF8.self)
        guard isDecimal(text.utf8) || ["NaN", "Infinity", "-Infinity"].contains(text) else {
            throw PostgresCell.Mismatch("is no decimal number")
        }
        return PostgresNumeric(unchecked: text)
    }
}
