/// A value whose encoded form is its text: the same in JSON, in logs and on the wire.
public protocol TextCodable: Codable, CustomStringConvertible, Sendable, Hashable {
    /// Reads the text form, or gives nil for anything else.
    init?(_ text: String)
}

extension TextCodable {
    public init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Self(text) else {
            throw DecodingError.dataCorruptedError(in: container, debugDescription: "This text is no \(Self.self).")
        }
        self = value
    }

    public func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// Reads fixed and repeated groups of ASCII digits from a text without ever passing its end or an integer's range.
struct DigitReader {
    private let bytes: [UInt8]
    private var position = 0

    init(_ text: String) {
        bytes = Array(text.utf8)
    }

    var isAtEnd: Bool { position == bytes.count }

    var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    mutating func take(_ byte: Unicode.Scalar) -> Bool {
        guard let next, next == UInt8(ascii: byte) else { return false }
        position += 1
        return true
    }

    /// Between `least` and `most` digits (18 at the most, so that the number fits), as a number and how many they were.
    mutating func digits(_ least: Int, _ most: Int) -> (number: Int64, count: Int)? {
        var number: Int64 = 0
        var count = 0
        while count < min(most, 18), let next, next >= UInt8(ascii: "0"), next <= UInt8(ascii: "9") {
            number = number * 10 + Int64(next - UInt8(ascii: "0"))
            count += 1
            position += 1
        }
        return count >= least ? (number, count) : nil
    }

    /// Digits after a decimal point as microseconds; more than six digits must be zeros.
    mutating func microseconds() -> Int64? {
        guard let (number, count) = digits(1, 18) else { return nil }
        var value = number
        if count > 6 {
            for _ in 6..<count {
                guard value % 10 == 0 else { return nil }
                value /= 10
            }
        } else {
            for _ in count..<6 { value *= 10 }
        }
        return value
    }
}

/// A number as text with at least `width` digits.
func padded(_ number: Int64, _ width: Int) -> String {
    let digits = String(number.magnitude)
    let zeros = String(repeating: "0", count: max(0, width - digits.utf8.count))
    return (number < 0 ? "-" : "") + zeros + digits
}

/// A count of microseconds below one second as `.5`, without zeros at its end; nothing for none.
func fraction(_ microseconds: Int64) -> String {
    guard microseconds != 0 else { return "" }
    var digits = padded(microseconds, 6)
    while digits.hasSuffix("0") { digits.removeLast() }
    return "." + digits
}
