import NIOHTTP1
import QueryLanguage
import Records

/// What became of the items of a write of many records, or of a part of them, as the API answers it.
struct BulkOutcome: Sendable {
    /// Places of the items within the request.
    var items: Range<Int>
    var outcomes: [Int: WriteOutcome]
    var failures: [Int: APIError]
    /// The records of the items, where the request doesn't list them: an answer names those that failed too.
    var records: Selected?
    /// New records with those they bring with them, by item.
    var trees: [RecordTree]?
    /// What a rehearsal would have changed, by record and counted.
    var changes: [GUID: [RecordChange]]?
    var counts: [ChangeSetEntry.Count] = []

    /// Of more records than these, an answer tells those alone that failed, and of a rehearsal the first few.
    static let listed = 10_000
    /// Records whose changes are told by a rehearsal of more than `listed`.
    static let listedChanges = 1_000

    /// Records of one collection that a condition selected.
    struct Selected: Sendable {
        var collection: String
        var ids: [GUID]
    }

    /// Whether anything was written.
    var isChange: Bool { outcomes.values.contains(where: \.isChange) }

    /// How an error names an item.
    func place(_ index: Int) -> String { records.map { "\($0.collection)(\($0.ids[index]))" } ?? "items/\(index)" }

    init(_ items: Range<Int>, outcomes: [Int: WriteOutcome], failures: [Int: APIError]) {
        self.items = items
        self.outcomes = outcomes
        self.failures = failures
    }

    var count: Int { items.count }

    /// What a rehearsal has found out.
    mutating func note(_ rehearsed: RehearsedChanges) {
        changes = Dictionary(grouping: rehearsed.changes, by: \.record)
        counts = rehearsed.counts
    }

    /// The items that are told.
    ///
    /// - Parameter total: how many there are, of which these may be a part.
    func told(of total: Int) -> [Int] {
        guard total > Self.listed else { return Array(items) }
        return items.filter { failures[$0] != nil || changes != nil && $0 < Self.listedChanges }
    }

    /// One entry for each of the items, in their order.
    ///
    /// - Parameter prefix: before control information: `@` or `@odata.`; nil leaves it out.
    func writeItems(_ items: some Sequence<Int>, prefix: String?, to json: inout JSONWriter) {
        for index in items {
            json.object { json in
                if let failure = failures[index] {
                    json.field("status", Int(failure.status.code))
                    if let records { json.field("id", records.ids[index].description) }
                    json.key("error")
                    failure.write(to: &json)
                } else {
                    Self.write(outcomes[index], prefix, to: &json)
                    guard let id = outcomes[index]?.id, let changes else { return }
                    let own = (trees?[index].ids ?? [id]).flatMap { changes[$0] ?? [] }
                    if !own.isEmpty {
                        json.key("changes")
                        json.raw(Value.collection(own.map(\.value)).json)
                    }
                }
            }
        }
    }

    private static func write(_ outcome: WriteOutcome?, _ prefix: String?, to json: inout JSONWriter) {
        let (status, id, version): (Int, GUID?, Int64?) =
            switch outcome {
            case .created(let id, let version): (201, id, version)
            case .updated(let id, let version), .restored(let id, let version), .unchanged(let id, let version): (200, id, version)
            case .deleted(let id, _): (204, id, nil)
            case .purged(let id): (204, id, nil)
            case .failed, nil: (500, nil, nil)
            }
        json.field("status", status)
        if let id { json.field("id", id.description) }
        if let version, let prefix { json.field("\(prefix)etag", EntityTag(version).text) }
    }
}
