import Catalog

/// Which choice a text names: by its key or its label, whatever the case, and the closer the better.
///
/// A key as it stands comes first, since an export writes keys; then a label as it stands; then both in any case. A label may be another choice's
/// key, and several choices may have the same label.
enum ChoiceWords {
    enum Reading: Equatable {
        case one(String)
        /// Keys of those that it may mean.
        case several([String])
        case none
    }

    static func reading(_ text: String, _ choices: [Choice]) -> Reading {
        if choices.contains(where: { $0.key == text }) { return .one(text) }
        let exact = choices.filter { $0.label == text }
        if !exact.isEmpty { return reading(exact) }
        let wanted = text.lowercased()
        return reading(choices.filter { $0.key == wanted || $0.label.lowercased() == wanted })
    }

    /// The label where it names this choice and no other, else the key.
    static func text(of key: String, _ choices: [Choice]) -> String {
        guard let label = choices.first(where: { $0.key == key })?.label, reading(label, choices) == .one(key) else { return key }
        return label
    }

    /// One that is still given to records comes before those that are retired.
    private static func reading(_ found: [Choice]) -> Reading {
        let live = found.filter { !$0.retired }
        let candidates = live.isEmpty ? found : live
        guard let first = candidates.first else { return .none }
        return candidates.count == 1 ? .one(first.key) : .several(candidates.map(\.key))
    }
}
