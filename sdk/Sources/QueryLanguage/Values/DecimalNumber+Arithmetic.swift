extension DecimalNumber {
    /// The sum, with the larger scale of the two; nil when it has too many digits.
    public func adding(_ other: DecimalNumber) -> DecimalNumber? {
        if let (left, right) = smallAtCommonScale(with: other) {
            let (sum, overflow) = left.addingReportingOverflow(right)
            if !overflow { return DecimalNumber(coefficient: sum, scale: max(scale, other.scale)) }
        }
        let scale = max(scale, other.scale)
        let (left, right) = (magnitude(atScale: scale), other.magnitude(atScale: scale))
        if isNegative == other.isNegative {
            return DecimalNumber(magnitude: left.adding(right), isNegative: isNegative, scale: scale)
        }
        if left >= right { return DecimalNumber(magnitude: left.subtracting(right), isNegative: isNegative, scale: scale) }
        return DecimalNumber(magnitude: right.subtracting(left), isNegative: other.isNegative, scale: scale)
    }

    /// The difference, with the larger scale of the two; nil when it has too many digits.
    public func subtracting(_ other: DecimalNumber) -> DecimalNumber? {
        adding(other.negated)
    }

    /// The product, with the sum of both scales, rounded to 16,383 if more; nil when it has too many digits.
    public func multiplied(by other: DecimalNumber) -> DecimalNumber? {
        if case .small(let left) = storage, case .small(let right) = other.storage, scale + other.scale <= DecimalNumber.maximumScale {
            let (product, overflow) = left.multipliedReportingOverflow(by: right)
            if !overflow { return DecimalNumber(coefficient: product, scale: scale + other.scale) }
        }
        let (left, right) = (magnitude, other.magnitude)
        let digits = left.digitCount + right.digitCount - 1 - scale - other.scale
        guard digits <= DecimalNumber.maximumIntegerDigits else { return nil }
        return DecimalNumber(magnitude: left.multiplied(by: right), isNegative: isNegative != other.isNegative, scale: scale + other.scale)
    }

    /// The quotient, rounded half away from zero to the scale that PostgreSQL chooses: at least 16 significant digits and no
    /// less than either scale, at most 1,000. Nil when dividing by zero.
    public func divided(by other: DecimalNumber) -> DecimalNumber? {
        guard !other.isZero else { return nil }
        let scale = DecimalNumber.quotientScale(self, other)
        let shift = scale + other.scale - self.scale
        let dividend = shift > 0 ? magnitude.shiftedLeft(shift) : magnitude
        let divisor = shift < 0 ? other.magnitude.shiftedLeft(-shift) : other.magnitude
        var (quotient, remainder) = dividend.divided(by: divisor)
        if remainder.adding(remainder) >= divisor { quotient = quotient.adding(DecimalMagnitude(1)) }
        return DecimalNumber(magnitude: quotient, isNegative: isNegative != other.isNegative, scale: scale)
    }

    /// What is left after dividing to a whole number; sign of this number, larger scale of the two. Nil when dividing by zero.
    public func remainder(dividingBy other: DecimalNumber) -> DecimalNumber? {
        guard !other.isZero else { return nil }
        if let (left, right) = smallAtCommonScale(with: other) {
            return DecimalNumber(coefficient: right == -1 ? 0 : left % right, scale: max(scale, other.scale))
        }
        let scale = max(scale, other.scale)
        let remainder = magnitude(atScale: scale).divided(by: other.magnitude(atScale: scale)).remainder
        return DecimalNumber(magnitude: remainder, isNegative: isNegative, scale: scale)
    }

    /// The number with the other sign, same scale.
    public var negated: DecimalNumber {
        if case .small(let value) = storage, value != .min {
            return DecimalNumber(coefficient: -value, scale: scale) ?? self
        }
        return DecimalNumber(magnitude: magnitude, isNegative: !isNegative, scale: scale) ?? self
    }

    /// The number at another scale (0 to 16,383): rounded half away from zero, or with zeros added. Nil when out of bounds.
    public func rounded(toScale newScale: Int) -> DecimalNumber? {
        guard (0...DecimalNumber.maximumScale).contains(newScale) else { return nil }
        if newScale >= scale {
            return DecimalNumber(magnitude: magnitude.shiftedLeft(newScale - scale), isNegative: isNegative, scale: newScale)
        }
        let rounded = DecimalNumber.roundHalfAway(magnitude, droppingDigits: scale - newScale)
        return DecimalNumber(magnitude: rounded, isNegative: isNegative, scale: newScale)
    }

    /// The nearest whole number, halves away from zero; scale 0.
    public var rounded: DecimalNumber? { rounded(toScale: 0) }

    /// The largest whole number that isn't larger; scale 0.
    public var floor: DecimalNumber? { wholeNumber(roundingUpMagnitude: isNegative) }

    /// The smallest whole number that isn't smaller; scale 0.
    public var ceiling: DecimalNumber? { wholeNumber(roundingUpMagnitude: !isNegative) }

    private func wholeNumber(roundingUpMagnitude: Bool) -> DecimalNumber? {
        guard scale > 0 else { return self }
        let (quotient, _, isInexact) = magnitude.shiftedRight(scale)
        let result = isInexact && roundingUpMagnitude ? quotient.adding(DecimalMagnitude(1)) : quotient
        return DecimalNumber(magnitude: result, isNegative: isNegative, scale: 0)
    }

    private func magnitude(atScale newScale: Int) -> DecimalMagnitude {
        magnitude.shiftedLeft(newScale - scale)
    }

    /// Both numbers as words at the larger scale, if they fit.
    private func smallAtCommonScale(with other: DecimalNumber) -> (Int64, Int64)? {
        guard case .small(let left) = storage, case .small(let right) = other.storage else { return nil }
        if scale == other.scale { return (left, right) }
        let difference = abs(scale - other.scale)
        guard difference <= 18 else { return nil }
        let factor = Int64(PowersOfTen.value(difference))
        let (scaled, overflow) = (scale < other.scale ? left : right).multipliedReportingOverflow(by: factor)
        guard !overflow else { return nil }
        return scale < other.scale ? (scaled, right) : (left, scaled)
    }

    /// PostgreSQL's rule (`select_div_scale` in src/backend/utils/adt/numeric.c): it estimates where the quotient's first digit
    /// stands from the first base-10,000 digit of each operand, and asks for 16 significant digits.
    private static func quotientScale(_ left: DecimalNumber, _ right: DecimalNumber) -> Int {
        let (leftWeight, leftFirst) = left.firstGroup
        let (rightWeight, rightFirst) = right.firstGroup
        let weight = leftWeight - rightWeight - (leftFirst <= rightFirst ? 1 : 0)
        return min(max(16 - weight * 4, left.scale, right.scale, 0), 1_000)
    }

    /// The power of 10,000 of the first group of four digits (groups count from the decimal point), and that group's value.
    private var firstGroup: (weight: Int, value: UInt64) {
        guard !isZero else { return (0, 0) }
        let magnitude = magnitude
        let exponent = magnitude.digitCount - 1 - scale
        let weight = exponent >= 0 ? exponent / 4 : -((3 - exponent) / 4)
        return (weight, magnitude.leadingDigits(exponent - weight * 4 + 1))
    }
}
