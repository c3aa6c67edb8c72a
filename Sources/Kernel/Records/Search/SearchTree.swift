import QueryLanguage

/// What a search asks for, in folded words.
indirect enum SearchTree: Sendable, Hashable {
    case word(SearchWord)
    /// Whole words side by side, in a field of text.
    case phrase([SearchWord])
    case all([SearchTree])
    case any([SearchTree])
    case not(SearchTree)

    /// All its words in order, those behind NOT included: a statement's parameters come in this order.
    var words: [SearchWord] {
        switch self {
        case .word(let word): [word]
        case .phrase(let words): words
        case .all(let parts), .any(let parts): parts.flatMap(\.words)
        case .not(let part): part.words
        }
    }

    /// The shape without the words: part of a compiled statement's key. Which words are the same belongs to it, since a statement has one
    /// parameter for them.
    var signature: String {
        let words = self.words
        return structure + words.map { word in words.firstIndex(of: word).map(String.init) ?? "" }.joined(separator: ",")
    }

    private var structure: String {
        switch self {
        case .word(let word): word.signature
        case .phrase(let words): "\"\(words.count)"
        case .all(let parts): "&(" + parts.map(\.structure).joined() + ")"
        case .any(let parts): "|(" + parts.map(\.structure).joined() + ")"
        case .not(let part): "!" + part.structure
        }
    }

    /// Words of which every record that is found has one, so that looking for these is enough to find them all: the ones that cost least. Nil when
    /// there are none, because the search only says what records must not have.
    ///
    /// - Parameter cost: of looking for a word, such as the number of records that have it.
    func leads(_ cost: (SearchWord) -> Int) -> (words: [SearchWord], cost: Int)? {
        switch self {
        case .word(let word): return ([word], cost(word))
        case .phrase(let words): return words.map { ([$0], cost($0)) }.min { $0.1 < $1.1 }
        case .all(let parts): return parts.compactMap { $0.leads(cost) }.min { $0.cost < $1.cost }
        case .any(let parts):
            var total: (words: [SearchWord], cost: Int) = ([], 0)
            for part in parts {
                guard let leads = part.leads(cost) else { return nil }
                total.words += leads.words.filter { !total.words.contains($0) }
                total.cost += leads.cost
            }
            return total
        case .not: return nil
        }
    }

    /// The same with other words in the place of some.
    func replacing(_ replacement: (SearchWord) -> SearchWord) -> SearchTree {
        switch self {
        case .word(let word): .word(replacement(word))
        case .phrase, .not: self
        case .all(let parts): .all(parts.map { $0.replacing(replacement) })
        case .any(let parts): .any(parts.map { $0.replacing(replacement) })
        }
    }
}

/// One word that is looked for.
enum SearchWord: Sendable, Hashable {
    /// Words that begin like this.
    case prefix(String)
    /// This word.
    case whole(String)
    /// One of these words, most alike first: what a misspelt word may have meant.
    case similar([String])

    var signature: String {
        switch self {
        case .prefix: "p"
        case .whole: "w"
        case .similar(let words): "s\(words.count)"
        }
    }

    /// What is bound: the word and, of a prefix, the least text behind all that begin with it.
    var bounds: [String] {
        switch self {
        case .prefix(let text): [text, PrefixRange.end(of: text) ?? text + "\u{10FFFF}"]
        case .whole(let text): [text]
        case .similar(let words): words
        }
    }
}
