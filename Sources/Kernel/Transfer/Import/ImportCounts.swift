import JSONReading
import Postgres
package import QueryLanguage
import Records

/// How many rows became what.
package struct ImportCounts: Sendable, Equatable {
    package var created = 0
    package var updated = 0
    package var unchanged = 0
    package var failed = 0

    package var rows: Int { created + updated + unchanged + failed }

    package static func + (left: ImportCounts, right: ImportCounts) -> ImportCounts {
        ImportCounts(
            created: left.created + right.created, updated: left.updated + right.updated, unchanged: left.unchanged + right.unchanged,
            failed: left.failed + right.failed)
    }

    mutating func note(_ outcome: WriteOutcome) {
        switch outcome {
        case .created: created += 1
        case .updated: updated += 1
        case .failed: failed += 1
        default: unchanged += 1
        }
    }

    package var value: Value {
        .complex([
            "created": .integer(Int64(created)), "updated": .integer(Int64(updated)), "unchanged": .integer(Int64(unchanged)),
            "failed": .integer(Int64(failed)),
        ])
    }

    package init(created: Int = 0, updated: Int = 0, unchanged: Int = 0, failed: Int = 0) {
        self.created = created
        self.updated = updated
        self.unchanged = unchanged
        self.failed = failed
    }

    package init(_ value: Value) {
        self.init(
            created: value["created"]?.asInt ?? 0, updated: value["updated"]?.asInt ?? 0, unchanged: value["unchanged"]?.asInt ?? 0,
            failed: value["failed"]?.asInt ?? 0)
    }

    /// The outcome of a step of work.
    init(_ json: PostgresJSON) throws { self.init(try JSONReader.value(of: json.bytes)) }
}
