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
            let leads = Leads(places: after.leads, way: .intersection)
            return try await read(try meaning(meant), leads, wanted, after: after, meant)
        }
        // Of further pages it isn't known how common the words are, and any way gives the same hits.
        let found = if let after { Leads(places: after.leads, way: .intersection) as Leads? } else { try await leads(of: tree) }
        guard let found else { return ([], nil) }
        let typed = try await read(tree, found, wanted, after: after, nil)
        let shown = (after?.shown ?? 0) + typed.hits.count
        guard typed.next == nil, shown < Self.few, let (words, meantLeads) = try await meantWords() else { return typed }
        let start = SearchToken(leads: meantLeads.places, meant: words, place: nil, shown: shown)
        guard typed.hits.count < wanted else { return (typed.hits, start) }
        let further = try await read(try meaning(words), meantLeads, wanted - typed.hits.count, after: start, words)
        return (typed.hits + further.hits, further.next)
    }

    private func read(
        _ tree: SearchTree, _ leads: Leads, _ wanted: Int, after: SearchToken?, _ meant: [[String]]?
    ) async throws -> (hits: [Hit], next: SearchToken?) {
        let ranks = SearchRank.ranks(of: leads.places.map { tree.words[$0] }, in: type)
        guard !ranks.isEmpty, after?.place.map({ $0.rank < ranks.count }) ?? true else { return ([], nil) }
        let sql = try statement(
            tree, leads, wanted: wanted, after: after?.place, excluded: meant == nil ? nil : self.tree)
        let result = try await ReadFailure.translating { try await store.statements.query(sql) }
        let hits = try result.rows.prefix(wanted).map { row in
            let place = Place(
                rank: try row.decode(Int.self, 1), word: try row.decode(String.self, 2), name: try row.decode(String.self, 3),
                via: GUID(postgres: try row.decode(PostgresUUID.self, 4)), id: GUID(postgres: try row.decode(PostgresUUID.self, 5)))
            return Hit(
                json: try row.withBytes(0) { $0.map { [UInt8]($0) } ?? [] }, rank: ranks[place.rank], place: place, isAsTyped: meant == nil)
        }
        var bytes = 0
        let fitting = hits.prefix { hit in
            defer { bytes += hit.json.count }
            return bytes < ReadLimits.pageBytes
        }
        guard result.rowCount > fitting.count, let last = fitting.last else { return (hits, nil) }
        return (
            Array(fitting), SearchToken(leads: leads.places, meant: meant, place: last.place, shown: (after?.shown ?? 0) + fitting.count)
        )
    }

    /// One hit more than asked for tells whether there are more.
    func statement(
        _ tree: SearchTree, _ leads: Leads, wanted: Int, after place: Place? = nil, excluded: SearchTree? = nil
    ) throws -> SQL {
        let ranks = SearchRank.ranks(of: leads.places.map { tree.words[$0] }, in: type)
        let first = place?.rank ?? 0
        let name =
            "\(key.shape)|search \(leads.way.signature(in: tree)) \(tree.signature)|\(excluded?.signature ?? "")|\(leads.places)|\(first)\(place == nil ? "" : "+")|"
            + "\(ListLimit.step(wanted + 1))"
        let compiled = try store.reads.statement(name, access: access) {
            try SearchStatement(
                lists: lists, type: type, tree: tree, excluded: excluded, ranks: ranks, way: leads.way, first: first,
                isContinued: place != nil
            ).compile(query, rows: wanted + 1, literals: key.literals)
        }
        var values = ReadValues(literals: key.literals, limit: Int64(wanted + 1))
        values.search = (SearchCondition.parameters(tree) + (excluded.map(SearchCondition.parameters) ?? [])).map(\.postgresParameter)
        values.cursor = place.map { [.string($0.word), .string($0.name), .guid($0.via), .guid($0.id)] } ?? []
        values.cursorTypes = [.string, .string, .guid, .guid]
        return compiled.bound(values, access: access)
    }

    static let badToken = RecordsError(
        .badCursor, "The skiptoken belongs to another query or was changed: start again without it.", target: "skiptoken")
}
