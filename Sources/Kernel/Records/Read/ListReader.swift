import Catalog
import Permissions
import Postgres
import QueryLanguage

/// Reads one list: finds its statements, runs them until the page is full, and makes the token of the next page.
struct ListReader {
    let store: RecordStore
    let request: ListRequest
    let access: Access
    let compiler: ListCompiler
    /// The record whose link is listed.
    let parentID: GUID?
    /// What to look for, if the request says so.
    let tree: SearchTree?
    private let prefix: String
    private let key: QueryKey

    init(store: RecordStore, request: ListRequest, access: Access, parent: ListParent? = nil, parentID: GUID? = nil) throws {
        var request = request
        let (catalog, generation) = store.visibleCatalog(access)
        guard let type = catalog.type(id: request.type.id) else { throw QueryCompiler.gone(request.type.id) }
        request.type = type
        self.store = store
        self.request = request
        self.access = access
        self.parentID = parentID
        try access.require(request.purpose, on: request.type)
        guard let shape = catalog.typeShape(named: request.query.shape.name) else { throw QueryCompiler.gone(request.query.shape.name) }
        tree = try request.query.search.map { try SearchTree($0, in: request.type) }
        compiler = ListCompiler(
            catalog: catalog, access: access, format: request.format, shape: shape, includeDeleted: request.includeDeleted, parent: parent,
            search: tree, purpose: request.purpose)
        prefix =
            "\(generation)|\(request.query.shape.name)|\(request.includeDeleted ? "d" : "")\(parent?.signature ?? "")"
            + (request.purpose == .read ? "" : "|\(request.purpose.rawValue)")
            + (tree.map { "|search \($0.signature)" } ?? "")
        key = QueryKey(prefix + request.format.signature, of: request.query)
    }

    // MARK: Pages

    /// How many records a page has at most.
    func pageSize() throws -> Int { try ReadLimits.pageSize(request.pageSize, of: request.query) }

    func page() async throws -> Page {
        if let search { return try await page(of: search) }
        let token = try cursor()
        let allowed = token.map(\.remaining) ?? request.query.top
        let size = Int64(try pageSize())
        let wanted = Int(min(size, max(allowed ?? size, 0)))
        guard request.query.count else { return try await rows(wanted, after: token, allowed: allowed) }
        async let counted = count()
        var page = try await rows(wanted, after: token, allowed: allowed)
        page.count = try await counted
        return page
    }

    /// Hits in the order of their rank: when no other order is asked for, and the search says what records have.
    var search: SearchReader? {
        guard let tree, request.query.orderBy.isEmpty, request.query.skip == nil, parentID == nil, tree.leads({ _ in 0 }) != nil else {
            return nil
        }
        var lists = compiler
        lists.search = nil
        return SearchReader(
            store: store, type: request.type, query: request.query, access: access, lists: lists, tree: tree, key: key)
    }

    private func page(of search: SearchReader) async throws -> Page {
        var token: SearchToken?
        var allowed = request.query.top
        if let text = request.query.skipToken {
            guard let read = SearchToken.read(text, for: fingerprint, words: search.tree.words.count) else { throw SearchReader.badToken }
            (token, allowed) = read
        }
        let size = Int64(try pageSize())
        let wanted = Int(min(size, max(allowed ?? size, 0)))
        async let counted = countIfAsked()
        var budget = PageBudget(wanted)
        var (hits, next): ([SearchReader.Hit], SearchToken?) = ([], token)
        repeat {
            let part = try await search.hits(budget.next, after: next)
            budget.add(rows: part.hits.count, bytes: part.hits.reduce(0) { $0 + $1.json.count })
            hits += part.hits
            next = part.next
        } while next != nil && !budget.isSpent
        let remaining = allowed.map { $0 - Int64(hits.count) }
        let nextToken = remaining == 0 ? nil : next?.encoded(for: fingerprint, remaining: remaining)
        let items = hits.map(\.json).joined(separator: [UInt8(ascii: ",")])
        return Page(items: Array(items), rowCount: hits.count, count: try await counted, nextToken: nextToken)
    }

    private func rows(_ wanted: Int, after token: PageToken?, allowed: Int64?) async throws -> Page {
        var page = Page(items: [], rowCount: 0)
        guard wanted > 0 else { return page }
        var budget = PageBudget(wanted)
        var (token, allowed) = (token, allowed)
        while true {
            let part = try await part(budget.next, after: token, allowed: allowed)
            budget.add(rows: part.rowCount, bytes: part.items.count)
            if page.items.isEmpty {
                page.items = part.items
            } else if !part.items.isEmpty {
                page.items.append(UInt8(ascii: ","))
                page.items += part.items
            }
            page.rowCount += part.rowCount
            guard let next = part.next else { return page }
            guard !budget.isSpent else {
                page.nextToken = next.encoded(for: fingerprint)
                return page
            }
            (token, allowed) = (next, next.remaining)
        }
    }

    private func part(
        _ wanted: Int, after token: PageToken?, allowed: Int64?
    ) async throws -> (items: [UInt8], rowCount: Int, next: PageToken?) {
        let types = SortKey.types(of: request.query)
        let ranges = token.map { KeysetRange.following(SortKey.forms(of: request.query), nulls: $0.values.map(\.isNull)) } ?? []
        let skip = token == nil ? request.query.skip ?? 0 : 0
        // One row more than asked for tells whether there is another page.
        let isLast = allowed.map { $0 <= Int64(wanted) } ?? false
        let needed = isLast ? wanted : wanted + 1
        var page = PageBuilder(wanted: wanted)
        for range in token == nil ? [nil] : ranges.map(Optional.some) {
            let missing = needed - page.rowCount
            guard missing > 0 else { break }
            let limit = ListLimit.rows(missing, skips: skip > 0)
            let values = values(missing: missing, skip: skip, token: token, types: types)
            let sql = try statement(range, limit: limit).bound(values, access: access)
            let result = try await ReadFailure.translating { try await store.statements.query(sql) }
            try page.append(result)
        }
        let remaining = allowed.map { $0 - Int64(page.takenCount) }
        let next = try page.lastKeys(types).map { keys in
            PageToken(remaining: remaining, values: keys)
        }
        return (page.items, page.takenCount, next)
    }

    private func statement(_ range: KeysetRange?, limit: ListLimit) throws -> CompiledRead {
        let name = "\(key.shape)|\(range?.signature ?? "")|\(limit.signature)"
        return try store.reads.statement(name, access: access) {
            try compiler.list(request.query, range: range, limit: limit, literals: key.literals)
        }
    }

    private func values(missing: Int, skip: Int64, token: PageToken?, types: [PropertyType]) -> ReadValues {
        ReadValues(
            literals: key.literals, limit: Int64(missing), offset: skip, cursor: token?.values ?? [], cursorTypes: types,
            recordKeys: parentID.map { [$0.parameter] } ?? [], search: searchParameters)
    }

    private func cursor() throws -> PageToken? {
        guard let text = request.query.skipToken else { return nil }
        let token = PageToken(text, for: fingerprint, types: SortKey.types(of: request.query))
        guard let token = token ?? ExpansionToken.read(text, for: request.query, owner: parentID) else { throw SearchReader.badToken }
        return token
    }

    private var searchParameters: [PostgresParameter] { tree.map(SearchCondition.parameters)?.map(\.postgresParameter) ?? [] }

    /// What a token is bound to: the rows and their order, whatever of them is shown.
    var fingerprint: String { fingerprint(QueryKey("", conditionsOf: request.query)) }

    /// What a token for changes is bound to: the same while an apply gives choices other categories, which such a token tells by its form.
    var trackedFingerprint: String { fingerprint(QueryKey("", conditionsWhateverCategories: request.query)) }

    private func fingerprint(_ conditions: QueryKey) -> String {
        var text = "\(request.query.shape.name)|\(request.includeDeleted ? "d" : "")\(compiler.parent?.signature ?? "")|\(conditions.shape)"
        if let parentID { text += "|\(parentID)" }
        if let tree { text += "|search \(tree.signature) \(SearchCondition.parameters(tree).joined(separator: " "))" }
        for literal in conditions.literals {
            switch literal {
            case .value(let value): text += "|\(value.literal)"
            case .list(let values, _): text += "|" + values.map(\.literal).joined(separator: ",")
            case .number(let number): text += "|\(number)"
            }
        }
        return text
    }

    // MARK: Counts

    private func countIfAsked() async throws -> Int? { request.query.count ? try await count() : nil }

    func count() async throws -> Int {
        try await count(mode: request.countMode)
    }

    func count(mode: CountMode) async throws -> Int {
        let filter = QueryKey(prefix + "|count", filterOf: request.query)
        switch mode == .estimated && !knowsAll ? .exact : mode {
        case .none: return 0
        case .exact: return try await exactCount(filter)
        case .estimated:
            let sql = try countStatement(filter, estimating: true)
            let result = try await ReadFailure.translating { try await store.statements.query(sql) }
            let estimate = try result.first.flatMap { PlanText.estimatedRows(try $0.decode(String.self, 0)) }
            if let estimate, estimate > ReadLimits.exactCount { return estimate }
            return try await exactCount(filter)
        }
    }

    /// The planner's estimates speak of all records, also of those that this access may not read.
    private var knowsAll: Bool {
        access.rights.isUnlimited
            || (request.query.filter == nil && access.rights.predicate(request.purpose, on: request.type.id) == .always)
    }

    private func exactCount(_ filter: QueryKey) async throws -> Int {
        let sql = try countStatement(filter, estimating: false)
        let result = try await ReadFailure.translating { try await store.statements.query(sql) }
        let count = try result.first?.decode(Int.self, 0) ?? 0
        // Where words as typed find little, misspelt ones are listed too.
        guard let search else { return count }
        return try await count + search.meantCount(beside: count, filter)
    }

    private func countStatement(_ filter: QueryKey, estimating: Bool) throws -> SQL {
        try store.reads.statement(filter.shape + (estimating ? "~" : ""), access: access) {
            try compiler.count(request.query, estimating: estimating, literals: filter.literals)
        }.bound(
            ReadValues(literals: filter.literals, recordKeys: parentID.map { [$0.parameter] } ?? [], search: searchParameters),
            access: access)
    }

    // MARK: Whole lists

    /// The statement that gives every row: for a cursor.
    func streamStatement() throws -> SQL {
        let token = try cursor()
        let top = token.map(\.remaining) ?? request.query.top
        let limit = ListLimit.all(isLimited: top != nil, skips: request.query.skip != nil)
        var values = ReadValues(literals: key.literals, limit: top ?? 0, offset: request.query.skip ?? 0)
        values.recordKeys = parentID.map { [$0.parameter] } ?? []
        values.search = searchParameters
        return try statement(nil, limit: limit).bound(values, access: access)
    }

    /// The statement the page begins with, and its values as people read them.
    func pageStatement() throws -> (sql: SQL, parameters: [String]) {
        let token = try cursor()
        let size = Int64(try pageSize())
        let allowed = token.map(\.remaining) ?? request.query.top
        let wanted = Int(min(size, max(allowed ?? size, 0)))
        let skip = token == nil ? request.query.skip ?? 0 : 0
        let forms = SortKey.forms(of: request.query)
        let range = token.flatMap { KeysetRange.following(forms, nulls: $0.values.map(\.isNull)).first }
        let needed = allowed.map { $0 <= Int64(wanted) } ?? false ? wanted : wanted + 1
        let compiled = try statement(range, limit: ListLimit.rows(max(needed, 1), skips: skip > 0))
        let values = values(missing: needed, skip: skip, token: token, types: SortKey.types(of: request.query))
        return (compiled.bound(values, access: access), compiled.shown(values))
    }
}

/// Collects the rows of a page.
private struct PageBuilder {
    let wanted: Int
    private(set) var items: [UInt8] = []
    private(set) var rowCount = 0
    /// Rows of the page itself, without those that only tell that there are more.
    private(set) var takenCount = 0
    private var lastRow: PostgresRow?

    init(wanted: Int) { self.wanted = wanted }

    mutating func append(_ result: PostgresResult) throws {
        if rowCount == 0 { items.reserveCapacity(result.rowCount * 1_024) }
        for row in result.rows {
            rowCount += 1
            guard takenCount < wanted, items.count < ReadLimits.pageBytes, takenCount == rowCount - 1 else { continue }
            takenCount += 1
            if takenCount > 1 { items.append(UInt8(ascii: ",")) }
            try row.withBytes(0) { bytes in
                if let bytes { items.append(contentsOf: bytes) }
            }
            lastRow = row
        }
    }

    /// The sort keys of the page's last row, if more rows follow it.
    func lastKeys(_ types: [PropertyType]) throws -> [Value]? {
        guard rowCount > takenCount, let lastRow else { return nil }
        return try types.enumerated().map { try lastRow.value($0 + 1, as: $1) }
    }
}

extension ListParent {
    var signature: String {
        switch self {
        case .inverse(let column): "<\(column)"
        case .linked(let table, let isInverse): "\(isInverse ? "<" : ">")\(table.name)"
        }
    }
}

extension ReadFormat {
    /// Part of the key of compiled statements.
    var signature: String {
        let names = version == .v4_0 ? "0" : "1"
        let control =
            switch metadata {
            case .none: "n"
            case .minimal: "m"
            case .full: "f"
            }
        return "|" + names + control + (ieee754Compatible ? "s|" : "|")
    }
}
