import Catalog
import Postgres
import QueryLanguage

/// What misspelt words may have meant.
extension SearchReader {
    /// How many records are listed behind those that the words as typed find.
    ///
    /// - Parameters:
    ///   - typed: the number of the latter.
    ///   - filter: what the list's count is known by, and the literals of its filter.
    func meantCount(beside typed: Int, _ filter: QueryKey) async throws -> Int {
        guard typed < Self.few, let (words, _) = try await meantWords() else { return 0 }
        let meant = try meaning(words)
        let statement = try store.reads.statement("\(filter.shape)|meant \(meant.signature)", access: access) {
            try lists.count(query, found: meant, without: tree, literals: filter.literals)
        }
        var values = ReadValues(literals: filter.literals)
        values.search = (SearchCondition.parameters(meant) + SearchCondition.parameters(tree)).map(\.postgresParameter)
        let sql = statement.bound(values, access: access)
        return try await ReadFailure.translating { try await store.statements.query(sql) }.first?.decode(Int.self, 0) ?? 0
    }

    /// What misspelt words may have meant, and the words that lead then; nil when none is misspelt.
    func meantWords() async throws -> (words: [[String]], leads: Leads)? {
        let words = try await similarWords()
        guard words.contains(where: { !$0.isEmpty }), let leads = try await leads(of: try meaning(words)) else { return nil }
        return (words, leads)
    }

    /// The search with misspelt words replaced by what they may have meant.
    func meaning(_ words: [[String]]) throws -> SearchTree {
        let typed = tree.words
        guard words.count == typed.count else { throw Self.badToken }
        let meant = Dictionary(zip(typed, words), uniquingKeysWith: { first, _ in first })
        return tree.replacing { word in meant[word].flatMap { $0.isEmpty ? nil : .similar($0) } ?? word }
    }

    /// For each word of the search, in order, the words of names that resemble it; none for those that are right or too short.
    private func similarWords() async throws -> [[String]] {
        var result: [[String]] = []
        for word in tree.words {
            guard case .prefix(let text) = word, SpellingDistance.allowed(text.unicodeScalars.count) > 0,
                !text.unicodeScalars.contains(where: { ("0"..."9").contains($0) }), SearchFolding.words(text) == [text]
            else {
                result.append([])
                continue
            }
            result.append(try await similarWords(to: text))
        }
        return result
    }

    private func similarWords(to text: String) async throws -> [String] {
        let words = try await resembling(text)
        guard !knowsWords else { return Array(words.prefix(Self.mostSimilar)) }
        return try await read(words)
    }

    /// The words of all records that may be meant, nearest first.
    private func resembling(_ text: String) async throws -> [String] {
        let tables = searchedTypes.filter { !$0.keptSearchFields.isEmpty }.map(\.searchTermTable)
        guard !tables.isEmpty else { return [] }
        let length = text.unicodeScalars.count
        let allowed = SpellingDistance.allowed(length)
        let resembling = tables.map { table -> SQL in
            """
            SELECT word FROM \(raw: table.sql) WHERE word % \(bind: text) \
            AND length(word) BETWEEN \(bind: Int32(length - allowed)) AND \(bind: Int32(length + allowed))
            """
        }
        // Where many resemble it, the nearest are among the most alike. What others' words are must not decide which of one's own come up: so whoever
        // may not know all has all of them looked at.
        let limit: SQL = knowsWords ? " LIMIT 200" : ""
        let sql: SQL = """
            SELECT word FROM (\(SQL.joined(resembling, separator: " UNION "))) AS w(word) ORDER BY similarity(word, \(bind: text)) DESC, word\(limit)
            """
        let found = try await ReadFailure.translating {
            try await store.statements.transaction { runner in
                // Two letters that changed places leave little of a short word's trigrams.
                _ = try await runner.query("SET LOCAL pg_trgm.similarity_threshold = 0.2")
                let found = try await runner.query(sql)
                // A transaction around it goes on as it was.
                if store.statements.isTransaction { _ = try await runner.query("SET LOCAL pg_trgm.similarity_threshold TO DEFAULT") }
                return found
            }
        }
        var seen: Set<String> = []
        let words = try found.rows.map { try $0.decode(String.self, 0) }.filter { seen.insert($0).inserted }
        let mistakes = words.map { (word: $0, distance: SpellingDistance.between($0, text)) }
        // The order among equals is that of likeness: sort is stable.
        return mistakes.filter { $0.distance > 0 && $0.distance <= allowed }.sorted { $0.distance < $1.distance }.map(\.word)
    }

    /// Of these words the first that stand in names which this access may read.
    private func read(_ words: [String]) async throws -> [String] {
        let statement = try store.reads.statement("\(key.shape)|read words", access: access) { try readStatement() }
        var values = ReadValues()
        values.search = [words.postgresParameter]
        let sql = statement.bound(values, access: access)
        return try await ReadFailure.translating { try await store.statements.query(sql) }.rows.map { try $0.decode(String.self, 0) }
    }

    /// Each word is looked up by itself until there are enough: OFFSET 0 keeps the planner from any other order.
    private func readStatement() throws -> CompiledRead {
        let compiler = try lists.makeCompiler()
        compiler.planning = .once
        let search = SearchCondition(tree, type: type, compiler: compiler)
        let conditions = try lists.rowConditions(compiler)
        var tests: [String] = []
        let names = type.searchedFields.filter(\.hasSearchTerms).map(\.key)
        if !names.isEmpty {
            tests.append(
                "\(type.searchTable.sql) AS b JOIN \(compiler.record.from.text) ON t.\"id\" = b.record_id"
                    + ListCompiler.whereClause(["b.word = w.word", "b.field = ANY ('{\(names.joined(separator: ","))}')"] + conditions))
        }
        for field in type.searchedFields where field.isLink {
            guard let link = try search.link(field) else { continue }
            tests.append("\(link.from) WHERE \(link.condition) AND b.word = w.word")
        }
        let isRead = tests.isEmpty ? "FALSE" : tests.map { "EXISTS (SELECT 1 FROM \($0) OFFSET 0)" }.joined(separator: " OR ")
        let words = "unnest(\(compiler.placeholder(.search(0)))::text[]) WITH ORDINALITY AS c(word, place)"
        let text =
            "SELECT w.word FROM (SELECT c.word, c.place FROM \(words) ORDER BY c.place OFFSET 0) AS w WHERE \(isRead) "
            + "ORDER BY w.place LIMIT \(Self.mostSimilar)"
        return CompiledRead(text: text, compiler: compiler)
    }
}
