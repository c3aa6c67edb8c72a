package import Catalog
import Postgres

extension RecordStore {
    /// Has PostgreSQL look at the tables of some types now, so that it plans by what is in them: after a load that made them much larger. Tables
    /// that are being vacuumed or altered at this moment are passed over.
    package func refreshStatistics(of types: [RecordType]) async throws {
        let tables = types.flatMap { type in [type.table.sql] + type.childTables.map(\.name.sql) }
        guard !tables.isEmpty else { return }
        try await ReadFailure.translating {
            _ = try await run("ANALYZE (SKIP_LOCKED) \(raw: tables.joined(separator: ", "))")
        }
    }

    /// How many records of a type PostgreSQL last knew of; 0 when it never looked.
    package func knownCount(of type: RecordType) async throws -> Int {
        try await ReadFailure.translating {
            let sql: SQL = "SELECT reltuples::bigint FROM pg_class WHERE oid = (\(bind: type.table.sql))::regclass"
            return max(0, Int(try await run(sql).first?.decode(Int64.self, 0) ?? 0))
        }
    }
}
