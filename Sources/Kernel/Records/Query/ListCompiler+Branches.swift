import Catalog
import Permissions
import QueryLanguage

/// Lists of those who may read a record for one of several reasons. Each reason is a branch that an index over its column and the list's order
/// serves, read as far as the page goes; what they give is merged. One OR over all of them would be served by no index: measured 30 to 100 times
/// slower.
extension ListCompiler {
    /// - Parameter behind: the conditions that leave out the pages before, in terms of sort keys.
    func merged(
        _ branches: [GuardBranch], _ query: CheckedQuery, _ keys: [SortKey], _ conditions: [String], behind: ([SortKey]) -> [String],
        rows: Int, _ compiler: QueryCompiler
    ) throws -> String {
        // What further joins the answer's JSON needs isn't needed to find the rows.
        let source = compiler.record.from.text
        func select(_ own: [String], from source: String = source, by keys: [SortKey] = keys, limit: Int? = nil) -> String {
            let columns = keys.enumerated().map { "\($1.sql) AS k\($0)" }.joined(separator: ", ")
            let order = keys.map(\.ordering).joined(separator: ", ")
            return "SELECT t.\"id\", \(columns) FROM \(source)\(Self.whereClause(own + conditions + behind(keys))) ORDER BY \(order) "
                + "LIMIT \(limit ?? ListLimit.step(rows))"
        }
        func condition(_ predicate: Predicate) -> [String] {
            predicate == .always ? [] : [compiler.text(of: predicate, on: compiler.type, alias: "t", includesDeleted: includeDeleted)]
        }
        let parts = branches.map { branch -> String in
            if let set = branch.owners, access.rights.size(of: set) == .many, Self.hasIndex(keys, of: compiler.type) {
                let own = ["t.owner_id = o.id"] + condition(branch.rest)
                return inRounds(of: compiler.placeholder(.actor(.owners(set))), keys, rows: ListLimit.step(rows)) { select(own, limit: $0) }
            }
            if let set = branch.owners, access.rights.size(of: set) == .few {
                // Each owner's records in their order: no index gives those of several owners in one.
                let owners = compiler.placeholder(.actor(.owners(set)))
                let each = select(["t.owner_id = o.id"] + condition(branch.rest))
                return "(SELECT b.* FROM unnest(\(owners)) AS o(id) CROSS JOIN LATERAL (\(each)) AS b)"
            }
            if let level = branch.shared, access.rights.hasFewGrantees, let shares = sharesKeys(keys, of: compiler.type) {
                // The same with what is shared with each grantee.
                let grantees = compiler.placeholder(.actor(.grantees))
                let from = "\(compiler.type.sharesTable.sql) AS s CROSS JOIN \(TableName.shares.sql) AS h CROSS JOIN \(source)"
                let given = [
                    "s.grantee_id = g.id", "h.record_id = s.record_id", "h.grantee_id = s.grantee_id", "h.level >= \(level.rawValue)",
                    "(h.ends_at IS NULL OR h.ends_at > now())", "t.\"id\" = s.record_id",
                ]
                let each = select(given + condition(branch.rest), from: from, by: shares)
                return "(SELECT b.* FROM unnest(\(grantees)) AS g(id) CROSS JOIN LATERAL (\(each)) AS b)"
            }
            return "(\(select(condition(branch.predicate))))"
        }
        let merged = keys.enumerated().map { SortKey(sql: "u.k\($0)", type: $1.type, form: $1.form).ordering }.joined(separator: ", ")
        let union = parts.joined(separator: " UNION ")
        let page = "SELECT * FROM (\(union)) AS u ORDER BY \(merged) LIMIT \(ListLimit.step(rows))"
        let (object, join) = try compiler.object(of: compiler.record, query: query).joined()
        let shown = ["\(object) AS j"] + keys.indices.map { "u.k\($0)" }
        return "SELECT \(shown.joined(separator: ", ")) FROM (\(page)) AS u CROSS JOIN \(compiler.record.from.text)\(join) "
            + "WHERE t.\"id\" = u.\"id\" ORDER BY \(merged)"
    }

    /// A page of many owners' records. Reading a page of each would read as many pages as there are owners, so it is read in rounds: the first row of each
    /// owner; some rows of those whose first is among the first of the page; and the page of those all of whose rows are. An owner whose last row of a round is
    /// behind the page has no further row in it. For n owners and a page of k rows these are n + 2·k·√k rows at most.
    ///
    /// - Parameter each: the rows of the owner `o.id`, as many as it is told.
    private func inRounds(of owners: String, _ keys: [SortKey], rows: Int, _ each: (Int) -> String) -> String {
        let some = (1...rows).first { $0 * $0 >= rows } ?? rows
        func order(_ alias: String) -> String {
            keys.enumerated().map { SortKey(sql: "\(alias).k\($0)", type: $1.type, form: $1.form).ordering }.joined(separator: ", ")
        }
        let columns = ["\"id\""] + keys.indices.map { "k\($0)" }
        func listed(_ alias: String) -> String { columns.map { "\(alias).\($0)" }.joined(separator: ", ") }
        return """
            (WITH heads AS MATERIALIZED (SELECT o.id FROM unnest(\(owners)) AS o(id) CROSS JOIN LATERAL (\(each(1))) AS b \
            ORDER BY \(order("b")) LIMIT \(rows)), \
            tries AS MATERIALIZED (SELECT o.id AS owner, row_number() OVER (PARTITION BY o.id ORDER BY \(order("b"))) AS place, \(listed("b")) \
            FROM heads AS o CROSS JOIN LATERAL (\(each(some))) AS b ORDER BY \(order("b")) LIMIT \(rows)) \
            SELECT \(listed("s")) FROM tries AS s \
            UNION SELECT \(listed("b")) FROM (SELECT f.owner AS id FROM tries AS f WHERE f.place = \(some)) AS o \
            CROSS JOIN LATERAL (\(each(rows))) AS b)
            """
    }

    /// Whether an index gives one owner's records in an order.
    private static func hasIndex(_ keys: [SortKey], of type: RecordType) -> Bool {
        guard let last = keys.last, last.column?.column.name == "id" else { return false }
        let order = keys.dropLast().compactMap(\.column)
        return order.count == keys.count - 1 && keys.allSatisfy({ $0.form.isDescending == last.form.isDescending })
            && (order.isEmpty || type.orders.contains { $0.keys == order })
    }

    /// The keys of an order, as columns of the type's shares (`RecordType.sharesTable`); nil where these have no index over them.
    private func sharesKeys(_ keys: [SortKey], of type: RecordType) -> [SortKey]? {
        guard catalog.isReadByShares(type.id), Self.hasIndex(keys, of: type) else { return nil }
        return keys.map { key in
            let name = key.column?.column.name ?? "id"
            let collation = key.column?.collation.map { " COLLATE \"\($0)\"" } ?? ""
            return SortKey(sql: "s.\"\(name == "id" ? "record_id" : name)\"\(collation)", type: key.type, form: key.form)
        }
    }
}
