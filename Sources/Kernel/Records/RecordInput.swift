package import QueryLanguage

/// What a caller wants a record to hold, by property name as the API has it. A property that is absent stays as it is (update) or takes
/// its default (create); `.null` empties it.
///
/// Shapes: money is two properties (`amount`, `amount_currency`); an address is `.complex` with the address members; emails are a
/// `.collection` of `.complex` (`address`, `kind`, `is_primary`, `opted_out`, `invalid`); phones likewise (`number`, `kind`, `is_primary`,
/// `extension`, `invalid`); a link is `<field>_id` as `.guid`, or `<field>` as `.complex` with one unique key of the target
/// (`["name": .string("Acme")]`); links to many are a `.collection` of `.complex` with `id` (or a unique key), `is_primary` and the link's
/// own columns; a polymorphic link is `<field>_type` and `<field>_id`.
package struct RecordInput: Sendable, Hashable {
    package var values: [String: Value]
    /// Keys of fields that go back to a default which only the moment of the write can tell: `today`, `now`. Of a new record all of them do.
    package var momentary: Set<String> = []
    /// Keys of lists (emails, phones, links to many) whose entries join those that are stored. Of a new record they are the whole list.
    package var joining: Set<String> = []
    /// Keys of emails and phones whose primary entry, where it is given without the list, is all that stays of them. Of others the rest stays too.
    package var alone: Set<String> = []

    /// Keys of the fields that it empties only because it replaces the whole record: one of them that isn't seen stays as it is.
    package var yielding: Set<String> = []

    package init(_ values: [String: Value]) {
        self.values = values
    }
}

/// How a caller names a record: by id, or by the value of a unique key.
package enum RecordKey: Sendable, Hashable {
    case id(GUID)
    /// Property names and values of a unique rule or unique field.
    case unique([String: Value])
}

/// What became of one item of a write.
package enum WriteOutcome: Sendable {
    case created(id: GUID, version: Int64)
    case updated(id: GUID, version: Int64)
    /// The record held these values already: no new version, no event.
    case unchanged(id: GUID, version: Int64)
    case deleted(id: GUID, version: Int64)
    case restored(id: GUID, version: Int64)
    case purged(id: GUID)
    case failed(RecordsError)
}

extension WriteOutcome {
    /// The record it is about; nil when the write failed.
    package var id: GUID? {
        switch self {
        case .created(let id, _), .updated(let id, _), .unchanged(let id, _), .deleted(let id, _), .restored(let id, _), .purged(let id): id
        case .failed: nil
        }
    }
}

/// How a bulk write treats the items that fail.
package enum BulkMode: Sendable, Hashable {
    /// All or nothing: the first failures (up to 1,000 of them are reported) undo everything.
    case atomic
    /// Good items are kept, bad ones reported.
    case perItem
}
