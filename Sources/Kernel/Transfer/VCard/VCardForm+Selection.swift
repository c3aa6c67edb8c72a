import Catalog
import QueryLanguage
import Records

extension VCardForm {
    /// The form with no more than a query selects. A card's id stands in it always, and its FN, which the standard asks for.
    ///
    /// - Throws: `records.invalid` for what a card can't show.
    func showing(_ query: CheckedQuery) throws(RecordsError) -> VCardForm {
        if let expand = query.expand.first {
            throw RecordsError(
                .invalid, "A card shows links by their names and takes no $expand: select \(expand.link.name).", target: "$expand")
        }
        guard case .properties(let selected) = query.select else { return self }
        var kept: Set<String> = []
        var form = self
        for item in selected {
            let name = item.property.name
            let found = places.filter { $0.fills(name) }
            guard !found.isEmpty || name == "id" || name == type.displayField else {
                throw RecordsError(.invalid, "A card has no place for \(name): leave it out of $select.", target: "$select")
            }
            guard item.members.isEmpty else {
                throw RecordsError(.invalid, "A card has \(name) as a whole: select it without its members.", target: "$select")
            }
            kept.formUnion(found.map(\.field.key))
        }
        form.keep { $0.name == "FN" || kept.contains($0.field.key) }
        return form
    }
}

extension VCardForm.Place {
    /// Whether it shows a property: the field's own name, or that of one of its columns.
    fileprivate func fills(_ property: String) -> Bool {
        field.key == property || field.columns.contains { $0.name == property }
    }
}
