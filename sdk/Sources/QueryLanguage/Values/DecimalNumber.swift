/// An exact decimal number with PostgreSQL `numeric` semantics: value, scale, rounding and the digits of every result.
///
/// The scale (digits after the point) is kept and printed: `1.10` prints as `1.10`, yet equals `1.1` and hashes like it.
/// Finite only: there is no NaN and no infinity. Bounds as PostgreSQL's: at most 131,072 digits before the point and 16,383
/// after it; an operation whose result would have more before the point returns nil.
///
/// Numbers whose digits fit an Int64 are held in place without allocation, and their operations run on machine integers.
///
/// ```swift
/// let price = DecimalNumber("19.90")
/// let third = price?.divided(by: DecimalNumber(3))  // 6.6333333333333333, PostgreSQL's digits
/// ```
public struct DecimalNumber: Sendable {
    /// Either an Int64 of all digits, or limbs on the heap.
    enum Storage: Sendable {
        case small(Int64)
        case large(DecimalMagnitude, isNegative: Bool)
    }

    // INVARIANT: `small` wherever the digits fit an Int64, so that each number and scale has one form.
    let storage: Storage
    private let storedScale: UInt16

    /// The most digits before the decimal point.
    public static let maximumIntegerDigits = 131_072
    /// The most digits after the decimal point.
    public static let maximumScale = 16_383
    /// The number 0 with scale 0.
    public static let zero = DecimalNumber(0)

    /// Digits after the decimal point, trailing zeros included.
    public var scale: Int { Int(storedScale) }

    /// Makes a whole number with scale 0.
    public init(_ value: Int64) {
        storage = .small(value)
        storedScale = 0
    }

    /// Makes `coefficient × 10^-scale`; nil for a scale outside of 0 to 16,383.
    public init?(coefficient: Int64, scale: Int) {
        guard (0...DecimalNumber.maximumScale).contains(scale) else { return nil }
        storage = .small(coefficient)
        storedScale = UInt16(scale)
    }

    /// Microseconds as seconds with scale 6.
    init(microseconds: Int64) {
        storage = .small(microseconds)
        storedScale = 6
    }

    /// Makes `±magnitude × 10^-scale`, rounded to the greatest scale; nil if there are too many digits before the point.
    init?(magnitude: DecimalMagnitude, isNegative: Bool, scale: Int) {
        var (magnitude, scale) = (magnitude, scale)
        if scale > DecimalNumber.maximumScale {
            magnitude = DecimalNumber.roundHalfAway(magnitude, droppingDigits: scale - DecimalNumber.maximumScale)
            scale = DecimalNumber.maximumScale
        }
        guard magnitude.digitCount - scale <= DecimalNumber.maximumIntegerDigits else { return nil }
        storedScale = UInt16(scale)
        if let value = magnitude.uint64, value <= UInt64(Int64.max) {
            storage = .small(isNegative ? -Int64(value) : Int64(value))
        } else if isNegative, magnitude.uint64 == Int64.min.magnitude {
            storage = .small(.min)
        } else {
            storage = .large(magnitude, isNegative: isNegative)
        }
    }

    /// All digits without sign and point.
    var magnitude: DecimalMagnitude {
        switch storage {
        case .small(let value): DecimalMagnitude(value.magnitude)
        case .large(let magnitude, _): magnitude
        }
    }

    /// Whether the number is below zero.
    public var isNegative: Bool {
        switch storage {
        case .small(let value): value < 0
        case .large(_, let isNegative): isNegative
        }
    }

    /// Whether the number is zero, at any scale.
    public var isZero: Bool {
        if case .small(0) = storage { return true }
        return false
    }

    /// The number as an Int64, if it is whole and fits.
    public var int64: Int64? {
        switch withoutTrailingZeros.storage {
        case .small(let value) where withoutTrailingZeros.scale == 0: value
        default: nil
        }
    }

    /// Digits before the decimal point, 0 for numbers below one.
    public var integerDigits: Int {
        switch storage {
        case .small(let value): max(0, PowersOfTen.digitCount(value.magnitude) - scale)
        case .large(let magnitude, _): max(0, magnitude.digitCount - scale)
        }
    }

    /// The same number with the least scale.
    public var withoutTrailingZeros: DecimalNumber {
        guard scale > 0 else { return self }
        switch storage {
        case .small(var value):
            var scale = scale
            while scale > 0, value % 10 == 0 {
                value /= 10
                scale -= 1
            }
            return DecimalNumber(coefficient: value, scale: scale) ?? self
        case .large(let magnitude, let isNegative):
            let zeros = min(magnitude.trailingZeros, scale)
            guard zeros > 0 else { return self }
            return DecimalNumber(magnitude: magnitude.shiftedRight(zeros).quotient, isNegative: isNegative, scale: scale - zeros) ?? self
        }
    }

    static func roundHalfAway(_ magnitude: DecimalMagnitude, droppingDigits digits: Int) -> DecimalMagnitude {
        let (quotient, isHalfOrMore, _) = magnitude.shiftedRight(digits)
        return isHalfOrMore ? quotient.adding(DecimalMagnitude(1)) : quotient
    }
}

extension DecimalMagnitude {
    /// How many zeros the decimal digits end with; 0 for zero.
    var trailingZeros: Int {
        guard let index = limbs.firstIndex(where: { $0 != 0 }) else { return 0 }
        var count = index * DecimalMagnitude.digitsPerLimb
        var limb = limbs[index]
        while limb % 10 == 0 {
            limb /= 10
            count += 1
        }
        return count
    }
}

extension DecimalNumber: Hashable, Comparable {
    public static func == (left: DecimalNumber, right: DecimalNumber) -> Bool {
        if case .small(let a) = left.storage, case .small(let b) = right.storage, left.scale == right.scale { return a == b }
        return compare(left, right) == 0
    }

    public static func < (left: DecimalNumber, right: DecimalNumber) -> Bool {
        if case .small(let a) = left.storage, case .small(let b) = right.storage, left.scale == right.scale { return a < b }
        return compare(left, right) < 0
    }

    public func hash(into hasher: inout Hasher) {
        let least = withoutTrailingZeros
        hasher.combine(least.scale)
        switch least.storage {
        case .small(let value):
            hasher.combine(value)
        case .large(let magnitude, let isNegative):
            hasher.combine(magnitude)
            hasher.combine(isNegative)
        }
    }

    /// Below zero when left is smaller, zero when equal, above when larger.
    private static func compare(_ left: DecimalNumber, _ right: DecimalNumber) -> Int {
        if left.isZero || right.isZero || left.isNegative != right.isNegative {
            return left.signum - right.signum
        }
        let order = compareMagnitudes(left, right)
        return left.isNegative ? -order : order
    }

    private var signum: Int { isZero ? 0 : isNegative ? -1 : 1 }

    private static func compareMagnitudes(_ left: DecimalNumber, _ right: DecimalNumber) -> Int {
        let (a, b) = (left.magnitude, right.magnitude)
        // Where the highest digits stand decides without scaling, which could be thousands of digits.
        let (aTop, bTop) = (a.digitCount - left.scale, b.digitCount - right.scale)
        guard aTop == bTop else { return aTop < bTop ? -1 : 1 }
        let scale = max(left.scale, right.scale)
        let (x, y) = (a.shiftedLeft(scale - left.scale), b.shiftedLeft(scale - right.scale))
        return x < y ? -1 : x == y ? 0 : 1
    }
}
