import Catalog
import QueryLanguage

/// Where the properties of a card go in the records of a type: what `vcard` of its fields says.
struct VCardForm: Sendable {
    struct Place: Sendable {
        let field: Field
        /// In capital letters: `ADR`.
        let name: String
        /// A part of it: `family` of `n/family`.
        let part: String?
        /// The type that a property must have: `work` of `adr;work`.
        let type: String?
        /// The field that names the records a link leads to.
        let targetName: String?

        /// As the manifest has it.
        var text: String { name.lowercased() + (part.map { "/\($0)" } ?? "") + (type.map { ";\($0)" } ?? "") }
    }

    let type: RecordType
    private(set) var places: [Place]

    /// - Throws: `import.no_cards` when no field of the type has a place in cards.
    init(type: RecordType, catalog: Catalog) throws(ImportError) {
        self.type = type
        places = type.fields.compactMap { Self.place(of: $0, catalog) }
        guard !places.isEmpty else {
            throw ImportError(
                .noCards, "\(type.labelPlural) are not in vCards: no field of theirs has `vcard` in its manifest")
        }
    }

    private static func place(of field: Field, _ catalog: Catalog) -> Place? {
        guard let text = field.vcard else { return nil }
        let parts = text.split(separator: ";", maxSplits: 1).map(String.init)
        let names = (parts.first ?? "").split(separator: "/", maxSplits: 1).map(String.init)
        var target: String?
        switch field.type {
        case .link(let link): target = catalog.type(id: link.target)?.displayField
        case .links(let links): target = catalog.type(id: links.target)?.displayField
        default: break
        }
        return Place(
            field: field, name: (names.first ?? "").uppercased(), part: names.count > 1 ? names[1] : nil,
            type: parts.count > 1 ? parts[1] : nil, targetName: target)
    }

    /// Leaves out the places that a condition doesn't hold for.
    mutating func keep(_ condition: (Place) -> Bool) { places.removeAll { !condition($0) } }

    /// The parts of structured names, in the order of the value.
    static let parts = ["N": ["family", "given", "additional", "prefix", "suffix"], "ORG": ["name", "unit"]]

    /// Properties that hold one value each and are written once per value (RFC 6350, 6.4.3; RFC 9554, 3.5): a comma is part of it.
    static let oneValued: Set<String> = ["IMPP", "SOCIALPROFILE"]

    /// The words for the letters of GENDER (RFC 6350, 6.2.7).
    static let genders = [("M", "male"), ("F", "female"), ("O", "other"), ("N", "none"), ("U", "unknown")]
}
