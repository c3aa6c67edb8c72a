/// Whether a value is allowed by the limits of its field or setting.
enum ValueCheck {
    struct Flaw {
        let message: String
        var suggestion: String?
        var location: SourceLocation?
    }

    static func flaw(in value: DefaultValue, of kind: FieldKind) -> Flaw? {
        switch (value, kind) {
        case (.text(let text), .text(let options)):
            flaw(in: text, options) ?? (text.contains("\n") ? Flaw(message: "must be one line") : nil)
        case (.text(let text), .url(let options)):
            flaw(in: text, options) ?? (isURL(text) ? nil : Flaw(message: "must be a web address such as https://example.com"))
        case (.text(let text), .longText(let options)): lengthFlaw(in: text, options.length)
        case (.integer(let number), .integer(let options)): rangeFlaw(number, options.range)
        case (.decimal(let number), .decimal(let options)): flaw(in: number, options)
        case (.money(let amount, _), .money(let options)): rangeFlaw(amount, options.range)
        case (.date(let date), .date(let options)): rangeFlaw(date, options.range)
        case (.dateTime(let moment), .dateTime(let options)): rangeFlaw(moment, options.range)
        case (.duration(let time), .duration(let options)): rangeFlaw(time, options.range)
        case (.choice(let key), .choice(let options)): flaw(inChoice: key, options)
        case (.list(let keys), .multiChoice(let options)): keys.lazy.compactMap { flaw(inChoice: $0, options) }.first
        case (.list(let tags), .tags(let options)):
            tags.count > options.maxCount ? Flaw(message: "has \(tags.count) tags; at most \(options.maxCount) are allowed") : nil
        default: nil
        }
    }

    static func flaw(in value: SettingValue, of kind: SettingKind) -> Flaw? {
        switch (value, kind) {
        case (.text(let text), .text(let options)): flaw(in: text, options)
        case (.integer(let number), .integer(let options)): rangeFlaw(number, options.range)
        case (.decimal(let number), .decimal(let options)): flaw(in: number, options)
        case (.duration(let time), .duration(let options)): rangeFlaw(time, options.range)
        case (.choice(let key), .choice(let options)): flaw(inChoice: key, options)
        default: nil
        }
    }

    private static func flaw(in text: String, _ options: TextOptions) -> Flaw? {
        if let flaw = lengthFlaw(in: text, options.length) { return flaw }
        guard let pattern = options.pattern, !pattern.value.matches(text) else { return nil }
        return Flaw(message: "'\(YAMLNode.shortened(text))' doesn't match the pattern \(pattern.value)")
    }

    private static func lengthFlaw(in text: String, _ range: ValueRange<Int>?) -> Flaw? {
        let length = text.unicodeScalars.count
        if let min = range?.min, length < min { return Flaw(message: "has \(length) characters; at least \(min) are needed") }
        if let max = range?.max, length > max { return Flaw(message: "has \(length) characters; at most \(max) are allowed") }
        return nil
    }

    private static func rangeFlaw<Bound: Comparable & Sendable & Hashable>(_ value: Bound, _ range: ValueRange<Bound>?) -> Flaw? {
        if let min = range?.min, value < min { return Flaw(message: "\(value) is below the least allowed value, \(min)") }
        if let max = range?.max, value > max { return Flaw(message: "\(value) is above the greatest allowed value, \(max)") }
        return nil
    }

    private static func flaw(in number: DecimalLiteral, _ options: DecimalOptions) -> Flaw? {
        if number.fractionDigits.utf8.count > options.scale {
            return Flaw(message: "\(number) has more than \(options.scale) digits after the point")
        }
        if number.integerDigits.utf8.count > options.precision - options.scale {
            return Flaw(message: "\(number) has more than \(options.precision - options.scale) digits before the point")
        }
        return rangeFlaw(number, options.range)
    }

    private static func flaw(inChoice key: String, _ options: ChoiceOptions) -> Flaw? {
        guard let choice = options.choices.first(where: { $0.key == key }) else {
            return Flaw(message: "'\(key)' is not among the choices", suggestion: Names.nearest(to: key, among: options.choices.map(\.key)))
        }
        return choice.isRetired ? Flaw(message: "the choice '\(key)' is retired") : nil
    }

    /// `http://` or `https://`, then something without spaces.
    static func isURL(_ text: String) -> Bool {
        let rest = text.hasPrefix("https://") ? text.dropFirst(8) : text.hasPrefix("http://") ? text.dropFirst(7) : ""
        return !rest.isEmpty && !rest.contains { $0.isWhitespace }
    }
}
