/// The parts of a text that looks like a date, before it is decided which part is the day.
struct DateReading {
    private enum Part {
        case number(Int, digits: Int)
        case month(Int)
    }

    /// Nil for eight digits without any.
    private(set) var separator: DateFormat.Separator?
    private(set) var clock = DateFormat.Clock.none
    private var parts: [Part] = []
    private var compact: [UInt8] = []
    private var time: ParsedTime?

    private static let longestText = 64
    /// Years that eight bare digits may stand for; any number would be a date otherwise.
    private static let compactYears = 1900...2100

    init?(_ text: ArraySlice<UInt8>) {
        var cursor = TextCursor(text)
        cursor.trim()
        guard !cursor.isAtEnd, cursor.rest.count <= Self.longestText else { return nil }
        Self.skipWeekday(&cursor)
        if cursor.digitRun == 8 {
            compact = Array(cursor.take(8))
        } else {
            guard readParts(&cursor) else { return nil }
        }
        guard cursor.isAtEnd || readTime(&cursor) else { return nil }
    }

    var hasMonthName: Bool {
        parts.contains { if case .month = $0 { true } else { false } }
    }

    func hasTwoDigitYear(_ order: DateFormat.Order) -> Bool {
        guard parts.count == 3, case .number(_, let digits) = parts[order == .yearMonthDay ? 0 : 2] else { return false }
        return digits <= 2
    }

    /// The date with the parts in a certain order, or nil when there is no such day.
    func date(_ order: DateFormat.Order) -> ParsedDate? {
        guard let (first, second, third) = compact.isEmpty ? ordered : compactParts(order) else { return nil }
        let (yearPart, monthPart, dayPart) =
            switch order {
            case .dayMonthYear: (third, second, first)
            case .monthDayYear: (third, first, second)
            case .yearMonthDay: (first, second, third)
            }
        guard case .number(let day, let dayDigits) = dayPart, dayDigits <= 2, let month = month(monthPart), let year = year(yearPart),
            ParsedDate.exists(year: year, month: month, day: day)
        else { return nil }
        return ParsedDate(year: year, month: month, day: day, time: time)
    }

    private var ordered: (Part, Part, Part)? { parts.count == 3 ? (parts[0], parts[1], parts[2]) : nil }

    private func compactParts(_ order: DateFormat.Order) -> (Part, Part, Part)? {
        let lengths = order == .yearMonthDay ? [4, 2, 2] : [2, 2, 4]
        var rest = compact[...]
        var found: [Part] = []
        for length in lengths {
            let value = rest.prefix(length).reduce(0) { $0 * 10 + Int($1 - 0x30) }
            rest = rest.dropFirst(length)
            if length == 4 && !Self.compactYears.contains(value) { return nil }
            found.append(.number(value, digits: length))
        }
        return (found[0], found[1], found[2])
    }

    private func month(_ part: Part) -> Int? {
        switch part {
        case .month(let month): month
        case .number(let value, let digits): digits <= 2 ? value : nil
        }
    }

    private func year(_ part: Part) -> Int? {
        guard case .number(let value, let digits) = part else { return nil }
        switch digits {
        case 4: return value
        case 2: return value <= DateFormat.lastTwoDigitYearOf2000s ? 2000 + value : 1900 + value
        default: return nil
        }
    }

    // MARK: Reading

    private mutating func readParts(_ cursor: inout TextCursor) -> Bool {
        var separators: [DateFormat.Separator] = []
        for index in 0..<3 {
            if index > 0 {
                guard let separator = Self.readSeparator(&cursor) else { return false }
                separators.append(separator)
            }
            guard let part = Self.readPart(&cursor) else { return false }
            parts.append(part)
        }
        guard separators[0] == separators[1] else { return false }
        separator = separators[0]
        return parts.count { if case .month = $0 { true } else { false } } <= 1
    }

    private static func readPart(_ cursor: inout TextCursor) -> Part? {
        let digits = cursor.digitRun
        if digits > 0 {
            guard digits <= 4 else { return nil }
            let value = cursor.takeNumber(digits)
            if digits <= 2, let next = cursor.peek(), next >= 0x41, ["st", "nd", "rd", "th"].contains(cursor.peekWord()) {
                cursor.skipWord()
            }
            // "5. May 2020": the point is part of the number when a space follows it.
            if cursor.peek() == UInt8(ascii: "."), cursor.peek(1) == UInt8(ascii: " ") { cursor.skip(1) }
            return .number(value, digits: digits)
        }
        guard let month = EnglishNames.month(cursor.peekWord()) else { return nil }
        cursor.skipWord()
        if cursor.peek() == UInt8(ascii: "."), cursor.peek(1) == UInt8(ascii: " ") { cursor.skip(1) }
        return .month(month)
    }

    private static func readSeparator(_ cursor: inout TextCursor) -> DateFormat.Separator? {
        let spaces = cursor.skipSpaces()
        var found: DateFormat.Separator?
        switch cursor.peek() {
        case UInt8(ascii: "-"): found = .hyphen
        case UInt8(ascii: "/"): found = .slash
        case UInt8(ascii: "."): found = .point
        case UInt8(ascii: ","): found = .space
        default: return spaces > 0 ? .space : nil
        }
        cursor.skip(1)
        cursor.skipSpaces()
        return found
    }

    private static func skipWeekday(_ cursor: inout TextCursor) {
        guard let first = cursor.peek(), first >= 0x41, EnglishNames.isWeekday(cursor.peekWord()) else { return }
        cursor.skipWord()
        if cursor.peek() == UInt8(ascii: ".") { cursor.skip(1) }
        if cursor.peek() == UInt8(ascii: ",") { cursor.skip(1) }
        cursor.skipSpaces()
    }

    /// `T` or spaces, hours and minutes, then as much as there is of seconds, fraction, AM or PM, and zone.
    private mutating func readTime(_ cursor: inout TextCursor) -> Bool {
        if cursor.peek() == UInt8(ascii: ",") { cursor.skip(1) }
        if cursor.skipSpaces() == 0 {
            guard cursor.peek().map({ $0 | 0x20 }) == UInt8(ascii: "t") else { return false }
            cursor.skip(1)
        }
        guard (1...2).contains(cursor.digitRun) else { return false }
        var time = ParsedTime(hour: cursor.takeNumber(cursor.digitRun), minute: 0)
        guard cursor.takeIf(UInt8(ascii: ":")), cursor.digitRun == 2 else { return false }
        time.minute = cursor.takeNumber(2)
        if cursor.takeIf(UInt8(ascii: ":")) {
            guard cursor.digitRun == 2 else { return false }
            time.second = cursor.takeNumber(2)
            if cursor.peek() == UInt8(ascii: ".") || cursor.peek() == UInt8(ascii: ",") {
                cursor.skip(1)
                guard let nanosecond = cursor.takeFraction() else { return false }
                time.nanosecond = nanosecond
            }
        }
        cursor.skipSpaces()
        guard readHalfOfDay(&cursor, &time), time.hour < 24, time.minute < 60, time.second < 60 else { return false }
        cursor.skipSpaces()
        guard cursor.isAtEnd || Self.readZone(&cursor, &time) else { return false }
        self.time = time
        if clock == .none { clock = .twentyFour }
        return cursor.isAtEnd
    }

    private mutating func readHalfOfDay(_ cursor: inout TextCursor, _ time: inout ParsedTime) -> Bool {
        let letter = cursor.peek().map { $0 | 0x20 }
        guard letter == UInt8(ascii: "a") || letter == UInt8(ascii: "p") else { return true }
        cursor.skip(1)
        _ = cursor.takeIf(UInt8(ascii: "."))
        guard cursor.peek().map({ $0 | 0x20 }) == UInt8(ascii: "m"), (1...12).contains(time.hour) else { return false }
        cursor.skip(1)
        _ = cursor.takeIf(UInt8(ascii: "."))
        time.hour = time.hour % 12 + (letter == UInt8(ascii: "p") ? 12 : 0)
        clock = .twelve
        return true
    }

    private static func readZone(_ cursor: inout TextCursor, _ time: inout ParsedTime) -> Bool {
        if ["z", "utc", "gmt"].contains(cursor.peekWord()) {
            cursor.skipWord()
            time.offsetMinutes = 0
            return true
        }
        guard let sign = cursor.peek(), sign == UInt8(ascii: "+") || sign == UInt8(ascii: "-") else { return false }
        cursor.skip(1)
        let digits = cursor.digitRun
        guard digits == 2 || digits == 4 else { return false }
        let hours = cursor.takeNumber(2)
        var minutes = 0
        if digits == 4 {
            minutes = cursor.takeNumber(2)
        } else if cursor.takeIf(UInt8(ascii: ":")) {
            guard cursor.digitRun == 2 else { return false }
            minutes = cursor.takeNumber(2)
        }
        guard hours <= 15, minutes < 60 else { return false }
        time.offsetMinutes = (hours * 60 + minutes) * (sign == UInt8(ascii: "-") ? -1 : 1)
        return true
    }
}
