/// A path as written: a root and steps separated by `/`.
public struct Path: Sendable, Hashable {
    /// Where the path begins.
    public var root: Root
    /// The steps in order. Empty only for a root that stands alone.
    public var steps: [Step]

    /// Makes a path.
    public init(root: Root = .implicit, steps: [Step]) {
        self.root = root
        self.steps = steps
    }

    /// Where a path begins.
    public enum Root: Sendable, Hashable {
        /// Nothing written: a property of the current instance, or a lambda variable as first step.
        case implicit
        /// `$it`, the resource that the URL names.
        case it
        /// `$this`, the instance that the option is evaluated on.
        case this
        /// `$root`, the service; the first step is an entity set.
        case service
        /// `$these` of the aggregation extension.
        case these
        /// `$user`, who the rights are those of: in conditions of rights only.
        case user
        /// `$event`, what happened to the record: in conditions of subscriptions only.
        case event
        /// `@name`: a parameter alias, or an annotation without a namespace when no alias has that name.
        case alias(String)
    }

    /// One step of a path.
    public struct Step: Sendable, Hashable {
        /// What the step is.
        public var kind: Kind
        /// Where it stands, without the slash.
        public var range: SourceRange

        /// Makes a step.
        public init(_ kind: Kind, range: SourceRange = .none) {
            self.kind = kind
            self.range = range
        }

        public static func == (left: Step, right: Step) -> Bool {
            left.kind == right.kind
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(kind)
        }
    }

    /// The kinds of steps.
    public indirect enum Kind: Sendable, Hashable {
        /// A property, a link, a lambda variable (first step only), a type without namespace.
        case name(String)
        /// A name with dots: a type segment, or a function without parentheses.
        case qualifiedName(String)
        /// `name(…)`: a bound function, or a key in parentheses.
        case call(FunctionCall)
        /// `@Term` or `@Namespace.Term`, with `#qualifier` if written.
        case annotation(String)
        /// `$count`, with its nested options if written.
        case count(QueryOptions?)
        /// `$filter(condition)`
        case filter(Expression)
        /// A key in parentheses behind a `$filter` step; elsewhere a key is part of a `call`.
        case key([FunctionCall.Argument])
        /// `any(variable:condition)`; both nil for `any()`.
        case any(variable: String?, condition: Expression?)
        /// `all(variable:condition)`
        case all(variable: String, condition: Expression)
        /// `aggregate(…)` of the aggregation extension, as text.
        case aggregate(String)
    }
}
