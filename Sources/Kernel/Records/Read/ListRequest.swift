package import Catalog
package import QueryLanguage

/// A list of records: what the query options ask for, how to write it, and how many at once.
package struct ListRequest: Sendable {
    package var type: RecordType
    /// Filter, orderby, select, expand, top, skip, skiptoken and count, checked against the catalog in force.
    package var query: CheckedQuery
    package var format: ReadFormat
    /// Most records of one page; `top` may ask for fewer over all pages.
    package var pageSize: Int
    package var includeDeleted: Bool
    /// How `count=true` is answered.
    package var countMode: CountMode
    /// What the records are read for: more may be read than exported.
    package var purpose: RecordAction

    package init(
        type: RecordType, query: CheckedQuery, format: ReadFormat = ReadFormat(), pageSize: Int = ReadLimits.defaultPageSize,
        includeDeleted: Bool = false, countMode: CountMode = .exact, purpose: RecordAction = .read
    ) {
        self.type = type
        self.query = query
        self.format = format
        self.pageSize = pageSize
        self.includeDeleted = includeDeleted
        self.countMode = countMode
        self.purpose = purpose
    }
}

/// One page of a list.
package struct Page: Sendable, Hashable {
    /// JSON objects with commas between them and no brackets around them; empty when there are no rows.
    package var items: [UInt8]
    package var rowCount: Int
    /// Records the filter matches over all pages, when `count` asked for it.
    package var count: Int?
    /// What `skiptoken` must be for the next page of the same query; nil on the last page.
    package var nextToken: String?

    package init(items: [UInt8], rowCount: Int, count: Int? = nil, nextToken: String? = nil) {
        self.items = items
        self.rowCount = rowCount
        self.count = count
        self.nextToken = nextToken
    }
}

/// One record as PostgreSQL wrote it.
package struct StoredRecord: Sendable, Hashable {
    package var id: GUID
    package var version: Int64
    /// One JSON object.
    package var json: [UInt8]

    package init(id: GUID, version: Int64, json: [UInt8]) {
        self.id = id
        self.version = version
        self.json = json
    }
}

/// What a list would run: for `tessera query explain`.
package struct ExplainedQuery: Sendable, Hashable {
    package var sql: String
    /// In the order of `$1`, `$2`, ….
    package var parameters: [String]
    /// PostgreSQL's plan, one node a line.
    package var plan: String

    package init(sql: String, parameters: [String], plan: String) {
        self.sql = sql
        self.parameters = parameters
        self.plan = plan
    }
}
