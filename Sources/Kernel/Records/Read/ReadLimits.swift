/// Bounds on what one read may ask for.
package enum ReadLimits {
    package static let defaultPageSize = 100
    package static let largestPageSize = 5_000
    /// Records an `expand` may bring with one record when it names no `top`.
    package static let expandedItems = 1_000
    /// Up to this many expected records an estimated count is counted.
    package static let exactCount = 10_000
    /// Compiled statements kept by a store.
    package static let compiledStatements = 512
}
