/// The checked options of a request, or of one `$expand` item, against one entity type.
public struct CheckedQuery: Sendable, Hashable {
    /// The entity type that the options are about.
    public let shape: EntityShape
    /// `$apply` as far as it makes other rows of records; nil when the rows are records of `shape`.
    public var apply: CheckedApply?
    /// `$filter`, a Boolean; records for which it is true are kept.
    public var filter: TypedExpression?
    /// `$search`, as written; what it finds is the store's to say.
    public var search: SearchExpression?
    /// `$orderby` in order; empty when not given.
    public var orderBy: [CheckedOrderItem] = []
    /// `$select`
    public var select: CheckedSelect = .everything
    /// What `$compute` adds to each row and `$select` doesn't leave out, in the order written.
    public var computed: [ComputedProperty] = []
    /// `$expand` in order, each link once.
    public var expand: [CheckedExpand] = []
    /// `$top`, 0 or more.
    public var top: Int64?
    /// `$skip`, 0 or more.
    public var skip: Int64?
    /// `$skiptoken`, decoded; its meaning is the store's.
    public var skipToken: String?
    /// `$deltatoken`, decoded; its meaning is the store's.
    public var deltaToken: String?
    /// `$count`, false when not given.
    public var count = false

    /// What rows are after `$apply`: filter, order and selection are about this.
    public var rowShape: EntityShape { apply?.result ?? shape }

    /// No options.
    public init(shape: EntityShape) {
        self.shape = shape
    }
}

/// One item of a checked `$orderby`. Null sorts first ascending and last descending, as the standard says.
public struct CheckedOrderItem: Sendable, Hashable {
    /// What to sort by: a single value that has an order.
    public let expression: TypedExpression
    /// Whether large values come first.
    public let isDescending: Bool

    /// Makes an item.
    public init(expression: TypedExpression, isDescending: Bool) {
        self.expression = expression
        self.isDescending = isDescending
    }
}

/// A checked `$select`.
public enum CheckedSelect: Sendable, Hashable {
    /// No `$select`, or `*` in it: every property.
    case everything
    /// These properties, each once, in the order written.
    case properties([SelectedProperty])

    /// One selected property.
    public struct SelectedProperty: Sendable, Hashable {
        /// The property.
        public let property: Property
        /// Of a structured value, the members selected; empty for all of it.
        public var members: [Property]

        /// Makes a selection.
        public init(property: Property, members: [Property] = []) {
            self.property = property
            self.members = members
        }
    }
}

/// One checked item of `$expand`.
public struct CheckedExpand: Sendable, Hashable {
    /// The link.
    public let link: Property
    /// The options in parentheses, checked against the type that the link leads to.
    public let query: CheckedQuery
    /// The options as written, for links that continue the expansion; nil when there are none.
    public let options: QueryOptions?

    /// Makes an item.
    public init(link: Property, query: CheckedQuery, options: QueryOptions? = nil) {
        self.link = link
        self.query = query
        self.options = options
    }
}
