import Catalog
import Manifests
import QueryLanguage

/// Checks one value against its field, and gives it the shape that is stored.
struct FieldChecker {
    /// Why a value is refused: a stable code and a sentence that says what to do.
    struct Refusal: Error {
        var code: String
        var message: String
    }

    static func text(_ value: Value, _ rules: TextRules, named label: String) throws(Refusal) -> Value {
        let text = try string(value, named: label)
        let length = text.unicodeScalars.count
        if let least = rules.minLength, length < least {
            throw Refusal(code: "records.too_short", message: "\(label) needs at least \(least) characters; it has \(length).")
        }
        if let most = rules.maxLength, length > most {
            throw Refusal(code: "records.too_long", message: "\(label) may have at most \(most) characters; it has \(length).")
        }
        if let pattern = rules.pattern, !pattern.matches(text) {
            throw Refusal(code: "records.pattern", message: "\(label) must match the pattern \(pattern).")
        }
        return .string(text)
    }

    /// A string in NFC without the NUL character, which PostgreSQL can't hold.
    static func string(_ value: Value, named label: String) throws(Refusal) -> String {
        guard case .string(let raw) = value else { throw wrongType(label, "text", value) }
        let text = normalizedNFC(raw)
        guard !text.utf8.contains(0) else { throw Refusal(code: "records.nul", message: "\(label) holds a NUL character; remove it.") }
        return text
    }

    static func integer(_ value: Value, _ bounds: ClosedBounds<Int64>, named label: String) throws(Refusal) -> Value {
        guard case .integer(let number) = value else { throw wrongType(label, "a whole number", value) }
        try within(bounds, number, named: label)
        return value
    }

    static func decimal(
        _ value: Value, precision: Int, scale: Int, _ bounds: ClosedBounds<DecimalNumber>, named label: String
    ) throws(Refusal) -> Value {
        let number: DecimalNumber
        switch value {
        case .decimal(let decimal): number = decimal
        case .integer(let integer): number = DecimalNumber(integer)
        default: throw wrongType(label, "a number", value)
        }
        let digits = DigitCount(number)
        guard digits.fraction <= scale else {
            throw Refusal(code: "records.scale", message: "\(label) may have at most \(scale) digits after the point.")
        }
        guard digits.whole <= precision - scale else {
            throw Refusal(code: "records.out_of_range", message: "\(label) may have at most \(precision - scale) digits before the point.")
        }
        try within(bounds, number, named: label)
        return .decimal(number)
    }

    static func boolean(_ value: Value, named label: String) throws(Refusal) -> Value {
        guard case .bool = value else { throw wrongType(label, "true or false", value) }
        return value
    }

    static func date(_ value: Value, _ bounds: ClosedBounds<CalendarDate>, named label: String) throws(Refusal) -> Value {
        guard case .date(let date) = value, date.isInRange else { throw wrongType(label, "a date such as 2026-11-23", value) }
        try within(bounds, date, named: label)
        return value
    }

    static func dateTime(_ value: Value, _ bounds: ClosedBounds<DateTime>, named label: String) throws(Refusal) -> Value {
        guard case .dateTime(let moment) = value, moment.isInRange else {
            throw wrongType(label, "a date and time such as 2026-11-23T10:00:00Z", value)
        }
        try within(bounds, moment, named: label)
        return value
    }

    static func duration(_ value: Value, _ bounds: ClosedBounds<DayTimeDuration>, named label: String) throws(Refusal) -> Value {
        guard case .duration(let duration) = value else { throw wrongType(label, "a duration such as PT1H30M", value) }
        try within(bounds, duration, named: label)
        return value
    }

    /// - Parameter allowsRetired: whether a retired choice passes, because it is judged later.
    static func choice(
        _ value: Value, _ choices: [Choice], named label: String, allowsRetired: Bool = false
    ) throws(Refusal) -> Value {
        guard case .string(let key) = value else { throw wrongType(label, "one of its choices", value) }
        guard let choice = choices.first(where: { $0.key == key }) else {
            let known = choices.filter { !$0.retired }.map(\.key).joined(separator: ", ")
            throw Refusal(code: "records.unknown_choice", message: "\(label) has no such choice; use one of \(known).")
        }
        guard !choice.retired || allowsRetired else { throw retired(key, named: label) }
        return value
    }

    static func retired(_ choice: String, named label: String) -> Refusal {
        Refusal(code: "records.retired_choice", message: "The choice \(choice) of \(label) is retired; use another one.")
    }

    /// Distinct words in the order given.
    static func words(
        _ value: Value, limit: Int, named label: String, each: (Value) throws(Refusal) -> Value
    ) throws(Refusal) -> Value {
        guard case .collection(let items) = value else { throw wrongType(label, "a list", value) }
        var seen: Set<Value> = []
        var kept: [Value] = []
        for item in items {
            let checked = try each(item)
            if seen.insert(checked).inserted { kept.append(checked) }
        }
        guard kept.count <= limit else {
            throw Refusal(code: "records.too_many", message: "\(label) may have at most \(limit) entries; it has \(kept.count).")
        }
        return .collection(kept)
    }

    static func tag(_ value: Value, named label: String) throws(Refusal) -> Value {
        let text = try string(value, named: label).trimmingSpaces()
        guard !text.isEmpty, text.unicodeScalars.count <= 100 else {
            throw Refusal(code: "records.bad_tag", message: "A tag of \(label) needs 1 to 100 characters.")
        }
        return .string(text)
    }

    /// A web address; one without a scheme is taken as https. Schemes that run code in a browser are refused.
    static func url(_ value: Value, _ rules: TextRules, named label: String) throws(Refusal) -> Value {
        let text = try string(value, named: label).trimmingSpaces()
        guard !text.isEmpty, !text.unicodeScalars.contains(where: { $0.value <= 0x20 || $0.value == 0x7F }) else {
            throw Refusal(code: "records.bad_url", message: "\(label) is no web address; write it like https://example.com/page.")
        }
        if let scheme = WebAddress.scheme(of: text), ["javascript", "data", "vbscript", "file"].contains(scheme) {
            throw Refusal(code: "records.bad_url", message: "\(label) may not use the scheme \(scheme): browsers would run it.")
        }
        return try Self.text(.string(WebAddress.normal(text)), rules, named: label)
    }

    static func guid(_ value: Value, named label: String) throws(Refusal) -> Value {
        guard case .guid = value else { throw wrongType(label, "an id such as 018f2d7c-6b1e-7c3a-9d58-0a1b2c3d4e5f", value) }
        return value
    }

    static func wrongType(_ label: String, _ expected: String, _ value: Value) -> Refusal {
        Refusal(code: "records.wrong_type", message: "\(label) takes \(expected), not \(value.kindName).")
    }

    private static func within<Bound: Comparable>(_ bounds: ClosedBounds<Bound>, _ value: Bound, named label: String) throws(Refusal) {
        if let lower = bounds.lower, value < lower {
            throw Refusal(code: "records.out_of_range", message: "\(label) must be \(lower) or more.")
        }
        if let upper = bounds.upper, value > upper {
            throw Refusal(code: "records.out_of_range", message: "\(label) must be \(upper) or less.")
        }
    }
}

/// Digits that a decimal number needs before and after the point; zeros at the end of the fraction need none.
struct DigitCount {
    var whole: Int
    var fraction: Int

    init(_ number: DecimalNumber) {
        var digits = "\(number)".utf8.drop { $0 == UInt8(ascii: "-") }
        let point = digits.firstIndex(of: UInt8(ascii: ".")) ?? digits.endIndex
        whole = digits[..<point].drop { $0 == UInt8(ascii: "0") }.count
        digits = digits[point...].dropFirst()
        while digits.last == UInt8(ascii: "0") { digits = digits.dropLast() }
        fraction = digits.count
    }
}

extension Value {
    /// What the value is, for messages that must not show it.
    var kindName: String {
        switch self {
        case .null: "nothing"
        case .bool: "true or false"
        case .integer: "a whole number"
        case .decimal: "a decimal number"
        case .string: "text"
        case .date: "a date"
        case .timeOfDay: "a time of day"
        case .dateTime: "a date and time"
        case .duration: "a duration"
        case .guid: "an id"
        case .collection: "a list"
        case .complex: "an object"
        }
    }
}

extension StringProtocol {
    /// Without white space at both ends.
    func trimmingSpaces() -> String {
        let start = unicodeScalars.firstIndex { !$0.properties.isWhitespace } ?? endIndex
        let end = unicodeScalars.lastIndex { !$0.properties.isWhitespace }.map { unicodeScalars.index(after: $0) } ?? start
        return String(self[start..<end])
    }
}

extension UInt8 {
    var isASCIIDigit: Bool { self >= 0x30 && self <= 0x39 }
}
