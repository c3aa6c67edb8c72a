import Catalog
import Logging
import Postgres
import SchemaPlan
import TestKernel
import Testing

@Suite("Plans tell what roles may do")
struct RightsPlanTests {
    private static func manifest(_ roles: String) -> [String: String] {
        ["sales": World.manifest + "\nroles:\n" + roles]
    }

    private static let before = """
          rep:
            grants:
              account: { read: own, update: own, fields: { margin: { read: none } } }
              line: { fields: { amount: { read: none } } }
          gone:
            grants: { region: { read: all } }
        """

    private static let after = """
          rep:
            grants:
              account:
                read: team
                update: own
                allow:
                  big: { when: "size   ge 3" }
                only:
                  not_two: { when: "size ne 2", actions: [update] }
              line:
                only:
                  low: { when: "rank lt 3", actions: [delete] }
          fresh:
            grants: { region: { read: all, create: own } }
        """

    @Test("against what was applied last, line by line, until it is applied")
    func changes() async throws {
        try await TestStore.with(Self.manifest(Self.before)) { store in
            let next = try TestStore.catalog(Self.manifest(Self.after))
            let unchanged = try await SchemaPlan.make(for: store.catalog, on: store.client)
            #expect(unchanged.isEmpty && unchanged.rightsChanges.isEmpty)
            let plan = try await SchemaPlan.make(for: next, on: store.client)
            let lines = plan.rightsChanges.map(\.description)
            #expect(
                lines == [
                    "sales.fresh, sales.region assign: none → own", "sales.fresh, sales.region create: none → own",
                    "sales.fresh, sales.region export: none → all", "sales.fresh, sales.region import: none → own",
                    "sales.fresh, sales.region read: none → all",
                    "sales.gone, sales.region export: all → none", "sales.gone, sales.region read: all → none",
                    "sales.rep, sales.account export: own → team or big (size ge 3)",
                    "sales.rep, sales.account margin read: none → as the record",
                    "sales.rep, sales.account read: own → team or big (size ge 3)",
                    "sales.rep, sales.account update: own → own, only not_two (size ne 2)",
                    "sales.rep, sales.line amount read: none → as the record",
                    "sales.rep, sales.line delete: as update of its sales.account → as update of its sales.account, only low (rank lt 3)",
                ], "\(lines)")
            #expect(plan.description.contains("What roles may do changes:\n  sales.fresh, sales.region assign: none → own\n"))
            #expect(plan.json.contains(#""role":"sales.rep","type":"sales.account","aspect":"read","before":"own""#), "\(plan.json)")
            let logger = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
            try await SchemaApplier(client: store.client, logger: logger).apply(next)
            #expect(try await SchemaPlan.make(for: next, on: store.client).rightsChanges.isEmpty)
            // Roles alone don't make it another schema.
            let back = try TestStore.catalog(Self.manifest(Self.after.replacing("create: own", with: "create: all")))
            let roles = try await SchemaPlan.make(for: back, on: store.client)
            #expect(roles.isEmpty && roles.rightsChanges.count == 3 && roles.target.digest == roles.previousDigest)
        }
    }

    @Test("and which roles made over the API don't fit any more")
    func keptRoles() async throws {
        try await TestStore.with(Self.manifest(Self.before)) { store in
            let definition = #"{"grants": {"sales.account": {"read": "all", "fields": {"margin": {"read": "none"}}}}}"#
            _ = try await store.client.query(
                """
                INSERT INTO tessera.role (id, definition, updated_by) \
                VALUES ('intern', \(bind: definition), '00000000-0000-7000-8000-000000000001')
                """)
            #expect(try await SchemaPlan.make(for: store.catalog, on: store.client).roleProblems == [])
            let lines = World.manifest.split(separator: "\n").filter { !$0.contains("margin:") }
            let plan = try await SchemaPlan.make(for: TestStore.catalog(["sales": lines.joined(separator: "\n")]), on: store.client)
            let problem = "intern: sales.account has no field 'margin'"
            #expect(plan.roleProblems == [problem])
            #expect(plan.description.contains("\n  \(problem)") && plan.json.contains("\"role_problems\":[\"\(problem)\"]"), "\(plan.json)")
        }
    }
}
