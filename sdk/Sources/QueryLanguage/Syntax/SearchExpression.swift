/// A `$search` expression as written: OData 4.01 rule `searchExpr`.
public indirect enum SearchExpression: Sendable, Hashable {
    /// One word, decoded.
    case word(String)
    /// Words in double quotes, decoded.
    case phrase(String)
    /// `NOT x`
    case not(SearchExpression)
    /// `x AND y`, or two terms side by side.
    case and(SearchExpression, SearchExpression)
    /// `x OR y`
    case or(SearchExpression, SearchExpression)
}
