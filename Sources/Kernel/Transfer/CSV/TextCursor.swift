/// Walks over the bytes of a short text.
struct TextCursor {
    private(set) var rest: ArraySlice<UInt8>

    init(_ text: ArraySlice<UInt8>) { rest = text }

    var isAtEnd: Bool { rest.isEmpty }

    func peek(_ distance: Int = 0) -> UInt8? {
        let index = rest.startIndex + distance
        return index < rest.endIndex ? rest[index] : nil
    }

    mutating func skip(_ count: Int) { rest = rest.dropFirst(count) }

    mutating func take(_ count: Int) -> ArraySlice<UInt8> {
        defer { skip(count) }
        return rest.prefix(count)
    }

    mutating func takeIf(_ byte: UInt8) -> Bool {
        guard peek() == byte else { return false }
        skip(1)
        return true
    }

    /// Removes spaces and tabs at both ends.
    mutating func trim() {
        skipSpaces()
        while let last = rest.last, last == 0x20 || last == 0x09 { rest = rest.dropLast() }
    }

    @discardableResult
    mutating func skipSpaces() -> Int {
        let before = rest.count
        while let byte = rest.first, byte == 0x20 || byte == 0x09 { skip(1) }
        return before - rest.count
    }

    /// How many digits are next.
    var digitRun: Int { rest.prefix { 0x30...0x39 ~= $0 }.count }

    /// The value of so many digits, which must be there, at most nine.
    mutating func takeNumber(_ digits: Int) -> Int {
        take(digits).reduce(0) { $0 * 10 + Int($1) - 0x30 }
    }

    /// Digits after a decimal mark as billionths; further digits than nine are cut off.
    mutating func takeFraction() -> Int? {
        let digits = digitRun
        guard digits > 0 else { return nil }
        var value = takeNumber(min(digits, 9))
        skip(max(0, digits - 9))
        for _ in min(digits, 9)..<9 { value *= 10 }
        return value
    }

    /// The ASCII letters that are next, in lower case; at most twelve.
    func peekWord() -> String {
        guard let first = rest.first, first >= 0x41 else { return "" }
        let letters = rest.prefix(12).prefix { (0x41...0x5A).contains($0) || (0x61...0x7A).contains($0) }
        return String(decoding: letters.map { $0 | 0x20 }, as: UTF8.self)
    }

    mutating func skipWord() { skip(peekWord().utf8.count) }
}

/// The words of English dates.
enum EnglishNames {
    private static let months: [String: Int] = {
        let names = [
            "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november", "december",
        ]
        var months: [String: Int] = ["sept": 9]
        for (index, name) in names.enumerated() {
            months[name] = index + 1
            months[String(name.prefix(3))] = index + 1
        }
        return months
    }()

    private static let weekdays: Set<String> = [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "mon", "tue", "tues", "wed", "thu", "thur", "thurs",
        "fri",
        "sat", "sun",
    ]

    /// 1 to 12 for a name in lower case.
    static func month(_ word: String) -> Int? { months[word] }

    static func isWeekday(_ word: String) -> Bool { weekdays.contains(word) }
}
