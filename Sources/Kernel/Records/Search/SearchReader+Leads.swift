import Catalog
import Permissions
import Postgres

/// Which words of a search lead to its records.
extension SearchReader {
    /// The words by whose rows hits are ranked, as places among the tree's words, and how these records are found.
    struct Leads: Hashable {
        var places: [Int]
        var way: SearchWay
    }

    /// Of several words the rarest lead, by counting a few rows of each. Nil when the search only says what records must not have.
    ///
    /// How frequent a word is among all records would show in the order of hits. So for who doesn't know all words the longest lead, and how
    /// frequent they are decides the way alone.
    func leads(of tree: SearchTree) async throws -> Leads? {
        let words = tree.words
        func places(_ leads: [SearchWord]) -> [Int] { leads.compactMap { words.firstIndex(of: $0) } }
        guard let longest = tree.leads({ -$0.bounds[0].utf8.count }) else { return nil }
        guard words.count > 1 else { return Leads(places: places(longest.words), way: .ranks) }
        let costs = try await counts(of: tree)
        guard let rarest = tree.leads({ word in words.firstIndex(of: word).map { costs[$0] } ?? .max }) else { return nil }
        let isCommon = rarest.cost >= Self.common
        if knowsWords { return Leads(places: places(rarest.words), way: isCommon ? .intersection : .ranks) }
        let isLed = Set(rarest.words) == Set(longest.words)
        return Leads(places: places(longest.words), way: isCommon ? .intersection : isLed ? .ranks : .few(rarest.words))
    }

    /// How many rows each word has, as far as it matters.
    private func counts(of tree: SearchTree) async throws -> [Int] {
        let statement = try store.reads.statement("\(key.shape)|leads \(tree.signature)", access: access) { try countStatement(tree) }
        var values = ReadValues()
        values.search = SearchCondition.parameters(tree).map(\.postgresParameter)
        let sql = statement.bound(values, access: access)
        let row = try await ReadFailure.translating { try await store.statements.query(sql) }.first
        return try tree.words.indices.map { try row?.decode(Int.self, $0) ?? 0 }
    }

    private func countStatement(_ tree: SearchTree) throws -> CompiledRead {
        let compiler = try lists.makeCompiler()
        compiler.planning = .once
        let search = SearchCondition(tree, type: type, compiler: compiler)
        let counts = try tree.words.map { word in
            let parts = try type.searchedFields.compactMap { field -> String? in
                guard let source = try search.words(of: field) else { return nil }
                let rows =
                    "SELECT 1 FROM \(source.table) AS b WHERE \(source.condition) AND \(search.range(word, of: "b")) LIMIT \(Self.common)"
                // A name that is linked to leads to several records.
                return "\(field.isLink ? 10 : 1) * (SELECT count(*) FROM (\(rows)) AS c)"
            }
            return parts.isEmpty ? "0" : parts.joined(separator: " + ")
        }
        return CompiledRead(text: "SELECT \(counts.joined(separator: ", "))", compiler: compiler)
    }

    /// Whether every word that is stored, of the records that are searched and of those that they link to, is this access's to know.
    var knowsWords: Bool {
        let rights = access.rights
        return rights.isUnlimited
            || searchedTypes.allSatisfy { type in
                rights.predicate(.read, on: type.id) == .always && rights.predicate(lists.purpose, on: type.id) == .always
                    && store.catalog.type(id: type.id)?.fields.allSatisfy {
                        $0.search == nil || rights.mask(of: $0.key, on: type.id) == nil
                    }
                        ?? false
            }
    }

    /// The records' own type, and those that searched links lead to.
    var searchedTypes: [RecordType] {
        var types = [type]
        for field in type.searchedFields {
            guard case .link(let link) = field.type, let target = lists.catalog.type(id: link.target),
                !types.contains(where: { $0.id == target.id })
            else { continue }
            types.append(target)
        }
        return types
    }
}
