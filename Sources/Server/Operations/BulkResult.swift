import JSONReading
import Postgres
import QueryLanguage
import Records

/// What a write of many records came to in the background: its steps added up. Kept as the job's result.
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

    /// - Parameter changeSet: that of the job.
    func value(_ changeSet: GUID) -> Value {
        var members: [String: Value] = [
            "succeeded": .integer(Int64(count - failed)), "failed": .integer(Int64(failed)), "value": .collection(items),
        ]
        if hasWritten { members["change_set"] = .guid(changeSet) }
        if let counts {
            members["dry_run"] = true
            members["counts"] = counts
        }
        return .complex(members)
    }
}
