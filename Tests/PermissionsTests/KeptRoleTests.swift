import Catalog
import Permissions
import QueryLanguage
import TestKernel
import Testing

@Suite("Roles made over the API")
struct KeptRoleTests {
    private static let manifest = TestManifests.module(
        "shop",
        """
        types:
          order:
            collection: orders
            fields:
              state: { type: text }
              price: { type: integer }
              secret: { type: boolean }
            only:
              not_secret: { when: "secret ne true" }
          shop:
            collection: shops
            fields:
              name: { type: text }
        roles:
          boss:
            grants:
              order: { read: all, update: all }
              shop: { read: all, update: all }
          clerk:
            label: Clerk
            description: Sells.
            may: [audit]
            grants: GRANTS
        """)

    private static let grants = """
        {"shop.order": {"read": "team", "update": "own", "fields": {"price": {"update": "none"}}, \
        "allow": {"pool": {"when": "state eq 'open' and owner_id in $user/teams", "actions": ["read", "update"]}}, \
        "only": {"cheap": {"when": "price lt 100", "actions": ["update"]}}}, "shop.shop": {"read": "all"}}
        """

    private static let definition = RoleDefinition(
        id: "clerk", text: #"{"label": "Clerk", "description": "Sells.", "may": ["audit"], "grants": \#(grants)}"#)

    private static func catalog(without field: String? = nil) throws -> Catalog {
        var lines = manifest.replacing("GRANTS", with: "{}").split(separator: "\n", omittingEmptySubsequences: false)
        if let field { lines.removeAll { $0.contains("\(field): {") } }
        return try TestStore.catalog(["shop": lines.joined(separator: "\n")])
    }

    /// What somebody with both roles may do.
    private static func rights(_ catalog: Catalog, _ definition: RoleDefinition) -> Rights {
        let id = GUID(high: 1, low: 1)
        let directory = Directory(
            principals: [Directory.Principal(id: id, kind: .user, name: "Cleo")],
            roles: ["clerk", "shop.boss"].map { (id, Directory.RoleAssignment(role: $0)) })
        return directory.rights(of: id, under: catalog.roles + [catalog.role(definition).role])
    }

    @Test("say what the same words say in a manifest, with what their types demand of everybody")
    func sameLanguage() throws {
        let composed = try TestStore.catalog(["shop": Self.manifest.replacing("GRANTS", with: Self.grants)])
        let (kept, problems) = composed.role(Self.definition)
        #expect(problems == [])
        let declared = try #require(composed.roles.first { $0.id == "shop.clerk" })
        #expect(kept.id == "clerk" && kept.label == declared.label && kept.description == declared.description)
        #expect(kept.abilities == declared.abilities && kept.origin == .api && declared.origin == .manifest)
        #expect(kept.grants.map(\.type) == declared.grants.map(\.type))
        for (own, other) in zip(kept.grants, declared.grants) {
            #expect(own.scopes == other.scopes && own.fields == other.fields)
            #expect(own.allowances.map(\.rule.text) == other.allowances.map(\.rule.text))
            #expect(own.allowances.map(\.actions) == other.allowances.map(\.actions))
            #expect(
                own.limits.map(\.rule.text) == other.limits.map(\.rule.text) && own.limits.map(\.actions) == other.limits.map(\.actions))
        }
        #expect(kept.grants.first { $0.type == "shop.order" }?.limits.map(\.rule.text) == ["price lt 100", "secret ne true"])
    }

    @Test("give nothing where the deployment has no such thing any more, and what they kept out stays out")
    func shrinking() throws {
        let whole = try Self.catalog()
        #expect(Self.rights(whole, Self.definition).allows(.update, on: "shop.order"))
        let without = try Self.catalog(without: "price")
        let (role, problems) = without.role(Self.definition)
        #expect(problems.contains { $0.contains("shop.order has no field 'price'") }, "\(problems)")
        #expect(role.grants.map(\.type).sorted() == ["shop.order", "shop.shop"])
        // The other role alone gives all orders; the broken condition of this one may not open them.
        let rights = Self.rights(without, Self.definition)
        for action in RecordAction.allCases {
            #expect(!rights.predicate(action, on: "shop.order").holds(for: Self.facts, actor: rights.actor), "\(action)")
        }
        #expect(rights.predicate(.read, on: "shop.shop") == .always)
        #expect(Self.rights(without, RoleDefinition(id: "clerk", text: "{}")).allows(.read, on: "shop.order"))
    }

    @Test(
        "close everything when they can't be read",
        arguments: [#"{"grants": {"shop.order": {"raed": "all"}}}"#, "{", "[]", #"{"may": ["rule"]}"#])
    func unreadable(text: String) throws {
        let catalog = try Self.catalog()
        let definition = RoleDefinition(id: "clerk", text: text)
        #expect(!catalog.role(definition).problems.isEmpty)
        let rights = Self.rights(catalog, definition)
        for type in ["shop.order", "shop.shop"] {
            #expect(!rights.predicate(.read, on: type).holds(for: Self.facts, actor: rights.actor), "\(type)")
        }
        #expect(!rights.may(.audit))
    }

    @Test(
        "have names that no role of a manifest can have",
        arguments: [
            ("intern", true), ("a1_b", true), ("shop.clerk", false), ("administrator", false), ("", false), ("Intern", false),
            ("1a", false),
        ])
    func names(id: String, isID: Bool) {
        #expect(RoleDefinition.isID(id) == isID)
    }

    private static let facts = RecordFacts(
        owner: GUID(high: 1, low: 1), creator: GUID(high: 1, low: 1),
        values: ["state": "open", "price": .integer(1), "secret": .bool(false)])
}
