extension DecimalNumber {
    /// Reads `[+-]digits[.digits][e[+-]digits]`; nil for anything else and for numbers out of bounds.
    public init?(_ text: String) {
        self.init(utf8: text.utf8.span)
    }

    /// Reads `[+-]digits[.digits][e[+-]digits]` from UTF-8 bytes; nil for anything else and for numbers out of bounds.
    ///
    /// The scale is what PostgreSQL gives it: `1.50` has 2, `1.5e3` has 0, `1e-3` has 3.
    public init?(utf8 bytes: Span<UInt8>) {
        self.init(utf8: bytes, digitLimit: DecimalNumber.maximumIntegerDigits)
    }

    /// As above, refusing numbers that would need more than `digitLimit` digits before or after the point.
    init?(utf8 bytes: Span<UInt8>, digitLimit: Int) {
        guard let parts = DecimalText(bytes) else { return nil }
        let scale = parts.fractionDigits - parts.exponent
        guard scale <= min(DecimalNumber.maximumScale, digitLimit) else { return nil }
        if let coefficient = parts.coefficient, scale >= 0 {
            self.init(coefficient: parts.isNegative ? -coefficient : coefficient, scale: scale)
            return
        }
        guard parts.digits.count - scale <= digitLimit || parts.isZero else { return nil }
        var magnitude = DecimalMagnitude(digits: parts.digits)
        if scale < 0 { magnitude = magnitude.shiftedLeft(-scale) }
        self.init(magnitude: magnitude, isNegative: parts.isNegative, scale: max(0, scale))
    }

    /// Appends the number in plain notation, all digits of the scale included.
    public func write(to output: inout [UInt8]) {
        if isNegative { output.append(UInt8(ascii: "-")) }
        let start = output.count
        switch storage {
        case .small(let value):
            DecimalNumber.appendDigits(value.magnitude, width: scale + 1, to: &output)
        case .large(let magnitude, _):
            magnitude.appendDigits(to: &output, width: scale + 1)
        }
        guard scale > 0 else { return }
        output.insert(UInt8(ascii: "."), at: max(start, output.count - scale))
    }

    private static func appendDigits(_ value: UInt64, width: Int, to output: inout [UInt8]) {
        let count = max(PowersOfTen.digitCount(value), width)
        let start = output.count
        output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: count))
        var (rest, index) = (value, start + count - 1)
        while rest > 0 {
            output[index] = UInt8(truncatingIfNeeded: 48 + rest % 10)
            rest /= 10
            index -= 1
        }
    }
}

extension DecimalNumber: CustomStringConvertible {
    /// Plain notation with all digits of the scale, such as `-0.50`.
    public var description: String {
        var bytes: [UInt8] = []
        write(to: &bytes)
        return String(decoding: bytes, as: UTF8.self)
    }
}

/// The parts of a number's text.
private struct DecimalText {
    var isNegative = false
    /// All digits, the highest first, leading zeros left out; empty while they fit a word.
    var digits: [UInt8] = []
    /// The digits as a word, if they fit.
    var coefficient: Int64? = 0
    var fractionDigits = 0
    var exponent = 0

    var isZero: Bool { coefficient == 0 }

    init?(_ bytes: Span<UInt8>) {
        var index = 0
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            isNegative = bytes[index] == UInt8(ascii: "-")
            index += 1
        }
        guard readDigits(bytes, &index) > 0 else { return nil }
        if index < bytes.count, bytes[index] == UInt8(ascii: ".") {
            index += 1
            fractionDigits = readDigits(bytes, &index)
            guard fractionDigits > 0 else { return nil }
        }
        if index < bytes.count, bytes[index] | 0x20 == UInt8(ascii: "e") {
            index += 1
            guard readExponent(bytes, &index) else { return nil }
        }
        guard index == bytes.count else { return nil }
    }

    private mutating func readDigits(_ bytes: Span<UInt8>, _ index: inout Int) -> Int {
        let start = index
        while index < bytes.count, ASCII.isDigit(bytes[index]) {
            let digit = bytes[index]
            if !digits.isEmpty || digit != UInt8(ascii: "0") { digits.append(digit) }
            if let value = coefficient {
                let (product, overflow) = value.multipliedReportingOverflow(by: 10)
                let (sum, carry) = product.addingReportingOverflow(Int64(digit &- 48))
                coefficient = overflow || carry ? nil : sum
            }
            index += 1
        }
        return index - start
    }

    private mutating func readExponent(_ bytes: Span<UInt8>, _ index: inout Int) -> Bool {
        var sign = 1
        if index < bytes.count, bytes[index] == UInt8(ascii: "-") || bytes[index] == UInt8(ascii: "+") {
            sign = bytes[index] == UInt8(ascii: "-") ? -1 : 1
            index += 1
        }
        let start = index
        while index < bytes.count, ASCII.isDigit(bytes[index]) {
            guard exponent < 1_000_000 else { return false }
            exponent = exponent * 10 + Int(bytes[index] &- 48)
            index += 1
        }
        exponent *= sign
        return index > start
    }
}
