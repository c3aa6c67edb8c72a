package import QueryLanguage

/// How much expanded links may bring along: a link to many within a link to many multiplies, and all of one answer is made in memory.
extension ReadLimits {
    /// Records that a link to many within `depth` others brings of one record before its next link.
    static func expandedItems(at depth: Int) -> Int { expandedItems[min(depth, expandedItems.count - 1)] }

    /// How many records a page may have, so that what is expanded with them stays within `expandedRecords`.
    ///
    /// - Throws: `query.limit` when a single one could bring more.
    package static func pageSize(_ wanted: Int, of query: CheckedQuery?) throws(RecordsError) -> Int {
        let size = min(max(wanted, 1), largestPageSize)
        let expanded = query?.mostExpandedRecords() ?? 0
        guard expanded > 0 else { return size }
        guard expanded <= expandedRecords else {
            throw RecordsError(
                .queryLimit,
                "$expand could bring more than \(expandedRecords) records with one record, which is the most: expand fewer links to many within "
                    + "each other, or give them a smaller $top.",
                target: "$expand")
        }
        return min(size, expandedRecords / expanded)
    }
}

extension CheckedQuery {
    /// The most records that its expanded links bring with one record; no more than counts once the limit is passed.
    fileprivate func mostExpandedRecords(depth: Int = 0) -> Int {
        var sum = 0
        for item in expand {
            let within = item.query.mostExpandedRecords(depth: depth + (item.isToMany ? 1 : 0))
            let most = ReadLimits.expandedItems(at: depth)
            let items = item.isToMany ? Int(item.exactTop(upTo: most) ?? Int64(most)) : 1
            sum = min(sum + items * (1 + within), ReadLimits.expandedRecords + 1)
        }
        return sum
    }
}

extension CheckedExpand {
    /// Whether it brings a list, and not one record.
    var isToMany: Bool { if case .entityCollection = link.type { true } else { false } }
}

extension RecordsError.Code {
    /// A limit of the query language is exceeded.
    package static let queryLimit = RecordsError.Code(description: "query.limit")
}
