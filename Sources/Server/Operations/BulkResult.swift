import JSONReading
import Postgres
import QueryLanguage
import Records

/// What a write of many records came to in the background: its steps added up. Kept as the job's result, with the members that the request would have
/// been answered with, and written as that answer when a client asks for it.
struct BulkResult {
    /// Records that were to be written.
    let count: Int
    private var failed = 0
    private var hasWritten = false
    private var items: [Value] = []
    private var counts: Value?

    init(count: Int) { self.count = count }

    /// A rehearsal, which is one step.
    init(rehearsed outcome: BulkOutcome) throws {
        count = outcome.count
        try add(Self.step(outcome, of: outcome.count))
        hasWritten = false
        counts = .collection(outcome.counts.map(\.value))
    }

    /// What is kept of a step.
    ///
    /// - Parameter total: records of all steps.
    static func step(_ outcome: BulkOutcome, of total: Int) -> PostgresJSON {
        var json = JSONWriter()
        json.object { json in
            json.field("failed", outcome.failures.count)
            json.field("written", outcome.isChange)
            json.array("value") { outcome.writeItems(outcome.told(of: total), prefix: "@", to: &$0) }
        }
        return PostgresJSON(bytes: json.bytes)
    }

    mutating func add(_ step: PostgresJSON) throws {
        let step = try JSONReader.value(of: step.bytes)
        failed += step["failed"]?.asInt ?? 0
        hasWritten = hasWritten || step["written"]?.asBool ?? true
        items += (step["value"]?.items ?? []).prefix(BulkOutcome.listed - items.count)
    }

    /// - Parameter changeSet: that of the job; it is named where something was written.
    func value(_ changeSet: ChangeSet) -> Value {
        var members: [String: Value] = [
            "succeeded": .integer(Int64(count - failed)), "failed": .integer(Int64(failed)), "value": .collection(items),
        ]
        if hasWritten { members["change_set"] = .guid(changeSet.id) }
        if let counts {
            members["dry_run"] = true
            members["counts"] = counts
        }
        return .complex(members)
    }

    // MARK: As an answer

    private static let members = ["change_set", "succeeded", "failed", "dry_run", "counts"]
    private static let itemMembers = ["status", "id", "@etag", "error", "changes"]

    /// What `value` gave, as the request itself would have been answered.
    ///
    /// - Parameters:
    ///   - prefix: before control information: `@` or `@odata.`; nil leaves it out.
    ///   - root: the service root.
    static func answer(_ result: Value, prefix: String?, root: String) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            if let prefix { json.field("\(prefix)context", "\(root)/$metadata#Collection(tessera.bulk_result)") }
            for name in members { write(name, of: result, to: &json) }
            json.array("value") { json in
                for item in result["value"]?.items ?? [] {
                    json.object { json in
                        for name in itemMembers {
                            guard name.hasPrefix("@") else {
                                write(name, of: item, to: &json)
                                continue
                            }
                            if let prefix { write(name, as: prefix + name.dropFirst(), of: item, to: &json) }
                        }
                    }
                }
            }
        }
        return json.bytes
    }

    private static func write(_ name: String, as shown: String? = nil, of value: Value, to json: inout JSONWriter) {
        guard let member = value[name] else { return }
        json.key(shown ?? name)
        json.raw(member.json)
    }
}
