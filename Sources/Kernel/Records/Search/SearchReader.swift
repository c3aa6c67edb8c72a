import Catalog
import Manifests
import Permissions
import Postgres
import QueryLanguage

/// Reads the hits of a search in their rank. Where the words as typed find little, it looks for words that were probably meant.
struct SearchReader {
    let store: RecordStore
    let type: RecordType
    let query: CheckedQuery
    let access: Access
    let lists: ListCompiler
    /// As typed.
    let tree: SearchTree
    /// What compiled statements of this list are known by, and the literals of its filter.
    let key: QueryKey

    /// With fewer hits than this, misspelt words are looked for too.
    static let few = 5
    /// A word with so many rows is common: it isn't counted further.
    static let common = 500
    /// Words that one misspelt word may have meant.
    static let mostSimilar = 4

    struct Hit {
        let json: [UInt8]
        let rank: SearchRank
        let place: Place
        /// Whether the words as typed found it.
        let isAsTyped: Bool
        var id: GUID { place.id }
        var name: String { place.name }
    }

    /// Where reading goes on.
    struct Place: Hashable {
        var rank: Int
        var word: String
        var name: String
        var via: GUID
        var id: GUID
    }

    // MARK: Steps

    /// - Parameter after: where the page before ended.
    /// - Returns: the hits, and where to go on when there are more.
    func hits(_ wanted: Int, after: SearchToken?) async throws -> (hits: [Hit], next: SearchToken?) {
        guard wanted > 0 else { return ([], nil) }
        if let after, let meant = after.meant {
            return try await read(try meaning(meant), leads: after.leads, isCommon: true, wanted, after: after, meant)
        }
        // Of further pages it isn't known how common the words are, and any way gives the same hits.
        let found: (places: [Int], isCommon: Bool)?
        if let after { found = (after.leads, true) } else { found = try await leads(of: tree) }
        guard let found else { return ([], nil) }
        let typed = try await read(tree, leads: found.places, isCommon: found.isCommon, wanted, after: after, nil)
        let shown = (after?.shown ?? 0) + typed.hits.count
        guard typed.next == nil, shown < Self.few, let (words, meantLeads) = try await meantWords() else { return typed }
        let start = SearchToken(leads: meantLeads, meant: words, place: nil, shown: shown)
        guard typed.hits.count < wanted else { return (typed.hits, start) }
        let further = try await read(
            try meaning(words), leads: meantLeads, isCommon: true, wanted - typed.hits.count, after: start, words)
        return (typed.hits + further.hits, further.next)
    }

    private func read(
        _ tree: SearchTree, leads: [Int], isCommon: Bool, _ wanted: Int, after: SearchToken?, _ meant: [[String]]?
    ) async throws -> (hits: [Hit], next: SearchToken?) {
        let ranks = SearchRank.ranks(of: leads.map { tree.words[$0] }, in: type)
        guard !ranks.isEmpty, after?.place.map({ $0.rank < ranks.count }) ?? true else { return ([], nil) }
        let sql = try statement(
            tree, leads: leads, isCommon: isCommon, wanted: wanted, after: after?.place, excluded: meant == nil ? nil : self.tree)
        let result = try await ReadFailure.translating { try await store.statements.query(sql) }
        let hits = try result.rows.prefix(wanted).map { row in
            let place = Place(
                rank: try row.decode(Int.self, 1), word: try row.decode(String.self, 2), name: try row.decode(String.self, 3),
                via: GUID(postgres: try row.decode(PostgresUUID.self, 4)), id: GUID(postgres: try row.decode(PostgresUUID.self, 5)))
            return Hit(
                json: try row.withBytes(0) { $0.map { [UInt8]($0) } ?? [] }, rank: ranks[place.rank], place: place, isAsTyped: meant == nil)
        }
        guard result.rowCount > wanted, let last = hits.last else { return (hits, nil) }
        return (hits, SearchToken(leads: leads, meant: meant, place: last.place, shown: (after?.shown ?? 0) + hits.count))
    }

    /// One hit more than asked for tells whether there are more.
    func statement(
        _ tree: SearchTree, leads: [Int], isCommon: Bool, wanted: Int, after place: Place? = nil, excluded: SearchTree? = nil
    ) throws -> SQL {
        let ranks = SearchRank.ranks(of: leads.map { tree.words[$0] }, in: type)
        let first = place?.rank ?? 0
        let name =
            "\(key.shape)|search \(isCommon) \(tree.signature)|\(excluded?.signature ?? "")|\(leads)|\(first)\(place == nil ? "" : "+")|"
            + "\(ListLimit.step(wanted + 1))"
        let compiled = try store.reads.statement(name, access: access) {
            try SearchStatement(
                lists: lists, type: type, tree: tree, excluded: excluded, ranks: ranks, intersects: isCommon, first: first,
                isContinued: place != nil
            ).compile(query, rows: wanted + 1, literals: key.literals)
        }
        var values = ReadValues(literals: key.literals, limit: Int64(wanted + 1))
        values.search = (SearchCondition.parameters(tree) + (excluded.map(SearchCondition.parameters) ?? [])).map(\.postgresParameter)
        values.cursor = place.map { [.string($0.word), .string($0.name), .guid($0.via), .guid($0.id)] } ?? []
        values.cursorTypes = [.string, .string, .guid, .guid]
        return compiled.bound(values, access: access)
    }

    /// Whether every word that is stored is this access's to know.
    private var knowsAll: Bool { access.rights.isUnlimited }

    // MARK: What leads

    /// The places, among the tree's words, of those that lead: of several the rarest, by counting a few of each. Nil when the search only says what
    /// records must not have.
    func leads(of tree: SearchTree) async throws -> (places: [Int], isCommon: Bool)? {
        let words = tree.words
        func places(_ leads: [SearchWord]) -> [Int] { leads.compactMap { words.firstIndex(of: $0) } }
        // How frequent words are tells of records that may not be read, and would show in the order of the hits.
        guard knowsAll else { return tree.leads { -$0.bounds[0].utf8.count }.map { (places($0.words), false) } }
        guard words.count > 1 else { return tree.leads { _ in 0 }.map { (places($0.words), false) } }
        var counted = ReadValues()
        counted.search = SearchCondition.parameters(tree).map(\.postgresParameter)
        let statement = try store.reads.statement("\(key.shape)|leads \(tree.signature)", access: access) { try countStatement(tree) }
        let sql = statement.bound(counted, access: access)
        let result = try await ReadFailure.translating { try await store.statements.query(sql) }
        guard let row = result.first else { return nil }
        let costs = try words.indices.map { try row.decode(Int.self, $0) }
        return tree.leads { word in words.firstIndex(of: word).map { costs[$0] } ?? .max }.map {
            (places($0.words), $0.cost >= Self.common)
        }
    }

    /// Counts the rows of each word, as far as it matters.
    private func countStatement(_ tree: SearchTree) throws -> CompiledRead {
        let compiler = try lists.makeCompiler()
        compiler.planning = .once
        let search = SearchCondition(tree, type: type, compiler: compiler)
        let counts = try tree.words.map { word in
            var parts = try type.searchedFields.map { field -> String in
                let source: (from: String, condition: String)
                if let link = try search.link(field) {
                    source = (link.from, link.condition)
                } else {
                    source = ("\(type.searchTable.sql) AS b", "b.field = '\(field.key)'")
                }
                let rows = "SELECT 1 FROM \(source.from) WHERE \(source.condition) AND \(search.range(word, of: "b")) LIMIT \(Self.common)"
                // A name that is linked to leads to several records.
                return "\(field.isLink ? 10 : 1) * (SELECT count(*) FROM (\(rows)) AS c)"
            }
            if parts.isEmpty { parts = ["0"] }
            return parts.joined(separator: " + ")
        }
        return CompiledRead(text: "SELECT \(counts.joined(separator: ", "))", compiler: compiler)
    }

    // MARK: What was meant

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
    private func meantWords() async throws -> (words: [[String]], leads: [Int])? {
        let words = try await similarWords()
        guard words.contains(where: { !$0.isEmpty }), let leads = try await leads(of: try meaning(words)) else { return nil }
        return (words, leads.places)
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
        // Words that were meant are looked for among those of all records.
        let tables = termTables
        guard knowsAll, !tables.isEmpty else { return [] }
        let resembling = tables.map { table -> SQL in "SELECT word FROM \(raw: table.sql) WHERE word % \(bind: text)" }
        let sql: SQL = """
            SELECT word FROM (\(SQL.joined(resembling, separator: " UNION "))) AS w(word) \
            ORDER BY similarity(word, \(bind: text)) DESC, word LIMIT 200
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
        let words = try found.rows.map { try $0.decode(String.self, 0) }
        let mistakes = words.map { (word: $0, distance: SpellingDistance.between($0, text)) }
        let meant = mistakes.filter { $0.distance > 0 && $0.distance <= SpellingDistance.allowed(text.unicodeScalars.count) }
        // The order among equals is that of likeness: sort is stable.
        return meant.sorted { $0.distance < $1.distance }.prefix(Self.mostSimilar).map(\.word)
    }

    /// Where the words of names are: the records' own, and those of the records that searched links lead to.
    private var termTables: [TableName] {
        var types = type.keptSearchFields.isEmpty ? [] : [type]
        for field in type.searchedFields {
            guard case .link(let link) = field.type, let target = lists.catalog.type(id: link.target), !target.keptSearchFields.isEmpty,
                !types.contains(where: { $0.id == target.id })
            else { continue }
            types.append(target)
        }
        return types.map(\.searchTermTable)
    }

    /// The search with misspelt words replaced by what they may have meant.
    private func meaning(_ words: [[String]]) throws -> SearchTree {
        let typed = tree.words
        guard words.count == typed.count else { throw Self.badToken }
        let meant = Dictionary(zip(typed, words), uniquingKeysWith: { first, _ in first })
        return tree.replacing { word in meant[word].flatMap { $0.isEmpty ? nil : .similar($0) } ?? word }
    }

    static let badToken = RecordsError(
        .badCursor, "The skiptoken belongs to another query or was changed: start again without it.", target: "skiptoken")
}
