package import Postgres

/// How far a database is from its first apply. Cheap: no plan is made.
package enum SetUpState: Sendable, Hashable {
    /// No apply has ended here, and none runs.
    case notBegun
    /// The first apply runs, or waits for locks.
    case underWay
    /// An apply has ended here; whether what it left still matches is `SchemaStatus`.
    case done

    package static func of(_ client: PostgresClient) async throws -> SetUpState {
        let key = UInt64(bitPattern: SchemaApplier.advisoryLock)
        // pg_locks shows a key of 64 bits as two halves.
        let row = try await client.query(
            """
            SELECT to_regclass('tessera.schema_state') IS NOT NULL, EXISTS (
                SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1
                    AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
                    AND classid::bigint = \(bind: Int64(key >> 32)) AND objid::bigint = \(bind: Int64(key & 0xFFFF_FFFF)))
            """
        ).first
        let (hasTable, isLocked): (Bool, Bool) = (try row?.value(0) ?? false, try row?.value(1) ?? false)
        if hasTable, try await client.query("SELECT FROM tessera.schema_state").first != nil { return .done }
        return isLocked ? .underWay : .notBegun
    }
}
