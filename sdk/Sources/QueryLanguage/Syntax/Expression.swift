/// A common expression as written: the untyped tree of the OData 4.01 rule `commonExpr`.
///
/// `==` compares what the tree says, not where it stood: ranges are ignored.
public struct Expression: Sendable {
    /// What kind of node, with its parts.
    public var kind: Kind
    /// Where it stands in the text.
    public var range: SourceRange

    /// Makes a node.
    public init(_ kind: Kind, range: SourceRange = .none) {
        self.kind = kind
        self.range = range
    }

    /// The kinds of nodes.
    public indirect enum Kind: Sendable, Hashable {
        /// A primitive literal.
        case literal(Literal)
        /// The right side of `in` in parentheses: `('a', 'b')`.
        case list([Expression])
        /// A JSON array whose items are expressions.
        case array([Expression])
        /// A JSON object whose values are expressions.
        case object([ObjectMember])
        /// A path to a property, perhaps ending in `$count`, `any`, `all`.
        case path(Path)
        /// A function with positional arguments, canonical or not.
        case call(FunctionCall)
        /// `case(condition:value, …)`.
        case conditional([ConditionalBranch])
        /// `isof(…)`, with an expression or of the current instance.
        case typeTest(Expression?, TypeName)
        /// `cast(…)`, with an expression or of the current instance.
        case cast(Expression?, TypeName)
        /// `-x`
        case negate(Expression)
        /// `not x`
        case not(Expression)
        /// Operands joined by `and`, two or more.
        case and([Expression])
        /// Operands joined by `or`, two or more.
        case or([Expression])
        /// Two operands and an operator other than `and` and `or`.
        case binary(BinaryOperator, Expression, Expression)
    }

    /// The operators with two operands, by the words of the grammar.
    public enum BinaryOperator: String, Sendable, Hashable, CaseIterable {
        case equal = "eq"
        case notEqual = "ne"
        case greaterThan = "gt"
        case greaterOrEqual = "ge"
        case lessThan = "lt"
        case lessOrEqual = "le"
        case add, sub
        case multiply = "mul"
        case divide = "div"
        case divideBy = "divby"
        case modulo = "mod"
        case has
        case isIn = "in"
    }

    /// One member of a JSON object.
    public struct ObjectMember: Sendable, Hashable {
        /// The member's name, escapes resolved.
        public var name: String
        /// The member's value.
        public var value: Expression

        /// Makes a member.
        public init(name: String, value: Expression) {
            self.name = name
            self.value = value
        }
    }

    /// One `condition:value` of `case()`.
    public struct ConditionalBranch: Sendable, Hashable {
        /// When the value is taken.
        public var condition: Expression
        /// The value.
        public var value: Expression

        /// Makes a branch.
        public init(condition: Expression, value: Expression) {
            self.condition = condition
            self.value = value
        }
    }
}

extension Expression: Hashable {
    public static func == (left: Expression, right: Expression) -> Bool {
        left.kind == right.kind
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(kind)
    }
}

/// A literal as written.
public enum Literal: Sendable, Hashable {
    /// Null, Boolean, number, string, date, time, date-time, duration (with its prefix) or GUID.
    case value(Value)
    /// `NaN`, `INF` or `-INF`.
    case notFinite(String)
    /// `binary'…'`, the base64url text.
    case binary(String)
    /// `geography'…'` or `geometry'…'`: the prefix and the text in quotes.
    case geo(prefix: String, text: String)
    /// `Namespace.Type'Member,Other'`: the type's name and the text in quotes.
    case enumeration(type: String, members: String)
}

/// A function call as written.
public struct FunctionCall: Sendable, Hashable {
    /// The name as typed, with its namespace if any; canonical functions in lower case.
    public var name: String
    /// Where the name stands.
    public var nameRange: SourceRange
    /// The arguments in order; a name is set where the call wrote `name=value`.
    public var arguments: [Argument]

    /// One argument.
    public struct Argument: Sendable, Hashable {
        /// The parameter's name, or nil for a positional argument.
        public var name: String?
        /// The argument's value.
        public var value: Expression

        /// Makes an argument.
        public init(name: String? = nil, value: Expression) {
            self.name = name
            self.value = value
        }
    }

    /// Makes a call.
    public init(name: String, arguments: [Argument], nameRange: SourceRange = .none) {
        self.name = name
        self.nameRange = nameRange
        self.arguments = arguments
    }

    public static func == (left: FunctionCall, right: FunctionCall) -> Bool {
        left.name == right.name && left.arguments == right.arguments
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
        hasher.combine(arguments)
    }
}

/// The name of a type in `isof`, `cast` and type segments.
public struct TypeName: Sendable, Hashable {
    /// The name with its namespace if any, such as `Edm.String`.
    public var name: String
    /// Whether it was written as `Collection(name)`.
    public var isCollection: Bool

    /// Makes a type name.
    public init(name: String, isCollection: Bool = false) {
        self.name = name
        self.isCollection = isCollection
    }
}
