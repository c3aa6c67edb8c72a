import Catalog
import Manifests
import Postgres
import TestPostgres
import Testing

@testable import SchemaPlan

@Suite("A real deployment", .timeLimit(.minutes(5)))
struct DeploymentTests {
    /// The contacts module as it is, and what a deployment adds to it.
    private static func catalog(_ overlay: String = "") throws -> Catalog {
        let root = #filePath.split(separator: "/", omittingEmptySubsequences: false).dropLast(3).joined(separator: "/")
        let contacts = try #require(FileSystem.disk.read("\(root)/manifests/contacts.yaml"))
        let deployment =
            "deployment: 1\nname: test\nmodules:\n  contacts: { version: \">=0.1\" }\ncurrency: EUR\ntime_zone: UTC\n" + overlay
        let files = FileSystem.memory(["/d/manifests/contacts.yaml": String(decoding: contacts, as: UTF8.self), "/d/test.yaml": deployment])
        let result = Composer(files: files).compose("/d/test.yaml")
        #expect(result.diagnostics.filter { $0.severity == .error } == [])
        return try Catalog(composition: try #require(result.composition))
    }

    @Test("an overlay's field is one ADD COLUMN, and the integrator's own type a schema of its own")
    func overlay() async throws {
        try await Ground.with { ground in
            let plain = try Self.catalog()
            try await ground.applier.apply(plain)
            guard case .matches = try await SchemaStatus.check(plain, on: ground.client) else {
                Issue.record("differs after apply")
                return
            }
            try await ground.insert("contacts.person", ["last_name": "'Smith' || n"], count: 100)
            let tier = """
                overlay:
                  extends:
                    contacts.person:
                      fields:
                        loyalty_tier: { type: choice, label: Loyalty tier, choices: { bronze: { label: Bronze }, gold: { label: Gold } } }
                """
            let plan = try await SchemaPlan.make(for: try Self.catalog(tier), on: ground.client)
            #expect(plan.steps.map(\.sql) == [#"ALTER TABLE "contacts"."person" ADD COLUMN "loyalty_tier" text COLLATE "C""#])
            #expect(
                plan.description == """
                    1 statement to bring the database to the manifests. No stored values are lost.

                      statement                                                           lock                                 table is  values
                    All or nothing, in one transaction:
                      ALTER TABLE contacts.person ADD COLUMN loyalty_tier text COLLATE C  ACCESS EXCLUSIVE on contacts.person  -         kept
                    """)
            let json = try await ground.client.query(
                "SELECT (d->>'applicable') || ' ' || (d#>>'{steps,0,locks,0,mode}') || ' ' || (d#>>'{steps,0,sql}') FROM (SELECT \(bind: plan.json)::text::jsonb) AS j(d)"
            )
            #expect(try json.first?.decode(String.self, 0) == "true ACCESS EXCLUSIVE \(plan.steps[0].sql)")
            let type = """

                  types:
                    project: { collection: projects, label: Project, fields: { name: { type: text }, number: { type: auto_number, pattern: "P-{0000}" } } }
                """
            try await ground.applier.apply(try Self.catalog(tier + type))
            #expect(
                try await ground.text("SELECT owner FROM tessera.artifact WHERE (kind, name) = ('field', 'contacts.person.loyalty_tier')")
                    == "custom")
            #expect(try await ground.text("SELECT to_regclass('custom.project') IS NOT NULL") == "t")
            let back = try await SchemaPlan.make(for: plain, on: ground.client)
            #expect(back.steps.map(\.summary) == ["RETIRE field contacts.person.loyalty_tier", "RETIRE module custom"])
        }
    }

    @Test("lists by prefix and by language are read from an index, in order")
    func indexesServe() async throws {
        try await Ground.with { ground in
            try await ground.applier.apply(try Self.catalog())
            try await ground.insert("contacts.person", ["last_name": "'N' || n", "first_name": "'F' || n"], count: 5_000)
            try await ground.execute("ANALYZE contacts.person")
            // Whether it can, not whether it pays off for so few records.
            func plan(_ query: String) async throws -> String {
                let rows = try await ground.client.withConnection { connection in
                    try await connection.execute("SET enable_sort = off; SET enable_bitmapscan = off")
                    return try await connection.query(SQL(verbatim: "EXPLAIN \(query)")).rows
                }
                return try rows.map { try $0.decode(String.self, 0) }.joined(separator: "\n")
            }
            let prefix = try await plan(
                """
                SELECT id FROM contacts.person WHERE deleted_at IS NULL AND last_name >= 'N12' AND last_name < 'N13'
                ORDER BY last_name NULLS FIRST, first_name NULLS FIRST, id LIMIT 50
                """)
            #expect(prefix.contains("person__last_name__first_name__idx") && !prefix.contains("Sort"), "\(prefix)")
            let language = try await plan(
                "SELECT id FROM contacts.person WHERE deleted_at IS NULL ORDER BY last_name COLLATE \"en-x-icu\" DESC NULLS LAST, id DESC LIMIT 50"
            )
            #expect(language.contains("Scan Backward using person__last_name__sort_en") && !language.contains("Sort"), "\(language)")
            let newest = try await plan(
                "SELECT id FROM contacts.person WHERE deleted_at IS NULL ORDER BY created_at DESC, id DESC LIMIT 50")
            #expect(newest.contains("person__created_at__idx") && !newest.contains("Sort"), "\(newest)")
        }
    }
}
