/// Finds the date format of a whole column: `03-04-16` alone may be three dates, but with `25-10-16` in the same column it is one.
///
/// A format is recognised when more values fit it than any other, and at least four in five fit at all, so that a few slips in a file
/// do not hide it. Formats that fit equally often are reported as ambiguous: somebody has to say which it is. Years of two digits are
/// taken to come last, unless only year-month-day fits.
package struct DateFormatGuess: Sendable {
    package enum Outcome: Equatable, Sendable {
        case recognised(DateFormat)
        /// All fit equally well; the day first comes first.
        case ambiguous([DateFormat])
        case none
    }

    /// Values that are not blank.
    package private(set) var values = 0
    /// Lines of the first values that are no date in any format.
    package private(set) var unreadableLines: [Int] = []
    private var counts: [DateFormat: Int] = [:]

    private static let keptLines = 5

    package init() {}

    package mutating func add(_ text: some StringProtocol, line: Int) { add(Array(text.utf8)[...], line: line) }

    package mutating func add(_ text: ArraySlice<UInt8>, line: Int) {
        guard text.contains(where: { $0 != 0x20 && $0 != 0x09 }) else { return }
        values += 1
        var fits = false
        if let reading = DateReading(text) {
            for order in DateFormat.Order.allCases where reading.date(order) != nil {
                let format = DateFormat(
                    order, reading.separator, hasMonthName: reading.hasMonthName, hasTwoDigitYear: reading.hasTwoDigitYear(order),
                    clock: reading.clock)
                counts[format, default: 0] += 1
                fits = true
            }
        }
        if !fits && unreadableLines.count < Self.keptLines { unreadableLines.append(line) }
    }

    package var outcome: Outcome {
        let best = candidates
        guard let first = best.first else { return .none }
        return best.count == 1 ? .recognised(first) : .ambiguous(best)
    }

    /// How many values are dates in a format.
    package func matching(_ format: DateFormat) -> Int {
        var dateOnly = format
        dateOnly.clock = .none
        return (counts[format] ?? 0) + (format.clock == .none ? 0 : counts[dateOnly] ?? 0)
    }

    /// The format that most values fit, however few they are; nil when none fits any.
    package var likeliest: DateFormat? { best.first }

    private var candidates: [DateFormat] {
        let best = best
        guard let first = best.first, matching(first) * 5 >= values * 4 else { return [] }
        return best
    }

    private var best: [DateFormat] {
        let most = counts.keys.map(matching).max() ?? 0
        let best = counts.keys.filter { matching($0) == most }
        let likely = best.filter { $0.order != .yearMonthDay || !$0.hasTwoDigitYear }
        let orders = DateFormat.Order.allCases
        return (likely.isEmpty ? best : likely).sorted {
            let (left, right) = (orders.firstIndex(of: $0.order) ?? 0, orders.firstIndex(of: $1.order) ?? 0)
            return left == right ? $0.pattern < $1.pattern : left < right
        }
    }
}
