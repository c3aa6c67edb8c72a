import Catalog
import Permissions
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
            let all = [
                "common", "comm", "c", "rare17", "common rare177", "nobody", "common OR shared", "m77@x.example",
            ]
            for search in all { try await Self.check(world, search, .test) }
            // Who reads their own alone, which are all: the longest word leads, and the rarest decides the way.
            let policy = Policy(types: [
                "crm.human": TypePolicy(actions: [.read: .owner]), "crm.firm": TypePolicy(actions: [.read: .always]),
            ])
            let rights = Rights(policy: policy, actor: Actor(id: .administrator))
            let own = Access(principal: .administrator, channel: .api, rights: rights)
            for search in ["common rare177", "rare177 common", "other m77@x.example", "nobody common"] {
                try await Self.check(world, search, own)
            }
        }
    }

    /// Rows count twice where a bitmap leads to them.
    @Test("of two common words reads each once, and then no more than a page")
    func common() async throws {
        try await SearchWorld.with { world in
            try await Self.seed(world)
            try await Self.check(world, "common shared", .test, most: 2 * (10_000 + 4_286) + 1_428 + 1_500)
        }
    }

    private static func check(_ world: SearchWorld, _ search: String, _ access: Access, most: Int = 1_500) async throws {
        let reader = try #require(
            try ListReader(store: world.base.store, request: try world.request(search, "select=name"), access: access).search)
        let leads = try #require(try await reader.leads(of: reader.tree))
        let statement = try reader.statement(reader.tree, leads, wanted: 20)
        let sql: SQL = "EXPLAIN (ANALYZE, FORMAT TEXT, TIMING OFF) " + statement
        let plan = try await world.base.client.query(sql).rows.map { try $0.decode(String.self, 0) }.joined(separator: "\n")
        #expect(!plan.contains("Seq Scan on human"), "\(search)\n\(plan)")
        let rows = plan.matches(of: /Scan.*actual rows=(\d+) loops=(\d+)/).map { (Int($0.1) ?? 0) * (Int($0.2) ?? 0) }.reduce(0, +)
        #expect(rows < most, "\(search) read \(rows) rows\n\(plan)")
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
