/// The query options of a request as written: OData 4.01 rule `queryOptions`, and the nested ones of `$expand` and `$select`.
public struct QueryOptions: Sendable, Hashable {
    /// `$filter`
    public var filter: Expression?
    /// `$orderby`, in order.
    public var orderBy: [OrderItem] = []
    /// `$select`; nil when not given.
    public var select: [SelectItem]?
    /// `$expand`, in order.
    public var expand: [ExpandItem] = []
    /// `$compute`, in order.
    public var compute: [ComputeItem] = []
    /// `$search`
    public var search: SearchExpression?
    /// `$apply`, in order.
    public var apply: [Transformation] = []
    /// `$top`, 0 or more.
    public var top: Int64?
    /// `$skip`, 0 or more.
    public var skip: Int64?
    /// `$skiptoken`, decoded.
    public var skipToken: String?
    /// `$deltatoken`, decoded.
    public var deltaToken: String?
    /// `$count`
    public var count: Bool?
    /// `$format`: `json`, `xml`, `atom` in lower case, or a media type as typed.
    public var format: String?
    /// `$index`, negative counts from the end.
    public var index: Int64?
    /// `$schemaversion`, `*` for the latest.
    public var schemaVersion: String?
    /// `$id`, decoded.
    public var id: String?
    /// `$levels`, in nested options of `$expand`.
    public var levels: ExpandLevels?
    /// Parameter aliases `@name`, in order; already substituted in the expressions when parsed from a whole query string.
    public var aliases: [ParameterAlias] = []
    /// Everything that isn't a system query option, decoded, in order.
    public var custom: [CustomOption] = []
    /// Where each given system option's value stands, by canonical name without `$`.
    public var ranges: [String: SourceRange] = [:]

    /// No options.
    public init() {}

    /// One item of `$orderby`.
    public struct OrderItem: Sendable, Hashable {
        /// What to sort by.
        public var expression: Expression
        /// Whether `desc` was written.
        public var isDescending: Bool

        /// Makes an item.
        public init(expression: Expression, isDescending: Bool = false) {
            self.expression = expression
            self.isDescending = isDescending
        }
    }

    /// One item of `$select`.
    public struct SelectItem: Sendable, Hashable {
        /// The steps of the path; `*` and `Namespace.*` are steps of their own.
        public var path: [PathItem]
        /// Options in parentheses.
        public var options: QueryOptions?
        /// Parameter names of a bound function in parentheses.
        public var parameterNames: [String]?
        /// Where the item stands.
        public var range: SourceRange

        /// Makes an item.
        public init(path: [PathItem], options: QueryOptions? = nil, parameterNames: [String]? = nil, range: SourceRange = .none) {
            self.path = path
            self.options = options
            self.parameterNames = parameterNames
            self.range = range
        }

        public static func == (left: SelectItem, right: SelectItem) -> Bool {
            left.path == right.path && left.options == right.options && left.parameterNames == right.parameterNames
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(path)
        }
    }

    /// One item of `$expand`.
    public struct ExpandItem: Sendable, Hashable {
        /// The steps of the path; `*` and `$value` are steps of their own.
        public var path: [PathItem]
        /// What stands behind the path.
        public var suffix: Suffix?
        /// Options in parentheses.
        public var options: QueryOptions?
        /// Where the item stands.
        public var range: SourceRange

        /// `/$ref` or `/$count` behind the path.
        public enum Suffix: String, Sendable, Hashable {
            case ref = "$ref"
            case count = "$count"
        }

        /// Makes an item.
        public init(path: [PathItem], suffix: Suffix? = nil, options: QueryOptions? = nil, range: SourceRange = .none) {
            self.path = path
            self.suffix = suffix
            self.options = options
            self.range = range
        }

        public static func == (left: ExpandItem, right: ExpandItem) -> Bool {
            left.path == right.path && left.suffix == right.suffix && left.options == right.options
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(path)
        }
    }

    /// One step of a path in `$select` or `$expand`.
    public struct PathItem: Sendable, Hashable {
        /// A name, a name with dots, `@annotation`, `*`, `Namespace.*` or `$value`.
        public var name: String
        /// Where it stands.
        public var range: SourceRange

        /// Makes a step.
        public init(_ name: String, range: SourceRange = .none) {
            self.name = name
            self.range = range
        }

        public static func == (left: PathItem, right: PathItem) -> Bool {
            left.name == right.name
        }

        public func hash(into hasher: inout Hasher) {
            hasher.combine(name)
        }
    }

    /// One item of `$compute`.
    public struct ComputeItem: Sendable, Hashable {
        /// What is computed.
        public var expression: Expression
        /// The name behind `as`.
        public var name: String

        /// Makes an item.
        public init(expression: Expression, name: String) {
            self.expression = expression
            self.name = name
        }
    }

    /// How deep `$levels` expands.
    public enum ExpandLevels: Sendable, Hashable {
        /// A number from 1.
        case count(Int64)
        /// `max`
        case max
    }

    /// A parameter alias and its value.
    public struct ParameterAlias: Sendable, Hashable {
        /// The name without `@`.
        public var name: String
        /// The value.
        public var value: Expression

        /// Makes an alias.
        public init(name: String, value: Expression) {
            self.name = name
            self.value = value
        }
    }

    /// A query option that the standard leaves to others.
    public struct CustomOption: Sendable, Hashable {
        /// The name, decoded.
        public var name: String
        /// The value, decoded; nil when there was no `=`.
        public var value: String?

        /// Makes an option.
        public init(name: String, value: String?) {
            self.name = name
            self.value = value
        }
    }

    public static func == (left: QueryOptions, right: QueryOptions) -> Bool {
        left.filter == right.filter && left.orderBy == right.orderBy && left.select == right.select && left.expand == right.expand
            && left.compute == right.compute && left.search == right.search && left.apply == right.apply && left.top == right.top
            && left.skip == right.skip && left.skipToken == right.skipToken && left.deltaToken == right.deltaToken
            && left.count == right.count && left.format == right.format && left.index == right.index
            && left.schemaVersion == right.schemaVersion && left.id == right.id && left.levels == right.levels
            && left.aliases == right.aliases && left.custom == right.custom
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(filter)
        hasher.combine(orderBy)
        hasher.combine(top)
        hasher.combine(skip)
    }
}
