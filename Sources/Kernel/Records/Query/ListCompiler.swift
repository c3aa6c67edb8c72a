import Catalog
import Permissions
import Postgres
import QueryLanguage

/// Compiles the statements behind lists, counts and single records.
struct ListCompiler {
    let catalog: Catalog
    let access: Access
    let format: ReadFormat
    /// What is listed: a record type, or what a link leads to.
    let shape: TypeShape
    let includeDeleted: Bool
    /// The link whose members are listed, when it is not the whole collection.
    var parent: ListParent?
    /// What the records are to have, where another order than that of the hits is asked for.
    var search: SearchTree?
    /// What the records are read for.
    var purpose = RecordAction.read

    /// A list, or one range of it. Columns: JSON, then the sort keys.
    func list(_ query: CheckedQuery, range: KeysetRange?, limit: ListLimit, literals: [QueryLiteral]) throws -> CompiledRead {
        let compiler = try makeCompiler()
        let branches = branches(of: query, limit, on: compiler.type)
        if parent == nil, compiler.type.parent != nil, !access.rights.isUnlimited {
            // How much belongs to what may be read decides whether to read that, or the list in its order until a page is full.
            compiler.planning = .eachTime
        }
        var conditions = try rowConditions(compiler, guarded: branches == nil)
        if let apply = query.apply { conditions = try compiler.apply(apply, conditions: conditions) }
        if query.apply == nil, let first = query.orderBy.first?.expression, case .property(let path) = first.kind {
            compiler.languageSort = try compiler.sortCollation(of: first).map { (path, $0) }
        }
        if let filter = query.filter { conditions.append(try compiler.condition(filter, .lenient).operand) }
        compiler.languageSort = nil
        let keys = try SortKey.keys(of: query, compiler: compiler)
        func behind(_ keys: [SortKey]) -> [String] { range?.sql(keys) { compiler.placeholder(.cursor($0)) } ?? [] }
        if try parent == nil && search == nil && query.apply == nil && compiler.planning == .byServer
            && (access.rights.isUnlimited || branches != nil) && isReadInOrder(query, compiler)
        {
            compiler.planning = .once
        }
        if let branches {
            let text = try merged(branches.reasons, query, keys, conditions, behind: behind, rows: branches.rows, compiler)
            return try finish(limit.applied(to: text, compiler: compiler), compiler, literals)
        }
        conditions += behind(keys)
        if query.apply != nil {
            return try finish(try groups(query, keys, conditions, limit: limit, compiler), compiler, literals)
        }
        let (object, join) = try compiler.object(of: compiler.record, query: query).joined()
        let columns = keys.enumerated().map { "\($1.sql) AS k\($0)" }.joined(separator: ", ")
        var text = "SELECT \(object) AS j, \(columns) FROM \(compiler.record.from.text)\(join)"
        text += Self.whereClause(conditions)
        text += " ORDER BY \(keys.map(\.ordering).joined(separator: ", "))"
        text = limit.applied(to: text, compiler: compiler)
        return try finish(text, compiler, literals)
    }

    /// The reasons for which records may be read, where a page is merged of what each of them gives, and the rows of the page; nil where one condition
    /// over all of them guards the rows.
    private func branches(of query: CheckedQuery, _ limit: ListLimit, on type: RecordType) -> (reasons: [GuardBranch], rows: Int)? {
        guard parent == nil, search == nil, query.apply == nil, case .rows(let rows, skips: false) = limit else { return nil }
        return AccessGuard.branches(purpose, on: type, access: access).map { ($0, rows) }
    }

    /// Whether the order leads to the rows whatever the values are: there is no condition but a prefix of what the list is sorted by first.
    private func isReadInOrder(_ query: CheckedQuery, _ compiler: QueryCompiler) throws -> Bool {
        guard let filter = query.filter else { return true }
        guard case .call(.startsWith, let arguments) = filter.kind, arguments.count == 2, let first = query.orderBy.first?.expression,
            case .property(let path) = first.kind, arguments[0].kind == .property(path),
            case .literal(.string(let prefix)) = arguments[1].kind
        else { return false }
        return try compiler.sortCollation(of: first).map { PrefixRange.isContiguous(prefix, in: $0) } ?? true
    }

    /// The groups that are shown, sorted and counted off before any JSON is made of them.
    private func groups(
        _ query: CheckedQuery, _ keys: [SortKey], _ conditions: [String], limit: ListLimit, _ compiler: QueryCompiler
    ) throws -> String {
        let columns = ["\(compiler.record.alias).*"] + keys.enumerated().map { "\($1.sql) AS \"@k\($0)\"" }
        var text = "SELECT \(columns.joined(separator: ", ")) FROM \(compiler.record.from.text)\(Self.whereClause(conditions))"
        if !keys.isEmpty { text += " ORDER BY \(keys.map(\.ordering).joined(separator: ", "))" }
        compiler.enclose(limit.applied(to: text, compiler: compiler))
        let (object, join) = try compiler.groupObject(query).joined()
        let shown = ["\(object) AS j"] + keys.indices.map { "\(compiler.record.alias).\"@k\($0)\"" }
        return "SELECT \(shown.joined(separator: ", ")) FROM \(compiler.record.from.text)\(join)"
    }

    /// One column: the number of rows the filter matches, or the rows themselves for an estimate.
    func count(_ query: CheckedQuery, estimating: Bool, literals: [QueryLiteral]) throws -> CompiledRead {
        let compiler = try makeCompiler()
        var conditions = try rowConditions(compiler)
        if let apply = query.apply { conditions = try compiler.apply(apply, conditions: conditions) }
        if let filter = query.filter { conditions.append(try compiler.condition(filter, .lenient).operand) }
        let result = estimating ? "EXPLAIN (FORMAT JSON) SELECT 1" : "SELECT count(*)"
        return try finish("\(result) FROM \(compiler.record.from.text)\(Self.whereClause(conditions))", compiler, literals)
    }

    /// One column: the number of rows that one search finds and another doesn't. Parameters are those of the first, then those of the other.
    func count(_ query: CheckedQuery, found: SearchTree, without other: SearchTree, literals: [QueryLiteral]) throws -> CompiledRead {
        let compiler = try makeCompiler()
        var lists = self
        lists.search = found
        var conditions = try lists.rowConditions(compiler)
        if let filter = query.filter { conditions.append(try compiler.condition(filter, .lenient).operand) }
        let type = try compiler.recordType(of: shape)
        let shown = SearchCondition(other, type: type, compiler: compiler, offset: SearchCondition.parameters(found).count)
        conditions.append("NOT \(try shown.matches(other))")
        return try finish("SELECT count(*) FROM \(compiler.record.from.text)\(Self.whereClause(conditions))", compiler, literals)
    }

    /// One record by the columns of a key. Columns: id, version, JSON.
    func record(by columns: [String], query: CheckedQuery?, literals: [QueryLiteral]) throws -> CompiledRead {
        try records(query, literals) { compiler in
            columns.enumerated().map { "t.\"\($1)\" = \(compiler.placeholder(.recordKey($0)))" }
        }
    }

    /// The records with the ids that are an array. Columns: id, version, JSON.
    func recordsByID(query: CheckedQuery?, literals: [QueryLiteral]) throws -> CompiledRead {
        try records(query, literals) { ["t.\"id\" = ANY(\($0.placeholder(.recordKey(0))))"] }
    }

    private func records(
        _ query: CheckedQuery?, _ literals: [QueryLiteral], where keys: (QueryCompiler) -> [String]
    ) throws -> CompiledRead {
        let compiler = try makeCompiler()
        let keys = keys(compiler)
        let conditions = try rowConditions(compiler) + keys
        var selection = query
        selection?.filter = nil
        selection?.orderBy = []
        let (object, join) = try compiler.object(of: compiler.record, query: selection).joined()
        let text = "SELECT t.\"id\", t.\"version\", \(object) FROM \(compiler.record.from.text)\(join)"
        return try finish(text + Self.whereClause(conditions), compiler, literals)
    }

    func makeCompiler() throws -> QueryCompiler {
        try QueryCompiler(
            catalog: catalog, access: access, format: format, shape: shape,
            from: parent?.from(catalog.type(id: shape.recordType)), linkAlias: parent?.linkAlias)
    }

    /// - Parameter guarded: false where each branch of the guard's condition is read for itself.
    func rowConditions(_ compiler: QueryCompiler, guarded: Bool = true) throws -> [String] {
        let type = try compiler.recordType(of: shape)
        let standing = includeDeleted ? nil : "t.deleted_at IS NULL"
        let access = guarded ? compiler.guardCondition(type, alias: "t", includeDeleted: includeDeleted, for: purpose) : standing
        let owner = parent.map { "\($0.condition) = \(compiler.placeholder(.recordKey(0)))" }
        let found = try search.map { try SearchCondition($0, type: type, compiler: compiler).filter() }
        // Of a link that is held by the records listed, those count on which it is seen.
        let seen: String? =
            switch parent {
            case .inverse(let column): compiler.mask(column: column, of: type, alias: "t")
            case .linked(let table, true): compiler.mask(table, of: compiler.record)
            case .linked(_, false), nil: nil
            }
        return [owner, access, seen, found].compactMap { $0 }
    }

    static func whereClause(_ conditions: [String]) -> String {
        conditions.isEmpty ? "" : " WHERE " + conditions.joined(separator: " AND ")
    }

    /// INVARIANT: the literals the compiler took are those that the key collected, in the same order; else a cached statement would be
    /// bound to the wrong values.
    func finish(_ text: String, _ compiler: QueryCompiler, _ literals: [QueryLiteral]) throws -> CompiledRead {
        guard compiler.consumedLiterals == literals else {
            throw RecordsError(.internalFault, "The compiled query and its key disagree about the literals.")
        }
        return CompiledRead(text: text, compiler: compiler)
    }
}

/// The link whose members a list shows.
enum ListParent: Sendable, Hashable {
    case inverse(column: String)
    case linked(ChildTable, isInverse: Bool)

    /// Nil for the type's own table under `t`.
    func from(_ type: RecordType?) -> String? {
        guard case .linked(let table, let isInverse) = self, let type else { return nil }
        return "\(table.name.sql) AS l JOIN \(type.table.sql) AS t ON t.\"id\" = l.\"\(isInverse ? "source_id" : "target_id")\""
    }

    var linkAlias: String? { if case .linked = self { "l" } else { nil } }

    /// The column that holds the parent's id.
    var condition: String {
        switch self {
        case .inverse(let column): "t.\"\(column)\""
        case .linked(_, let isInverse): "l.\"\(isInverse ? "target_id" : "source_id")\""
        }
    }
}

/// How many rows a list statement gives.
///
/// PostgreSQL plans a prepared statement without its parameters, and a LIMIT it does not know could be any. So a round number stands in the
/// text, and the exact one is a parameter around it.
enum ListLimit: Sendable, Hashable {
    case rows(Int, skips: Bool)
    /// All rows, for a cursor.
    case all(isLimited: Bool, skips: Bool)

    private static let steps = [2, 11, 21, 26, 51, 101, 201, 501, 1_001, 2_001, 5_001]

    var signature: String {
        switch self {
        case .rows(let rows, let skips): "L\(Self.step(rows))\(Self.isExact(rows) ? "" : "n")\(skips ? "o" : "")"
        case .all(let isLimited, let skips): "A\(isLimited ? "n" : "")\(skips ? "o" : "")"
        }
    }

    func applied(to text: String, compiler: QueryCompiler) -> String {
        switch self {
        case .rows(let rows, let skips):
            let offset = skips ? " OFFSET \(compiler.placeholder(.offset))" : ""
            let inner = "\(text) LIMIT \(Self.step(rows))\(offset)"
            return Self.isExact(rows) ? inner : "SELECT * FROM (\(inner)) AS q LIMIT \(compiler.placeholder(.limit))"
        case .all(let isLimited, let skips):
            let limit = isLimited ? " LIMIT \(compiler.placeholder(.limit))" : ""
            return text + limit + (skips ? " OFFSET \(compiler.placeholder(.offset))" : "")
        }
    }

    private static func isExact(_ rows: Int) -> Bool { steps.contains(rows) }

    static func step(_ rows: Int) -> Int {
        steps.first { $0 >= rows } ?? (rows + 4_999) / 5_000 * 5_000 + 1
    }
}
