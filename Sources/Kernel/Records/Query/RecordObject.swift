/// The SQL that makes one JSON object: its members, and what links expanded only in part add to it.
struct RecordObject {
    /// Items of a select list, named as the members are.
    var members: [String] = []
    /// Links of which the object holds the beginning.
    var partial: [PartialLink] = []

    /// A link to many, expanded as far as `most`: the next record is fetched too, to see whether there is one.
    struct PartialLink {
        let name: String
        /// Records it shows at most.
        let most: Int
        /// The alias under which the records stand beside the object's members.
        let alias: String
        /// Rows of a JSON object and the keys of its place in the list, one more than are shown.
        let rows: String
        /// SQL text: where the rest can be read, up to the keys of the last record shown.
        let nextLink: String
        let nextLinkName: String

        var isCut: String { "cardinality(\(alias).a) > \(most)" }

        /// The member itself, without the record too many.
        var member: String {
            let cut = "\(alias).a[1:\(most)]"
            return "array_to_json(CASE WHEN \(isCut) THEN \(cut) ELSE \(alias).a END) AS \"\(name)\""
        }

        var suffix: String { "CASE WHEN \(isCut) THEN ',\"\(nextLinkName)\":\"' || \(nextLink) || \(alias).k || '\"' ELSE '' END" }

        /// OFFSET 0 keeps the array from being computed once for every place that names it.
        var source: String {
            "(SELECT coalesce(array_agg(q.j), '{}') AS a, (array_agg(q.k))[\(most)] AS k FROM (\(rows)) AS q OFFSET 0) AS \(alias)"
        }
    }

    var selectList: String { members.isEmpty ? "NULL::boolean AS \"@null\"" : members.joined(separator: ", ") }

    /// The object as a subquery of the row it is about. A next link is only there when there is a next record, and no column of
    /// `row_to_json` can be there at times; so it is appended to the object's text.
    func subquery() -> String {
        guard !partial.isEmpty else { return "(SELECT row_to_json(r.*) FROM (SELECT \(selectList)) AS r)" }
        let sources = partial.map(\.source).joined(separator: " CROSS JOIN ")
        let isCut = partial.map(\.isCut).joined(separator: " OR ")
        let suffix = partial.map(\.suffix).joined(separator: " || ")
        return "(SELECT CASE WHEN o.cut THEN (left(o.j::text, -1) || o.rest || '}')::json ELSE o.j END "
            + "FROM (SELECT row_to_json(r.*) AS j, \(isCut) AS cut, \(suffix) AS rest "
            + "FROM \(sources) CROSS JOIN LATERAL (SELECT \(selectList)) AS r OFFSET 0) AS o)"
    }

    /// The same as an expression and what it needs in the FROM clause of the row it is about.
    func joined() -> (expression: String, join: String) {
        guard partial.isEmpty else { return (subquery(), "") }
        return ("row_to_json(r.*)", " CROSS JOIN LATERAL (SELECT \(selectList)) AS r")
    }
}
