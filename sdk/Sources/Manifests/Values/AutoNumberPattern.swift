/// How an automatic number is written: text with `{yyyy}`, `{yy}`, `{mm}` and one counter `{0000}`, as in `P-{yyyy}-{0000}`.
///
/// The counter is padded to the number of its zeros and grows beyond when it must. It begins anew with each month when `{mm}` occurs,
/// with each year when only a year occurs, else never. Days are those of the deployment's time zone.
public struct AutoNumberPattern: Sendable, Hashable, CustomStringConvertible {
    /// A piece of the pattern.
    public enum Part: Sendable, Hashable {
        /// Text as it is.
        case literal(String)
        /// The year in four digits.
        case year
        /// The last two digits of the year.
        case shortYear
        /// The month in two digits.
        case month
        /// The counter, padded with zeros to so many digits (1...18).
        case counter(digits: Int)
    }

    /// When the counter begins anew.
    public enum Period: Sendable, Hashable {
        case never, yearly, monthly
    }

    /// What is wrong with a pattern.
    public struct Flaw: Error, Sendable, Hashable, CustomStringConvertible {
        /// What is wrong and what would be right.
        public let description: String
    }

    /// The pattern as written.
    public let text: String
    /// Its pieces in order.
    public let parts: [Part]
    /// When the counter begins anew.
    public let period: Period

    /// Reads a pattern of at most 60 characters.
    public init(_ text: String) throws(Flaw) {
        guard text.unicodeScalars.count <= 60 else { throw Flaw(description: "is longer than 60 characters") }
        guard !text.contains("\n") else { throw Flaw(description: "has a line break") }
        var parts: [Part] = []
        var rest = text[...]
        while !rest.isEmpty {
            let literal = rest.prefix { $0 != "{" && $0 != "}" }
            if !literal.isEmpty { parts.append(.literal(String(literal))) }
            rest = rest[literal.endIndex...]
            guard let brace = rest.first else { break }
            guard brace == "{", let end = rest.firstIndex(of: "}") else { throw Flaw(description: "has a brace without its partner") }
            parts.append(try Self.part(String(rest[rest.index(after: rest.startIndex)..<end])))
            rest = rest[rest.index(after: end)...]
        }
        let counters = parts.filter { if case .counter = $0 { true } else { false } }.count
        guard counters == 1 else { throw Flaw(description: "needs exactly one counter such as {0000}; it has \(counters)") }
        let hasYear = parts.contains(.year) || parts.contains(.shortYear)
        let hasMonth = parts.contains(.month)
        guard hasYear || !hasMonth else { throw Flaw(description: "has {mm} without a year, so numbers would repeat; add {yyyy} or {yy}") }
        self.text = text
        self.parts = parts
        period = hasMonth ? .monthly : hasYear ? .yearly : .never
    }

    /// The pattern as written.
    public var description: String { text }

    private static func part(_ name: String) throws(Flaw) -> Part {
        switch name {
        case "yyyy": return .year
        case "yy": return .shortYear
        case "mm": return .month
        default:
            guard (1...18).contains(name.utf8.count), name.utf8.allSatisfy({ $0 == UInt8(ascii: "0") }) else {
                throw Flaw(description: "has {\(name)}; only {yyyy}, {yy}, {mm} and one to eighteen zeros are known")
            }
            return .counter(digits: name.utf8.count)
        }
    }
}
