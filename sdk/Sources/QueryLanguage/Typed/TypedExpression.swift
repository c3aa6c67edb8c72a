/// A checked expression: names resolved, types known, promotions explicit. What both back ends read.
///
/// The meaning of every node, null included, is in docs/query-language.md; the two back ends answer alike for each of them.
/// Constant parts are folded by the checker: what is left of literals is literals.
public struct TypedExpression: Sendable, Hashable {
    /// What kind of node, with its parts.
    public let kind: Kind
    /// The type of the result. A literal null carries the type that its place asks for.
    public let type: PropertyType
    /// Whether the result can be null. `false` lets a back end take its simplest form.
    public let mayBeNull: Bool
    /// Where it stands in the text.
    public let range: SourceRange

    /// Makes a node; trees normally come from `QueryChecker`, which keeps the promises below.
    public init(_ kind: Kind, type: PropertyType, mayBeNull: Bool, range: SourceRange = .none) {
        self.kind = kind
        self.type = type
        self.mayBeNull = mayBeNull
        self.range = range
    }

    /// The kinds of nodes.
    public indirect enum Kind: Sendable, Hashable {
        /// A constant; never a collection or structured value.
        case literal(Value)
        /// The value at a path. Single-valued, except as right side of `isInCollection`.
        case property(PropertyPath)
        /// `x eq null` (`isNegated` false) or `x ne null` (true). Never null. The operand may be a link or structured value.
        case isNull(TypedExpression, isNegated: Bool)
        /// A comparison; both operands have the same type, except that a choice may meet a string. Never null:
        /// two nulls are equal, a null and a value are not; the ordering operators answer false for null.
        case compare(Comparison, TypedExpression, TypedExpression)
        /// Membership in a list of constants of the operand's type; `includesNull` when `null` was listed. Never null.
        case isInList(TypedExpression, [Value], includesNull: Bool)
        /// Membership in a collection of single values. Never null.
        case isInCollection(TypedExpression, PropertyPath)
        /// Three-valued and, two or more operands, in the order written.
        case and([TypedExpression])
        /// Three-valued or, two or more operands, in the order written.
        case or([TypedExpression])
        /// Three-valued not.
        case not(TypedExpression)
        /// Arithmetic; see `Arithmetic` for the operand types of each operation.
        case arithmetic(Arithmetic, TypedExpression, TypedExpression)
        /// Changed sign of an integer, decimal or duration.
        case negate(TypedExpression)
        /// The promotion of an integer to a decimal of scale 0.
        case toDecimal(TypedExpression)
        /// The conversion of a single value to the node's type that `cast` asks for. Null when the value has no counterpart in it.
        case cast(TypedExpression)
        /// A canonical function. Null when any argument is.
        case call(CanonicalFunction, [TypedExpression])
        /// The value of the first branch whose condition is true, else null.
        case conditional([Branch])
        /// How many members a collection has, only those for which the condition is true if there is one. Never null.
        case count(CollectionMembers)
        /// Whether the condition is true for some member; without a condition, whether there are any. Never null.
        case any(CollectionMembers)
        /// Whether the condition is true for every member. Never null; the condition is always set.
        case all(CollectionMembers)
    }

    /// One branch of `case()`.
    public struct Branch: Sendable, Hashable {
        /// A Boolean.
        public let condition: TypedExpression
        /// A value of the conditional's type.
        public let value: TypedExpression

        /// Makes a branch.
        public init(condition: TypedExpression, value: TypedExpression) {
            self.condition = condition
            self.value = value
        }
    }

    /// The comparison operators.
    public enum Comparison: String, Sendable, Hashable, CaseIterable {
        case equal = "eq"
        case notEqual = "ne"
        case greaterThan = "gt"
        case greaterOrEqual = "ge"
        case lessThan = "lt"
        case lessOrEqual = "le"
    }

    /// The arithmetic operations, one for each combination of operand types.
    public enum Arithmetic: Sendable, Hashable, CaseIterable {
        /// Int64 operands and result; leaving its range is an error. Division cuts towards zero, the remainder has the sign
        /// of the left operand; a zero divisor gives null.
        case addIntegers, subtractIntegers, multiplyIntegers, divideIntegers, moduloIntegers
        /// Decimal operands and result, PostgreSQL's scales; a zero divisor gives null.
        case addDecimals, subtractDecimals, multiplyDecimals, divideDecimals, moduloDecimals
        /// Date and duration, date result: midnight plus the duration, cut to its day.
        case addDurationToDate, subtractDurationFromDate
        /// Two dates, duration result.
        case subtractDates
        /// Date-time and duration, date-time result.
        case addDurationToDateTime, subtractDurationFromDateTime
        /// Two date-times, duration result.
        case subtractDateTimes
        /// Two durations, duration result.
        case addDurations, subtractDurations
        /// Duration (left) and decimal (right), duration result, rounded to microseconds half away from zero; dividing
        /// by zero gives null.
        case multiplyDuration, divideDuration
    }
}

/// The functions of the standard that both back ends have.
public enum CanonicalFunction: String, Sendable, Hashable, CaseIterable {
    // Strings; positions and lengths count code points.
    case contains, startsWith = "startswith", endsWith = "endswith", indexOf = "indexof", length, substring
    case toLower = "tolower", toUpper = "toupper", trim, concat
    // Parts of dates and times.
    case year, month, day, hour, minute, second, fractionalSeconds = "fractionalseconds", date, time
    case totalOffsetMinutes = "totaloffsetminutes", totalSeconds = "totalseconds", now
    // Decimals.
    case round, floor, ceiling
}

/// The members of a collection that `any`, `all` and `$count` look at.
public struct CollectionMembers: Sendable, Hashable {
    /// The collection: the last segment is a collection of values, of structured values, or of entities.
    public let path: PropertyPath
    /// The number of the variable that stands for one member in the condition; unique in the whole expression.
    public let variable: Int
    /// The variable's name as written, for people.
    public let variableName: String
    /// A Boolean about one member, or nil for all members.
    public let condition: TypedExpression?

    /// Makes a selection of members.
    public init(path: PropertyPath, variable: Int, variableName: String, condition: TypedExpression?) {
        self.path = path
        self.variable = variable
        self.variableName = variableName
        self.condition = condition
    }
}
