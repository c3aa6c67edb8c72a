/// A checked `$apply` that groups or aggregates: what is left of records is what the last grouping yields.
///
/// Computed values stand where they are used, so that no step is left of `compute`.
public struct CheckedApply: Sendable, Hashable {
    /// The steps in order. The last grouping decides about the shape of the result; filters may follow it.
    public let steps: [Step]
    /// The properties that each row of the result has; `ordinal` numbers them in the order of keys and aggregates.
    public let result: EntityShape
    /// The keys of the last grouping as properties of the result: together they name a row. Empty when the result is a single row.
    public let rowKeys: [TypedExpression]

    /// One step.
    public enum Step: Sendable, Hashable {
        /// Keeps the rows for which the condition is true.
        case filter(TypedExpression)
        /// Makes one row of each group; one row in all without keys.
        case group(Grouping)
    }

    /// What `groupby` and `aggregate` ask for.
    public struct Grouping: Sendable, Hashable {
        /// What the rows of a group have in common, null among it.
        public let keys: [Key]
        /// What is computed over the rows of a group.
        public let aggregates: [Aggregate]
    }

    /// One key.
    public struct Key: Sendable, Hashable {
        /// The path in the result: `organisation`, `kind`.
        public let path: [String]
        /// The value, over the rows before the grouping.
        public let expression: TypedExpression
    }

    /// One aggregate.
    public struct Aggregate: Sendable, Hashable {
        /// The name in the result.
        public let name: String
        /// How values become one.
        public let method: AggregateMethod
        /// The values, over the rows before the grouping; nil for `$count`. For `countdistinct` it may be a link to one.
        public let operand: TypedExpression?
        /// Of amounts: where their currency lies, unless the grouping has it as a key. Amounts in several currencies are an error.
        public let currency: TypedExpression?
        /// The name of the currency in the result, if it has one of its own.
        public let currencyName: String?
        /// The type of the result.
        public let type: PropertyType
    }
}

/// The methods of `aggregate`. Nulls don't count: a sum, minimum, maximum or average of nothing is null.
public enum AggregateMethod: String, Sendable, Hashable, CaseIterable {
    /// Of numbers a decimal, of durations a duration.
    case sum
    /// The first by the order of the type.
    case min
    /// The last by the order of the type.
    case max
    /// Of numbers a decimal with the digits of PostgreSQL's `avg`, of durations one rounded to microseconds.
    case average
    /// How many different values there are, an integer.
    case countDistinct = "countdistinct"
    /// How many rows there are, an integer: `$count`.
    case count = "$count"
}

/// A property that `$compute` adds to the result.
public struct ComputedProperty: Sendable, Hashable {
    /// The name behind `as`.
    public let name: String
    /// The value: single, and of a type that has an order.
    public let expression: TypedExpression

    /// Makes a property.
    public init(name: String, expression: TypedExpression) {
        self.name = name
        self.expression = expression
    }
}
