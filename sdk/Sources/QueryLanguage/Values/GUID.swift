/// A 128-bit identifier, as in RFC 9562 and `Edm.Guid`.
///
/// Ordered byte by byte, most significant first, like PostgreSQL's `uuid`, so that version 7 identifiers sort by time.
///
/// ```swift
/// let id = GUID("0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b")
/// ```
public struct GUID: Sendable, Hashable {
    /// The first eight bytes, big-endian.
    public let high: UInt64
    /// The last eight bytes, big-endian.
    public let low: UInt64

    /// Makes an identifier of its two halves, both big-endian.
    public init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Reads the text form `8-4-4-4-12` of hexadecimal digits in either case; nil for anything else.
    public init?(_ text: String) {
        self.init(utf8: text.utf8.span)
    }

    /// Reads the text form `8-4-4-4-12` from UTF-8 bytes; nil for anything else.
    public init?(utf8 bytes: Span<UInt8>) {
        guard bytes.count == GUID.textLength else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        var digits = 0
        for index in bytes.indices {
            if index == 8 || index == 13 || index == 18 || index == 23 {
                guard bytes[index] == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = ASCII.hexValue(bytes[index]) else { return nil }
            if digits < 16 {
                high = high << 4 | UInt64(digit)
            } else {
                low = low << 4 | UInt64(digit)
            }
            digits += 1
        }
        self.init(high: high, low: low)
    }

    /// Reads sixteen bytes, most significant first; nil if there are more or fewer.
    public init?(bytes: Span<UInt8>) {
        guard bytes.count == 16 else { return nil }
        var high: UInt64 = 0
        var low: UInt64 = 0
        for index in 0..<8 {
            high = high << 8 | UInt64(bytes[index])
            low = low << 8 | UInt64(bytes[index + 8])
        }
        self.init(high: high, low: low)
    }

    /// The sixteen bytes, most significant first.
    public var bytes: [UInt8] {
        var result: [UInt8] = []
        result.reserveCapacity(16)
        for half in [high, low] {
            for shift in stride(from: 56, through: 0, by: -8) {
                result.append(UInt8(truncatingIfNeeded: half >> UInt64(shift)))
            }
        }
        return result
    }

    /// Appends the 36 bytes of the text form, in lower case.
    public func write(to output: inout [UInt8]) {
        for index in 0..<32 {
            if index == 8 || index == 12 || index == 16 || index == 20 {
                output.append(UInt8(ascii: "-"))
            }
            let half = index < 16 ? high : low
            let shift = UInt64(60 - 4 * (index & 15))
            output.append(ASCII.hexDigit(UInt8(truncatingIfNeeded: half >> shift & 15)))
        }
    }

    /// Length of the text form in bytes.
    public static let textLength = 36
}

extension GUID: Comparable {
    public static func < (left: GUID, right: GUID) -> Bool {
        left.high != right.high ? left.high < right.high : left.low < right.low
    }
}

extension GUID: CustomStringConvertible {
    /// The text form in lower case.
    public var description: String {
        var bytes: [UInt8] = []
        bytes.reserveCapacity(GUID.textLength)
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}
