import QueryLanguage

/// Numbers as workbooks keep them: binary, with days counted from 1900 or 1904.
enum SerialNumber {
    /// The decimal number that a binary one stands for: fifteen digits, as spreadsheets show them. `0.30000000000000004` is 0.3.
    static func plain(_ text: String) -> String {
        let digits = text.utf8.filter { $0 >= 0x30 && $0 <= 0x39 }.count
        if digits <= 15, text.utf8.allSatisfy({ $0 >= 0x30 && $0 <= 0x39 || $0 == 0x2E || $0 == 0x2D }) { return text }
        guard let number = Double(text), number.isFinite else { return text }
        return rounded(number)
    }

    private static func rounded(_ number: Double) -> String {
        if number == 0 { return "0" }
        var magnitude = number.magnitude
        var exponent = 0
        // The power of ten of the first digit; off by one at most, which the digits' count shows.
        while magnitude >= 10 {
            magnitude /= 10
            exponent += 1
        }
        while magnitude < 1 {
            magnitude *= 10
            exponent -= 1
        }
        guard exponent < 38, exponent > -38 else { return "\(number)" }
        var significant = UInt64((magnitude * 100_000_000_000_000).rounded())
        if significant >= 1_000_000_000_000_000 {
            significant /= 10
            exponent += 1
        }
        var digits = Array(String(significant).utf8)
        var result: [UInt8] = []
        if exponent < 0 {
            result = Array("0.".utf8) + [UInt8](repeating: 0x30, count: -exponent - 1) + digits
        } else {
            while digits.count <= exponent { digits.append(0x30) }
            result = Array(digits[...exponent]) + [0x2E] + digits[(exponent + 1)...]
        }
        if result.contains(0x2E) {
            while result.last == 0x30 { result.removeLast() }
            if result.last == 0x2E { result.removeLast() }
        }
        return (number < 0 ? "-" : "") + String(decoding: result, as: UTF8.self)
    }

    /// A day, a moment, or a time of day for what is less than a day; nil for what no calendar has.
    static func moment(_ text: String, countsFrom1904: Bool) -> String? {
        guard let serial = Double(text), serial >= 0, serial < 2_958_466 else { return nil }
        var days = Int(serial)
        // To the millisecond, which is as exact as programs write it.
        var milliseconds = Int(((serial - Double(days)) * 86_400_000).rounded())
        if milliseconds == 86_400_000 {
            days += 1
            milliseconds = 0
        }
        if days == 0, milliseconds > 0, !countsFrom1904 { return time(milliseconds) }
        // 1900 has a 29th of February here, as Lotus 1-2-3 had.
        let epoch = countsFrom1904 ? -24_107 : days < 60 ? -25_568 : -25_569
        let date = CalendarDate(daysSinceEpoch: Int32(epoch + days))
        guard date.isInRange else { return nil }
        let day = Value.date(date).text
        return milliseconds == 0 ? day : "\(day)T\(time(milliseconds))"
    }

    /// `PT26H30M`
    static func duration(_ text: String) -> String? {
        guard let serial = Double(text), serial.magnitude < 10_000_000 else { return nil }
        return Value.duration(DayTimeDuration(microseconds: Int64((serial * 86_400_000).rounded()) * 1000)).text
    }

    private static func time(_ milliseconds: Int) -> String {
        func padded(_ number: Int, _ width: Int) -> String {
            let digits = String(number)
            return String(repeating: "0", count: max(0, width - digits.count)) + digits
        }
        let seconds = milliseconds / 1000
        let clock = "\(padded(seconds / 3600, 2)):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2))"
        return milliseconds % 1000 == 0 ? clock : "\(clock).\(padded(milliseconds % 1000, 3))"
    }

    // MARK: Writing

    /// The serial number of a day from 1 March 1900 on; before that programs disagree.
    static func serial(_ date: CalendarDate) -> Double? {
        let days = Int(date.daysSinceEpoch) + 25_569
        return days >= 61 ? Double(days) : nil
    }
}
