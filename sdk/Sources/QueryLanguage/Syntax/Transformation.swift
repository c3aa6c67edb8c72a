/// One step of `$apply` as written: rule `applyTrafo` of the OData Extension for Data Aggregation 4.0.
public struct Transformation: Sendable, Hashable {
    /// What the step does.
    public var kind: Kind
    /// Where it stands.
    public var range: SourceRange

    /// Makes a step.
    public init(_ kind: Kind, range: SourceRange = .none) {
        self.kind = kind
        self.range = range
    }

    /// What a step does.
    public indirect enum Kind: Sendable, Hashable {
        /// `filter(condition)`
        case filter(Expression)
        /// `compute(expression as name, …)`
        case compute([QueryOptions.ComputeItem])
        /// `aggregate(amount with sum as total, …)`
        case aggregate([AggregateItem])
        /// `groupby((key, …), steps)`
        case groupBy([GroupingItem], [Transformation])
        /// `identity`
        case identity
        /// A transformation that is known by name only, with the text in its parentheses.
        case other(name: String, arguments: String)
    }

    /// One item of `aggregate(…)`.
    public struct AggregateItem: Sendable, Hashable {
        /// What is aggregated; nil for `$count`. Without a method it names a custom aggregate.
        public var expression: Expression?
        /// The word behind `with`, as typed.
        public var method: String?
        /// What stands behind `from`, as text.
        public var source: String?
        /// The name behind `as`.
        public var name: String?
        /// Where the item stands.
        public var range: SourceRange

        /// Makes an item.
        public init(
            expression: Expression?, method: String? = nil, source: String? = nil, name: String? = nil, range: SourceRange = .none
        ) {
            self.expression = expression
            self.method = method
            self.source = source
            self.name = name
            self.range = range
        }

        public static func == (left: AggregateItem, right: AggregateItem) -> Bool {
            left.expression == right.expression && left.method == right.method && left.source == right.source && left.name == right.name
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(expression)
            hasher.combine(name)
        }
    }

    /// One key of `groupby(…)`.
    public enum GroupingItem: Sendable, Hashable {
        /// A path to a property.
        case path(Expression)
        /// `rollup(…)`, with the text in its parentheses.
        case rollup(String, at: SourceRange)
    }

    public static func == (left: Transformation, right: Transformation) -> Bool {
        left.kind == right.kind
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
    }
}
