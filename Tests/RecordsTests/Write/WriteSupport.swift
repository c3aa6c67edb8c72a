import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

/// An outcome without ids, to compare.
enum Outcome: Equatable {
    case created
    case updated(version: Int64)
    case unchanged(version: Int64)
    case deleted(version: Int64)
    case restored(version: Int64)
    case purged
    /// Codes of the details.
    case failed([String])

    init(_ outcome: WriteOutcome) {
        switch outcome {
        case .created: self = .created
        case .updated(_, let version): self = .updated(version: version)
        case .unchanged(_, let version): self = .unchanged(version: version)
        case .deleted(_, let version): self = .deleted(version: version)
        case .restored(_, let version): self = .restored(version: version)
        case .purged: self = .purged
        case .failed(let error): self = .failed(error.details.map(\.code))
        }
    }
}

func date(_ text: String) throws -> Value { .date(try #require(CalendarDate(text))) }
func decimal(_ text: String) throws -> DecimalNumber { try #require(DecimalNumber(text)) }

extension TestStore {
    func create(_ collection: String, _ values: [String: Value]) async throws -> GUID {
        let outcomes = try await store.create(type(collection), [RecordInput(values)], options: .single, access: .test)
        guard case .created(let id, 1)? = outcomes.first else { throw TestStoreError("not created: \(outcomes)") }
        return id
    }

    func update(_ collection: String, _ id: GUID, _ values: [String: Value]) async throws -> Outcome {
        let item = RecordUpdate(key: .id(id), input: RecordInput(values))
        let outcomes = try await store.update(type(collection), [item], options: .single, access: .test)
        return Outcome(try #require(outcomes.first))
    }

    /// One value as text.
    func text(_ sql: String) async throws -> String? {
        try await client.query(SQL(verbatim: sql)).first?.decode(String?.self, 0)
    }

    /// A stored row: columns as JSON has them, texts without quotes, NULL as the empty text.
    func row(_ table: String, _ id: GUID) async throws -> [String: String] {
        let sql = "SELECT key, coalesce(value, '') FROM \(table) t, jsonb_each_text(to_jsonb(t)) WHERE t.id = '\(id)'"
        var row: [String: String] = [:]
        for line in try await client.query(SQL(verbatim: sql)).rows {
            row[try line.decode(String.self, 0)] = try line.decode(String.self, 1)
        }
        return row
    }

    func year() async throws -> String { try await text("SELECT to_char(now() AT TIME ZONE 'UTC', 'YYYY')") ?? "" }
}
