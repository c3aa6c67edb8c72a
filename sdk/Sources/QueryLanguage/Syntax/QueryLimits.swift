/// How large a query may be. What exceeds a limit is an error with code `query.limit`.
public struct QueryLimits: Sendable, Hashable {
    /// The longest text of one parse, in bytes as typed. 16,384 by default.
    public var textLength = 16_384
    /// The deepest nesting of parentheses, calls, lambdas and nested options. 64 by default, at most 200.
    public var depth = 64
    /// The most nodes of one parse, nested options included. 2,000 by default; members of an `in` list count too.
    public var nodes = 2_000
    /// The most members of an `in` list. 1,000 by default.
    public var listMembers = 1_000
    /// The most steps of `$apply`, nested ones counted apart. 16 by default.
    public var transformations = 16
    /// The most keys of one `groupby`. 32 by default.
    public var groupingKeys = 32
    /// The most items of one `aggregate`. 64 by default.
    public var aggregates = 64
    /// The most digits of a number written in a query, after its exponent is applied. 1,000 by default.
    public var numberDigits = 1_000

    /// No limit on depth may exceed this: the stack of a thread has an end.
    static let greatestDepth = 200

    /// The longest name behind `as`, in bytes: that of a column in PostgreSQL.
    static let givenNameLength = 63

    /// The default limits.
    public init() {}

    /// The default limits.
    public static let standard = QueryLimits()
}
