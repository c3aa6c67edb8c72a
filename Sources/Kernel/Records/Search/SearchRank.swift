import Catalog
import Manifests

/// One rank of hits: the records found by one word in one field, whole or by its beginning. Ranks follow one another by weight, then exactness,
/// then the order of fields; within a rank hits are in the order of the word, the record's name and its id.
struct SearchRank: Sendable, Hashable {
    var field: Field
    /// The word of the lead that finds it.
    var word: SearchWord
    /// The whole word; else longer words that begin like it. Of similar words: the place of the one that is meant.
    var isWhole: Bool
    var similar: Int?

    /// Between 0 and 1, for lists of several types: by weight, then exactness, then how much of the word is as it was typed.
    var score: Double {
        let weight: Double =
            switch field.search {
            case .high?: 0.9
            case .normal?: 0.6
            default: 0.3
            }
        guard let similar else { return weight + (isWhole ? 0.1 : 0) }
        return weight / 2 - Double(similar) * 0.01
    }

    /// The ranks of words that lead, best first.
    static func ranks(of words: [SearchWord], in type: RecordType) -> [SearchRank] {
        let fields = type.searchedFields
        var ranks: [SearchRank] = []
        for place in 0..<(words.map(\.places).max() ?? 0) {
            for weight in SearchWeight.allCases {
                for isWhole in [true, false] {
                    for field in fields where field.search == weight {
                        for word in words where word.places > place {
                            switch word {
                            case .prefix: ranks.append(SearchRank(field: field, word: word, isWhole: isWhole))
                            case .whole where isWhole: ranks.append(SearchRank(field: field, word: word, isWhole: true))
                            case .similar where isWhole:
                                ranks.append(SearchRank(field: field, word: word, isWhole: true, similar: place))
                            default: continue
                            }
                        }
                    }
                }
            }
        }
        return ranks
    }
}

extension SearchWord {
    fileprivate var places: Int { if case .similar(let words) = self { words.count } else { 1 } }
}
