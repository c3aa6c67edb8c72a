import Catalog
import QueryLanguage

/// Compiles a search to conditions on the record under `t`, and to the rows that lead to the records that meet it.
///
/// A field that the caller may not see has to be left out of `fields`: then its rows are never looked at.
struct SearchCondition {
    let compiler: QueryCompiler
    let type: RecordType
    let tree: SearchTree
    /// Where this search's parameters begin among those of the statement.
    let offset: Int
    private let fields: [Field]
    private let positions: [SearchWord: Int]

    init(_ tree: SearchTree, type: RecordType, compiler: QueryCompiler, offset: Int = 0) {
        self.compiler = compiler
        self.type = type
        self.tree = tree
        self.offset = offset
        fields = type.searchedFields
        var positions: [SearchWord: Int] = [:]
        var next = offset
        for word in tree.words {
            if positions[word] == nil { positions[word] = next }
            next += word.bounds.count
        }
        self.positions = positions
    }

    /// What the statement's `.search` parameters are, in order.
    static func parameters(_ tree: SearchTree) -> [String] {
        var values = tree.words.flatMap(\.bounds)
        tree.visitPhrases { words in values.append(" \(words.flatMap(\.bounds).joined(separator: " ")) ") }
        return values
    }

    // MARK: Conditions

    /// The search as a condition of a list in another order, or of a count: led by the words that are rarest, to judge by their length.
    func filter() throws -> String {
        guard let leads = tree.leads({ -($0.bounds[0].utf8.count) }) else { return try matches(tree) }
        let rows = try leads.words.map { try ids(of: $0) }.joined(separator: " UNION ")
        let lead = "t.\"id\" = ANY (ARRAY(\(rows)))"
        if case .word = tree { return lead }
        return "\(lead) AND \(try matches(tree))"
    }

    /// Whether the record under `t` has what a part of the search asks for. Never null.
    func matches(_ tree: SearchTree) throws -> String {
        var phrase = 0
        return try matches(tree, &phrase)
    }

    private func matches(_ tree: SearchTree, _ phrase: inout Int) throws -> String {
        switch tree {
        case .word(let word): return try matches(word)
        case .phrase(let words):
            let side = sideBySide(phrase)
            phrase += 1
            return "(" + (try words.map { try matches($0) } + [side]).joined(separator: " AND ") + ")"
        case .all(let parts): return "(" + (try parts.map { try matches($0, &phrase) }).joined(separator: " AND ") + ")"
        case .any(let parts): return "(" + (try parts.map { try matches($0, &phrase) }).joined(separator: " OR ") + ")"
        case .not(let part): return "NOT \(try matches(part, &phrase))"
        }
    }

    func matches(_ word: SearchWord) throws -> String {
        var tests: [String] = []
        if let kept = keptFields {
            tests.append(exists("\(type.searchTable.sql) AS b WHERE b.record_id = t.\"id\" AND \(kept) AND \(range(word, of: "b"))"))
        }
        for field in fields where field.isLink {
            guard let link = try link(field) else { continue }
            tests.append(exists("\(link.from) WHERE \(link.condition) AND b.record_id = t.\"\(link.column)\" AND \(range(word, of: "b"))"))
        }
        return tests.count == 1 ? tests[0] : "(\(tests.joined(separator: " OR ")))"
    }

    /// Whether the words of the phrase of this number stand side by side in a field of text. The words themselves were found by then.
    private func sideBySide(_ phrase: Int) -> String {
        let value = compiler.placeholder(.search(offset + tree.words.reduce(0) { $0 + $1.bounds.count } + phrase))
        let tests = fields.filter(\.isText).map { field in
            "coalesce(strpos(' ' || array_to_string(tessera.search_words(t.\"\(field.key)\"), ' ') || ' ', \(value)) > 0, FALSE)"
        }
        return tests.isEmpty ? "FALSE" : "(\(tests.joined(separator: " OR ")))"
    }

    /// OFFSET 0 keeps the planner from turning it into a join, which it would begin at the wrong end: it doesn't know how few rows are asked.
    private func exists(_ source: String) -> String { "EXISTS (SELECT 1 FROM \(source) OFFSET 0)" }

    // MARK: Rows

    /// The ids of the records that have all words that the search asks for side by side, and whether nothing else is asked for; nil when it asks for
    /// one at most. For words that are all common: both lists are read once, where each hit of one would have to be looked up in the other.
    func intersection() throws -> (rows: String, isWhole: Bool)? {
        var sets: [String] = []
        let isWhole = try collect(tree, into: &sets)
        guard let first = sets.first, sets.count > 1 else { return nil }
        // Half the work of INTERSECT: who comes twice does no harm.
        return (
            "SELECT a.id FROM (\(first)) AS a(id) WHERE " + sets.dropFirst().map { "a.id IN (\($0))" }.joined(separator: " AND "), isWhole
        )
    }

    private func collect(_ tree: SearchTree, into sets: inout [String]) throws -> Bool {
        switch tree {
        case .word(let word):
            sets.append(try ids(of: word, " UNION ALL "))
            return true
        case .all(let parts):
            var isWhole = true
            for part in parts {
                let isPartWhole = try collect(part, into: &sets)
                isWhole = isWhole && isPartWhole
            }
            return isWhole
        case .phrase, .any, .not: return false
        }
    }

    /// A SELECT of the ids of the records that have a word.
    func ids(of word: SearchWord, _ union: String = " UNION ") throws -> String {
        var parts: [String] = []
        if let kept = keptFields {
            parts.append("SELECT b.record_id FROM \(type.searchTable.sql) AS b WHERE \(kept) AND \(range(word, of: "b"))")
        }
        for field in fields where field.isLink {
            guard let link = try link(field) else { continue }
            let records = "\(link.from) JOIN \(type.table.sql) AS x ON x.\"\(link.column)\" = b.record_id"
            parts.append("SELECT x.\"id\" FROM \(records) WHERE \(link.condition) AND \(range(word, of: "b"))")
        }
        return parts.joined(separator: union)
    }

    /// The condition of a word on the column `word` of an alias.
    func range(_ word: SearchWord, of alias: String, isWhole: Bool? = nil) -> String {
        let first = positions[word] ?? offset
        func value(_ step: Int) -> String { compiler.placeholder(.search(first + step)) }
        switch word {
        case .prefix:
            switch isWhole {
            case true?: return "\(alias).word = \(value(0))"
            case false?: return "\(alias).word > \(value(0)) AND \(alias).word < \(value(1))"
            case nil: return "\(alias).word >= \(value(0)) AND \(alias).word < \(value(1))"
            }
        case .whole: return "\(alias).word = \(value(0))"
        case .similar(let words):
            return "\(alias).word IN (\(words.indices.map(value).joined(separator: ", ")))"
        }
    }

    /// One of the words that a misspelt one may have meant.
    func value(_ index: Int, of word: SearchWord) -> String { compiler.placeholder(.search((positions[word] ?? offset) + index)) }

    private var keptFields: String? {
        let keys = fields.filter { !$0.isLink }.map(\.key)
        return keys.isEmpty ? nil : "b.field = ANY ('{\(keys.joined(separator: ","))}')"
    }

    /// Where the words of a field lie, whoever may read them: under `b`, to count them.
    func words(of field: Field) throws -> (table: String, condition: String)? {
        guard case .link(let link) = field.type else { return (type.searchTable.sql, "b.field = '\(field.key)'") }
        let target = try compiler.recordType(id: link.target)
        guard let display = target.displayField, target.field(display)?.search != nil else { return nil }
        return (target.searchTable.sql, "b.field = '\(display)'")
    }

    /// The rows, under `b`, of the words that name the record a link points at, as far as it may be read.
    func link(_ field: Field) throws -> (column: String, from: String, condition: String)? {
        guard case .link(let link) = field.type, let words = try words(of: field) else { return nil }
        let target = try compiler.recordType(id: link.target)
        let readable = compiler.guardCondition(target, alias: "o").map { " AND \($0)" } ?? ""
        let from = "\(words.table) AS b JOIN \(target.table.sql) AS o ON o.\"id\" = b.record_id\(readable)"
        return ("\(field.key)_id", from, words.condition)
    }
}

extension SearchTree {
    func visitPhrases(_ body: ([SearchWord]) -> Void) {
        switch self {
        case .word: return
        case .phrase(let words): body(words)
        case .all(let parts), .any(let parts): parts.forEach { $0.visitPhrases(body) }
        case .not(let part): part.visitPhrases(body)
        }
    }
}

extension Field {
    fileprivate var isText: Bool {
        switch type {
        case .text, .longText: true
        default: false
        }
    }
}

extension RecordsError.Code {
    package static let notSearchable = RecordsError.Code(description: "records.not_searchable")
}
