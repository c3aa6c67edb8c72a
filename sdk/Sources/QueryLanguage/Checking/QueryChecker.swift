/// Checks parsed queries against the entity types of a deployment: names resolved, types agreed, promotions made explicit.
///
/// ```swift
/// let checker = QueryChecker(schema: catalog)
/// let rule = try checker.check(Expression.parse("end_date ge start_date"), on: project)
/// ```
/// Errors carry the column of the text that was parsed and, for a misspelt name, the name that was probably meant.
public struct QueryChecker: Sendable {
    private let schema: any QuerySchema
    private let user: ComplexShape?
    private let event: EventScope?

    /// Makes a checker for the entity types of a schema.
    ///
    /// - Parameters:
    ///   - user: the members of `$user`, for conditions of rights. Without them `$user` is refused.
    ///   - event: what can be asked about an event, for conditions of subscriptions. Without it `$event` and `changed(…)` are refused.
    public init(schema: any QuerySchema, user: ComplexShape? = nil, event: EventScope? = nil) {
        self.schema = schema
        self.user = user
        self.event = event
    }

    /// Checks an expression about records of a type.
    ///
    /// - Parameter expected: the type that the result must have: `.boolean` for conditions. An integer is promoted where a decimal
    ///   is expected. Nil takes any single value.
    /// - Throws: `query.unknown_name`, `query.type_mismatch`, `query.invalid_literal`, `query.not_filterable`,
    ///   `query.unknown_function`, `query.not_supported`, `query.evaluation`, `query.limit`.
    public func check(
        _ expression: Expression, on shape: EntityShape, expecting expected: PropertyType? = .boolean
    ) throws(QueryError) -> TypedExpression {
        var checker = ExpressionChecker(schema: schema, record: .entity(shape), user: user, event: event)
        return try checker.checkWhole(expression, expecting: expected)
    }

    /// Checks an expression about one structured value, such as the columns of a link.
    public func check(
        _ expression: Expression, on shape: ComplexShape, expecting expected: PropertyType? = .boolean
    ) throws(QueryError) -> TypedExpression {
        var checker = ExpressionChecker(schema: schema, record: .complex(shape))
        return try checker.checkWhole(expression, expecting: expected)
    }

    /// Checks an `$orderby`, such as a saved view's.
    public func check(_ items: [QueryOptions.OrderItem], on shape: EntityShape) throws(QueryError) -> [CheckedOrderItem] {
        var options = QueryOptions()
        options.orderBy = items
        return try check(options, on: shape).orderBy
    }

    /// Checks the options of a request about records of a type. `format`, `aliases` and `custom` are the caller's to read.
    public func check(_ options: QueryOptions, on shape: EntityShape) throws(QueryError) -> CheckedQuery {
        var checker = OptionsChecker(schema: schema, shape: shape, isNested: false)
        return try checker.check(options)
    }
}
