/// Tests and conversions on single ASCII bytes; everything here reads UTF-8 byte by byte.
enum ASCII {
    static func isDigit(_ byte: UInt8) -> Bool {
        byte &- 48 < 10
    }

    static func isLetter(_ byte: UInt8) -> Bool {
        (byte | 0x20) &- 97 < 26
    }

    /// Space or horizontal tab: the only white space of the OData grammar.
    static func isBlank(_ byte: UInt8) -> Bool {
        byte == 0x20 || byte == 0x09
    }

    /// Whether every byte is below a bound.
    static func allSatisfy(_ bytes: Span<UInt8>, below bound: UInt8) -> Bool {
        for index in bytes.indices where bytes[index] >= bound { return false }
        return true
    }

    /// The value of a hexadecimal digit in either case.
    static func hexValue(_ byte: UInt8) -> UInt8? {
        if isDigit(byte) { return byte &- 48 }
        let folded = (byte | 0x20) &- 97
        return folded < 6 ? folded &+ 10 : nil
    }

    /// The lower-case hexadecimal digit of a value from 0 to 15.
    static func hexDigit(_ value: UInt8) -> UInt8 {
        value < 10 ? value &+ 48 : value &+ 87
    }

    static func lowercased(_ byte: UInt8) -> UInt8 {
        byte &- 65 < 26 ? byte | 0x20 : byte
    }

    /// Reads exactly `count` digits at `start`; nil when one is missing. At most nine, so the result always fits.
    static func digits(_ bytes: Span<UInt8>, at start: Int, count: Int) -> Int? {
        guard start >= 0, start + count <= bytes.count else { return nil }
        var value = 0
        for index in start..<(start + count) {
            guard isDigit(bytes[index]) else { return nil }
            value = value * 10 + Int(bytes[index] &- 48)
        }
        return value
    }

    /// Appends a number from 0 with leading zeros up to the width.
    static func appendPadded(_ value: Int, width: Int, to output: inout [UInt8]) {
        var divisor = 1
        for _ in 1..<width { divisor *= 10 }
        while divisor > 0 {
            output.append(UInt8(truncatingIfNeeded: 48 + value / divisor % 10))
            divisor /= 10
        }
    }

    /// Appends `.` and up to six digits of a fraction in microseconds, without trailing zeros; nothing for zero.
    static func appendFraction(microseconds: Int, to output: inout [UInt8]) {
        guard microseconds > 0 else { return }
        output.append(UInt8(ascii: "."))
        var digits = 6
        var value = microseconds
        while value % 10 == 0 {
            value /= 10
            digits -= 1
        }
        appendPadded(value, width: digits, to: &output)
    }

    /// Reads `.` and 1 to 12 digits at `start` as microseconds; finer digits are cut off, as PostgreSQL never holds them.
    static func fraction(_ bytes: Span<UInt8>, at start: Int) -> (microseconds: Int, end: Int)? {
        guard start < bytes.count, bytes[start] == UInt8(ascii: ".") else { return nil }
        var index = start + 1
        var value = 0
        while index < bytes.count, isDigit(bytes[index]) {
            guard index - start <= 12 else { return nil }
            if index - start <= 6 { value = value * 10 + Int(bytes[index] &- 48) }
            index += 1
        }
        let count = index - start - 1
        guard count > 0 else { return nil }
        if count < 6 {
            for _ in count..<6 { value *= 10 }
        }
        return (value, index)
    }
}
