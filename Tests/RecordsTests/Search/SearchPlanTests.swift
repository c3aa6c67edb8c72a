import Postgres
import QueryLanguage
import TestKernel
import Testing

@testable import Records

/// What PostgreSQL does for a search among 30,000 records, a third of which have the same name.
@Suite("Search plans")
struct SearchPlanTests {
    @Test("reads little more than it gives, however common the word is")
    func plans() async throws {
        try await SearchWorld.with { world in
            try await Self.seed(world)
            let searches = [
                "common", "comm", "c", "rare17", "common rare177", "nobody", "common OR shared", "m77@x.example",
            ]
            for search in searches {
                let reader = try #require(
                    try ListReader(store: world.base.store, request: try world.request(search, "select=name"), access: .test).search)
                let leads = try #require(try await reader.leads(of: reader.tree))
                let statement = try reader.statement(reader.tree, leads: leads.places, isCommon: leads.isCommon, wanted: 20)
                let sql: SQL = "EXPLAIN (ANALYZE, FORMAT TEXT, TIMING OFF) " + statement
                let plan = try await world.base.client.query(sql).rows.map { try $0.decode(String.self, 0) }.joined(separator: "\n")
                #expect(!plan.contains("Seq Scan on human"), "\(search)\n\(plan)")
                let rows = plan.matches(of: /Scan.*actual rows=(\d+) loops=(\d+)/).map { (Int($0.1) ?? 0) * (Int($0.2) ?? 0) }.reduce(0, +)
                #expect(rows < 1_500, "\(search) read \(rows) rows\n\(plan)")
            }
        }
    }

    private static func seed(_ world: SearchWorld) async throws {
        _ = try await world.base.client.query(
            SQL(
                verbatim: """
                    INSERT INTO crm.human (id, created_by, updated_by, owner_id, name, tags)
                    SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, p, p, p,
                        CASE WHEN n % 3 = 0 THEN 'Common' ELSE 'Other' END || CASE WHEN n % 7 = 0 THEN ' Shared' ELSE '' END || ' Rare' || n, '{}'
                    FROM generate_series(1, 30000) n, (VALUES ('\(GUID.administrator)'::uuid)) AS who(p)
                    """))
        _ = try await world.base.client.query(
            SQL(
                verbatim: """
                    INSERT INTO crm.human__emails (record_id, position, address, normalised, is_primary)
                    SELECT id, 0, mail, mail, true FROM crm.human, LATERAL (SELECT 'm' || split_part(name, 'Rare', 2) || '@x.example') AS m(mail)
                    """))
        _ = try await world.base.client.query("ANALYZE")
    }
}
