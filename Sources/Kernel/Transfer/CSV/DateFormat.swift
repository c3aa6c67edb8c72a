/// How a column of a file writes dates.
///
/// Day, month and hour take one digit or two; seconds, fractions and a zone are read wherever a time is; weekday names before the date are
/// skipped. Month names are English, in full or with three letters.
package struct DateFormat: Hashable, Sendable, CustomStringConvertible {
    package enum Order: Hashable, Sendable, CaseIterable {
        case dayMonthYear, monthDayYear, yearMonthDay
    }

    package enum Separator: Character, Hashable, Sendable, CaseIterable {
        case hyphen = "-"
        case slash = "/"
        case point = "."
        case space = " "
    }

    package enum Clock: Hashable, Sendable, CaseIterable {
        /// Dates alone.
        case none
        /// A time may follow the date; a date without one is its midnight.
        case twentyFour
        /// A time with AM or PM may follow.
        case twelve
    }

    package var order: Order
    /// Nil for eight digits without any.
    package var separator: Separator?
    package var hasMonthName: Bool
    package var hasTwoDigitYear: Bool
    package var clock: Clock

    /// The year 2000 for values up to this one, 1900 for those above it, where the year has two digits. As POSIX has it.
    package static let lastTwoDigitYearOf2000s = 68

    package init(
        _ order: Order, _ separator: Separator?, hasMonthName: Bool = false, hasTwoDigitYear: Bool = false, clock: Clock = .none
    ) {
        self.order = order
        self.separator = separator
        self.hasMonthName = hasMonthName
        self.hasTwoDigitYear = hasTwoDigitYear
        self.clock = clock
    }

    /// The date that a text stands for, or nil when it is none in this format.
    package func date(_ text: some StringProtocol) -> ParsedDate? { date(Array(text.utf8)[...]) }

    package func date(_ text: ArraySlice<UInt8>) -> ParsedDate? {
        guard let reading = DateReading(text), matches(reading), let date = reading.date(order) else { return nil }
        return date
    }

    func matches(_ reading: DateReading) -> Bool {
        reading.separator == separator && reading.hasMonthName == hasMonthName && (reading.clock == .none || reading.clock == clock)
            && reading.hasTwoDigitYear(order) == hasTwoDigitYear
    }

    // MARK: Patterns

    /// As Unicode's date format patterns (UTS 35) write it, for a file that people read and change: `d-M-yy`, `yyyy-M-d H:mm`.
    package var pattern: String {
        let year = hasTwoDigitYear ? "yy" : "yyyy"
        guard let separator else {
            let date =
                switch order {
                case .dayMonthYear: "ddMM" + year
                case .monthDayYear: "MMdd" + year
                case .yearMonthDay: year + "MMdd"
                }
            return date + clockPattern
        }
        let month = hasMonthName ? "MMM" : "M"
        let mark = String(separator.rawValue)
        let date =
            switch order {
            case .dayMonthYear: "d" + mark + month + mark + year
            case .monthDayYear: month + mark + "d" + (hasMonthName && separator == .space ? ", " : mark) + year
            case .yearMonthDay: year + mark + month + mark + "d"
            }
        return date + clockPattern
    }

    private var clockPattern: String {
        switch clock {
        case .none: ""
        case .twentyFour: " H:mm"
        case .twelve: " h:mm a"
        }
    }

    package var description: String { pattern }

    /// The format of a pattern, also with more letters (`dd`, `MMMM`, `HH`), seconds, fractions, a zone and a quoted `T`; nil for others.
    package init?(pattern: String) {
        guard pattern.utf8.count <= 64, let format = Self.byPattern[Self.canonical(pattern)] else { return nil }
        self = format
    }

    private static let byPattern: [String: DateFormat] = {
        var formats: [String: DateFormat] = [:]
        for order in Order.allCases {
            for clock in Clock.allCases {
                for separator in Separator.allCases {
                    for (hasMonthName, hasTwoDigitYear) in [(false, false), (false, true), (true, false), (true, true)] {
                        let format = DateFormat(
                            order, separator, hasMonthName: hasMonthName, hasTwoDigitYear: hasTwoDigitYear, clock: clock)
                        formats[canonical(format.pattern)] = format
                    }
                }
                let compact = DateFormat(order, nil, clock: clock)
                formats[canonical(compact.pattern)] = compact
            }
        }
        return formats
    }()

    /// One letter for each part, no commas, no seconds and zones: the same text for all patterns of one format.
    private static func canonical(_ pattern: String) -> String {
        var result = ""
        var rest = pattern.filter { $0 != "'" && $0 != "," }[...]
        while let letter = rest.first {
            let run = rest.prefix { $0 == letter }
            rest = rest.dropFirst(run.count)
            switch letter {
            case "y": result += run.count == 2 ? "yy" : "y"
            case "M": result += run.count > 2 ? "N" : "M"
            case "m", "d", "H", "h", "a": result.append(letter)
            case "T": result.append(" ")
            // Seconds, fractions and zones are read anyway: dropped with the mark before them.
            case "s", "S", "X", "x", "Z", "z":
                while let last = result.last, ":. ".contains(last) { result.removeLast() }
                if rest.first == " ", rest.dropFirst().first != "a" { rest = rest.dropFirst() }
            default: result.append(contentsOf: letter == " " ? " " : String(run))
            }
        }
        return result
    }
}

/// A calendar date of a file, with a time where there was one.
package struct ParsedDate: Hashable, Sendable {
    package var year: Int
    package var month: Int
    package var day: Int
    package var time: ParsedTime?

    /// As ISO 8601 and PostgreSQL write it: `2016-10-20`, `2016-10-20T08:15:30.5+02:00`; midnight is added for a date-time without a time.
    package func text(withTime: Bool) -> String {
        let date = "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
        guard withTime else { return date }
        let time = time ?? ParsedTime(hour: 0, minute: 0)
        var text = "\(date)T\(padded(time.hour, 2)):\(padded(time.minute, 2)):\(padded(time.second, 2))"
        if time.nanosecond > 0 {
            var fraction = padded(time.nanosecond, 9)
            while fraction.hasSuffix("0") { fraction.removeLast() }
            text += "." + fraction
        }
        if let offset = time.offsetMinutes {
            let size = abs(offset)
            text += offset == 0 ? "Z" : "\(offset < 0 ? "-" : "+")\(padded(size / 60, 2)):\(padded(size % 60, 2))"
        }
        return text
    }

    private func padded(_ value: Int, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
    }

    /// Whether the proleptic Gregorian calendar has the day.
    static func exists(year: Int, month: Int, day: Int) -> Bool {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1 else { return false }
        let isLeap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
        let days = [31, isLeap ? 29 : 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
        return day <= days[month - 1]
    }
}

package struct ParsedTime: Hashable, Sendable {
    package var hour: Int
    package var minute: Int
    package var second = 0
    package var nanosecond = 0
    /// East of UTC; nil when the text names no zone.
    package var offsetMinutes: Int?
}
