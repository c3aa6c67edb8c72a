import Manifests

/// What a search of a record type looks at, and where the words lie that it finds.
///
/// Words of a record's own fields, mail addresses and phone numbers lie in a table beside its own, one row for each field and word, kept by
/// triggers. A row names its field, so that what a caller may not see of a record is left out by leaving out rows. A link has no words of its
/// own: it is followed to the words of the record it points at.
extension RecordType {
    /// Searched fields, those of greater weight first, else in the type's order.
    package var searchedFields: [Field] {
        SearchWeight.allCases.flatMap { weight in fields.filter { $0.search == weight } }
    }

    /// Whether a search has anything to look at.
    package var isSearchable: Bool { fields.contains { $0.search != nil } }

    /// Searched fields whose words are kept with the record.
    package var keptSearchFields: [Field] { searchedFields.filter { !$0.isLink } }

    /// The words of the records: `record_id`, `field`, `word`, `name`.
    package var searchTable: TableName { TableName(schema: module, name: "\(key)__search") }

    /// Each word of a name once, to find what a misspelt one may have meant: `record_id`, `word`.
    package var searchTermTable: TableName { TableName(schema: module, name: "\(key)__search_term") }
}

extension Field {
    /// Whether it points at one record of one type.
    package var isLink: Bool { if case .link = type { true } else { false } }

    /// Whether misspelt words are looked for in it: where words are names, and not numbers, addresses or prose.
    package var hasSearchTerms: Bool {
        switch type {
        case .text, .tags, .address: search != nil
        default: false
        }
    }
}
