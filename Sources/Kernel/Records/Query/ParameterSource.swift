import Postgres
import QueryLanguage

/// Where a parameter of a compiled statement gets its value when the statement runs.
enum ParameterSource: Sendable, Hashable {
    /// A literal of the query, by its place in `QueryKey.literals`.
    case literal(Int, LiteralUse)
    /// A value that `AccessGuard` compares with.
    case actor(GuardValue)
    case limit, offset
    /// The last row of the page before, by the place of the sort key.
    case cursor(Int)
    /// What the caller names the record by, or the record whose links are listed.
    case recordKey(Int)
    /// A word of the search, or a bound of the words that begin with it.
    case search(Int)
}

/// What is made of a literal.
enum LiteralUse: Sendable, Hashable {
    case value
    /// An array of one member.
    case array
    /// The least text that is greater than every text with this prefix.
    case prefixEnd
    /// The same in a language-aware order, for plain prefixes.
    case prefixEndInLanguage
    /// Minutes east of UTC of a date-time.
    case offsetMinutes
}

/// A literal of a query, or the list of an `in`.
enum QueryLiteral: Sendable, Hashable {
    case value(Value)
    case list([Value], PropertyType)
    /// `top` and `skip` of an expanded link.
    case number(Int64)

    func parameter(_ use: LiteralUse) -> PostgresParameter {
        switch (self, use) {
        case (.list(let values, let type), _): Value.arrayParameter(values, of: type)
        case (.number(let number), _): number.postgresParameter
        case (.value(let value), .value): value.parameter
        case (.value(let value), .array): Value.arrayParameter([value], of: .string)
        case (.value(.string(let prefix)), .prefixEnd): (PrefixRange.end(of: prefix) ?? prefix).postgresParameter
        case (.value(.string(let prefix)), .prefixEndInLanguage): PrefixRange.endInLanguage(of: prefix).postgresParameter
        case (.value(.dateTime(let moment)), .offsetMinutes): Int64(moment.offsetMinutes).postgresParameter
        case (.value(let value), _): value.parameter
        }
    }

    /// As an OData literal, for people.
    func shown(_ use: LiteralUse) -> String {
        switch (self, use) {
        case (.list(let values, _), _): "(" + values.map(\.literal).joined(separator: ",") + ")"
        case (.number(let number), _): String(number)
        case (.value(let value), .array): "(\(value.literal))"
        case (.value(.string(let prefix)), .prefixEnd): Value.string(PrefixRange.end(of: prefix) ?? prefix).literal
        case (.value(.string(let prefix)), .prefixEndInLanguage): Value.string(PrefixRange.endInLanguage(of: prefix)).literal
        case (.value(.dateTime(let moment)), .offsetMinutes): String(moment.offsetMinutes)
        case (.value(let value), _): value.literal
        }
    }
}
