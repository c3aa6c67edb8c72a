import Catalog
import Postgres

/// Notes in the database what it has been brought to, in the transaction that brings it there.
struct LedgerWriter {
    let connection: PostgresConnection

    func write(_ target: DesiredSchema, forgetting forgotten: Set<Ledger.Key>) async throws {
        let gone = forgotten.sorted()
        if !gone.isEmpty {
            _ = try await connection.query(
                """
                DELETE FROM tessera.artifact WHERE (kind, name) IN (
                    SELECT * FROM unnest(\(bind: gone.map(\.kind.rawValue))::text[], \(bind: gone.map(\.name))::text[]))
                """
            )
        }
        let entries = target.ledger.entries.sorted { $0.key < $1.key }
        _ = try await connection.query(
            """
            INSERT INTO tessera.artifact AS a (kind, name, owner, definition)
            SELECT * FROM unnest(\(bind: entries.map(\.key.kind.rawValue))::text[], \(bind: entries.map(\.key.name))::text[],
                \(bind: entries.map(\.value.owner))::text[], \(bind: entries.map(\.value.definition))::text[])
            ON CONFLICT (kind, name) DO UPDATE SET owner = excluded.owner, definition = excluded.definition, retired_at = NULL
            WHERE (a.owner, a.definition, a.retired_at) IS DISTINCT FROM (excluded.owner, excluded.definition, NULL::timestamptz)
            """
        )
        try await SubscriptionRows.write(target.subscriptions, on: connection)
        _ = try await connection.query(
            """
            INSERT INTO tessera.schema_state AS s (digest, document) VALUES (\(bind: target.digest), \(bind: target.document)::text::jsonb)
            ON CONFLICT (singleton) DO UPDATE SET digest = excluded.digest, document = excluded.document, applied_at = now()
            WHERE s.digest <> excluded.digest OR s.document <> excluded.document
            """
        )
    }
}
