import QueryLanguage

/// Where the next page of a search begins, and what was decided for the first one, so that all pages agree.
struct SearchToken: Hashable {
    /// Places of the words that lead.
    var leads: [Int]
    /// What misspelt words may have meant, by the place of the word; nil while hits are those of the words as typed.
    var meant: [[String]]?
    /// The last hit; nil when reading begins anew with what was meant.
    var place: SearchReader.Place?
    /// Hits so far.
    var shown: Int

    private static let types: [PropertyType] = [.string, .string, .int64, .int64, .string, .string, .guid, .guid]

    func encoded(for query: String, remaining: Int64?) -> String {
        let meant = meant.map { $0.map { $0.joined(separator: ",") }.joined(separator: ";") }
        let position: [Value] =
            place.map { [.integer(Int64($0.rank)), .string($0.word), .string($0.name), .guid($0.via), .guid($0.id)] }
            ?? Array(repeating: .null, count: 5)
        let decided: [Value] = [
            .string(leads.map(String.init).joined(separator: ",")), meant.map { .string($0) } ?? .null, .integer(Int64(shown)),
        ]
        return PageToken(remaining: remaining, values: decided + position).encoded(for: query)
    }

    /// - Parameter words: how many words the search has.
    static func read(_ text: String, for query: String, words: Int) -> (token: SearchToken, remaining: Int64?)? {
        guard let page = PageToken(text, for: query, types: types), page.values.count == types.count,
            case .string(let leads) = page.values[0], case .integer(let count) = page.values[2], let shown = Int(exactly: count)
        else { return nil }
        var place: SearchReader.Place?
        if case .integer(let rank) = page.values[3] {
            guard case .string(let word) = page.values[4], case .string(let name) = page.values[5], case .guid(let via) = page.values[6],
                case .guid(let id) = page.values[7], let rank = Int(exactly: rank), rank >= 0
            else { return nil }
            place = .init(rank: rank, word: word, name: name, via: via, id: id)
        }
        let places = leads.split(separator: ",").compactMap { Int($0) }
        guard !places.isEmpty, places.count <= words, places.allSatisfy({ (0..<words).contains($0) }) else { return nil }
        var meant: [[String]]?
        if case .string(let text) = page.values[1] {
            let lists = text.split(separator: ";", omittingEmptySubsequences: false).map { $0.split(separator: ",").map(String.init) }
            guard lists.count == words, lists.allSatisfy({ $0.count <= SearchReader.mostSimilar }) else { return nil }
            meant = lists
        }
        return (SearchToken(leads: places, meant: meant, place: place, shown: shown), page.remaining)
    }
}
