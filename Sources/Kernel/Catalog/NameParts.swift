/// The fields that hold the parts of a name, as their `vcard` says: `n/given` and `n/family`.
package struct NameParts: Sendable, Hashable {
    package let given: Field
    package let family: Field

    /// What the parts are of a name that is written in one; parts without a word are left out.
    package func values(of name: String) -> [(key: String, part: String)] {
        let words = Self.split(name)
        return [(given.key, words.given), (family.key, words.family)].filter { !$0.1.isEmpty }
    }

    /// What comes last is the family's, as address books take it; all before it are given.
    package static func split(_ name: String) -> (given: String, family: String) {
        let words = name.split(whereSeparator: \.isWhitespace)
        return (words.dropLast().joined(separator: " "), words.last.map(String.init) ?? "")
    }
}

extension RecordType {
    /// Nil for types whose records have no such names.
    package var nameParts: NameParts? {
        func field(_ place: String) -> Field? { fields.first { $0.vcard?.lowercased() == place && !$0.readOnly } }
        guard let given = field("n/given"), let family = field("n/family") else { return nil }
        return NameParts(given: given, family: family)
    }
}
