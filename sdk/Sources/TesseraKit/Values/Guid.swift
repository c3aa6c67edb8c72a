/// A 128-bit id (RFC 9562): a record's, a user's, a change set's. Its text form is the one with hyphens, in lower case.
public struct Guid: TextCodable, Comparable {
    /// The first eight bytes, the first one highest.
    public let high: UInt64
    /// The last eight bytes.
    public let low: UInt64

    /// The id with these bytes.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads 32 hexadecimal digits with hyphens in the usual places, in either case.
    public init?(_ text: String) {
        guard text.utf8.count == 36 else { return nil }
        var halves: (high: UInt64, low: UInt64) = (0, 0)
        var digits = 0
        for (index, byte) in text.utf8.enumerated() {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard byte == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = Character(Unicode.Scalar(byte)).hexDigitValue else { return nil }
            if digits < 16 { halves.high = halves.high << 4 | UInt64(digit) } else { halves.low = halves.low << 4 | UInt64(digit) }
            digits += 1
        }
        self.init(high: halves.high, low: halves.low)
    }

    public var description: String {
        let digits = Array("0123456789abcdef".utf8)
        // SAFETY: 32 digits and 4 hyphens are written from the start, 36 bytes in all, and their number is returned.
        return String(unsafeUninitializedCapacity: 36) { buffer in
            var position = 0
            for index in 0..<32 {
                if index == 8 || index == 12 || index == 16 || index == 20 {
                    buffer[position] = UInt8(ascii: "-")
                    position += 1
                }
                let half = index < 16 ? high : low
                buffer[position] = digits[Int(half >> UInt64((15 - index % 16) * 4) & 15)]
                position += 1
            }
            return position
        }
    }

    public static func < (left: Guid, right: Guid) -> Bool {
        (left.high, left.low) < (right.high, right.low)
    }
}
