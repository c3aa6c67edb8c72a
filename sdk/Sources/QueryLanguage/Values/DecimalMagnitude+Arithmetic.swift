extension DecimalMagnitude {
    func adding(_ other: DecimalMagnitude) -> DecimalMagnitude {
        var result: [UInt32] = []
        result.reserveCapacity(max(limbs.count, other.limbs.count) + 1)
        var carry: UInt64 = 0
        for index in 0..<max(limbs.count, other.limbs.count) {
            let left = index < limbs.count ? UInt64(limbs[index]) : 0
            let right = index < other.limbs.count ? UInt64(other.limbs[index]) : 0
            var sum = left + right + carry
            carry = sum >= DecimalMagnitude.base ? 1 : 0
            if carry == 1 { sum -= DecimalMagnitude.base }
            result.append(UInt32(sum))
        }
        if carry > 0 { result.append(1) }
        return DecimalMagnitude(limbs: result)
    }

    /// The difference; `other` must not be larger.
    func subtracting(_ other: DecimalMagnitude) -> DecimalMagnitude {
        var result = limbs
        var borrow: Int64 = 0
        for index in result.indices {
            let right = index < other.limbs.count ? Int64(other.limbs[index]) : 0
            var difference = Int64(result[index]) - right - borrow
            borrow = difference < 0 ? 1 : 0
            if borrow == 1 { difference += Int64(DecimalMagnitude.base) }
            result[index] = UInt32(difference)
        }
        return DecimalMagnitude(limbs: result)
    }

    func multiplied(by other: DecimalMagnitude) -> DecimalMagnitude {
        guard !isZero, !other.isZero else { return DecimalMagnitude(limbs: []) }
        var result = [UInt32](repeating: 0, count: limbs.count + other.limbs.count)
        for (index, limb) in limbs.enumerated() where limb != 0 {
            var carry: UInt64 = 0
            for (offset, factor) in other.limbs.enumerated() {
                let sum = UInt64(limb) * UInt64(factor) + UInt64(result[index + offset]) + carry
                carry = sum / DecimalMagnitude.base
                result[index + offset] = UInt32(sum % DecimalMagnitude.base)
            }
            result[index + other.limbs.count] = UInt32(carry)
        }
        return DecimalMagnitude(limbs: result)
    }

    /// The number with so many zeros appended.
    func shiftedLeft(_ digits: Int) -> DecimalMagnitude {
        guard !isZero, digits > 0 else { return self }
        let whole = digits / DecimalMagnitude.digitsPerLimb
        let factor = PowersOfTen.value(digits % DecimalMagnitude.digitsPerLimb)
        var result = [UInt32](repeating: 0, count: whole)
        result.reserveCapacity(whole + limbs.count + 1)
        var carry: UInt64 = 0
        for limb in limbs {
            let product = UInt64(limb) * factor + carry
            carry = product / DecimalMagnitude.base
            result.append(UInt32(product % DecimalMagnitude.base))
        }
        if carry > 0 { result.append(UInt32(carry)) }
        return DecimalMagnitude(limbs: result)
    }

    /// The number without its last digits, and whether the first digit cut off was 5 or more and whether any was not zero.
    func shiftedRight(_ digits: Int) -> (quotient: DecimalMagnitude, isHalfOrMore: Bool, isInexact: Bool) {
        guard digits > 0 else { return (self, false, false) }
        let whole = digits / DecimalMagnitude.digitsPerLimb
        guard whole < limbs.count else {
            // Everything is cut off; only with exactly as many digits as the number has can the first one count.
            let half = digitCount == digits && leadingDigits(1) >= 5
            return (DecimalMagnitude(limbs: []), half, !isZero)
        }
        let part = digits % DecimalMagnitude.digitsPerLimb
        var inexact = limbs[..<whole].contains { $0 != 0 }
        guard part > 0 else {
            let half = whole > 0 && limbs[whole - 1] >= 500_000_000
            return (DecimalMagnitude(limbs: Array(limbs[whole...])), half, inexact)
        }
        let divisor = PowersOfTen.value(part)
        let (quotient, remainder) = DecimalMagnitude(limbs: Array(limbs[whole...])).divided(bySmall: divisor)
        inexact = inexact || remainder != 0
        return (quotient, remainder >= divisor / 2, inexact)
    }

    /// Division by a number below the base.
    func divided(bySmall divisor: UInt64) -> (quotient: DecimalMagnitude, remainder: UInt64) {
        var result = limbs
        var remainder: UInt64 = 0
        for index in result.indices.reversed() {
            let part = remainder * DecimalMagnitude.base + UInt64(result[index])
            result[index] = UInt32(part / divisor)
            remainder = part % divisor
        }
        return (DecimalMagnitude(limbs: result), remainder)
    }

    /// Long division; the divisor must not be zero.
    func divided(by divisor: DecimalMagnitude) -> (quotient: DecimalMagnitude, remainder: DecimalMagnitude) {
        guard self >= divisor else { return (DecimalMagnitude(limbs: []), self) }
        if divisor.limbs.count == 1, let small = divisor.limbs.first {
            let (quotient, remainder) = divided(bySmall: UInt64(small))
            return (quotient, DecimalMagnitude(remainder))
        }
        return dividedLong(by: divisor)
    }

    /// Knuth, The Art of Computer Programming volume 2, 4.3.1, algorithm D; at least two limbs in the divisor.
    private func dividedLong(by divisor: DecimalMagnitude) -> (quotient: DecimalMagnitude, remainder: DecimalMagnitude) {
        let base = DecimalMagnitude.base
        // Both are scaled so that the divisor's top limb is at least half the base: then each guess is off by two at most.
        let factor = base / (UInt64(divisor.limbs[divisor.limbs.count - 1]) + 1)
        var rest = scaled(bySmall: factor, extraLimb: true)
        let by = divisor.scaled(bySmall: factor, extraLimb: false)
        let count = by.count
        let (top, second) = (UInt64(by[count - 1]), UInt64(by[count - 2]))
        var quotient = [UInt32](repeating: 0, count: rest.count - count)
        for position in quotient.indices.reversed() {
            let head = UInt64(rest[position + count]) * base + UInt64(rest[position + count - 1])
            var guess = head / top
            var left = head % top
            while guess >= base || guess * second > left * base + UInt64(rest[position + count - 2]) {
                guess -= 1
                left += top
                if left >= base { break }
            }
            if DecimalMagnitude.subtract(by, times: guess, from: &rest, at: position) {
                guess -= 1
                DecimalMagnitude.addBack(by, to: &rest, at: position)
            }
            quotient[position] = UInt32(guess)
        }
        let remainder = DecimalMagnitude(limbs: Array(rest[..<count])).divided(bySmall: factor).quotient
        return (DecimalMagnitude(limbs: quotient), remainder)
    }

    private func scaled(bySmall factor: UInt64, extraLimb: Bool) -> [UInt32] {
        var result: [UInt32] = []
        result.reserveCapacity(limbs.count + 1)
        var carry: UInt64 = 0
        for limb in limbs {
            let product = UInt64(limb) * factor + carry
            carry = product / DecimalMagnitude.base
            result.append(UInt32(product % DecimalMagnitude.base))
        }
        if extraLimb || carry > 0 { result.append(UInt32(carry)) }
        return result
    }

    /// Takes a multiple of the divisor away; true when that went below zero and one divisor has to be added back.
    private static func subtract(_ divisor: [UInt32], times factor: UInt64, from rest: inout [UInt32], at position: Int) -> Bool {
        var carry: UInt64 = 0
        var borrow: Int64 = 0
        for index in divisor.indices {
            let product = UInt64(divisor[index]) * factor + carry
            carry = product / base
            var difference = Int64(rest[position + index]) - Int64(product % base) - borrow
            borrow = difference < 0 ? 1 : 0
            if borrow == 1 { difference += Int64(base) }
            rest[position + index] = UInt32(difference)
        }
        var difference = Int64(rest[position + divisor.count]) - Int64(carry) - borrow
        let isNegative = difference < 0
        if isNegative { difference += Int64(base) }
        rest[position + divisor.count] = UInt32(difference)
        return isNegative
    }

    private static func addBack(_ divisor: [UInt32], to rest: inout [UInt32], at position: Int) {
        var carry: UInt64 = 0
        for index in divisor.indices {
            let sum = UInt64(rest[position + index]) + UInt64(divisor[index]) + carry
            carry = sum / base
            rest[position + index] = UInt32(sum % base)
        }
        let sum = UInt64(rest[position + divisor.count]) + carry
        rest[position + divisor.count] = UInt32(sum % base)
    }
}
