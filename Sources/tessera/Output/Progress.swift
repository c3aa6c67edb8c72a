/// A bar with rate and remaining time on a terminal; one line at the end elsewhere.
struct Progress {
    private let label: String
    /// Nil when nobody knows how much there is.
    private var total: Int?
    /// What is counted, where that isn't clear: `bytes`.
    private let unit: String
    private let clock = ContinuousClock()
    private let start: ContinuousClock.Instant
    private var shown: ContinuousClock.Instant
    private(set) var done = 0

    init(label: String, total: Int?, unit: String = "") {
        self.label = label
        self.total = total
        self.unit = unit.isEmpty ? "" : " \(unit)"
        start = clock.now
        shown = start
    }

    mutating func advance(by count: Int) { show(done + count) }

    /// Shows a count, at most ten times a second.
    mutating func show(_ count: Int, of known: Int? = nil) {
        done = count
        total = known ?? total
        guard Console.isInteractive, clock.now - shown > .milliseconds(100) else { return }
        shown = clock.now
        let part = total.map { $0 == 0 ? 1 : Double(count) / Double($0) }
        Console.progress(line(part))
    }

    func finish() {
        Console.progress("")
        Console.note("\(label): \(done.grouped)\(unit) in \(Self.time(seconds)), \(rate.grouped)/s")
    }

    private var seconds: Double { max(0.001, (clock.now - start) / .seconds(1)) }
    private var rate: Int { Int(Double(done) / seconds) }

    private func line(_ part: Double?) -> String {
        guard let part, part > 0 else { return "\(label)  \(done.grouped)\(unit)  \(rate.grouped)/s" }
        let filled = min(24, Int(part * 24))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: 24 - filled)
        let left = max(0, seconds / part - seconds)
        return "\(label)  \(bar) \(Int(part * 100)) %  \(done.grouped)\(unit)  \(rate.grouped)/s  \(Self.time(left)) left"
    }

    private static func time(_ seconds: Double) -> String {
        let whole = Int(seconds)
        if whole >= 3600 { return "\(whole / 3600) h \(whole % 3600 / 60) min" }
        if whole >= 60 { return "\(whole / 60) min \(whole % 60) s" }
        return seconds < 10 ? "\((seconds * 10).rounded() / 10) s" : "\(whole) s"
    }
}

extension Int {
    /// `1 row`, `1,234 rows`.
    func counted(_ noun: String) -> String { self == 1 ? "1 \(noun)" : "\(grouped) \(noun)s" }

    /// With a comma between thousands: `1,234,567`.
    var grouped: String {
        let digits = String(magnitude)
        var text = ""
        for (position, digit) in digits.enumerated() {
            if position > 0, (digits.count - position) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return self < 0 ? "-\(text)" : text
    }
}
