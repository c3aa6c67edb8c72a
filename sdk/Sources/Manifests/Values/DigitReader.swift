/// Reads fixed numbers of digits and single characters from the front of a text.
struct DigitReader {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    /// A number of exactly so many digits; at most 18 of them.
    mutating func number(digits count: Int) -> Int? {
        guard count <= 18, rest.prefix(count).count == count else { return nil }
        var number = 0
        for byte in rest.prefix(count) {
            guard let digit = Self.digit(byte) else { return nil }
            number = number * 10 + digit
        }
        rest = rest.dropFirst(count)
        return number
    }

    /// A number of one digit or more, and how many they were; nil without a digit or with more than `max`.
    mutating func number(atMost max: Int) -> (value: Int, digits: Int)? {
        let count = rest.prefix { Self.digit($0) != nil }.count
        guard count >= 1, count <= max, let value = number(digits: count) else { return nil }
        return (value, count)
    }

    /// Skips a character if it comes next.
    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard let first = rest.first, UInt32(first) == character.value else { return false }
        rest = rest.dropFirst()
        return true
    }

    private static func digit(_ byte: UInt8) -> Int? {
        byte >= UInt8(ascii: "0") && byte <= UInt8(ascii: "9") ? Int(byte - UInt8(ascii: "0")) : nil
    }
}
