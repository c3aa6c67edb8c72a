/// Finds the number format of a whole column: `1.234` alone is one thing in Berlin and another in Boston, but with `1.234,50` or `0.5`
/// in the same column it is clear.
///
/// A format is recognised when more values fit it than any other, at least four in five, or when those that fit equally often mean the
/// same. Formats that would give different numbers are reported as ambiguous.
package struct NumberFormatGuess: Sendable {
    package enum Outcome: Equatable, Sendable {
        case recognised(NumberFormat)
        /// All fit equally well and give different numbers.
        case ambiguous([NumberFormat])
        case none
    }

    /// Values that are not blank.
    package private(set) var values = 0
    /// Lines of the first values that are no number in any format.
    package private(set) var unreadableLines: [Int] = []
    /// How often each currency stands beside a number, as written.
    package private(set) var currencies: [String: Int] = [:]
    package private(set) var percentages = 0
    /// Values without a decimal mark in any reading.
    package private(set) var plainIntegers = 0

    private var counts = [Int](repeating: 0, count: NumberFormat.all.count)
    /// Pairs of formats that read some value differently, as `first * count + second`.
    private var differing: Set<Int> = []
    /// Four digits or more without a mark between thousands: such a column does not write them.
    private var hasLongUngrouped = false

    private static let keptLines = 5

    private let takesFractions: Bool

    /// - Parameter takesFractions: false for a column of whole numbers, where `1.234` can only be a thousand and more.
    package init(takesFractions: Bool = true) { self.takesFractions = takesFractions }

    package mutating func add(_ text: some StringProtocol, line: Int) { add(Array(text.utf8)[...], line: line) }

    package mutating func add(_ text: ArraySlice<UInt8>, line: Int) {
        guard text.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { return }
        values += 1
        guard let reading = NumberReading(text) else { return addUnreadable(line) }
        if reading.isPlain {
            plainIntegers += 1
            for index in counts.indices { counts[index] += 1 }
        } else {
            let readings = Self.readings(reading.core).map { digits in digits.flatMap { takesFractions || !$0.contains(".") ? $0 : nil } }
            guard readings.contains(where: { $0 != nil }) else { return addUnreadable(line) }
            compare(readings)
        }
        let digitsFirst = reading.core.prefix { 0x30...0x39 ~= $0 }.count
        hasLongUngrouped = hasLongUngrouped || digitsFirst > 3
        if let currency = reading.currency { currencies[currency, default: 0] += 1 }
        if reading.isPercentage { percentages += 1 }
    }

    /// What each format reads. One whose mark between thousands does not occur reads what the plain one with its decimal mark does.
    private static func readings(_ core: [UInt8]) -> [String?] {
        let point = NumberFormat(decimal: .point).canonical(core)
        let comma = NumberFormat(decimal: .comma).canonical(core)
        return NumberFormat.all.map { format in
            if let grouping = format.grouping, core.contains(grouping.byte) { return format.canonical(core) }
            return format.decimal == .point ? point : comma
        }
    }

    private mutating func compare(_ readings: [String?]) {
        for first in readings.indices {
            guard let value = readings[first] else { continue }
            counts[first] += 1
            for second in readings.indices.dropFirst(first + 1) {
                if let other = readings[second], other != value { differing.insert(first * readings.count + second) }
            }
        }
    }

    private mutating func addUnreadable(_ line: Int) {
        if unreadableLines.count < Self.keptLines { unreadableLines.append(line) }
    }

    package func matching(_ format: NumberFormat) -> Int {
        NumberFormat.all.firstIndex(of: format).map { counts[$0] } ?? 0
    }

    /// The format that most values fit, however few they are; nil when none fits any.
    package var likeliest: NumberFormat? {
        guard let most = counts.max(), most > 0 else { return nil }
        return counts.firstIndex(of: most).map { NumberFormat.all[$0] }
    }

    package var outcome: Outcome {
        guard let most = counts.max(), most > 0, most * 5 >= values * 4 else { return .none }
        var best = counts.indices.filter { counts[$0] == most }
        let withoutGrouping = best.filter { NumberFormat.all[$0].grouping == nil }
        if hasLongUngrouped && !withoutGrouping.isEmpty { best = withoutGrouping }
        guard let first = best.first else { return .none }
        let rivals = best.filter { differing.contains(first * counts.count + $0) }
        if rivals.isEmpty { return .recognised(NumberFormat.all[first]) }
        return .ambiguous(([first] + rivals.filter { rival in !isRepeated(rival, of: rivals) }).map { NumberFormat.all[$0] })
    }

    /// True for a rival that reads everything as an earlier one does.
    private func isRepeated(_ rival: Int, of rivals: [Int]) -> Bool {
        rivals.contains { $0 < rival && !differing.contains($0 * counts.count + rival) }
    }
}
