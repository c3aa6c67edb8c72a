import Catalog
import Manifests
import Permissions
import QueryLanguage
import TestKernel
import Testing

@Suite("Conditions in roles")
struct RoleConditionTests {
    private static let manifest = TestManifests.module(
        "shop",
        """
        types:
          order:
            collection: orders
            fields:
              state: { type: text }
              secret: { type: boolean }
              phones: { type: phones }
              tags: { type: tags }
              shop: { type: link, to: shop, inverse: orders }
            only:
              not_secret: { when: "secret ne true or owner_id eq $user/id" }
          shop:
            collection: shops
            fields:
              name: { type: text }
        roles:
          clerk:
            grants:
              order:
                read: own
                update: own
                bulk: none
                allow:
                  pool: { when: "CONDITION", actions: [read, update] }
                only:
                  still_open: { when: "state ne 'closed'", actions: [update] }
        """)

    private static func catalog(_ condition: String, overlay: String = "") throws -> Catalog {
        try TestStore.catalog(["shop": manifest.replacing("CONDITION", with: condition)], overlay: overlay)
    }

    @Test(
        "are checked where they stand: names, types, and what they can't ask about",
        arguments: [
            ("stat eq 'open'", "did you mean state?"), ("state eq 5", "can't compare"), ("state", "Expected a Boolean"),
            ("owner_id eq $user/nmae", "There is no property 'nmae' in $user"), ("owner_id in $user/team", "did you mean teams?"),
            ("owner_id eq $user", "'/'"), ("owner_id eq $user/teams", "a collection"), ("shop/name eq 'x'", "leads to another record"),
            ("shop ne null", "leads to another record"), ("phones/any(p:p/kind eq 'work')", "use the primary value"),
        ])
    func refusals(condition: String, message: String) throws {
        let error = #expect(throws: CatalogError.self) { try Self.catalog(condition) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.lowercased().contains(message.lowercased()), "\(text)")
        #expect(text.contains("shop.yaml:28:"), "\(text)")
    }

    @Test("cover what the role says, and what follows from that")
    func coverage() throws {
        let catalog = try Self.catalog("state eq 'open' and tags/any(t:t in $user/roles)")
        let grant = try #require(catalog.roles.first?.grants.first)
        #expect(grant.rules(allowing: .read).map(\.id) == ["shop.clerk/pool"])
        #expect(grant.rules(allowing: .export).map(\.id) == ["shop.clerk/pool"])
        #expect(grant.rules(allowing: .update).map(\.id) == ["shop.clerk/pool"])
        // Of changing many the role says something itself.
        #expect(grant.rules(allowing: .bulk).isEmpty && grant.rules(allowing: .delete).isEmpty && grant.rules(allowing: .create).isEmpty)
        #expect(grant.limits.filter { $0.holds(for: .read) }.map(\.rule.id) == ["shop.order/not_secret"])
        for action in [RecordAction.update, .assign] {
            #expect(grant.limits.filter { $0.holds(for: action) }.map(\.rule.id) == ["shop.clerk/still_open", "shop.order/not_secret"])
        }
        #expect(grant.reads == ["state", "tags", "secret", "owner_id"])
        #expect(grant.allowances.first?.rule.leadingColumn == "state")
    }

    @Test("of a record type hold for every role, those of the deployment file included")
    func everybody() throws {
        let overlay = """
            overlay:
              extends:
                shop.order:
                  only:
                    tagged: { when: "tags/any()", actions: [delete] }
              roles:
                chief: { grants: { shop.order: { read: all, delete: all } } }
            """
        let catalog = try Self.catalog("state eq 'open'", overlay: overlay)
        for role in catalog.roles {
            let limits = role.grants.flatMap(\.limits)
            #expect(limits.filter { $0.holds(for: .delete) }.map(\.rule.id).suffix(2) == ["shop.order/not_secret", "shop.order/tagged"])
            #expect(limits.contains { $0.rule.id == "shop.order/tagged" && !$0.holds(for: .read) })
        }
        #expect(catalog.roles.count == 2)
        let twice = #expect(throws: TestStoreError.self) {
            try Self.catalog("state eq 'open'", overlay: overlay.replacing("tagged:", with: "not_secret:"))
        }
        #expect("\(try #require(twice))".contains("has 'not_secret' in 'only' already"))
    }
}
