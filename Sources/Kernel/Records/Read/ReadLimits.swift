/// Bounds on what one read may ask for.
package enum ReadLimits {
    package static let defaultPageSize = 100
    package static let largestPageSize = 5_000
    /// Records that an expanded link to many brings of one record before its next link, by how many others it is expanded within. Further in, as
    /// many as the last.
    package static let expandedItems = [200, 20, 5]
    /// Expanded records of one answer: a page has fewer records where each could bring more, and what one could bring beyond it is refused.
    package static let expandedRecords = 25_000
    /// Up to this many expected records an estimated count is counted.
    package static let exactCount = 10_000
    /// Compiled statements kept by a store.
    package static let compiledStatements = 512
}
