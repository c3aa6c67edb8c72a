import Catalog
import NIOHTTP1
import QueryLanguage
import Records

/// What became of each item of a write of many records.
extension Call {
    func results(_ count: Int, _ outcomes: [Int: WriteOutcome], _ failures: [Int: APIError]) -> [UInt8] {
        var json = JSONWriter(reserving: count * 96)
        json.object { json in
            if format.metadata != .none { json.field("\(negotiation.prefix)context", "\(root)/$metadata#Collection(tessera.bulk_result)") }
            if let label = changeSet.label {
                json.object("change_set") { json in
                    json.field("id", changeSet.id.description)
                    json.field("label", label)
                }
            }
            json.field("succeeded", count - failures.count)
            json.field("failed", failures.count)
            json.array("value") { json in
                for index in 0..<count {
                    json.object { json in
                        if let failure = failures[index] {
                            json.field("status", Int(failure.status.code))
                            json.key("error")
                            failure.write(to: &json)
                        } else {
                            write(outcomes[index], to: &json)
                        }
                    }
                }
            }
        }
        return json.bytes
    }

    private func write(_ outcome: WriteOutcome?, to json: inout JSONWriter) {
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
        if let version, format.metadata != .none { json.field("\(negotiation.prefix)etag", Preconditions.etag(version)) }
    }
}
