import Postgres
package import Records

/// Keeps `tessera.history`, what became of each record, by following the log.
///
/// A purge erases what is known of the record: one row stays, of who purged it and when, without values.
package struct HistoryProjection: EventHandler {
    package let subscription = "tessera.history"
    package let batch = 1_000

    package init() {}

    /// Columns that say of a new record what its first row says anyway.
    private static let told = "'{created_at,created_by,updated_at,updated_by}'::text[]"

    package func handle(_ positions: ClosedRange<Int64>, in store: RecordStore) async throws {
        _ = try await store.run(
            """
            WITH e AS MATERIALIZED (SELECT *, left(split_part(topic, '.', -1), -1) AS action FROM tessera.event \
            WHERE position BETWEEN \(bind: positions.lowerBound) AND \(bind: positions.upperBound)), \
            gone AS MATERIALIZED (SELECT record_id FROM e WHERE action = 'purge'), \
            erased AS (DELETE FROM tessera.history h USING gone g WHERE h.record_id = g.record_id) \
            INSERT INTO tessera.history (record_id, version, record_type, action, at, principal_id, on_behalf_of, channel, change_set, old, new) \
            SELECT record_id, version, record_type, action, at, principal_id, on_behalf_of, channel, change_set, \
            CASE WHEN action <> 'purge' THEN old END, CASE WHEN action = 'create' THEN new - \(raw: Self.told) ELSE new END \
            FROM e WHERE action = 'purge' OR record_id NOT IN (SELECT record_id FROM gone)
            """)
    }
}
