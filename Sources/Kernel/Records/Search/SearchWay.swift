/// By which way the records of a search are found. Every way gives the same hits in the same order.
enum SearchWay: Sendable, Hashable {
    /// The rows of the words that lead, in their order, each looked at for the other words.
    case ranks
    /// All words are common: what has all of them is worked out first.
    case intersection
    /// Few records have one of these words, which don't lead: they are looked up first.
    case few([SearchWord])

    /// Part of a compiled statement's key.
    func signature(in tree: SearchTree) -> String {
        switch self {
        case .ranks: "r"
        case .intersection: "i"
        case .few(let words): "f" + words.map { tree.words.firstIndex(of: $0).map(String.init) ?? "" }.joined(separator: ",")
        }
    }
}
