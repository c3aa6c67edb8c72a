import Catalog
import Permissions
import QueryLanguage
import TestKernel
import Testing

@Suite("Roles and types whose rights come from others")
struct DetailRoleTests {
    private static let manifest = TestManifests.module(
        "shop",
        """
        types:
          order:
            collection: orders
            fields:
              state: { type: text }
          item:
            collection: items
            inherits: order
            fields:
              price: { type: integer }
              order: { type: link, to: order, required: true, inverse: items }
            only:
              priced: { when: "price ne null", actions: [delete] }
          note:
            collection: notes
            inherits: item
            fields:
              text: { type: text }
              item: { type: link, to: item, required: true, inverse: notes }
        roles:
          clerk:
            grants:
              order: { read: team, update: own }
              item:
                GRANT
        """)

    private static let (toOrder, toItem) = (ParentLink(field: "order", type: "shop.order"), ParentLink(field: "item", type: "shop.item"))

    private static func catalog(_ grant: String = "fields: { price: { read: own } }") throws -> Catalog {
        try TestStore.catalog(["shop": manifest.replacing("GRANT", with: grant)])
    }

    /// What somebody with these roles may do.
    private static func rights(_ roles: [Role]) -> Rights { directory(roles).rights(of: person, under: roles) }

    private static let person = GUID(high: 1, low: 1)

    private static func directory(_ roles: [Role]) -> Directory {
        Directory(
            principals: [Directory.Principal(id: person, kind: .user, name: "Cleo")],
            roles: roles.map { (person, Directory.RoleAssignment(role: $0.id)) })
    }

    @Test("come to the same as on the record that rights come from, over any number of links")
    func policy() throws {
        let rights = Self.rights(try Self.catalog().roles)
        let (read, update) = (rights.predicate(.read, on: "shop.order"), rights.predicate(.update, on: "shop.order"))
        #expect(rights.predicate(.read, on: "shop.item") == .parent(Self.toOrder, read))
        #expect(rights.predicate(.read, on: "shop.note") == .parent(Self.toItem, .parent(Self.toOrder, read)))
        #expect(rights.predicate(.export, on: "shop.item") == .parent(Self.toOrder, read))
        for action in [RecordAction.create, .update, .restore, .purge, .merge, .assign] {
            #expect(rights.predicate(action, on: "shop.item") == .parent(Self.toOrder, update), "\(action)")
        }
        for action in [RecordAction.create, .update, .delete, .restore, .purge, .merge, .assign] {
            #expect(rights.predicate(action, on: "shop.note") == .parent(Self.toItem, .parent(Self.toOrder, update)), "\(action)")
        }
        // What the type demands of everybody stands beside it.
        guard case .all(let parts) = rights.predicate(.delete, on: "shop.item"), parts.count == 2, case .rule(let rule) = parts[1] else {
            Issue.record("\(rights.predicate(.delete, on: "shop.item"))")
            return
        }
        #expect(parts[0] == .parent(Self.toOrder, update) && rule.id == "shop.item/priced")
        #expect(rights.predicate(.share, on: "shop.item") == .never && rights.predicate(.importing, on: "shop.item") == .never)
        #expect(rights.mask(of: "price", on: "shop.item") == .parent(Self.toOrder, .owner))
        #expect(update.reads == ["owner_id"] && rights.predicate(.update, on: "shop.item").reads == ["order"])
        #expect(Self.rights([]).predicate(.read, on: "shop.item") == .never)
    }

    @Test(
        "say whose only where rights come from",
        arguments: [("read: none", "29:15"), ("allow: { a: { when: \"true\" } }", "29:18"), ("export: own", "29:17")])
    func contradiction(grant: String, place: String) throws {
        let error = #expect(throws: CatalogError.self) { try Self.catalog(grant) }
        let text = error.map { "\($0)" } ?? ""
        #expect(text.contains("shop.yaml:\(place): error: ") && text.contains("shop.item inherits its rights from shop.order"), "\(text)")
    }

    @Test("over the API stay closed where what they say of details holds no more")
    func kept() throws {
        let catalog = try Self.catalog()
        func role(_ grants: String) -> (role: Role, problems: [String]) {
            catalog.role(RoleDefinition(id: "intern", text: #"{"grants": \#(grants)}"#))
        }
        let (plain, none) = role(#"{"shop.order": {"read": "all"}}"#)
        #expect(none == [] && Self.rights([plain]).predicate(.read, on: "shop.note") != .never)
        for wrong in [#"{"read": "own"}"#, #"{"fields": {"cost": {"read": "none"}}}"#] {
            let (broken, problems) = role(#"{"shop.order": {"read": "all"}, "shop.item": \#(wrong)}"#)
            #expect(problems.count == 1, "\(problems)")
            let rights = Self.rights([broken, plain])
            let order = RecordFacts(owner: Self.person, creator: Self.person)
            let item = RecordFacts(owner: Self.person, creator: Self.person, parents: [Self.toOrder: order])
            let note = RecordFacts(owner: Self.person, creator: Self.person, parents: [Self.toItem: item])
            #expect(rights.predicate(.read, on: "shop.order").holds(for: order, actor: rights.actor))
            #expect(!rights.predicate(.read, on: "shop.item").holds(for: item, actor: rights.actor))
            #expect(!rights.predicate(.read, on: "shop.note").holds(for: note, actor: rights.actor))
        }
    }

    @Test("are given by those alone who see as much of the details in the same role")
    func keeping() throws {
        let catalog = try Self.catalog()
        func role(_ id: String, _ grants: String) throws -> Role {
            let (role, problems) = catalog.role(RoleDefinition(id: id, text: #"{"grants": \#(grants)}"#))
            try #require(problems == [], "\(problems)")
            return role
        }
        let wide = try role("wide", #"{"shop.order": {"read": "all"}, "shop.item": {"fields": {"price": {"read": "own"}}}}"#)
        let narrow = try role("narrow", #"{"shop.order": {"read": "own"}}"#)
        let keeper = Keeper(Self.person, in: Self.directory([wide, narrow]), under: [wide, narrow])
        #expect(keeper.refusal(of: wide) == nil && keeper.refusal(of: narrow) == nil)
        // Of all orders the keeper sees prices of their own only, and prices of all items only where the orders are their own.
        #expect(keeper.refusal(of: try role("other", #"{"shop.order": {"read": "all"}}"#)) != nil)
        #expect(
            keeper.refusal(of: try role("other", #"{"shop.order": {"read": "all"}, "shop.item": {"fields": {"price": {"read": "team"}}}}"#))
                != nil)
        #expect(
            keeper.refusal(
                of: try role("other", #"{"shop.order": {"read": "team"}, "shop.item": {"fields": {"price": {"read": "none"}}}}"#))
                == nil)
    }
}
