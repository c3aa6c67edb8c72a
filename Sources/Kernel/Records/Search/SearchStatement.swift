import Catalog
import Postgres
import QueryLanguage

/// Compiles the statement that gives the best hits of a search: rank after rank until there are enough, each read in the order of its index, so
/// that a word which half of the records have costs no more than a rare one.
struct SearchStatement {
    let lists: ListCompiler
    let type: RecordType
    let tree: SearchTree
    /// What must not be found, since it was shown already.
    let excluded: SearchTree?
    let ranks: [SearchRank]
    let way: SearchWay
    /// The first rank that is read; those before it were read to their end.
    let first: Int
    /// Whether reading goes on behind a hit in the first rank.
    let isContinued: Bool

    /// Columns: JSON, rank, word, name, the record whose word it is, id.
    func compile(_ query: CheckedQuery, rows: Int, literals: [QueryLiteral]) throws -> CompiledRead {
        let compiler = try lists.makeCompiler()
        // Each rank is read from the index in its order, whatever the words are. Of dozens of tables, making the plan takes longer than the search.
        compiler.planning = .once
        var conditions = try lists.rowConditions(compiler)
        if let filter = query.filter { conditions.append(try compiler.condition(filter, .lenient).operand) }
        let search = SearchCondition(tree, type: type, compiler: compiler)
        if let excluded {
            let shown = SearchCondition(excluded, type: type, compiler: compiler, offset: SearchCondition.parameters(tree).count)
            conditions.append("NOT \(try shown.matches(excluded))")
        }
        let records = compiler.record.from.text
        var preface = ""
        var isAmongCommon = false
        switch way {
        case .intersection:
            if let common = try search.intersection() {
                preface = "f(id) AS MATERIALIZED (\(common.rows)), "
                isAmongCommon = true
                if common.isWhole { break }
            }
            conditions += try otherWords(search)
        case .ranks: conditions += try otherWords(search)
        case .few(let words):
            let rows = try words.map { try search.ids(of: $0) }.joined(separator: " UNION ")
            let tests = ["t.\"id\" = ANY (ARRAY(\(rows)))"] + conditions + (try otherWords(search))
            let columns = try ["id"] + ranks.compactMap { try search.link($0.field)?.column }
            let list = Set(columns).sorted().map { "t.\"\($0)\"" }.joined(separator: ", ")
            preface = "f AS MATERIALIZED (SELECT \(list) FROM \(records)\(ListCompiler.whereClause(tests))), "
            conditions = []
        }
        let most = ListLimit.step(rows)
        let limit = compiler.placeholder(.limit)
        var parts: [String] = []
        for (place, rank) in ranks.enumerated() where place >= first {
            let isEnough = parts.indices.map { "(SELECT count(*) FROM h\($0))" }.joined(separator: " + ")
            let gate = parts.isEmpty ? [] : ["\(isEnough) < \(limit)"]
            let source = try source(of: rank, records: records, search: search)
            var tests = gate + [source.condition] + conditions
            tests += try better(than: place, search: search)
            // Asked of each row in the order of the index; as a join it would be read to its end and sorted.
            if isAmongCommon { tests.append("(\(rank.field.isLink ? "t.\"id\"" : "b.record_id") IN (SELECT f.id FROM f)) IS TRUE") }
            if isContinued, place == first { tests.append(behindCursor(rank, compiler)) }
            let order = rank.field.isLink ? "b.word, b.name, b.record_id, t.\"id\"" : "b.word, b.name, b.record_id"
            parts.append(
                "SELECT \(place) AS rank, b.word, b.name, b.record_id AS via, t.\"id\" FROM \(source.from) "
                    + "WHERE \(tests.joined(separator: " AND ")) ORDER BY \(order) LIMIT \(most)")
        }
        let (object, join) = try compiler.object(of: compiler.record, query: query).joined()
        let hits = parts.indices.map { "SELECT * FROM h\($0)" }.joined(separator: " UNION ALL ")
        let text =
            "WITH \(preface)" + parts.enumerated().map { "h\($0) AS MATERIALIZED (\($1))" }.joined(separator: ", ")
            + " SELECT \(object) AS j, s.rank, s.word, s.name, s.via, s.id "
            + "FROM (SELECT * FROM (\(hits)) AS h ORDER BY rank, word, name, via, id LIMIT \(limit)) AS s "
            + "JOIN \(type.table.sql) AS t ON t.\"id\" = s.id\(join) ORDER BY s.rank, s.word, s.name, s.via, s.id"
        return try lists.finish(text, compiler, literals)
    }

    /// What the search asks for beside the word that leads; a single word needs no other test than that its row is there.
    private func otherWords(_ search: SearchCondition) throws -> [String] {
        if case .word = tree { return [] }
        return [try search.matches(tree)]
    }

    private func source(
        of rank: SearchRank, records: String, search: SearchCondition
    ) throws -> (from: String, condition: String) {
        let word = range(of: rank, in: "b", search)
        let link = try search.link(rank.field)
        let rows =
            link.map { ($0.from, "\($0.condition) AND \(word)") } ?? (
                "\(type.searchTable.sql) AS b", "b.field = '\(rank.field.key)' AND \(word)"
            )
        let record = "t.\"\(link?.column ?? "id")\""
        guard case .few = way else { return ("\(rows.0) JOIN \(records) ON \(record) = b.record_id", rows.1) }
        // Looked up record by record: OFFSET 0 keeps the planner from reading all rows of the word.
        let own = "SELECT b.record_id, b.word, b.name FROM \(rows.0) WHERE b.record_id = \(record) AND \(rows.1) OFFSET 0"
        return ("f AS t CROSS JOIN LATERAL (\(own)) AS b", "TRUE")
    }

    private func range(of rank: SearchRank, in alias: String, _ search: SearchCondition) -> String {
        if let place = rank.similar { return "\(alias).word = \(search.value(place, of: rank.word))" }
        return search.range(rank.word, of: alias, isWhole: rank.isWhole)
    }

    /// Keeps a record in its best rank, and there at its first word.
    private func better(than place: Int, search: SearchCondition) throws -> [String] {
        let rank = ranks[place]
        var own = ranks[..<place].filter { !$0.field.isLink }.map { "x.field = '\($0.field.key)' AND \(range(of: $0, in: "x", search))" }
        var tests: [String] = []
        if !rank.isWhole {
            let earlier = "\(range(of: rank, in: "x", search)) AND x.word < b.word"
            if let link = try search.link(rank.field) {
                let display = link.condition.replacing("b.", with: "x.")
                let words = link.from.split(separator: " ").first ?? ""
                tests.append(
                    "NOT EXISTS (SELECT 1 FROM \(words) AS x WHERE x.record_id = b.record_id AND \(display) AND \(earlier) OFFSET 0)")
            } else {
                own.append("x.field = '\(rank.field.key)' AND \(earlier)")
            }
        }
        if !own.isEmpty {
            let any = own.map { "(\($0))" }.joined(separator: " OR ")
            tests.append("NOT EXISTS (SELECT 1 FROM \(type.searchTable.sql) AS x WHERE x.record_id = t.\"id\" AND (\(any)) OFFSET 0)")
        }
        for other in ranks[..<place] where other.field.isLink {
            guard let link = try search.link(other.field) else { continue }
            let word = range(of: other, in: "b", search)
            tests.append(
                "NOT EXISTS (SELECT 1 FROM \(link.from) WHERE \(link.condition) AND b.record_id = t.\"\(link.column)\" AND \(word) OFFSET 0)"
            )
        }
        return tests
    }

    private func behindCursor(_ rank: SearchRank, _ compiler: QueryCompiler) -> String {
        let values = (0..<4).map { compiler.placeholder(.cursor($0)) }
        if rank.field.isLink { return "(b.word, b.name, b.record_id, t.\"id\") > (\(values.joined(separator: ", ")))" }
        return "(b.word, b.name, b.record_id) > (\(values.prefix(3).joined(separator: ", ")))"
    }
}
