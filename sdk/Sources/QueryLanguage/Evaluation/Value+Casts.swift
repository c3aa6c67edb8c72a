extension Value {
    /// The value as a type that `cast` names; null when it has no counterpart there.
    func cast(to type: PropertyType) -> Value {
        switch (self, type) {
        case (.null, _): .null
        case (.string, .string): self
        case (.decimal(let number), .string): .string(number.withoutTrailingZeros.description)
        case (.dateTime(let moment), .string): .string(DateTime(microseconds: moment.microseconds).description)
        case (_, .string): .string(text)
        case (.date(let date), .dateTimeOffset):
            .dateTime(DateTime(microseconds: Int64(date.daysSinceEpoch) * DateTime.microsecondsPerDay))
        case (.decimal(let number), .int64): number.rounded?.int64.map { .integer($0) } ?? .null
        case (.string(let text), .decimal): Value.number(text, fraction: true).map { .decimal($0) } ?? .null
        case (.string(let text), .int64): Value.number(text, fraction: false)?.int64.map { .integer($0) } ?? .null
        default: .null
        }
    }

    /// A sign if any, 1 to 100 digits, and where a fraction is allowed a point with 1 to 100 digits.
    private static func number(_ text: String, fraction: Bool) -> DecimalNumber? {
        var rest = Substring(text).utf8
        if rest.first == UInt8(ascii: "+") || rest.first == UInt8(ascii: "-") { rest.removeFirst() }
        let parts = rest.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
        guard parts.count == 1 || (fraction && parts.count == 2) else { return nil }
        guard parts.allSatisfy({ (1...100).contains($0.count) && $0.allSatisfy(ASCII.isDigit) }) else { return nil }
        return DecimalNumber(text.utf8.first == UInt8(ascii: "+") ? String(text.dropFirst()) : text)
    }
}
