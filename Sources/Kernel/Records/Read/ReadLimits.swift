/// Bounds on what one read may ask for.
package enum ReadLimits {
    package static let defaultPageSize = 100
    package static let largestPageSize = 5_000
    /// A page ends with the record that brings it to so many bytes; the rest comes behind its next link.
    package static let pageBytes = 16 << 20
    /// Records of a page that are read first. How long they are says how many more are read at once.
    static let firstRows = 100
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

/// How much of a page there is, and how much more is read at once: a page of long records comes in parts, so that no more of it is held than it may have.
struct PageBudget {
    private let wanted: Int
    private(set) var rows = 0
    private(set) var bytes = 0

    init(_ wanted: Int) { self.wanted = wanted }

    var isSpent: Bool { rows >= wanted || bytes >= ReadLimits.pageBytes }

    /// How many rows to read next.
    var next: Int {
        guard rows > 0 else { return min(wanted, ReadLimits.firstRows) }
        let fitting = (ReadLimits.pageBytes - bytes) / max(1, bytes / rows)
        return max(1, min(wanted - rows, fitting))
    }

    mutating func add(rows: Int, bytes: Int) {
        self.rows += rows
        self.bytes += bytes
    }
}
