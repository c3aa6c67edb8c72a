/// A whole number without sign and of any size: limbs of nine decimal digits, the lowest first, no zero limb on top.
///
/// Limbs are decimal so that scaling, rounding and printing need no conversion of base.
struct DecimalMagnitude: Sendable, Hashable {
    static let base: UInt64 = 1_000_000_000
    static let digitsPerLimb = 9

    // INVARIANT: every limb is below `base`, and the last one isn't zero. Zero has no limbs.
    private(set) var limbs: [UInt32]

    init(_ value: UInt64) {
        limbs = []
        var rest = value
        while rest > 0 {
            limbs.append(UInt32(rest % DecimalMagnitude.base))
            rest /= DecimalMagnitude.base
        }
    }

    init(limbs: [UInt32]) {
        self.limbs = limbs
        trim()
    }

    /// Makes a number of decimal digits (ASCII), the highest first.
    init(digits: [UInt8]) {
        limbs = []
        limbs.reserveCapacity(digits.count / DecimalMagnitude.digitsPerLimb + 1)
        var end = digits.count
        while end > 0 {
            let start = max(0, end - DecimalMagnitude.digitsPerLimb)
            var limb: UInt32 = 0
            for digit in digits[start..<end] { limb = limb * 10 + UInt32(digit &- 48) }
            limbs.append(limb)
            end = start
        }
        trim()
    }

    var isZero: Bool { limbs.isEmpty }

    /// The number of decimal digits; 0 for zero.
    var digitCount: Int {
        guard let top = limbs.last else { return 0 }
        return (limbs.count - 1) * DecimalMagnitude.digitsPerLimb + PowersOfTen.digitCount(UInt64(top))
    }

    /// The value, if it fits.
    var uint64: UInt64? {
        guard limbs.count <= 3 else { return nil }
        var value: UInt64 = 0
        for limb in limbs.reversed() {
            let (product, overflow) = value.multipliedReportingOverflow(by: DecimalMagnitude.base)
            let (sum, carry) = product.addingReportingOverflow(UInt64(limb))
            guard !overflow, !carry else { return nil }
            value = sum
        }
        return value
    }

    /// The highest decimal digits, at most nine, padded with zeros on the right where the number is shorter.
    func leadingDigits(_ count: Int) -> UInt64 {
        guard let top = limbs.last else { return 0 }
        let topDigits = PowersOfTen.digitCount(UInt64(top))
        if topDigits >= count { return UInt64(top) / PowersOfTen.value(topDigits - count) }
        let missing = count - topDigits
        let next = limbs.count > 1 ? UInt64(limbs[limbs.count - 2]) : 0
        return UInt64(top) * PowersOfTen.value(missing) + next / PowersOfTen.value(DecimalMagnitude.digitsPerLimb - missing)
    }

    /// Appends the decimal digits (ASCII), the highest first, at least `width` of them.
    func appendDigits(to output: inout [UInt8], width: Int) {
        let count = digitCount
        if count < width { output.append(contentsOf: repeatElement(UInt8(ascii: "0"), count: width - count)) }
        guard let top = limbs.last else { return }
        var digits = String(top).utf8.map { $0 }
        output.append(contentsOf: digits)
        digits = [UInt8](repeating: 0, count: DecimalMagnitude.digitsPerLimb)
        for limb in limbs.dropLast().reversed() {
            var rest = limb
            for index in digits.indices.reversed() {
                digits[index] = UInt8(truncatingIfNeeded: 48 + rest % 10)
                rest /= 10
            }
            output.append(contentsOf: digits)
        }
    }

    private mutating func trim() {
        while limbs.last == 0 { limbs.removeLast() }
    }
}

extension DecimalMagnitude: Comparable {
    static func < (left: DecimalMagnitude, right: DecimalMagnitude) -> Bool {
        guard left.limbs.count == right.limbs.count else { return left.limbs.count < right.limbs.count }
        for index in left.limbs.indices.reversed() where left.limbs[index] != right.limbs[index] {
            return left.limbs[index] < right.limbs[index]
        }
        return false
    }
}

/// Powers of ten that fit a machine word.
enum PowersOfTen {
    private static let values: [UInt64] = {
        var result: [UInt64] = [1]
        for _ in 1...19 { result.append(result[result.count - 1] * 10) }
        return result
    }()

    /// Ten to the power of 0 to 19.
    static func value(_ exponent: Int) -> UInt64 {
        values[exponent]
    }

    /// The number of decimal digits; 0 for zero.
    static func digitCount(_ value: UInt64) -> Int {
        var count = 0
        while count < 20, value >= values[count] { count += 1 }
        return count
    }
}
