import NIOHTTP1
import QueryLanguage
import Records

/// What became of the items of a write of many records, as the API answers it.
struct BulkOutcome: Sendable {
    var count: Int
    var outcomes: [Int: WriteOutcome]
    var failures: [Int: APIError]
    /// The records of the items, where the request doesn't list them: an answer names those that failed too.
    var records: Selected?
    /// New records with those they bring with them, by item.
    var trees: [RecordTree]?
    /// What a rehearsal would have changed, by record.
    var changes: [GUID: [RecordChange]]?

    /// Records of one collection that a condition selected.
    struct Selected: Sendable {
        var collection: String
        var ids: [GUID]
    }

    /// Whether anything was written.
    var isChange: Bool { outcomes.values.contains(where: \.isChange) }

    /// How an error names an item.
    func place(_ index: Int) -> String { records.map { "\($0.collection)(\($0.ids[index]))" } ?? "items/\(index)" }

    /// One entry for each item in `range`, in their order.
    ///
    /// - Parameter prefix: before control information: `@` or `@odata.`; nil leaves it out.
    func writeItems(_ range: Range<Int>, prefix: String?, to json: inout JSONWriter) {
        for index in range {
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
        if let version, let prefix { json.field("\(prefix)etag", Preconditions.etag(version)) }
    }
}
