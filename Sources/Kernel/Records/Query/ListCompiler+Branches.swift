import Permissions
import QueryLanguage

/// Lists of those who may read a record for one of several reasons. Each reason is a branch that an index over its column and the list's order
/// serves, read as far as the page goes; what they give is merged. One OR over all of them would be served by no index: measured 30 to 100 times
/// slower.
extension ListCompiler {
    func merged(
        _ branches: [GuardBranch], _ query: CheckedQuery, _ keys: [SortKey], _ conditions: [String], rows: Int, _ compiler: QueryCompiler
    ) throws -> String {
        let columns = keys.enumerated().map { "\($1.sql) AS k\($0)" }.joined(separator: ", ")
        let order = keys.map(\.ordering).joined(separator: ", ")
        // What further joins the answer's JSON needs isn't needed to find the rows.
        let source = compiler.record.from.text
        func select(_ condition: String) -> String {
            "SELECT t.\"id\", \(columns) FROM \(source)\(Self.whereClause([condition] + conditions)) ORDER BY \(order) LIMIT \(ListLimit.step(rows))"
        }
        let parts = branches.map { branch -> String in
            guard let set = branch.owners, access.rights.isNarrow(set) else {
                return "(\(select(compiler.text(of: branch.predicate, on: compiler.type, alias: "t"))))"
            }
            // Each owner's records in their order: no index gives those of several owners in one.
            let owners = compiler.placeholder(.actor(.owners(set)))
            let beside = branch.rest == .always ? "" : " AND \(compiler.text(of: branch.rest, on: compiler.type, alias: "t"))"
            return "(SELECT b.* FROM unnest(\(owners)) AS o(id) CROSS JOIN LATERAL (\(select("t.owner_id = o.id\(beside)"))) AS b)"
        }
        let merged = keys.enumerated().map { SortKey(sql: "u.k\($0)", type: $1.type, form: $1.form).ordering }.joined(separator: ", ")
        let union = parts.joined(separator: " UNION ")
        let page = "SELECT * FROM (\(union)) AS u ORDER BY \(merged) LIMIT \(ListLimit.step(rows))"
        let (object, join) = try compiler.object(of: compiler.record, query: query).joined()
        let shown = ["\(object) AS j"] + keys.indices.map { "u.k\($0)" }
        return "SELECT \(shown.joined(separator: ", ")) FROM (\(page)) AS u CROSS JOIN \(compiler.record.from.text)\(join) "
            + "WHERE t.\"id\" = u.\"id\" ORDER BY \(merged)"
    }
}
