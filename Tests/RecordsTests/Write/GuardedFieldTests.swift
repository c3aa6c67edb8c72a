import Catalog
import Postgres
import QueryLanguage
import TestKernel
import Testing

@testable import Records

@Suite("Fields that are read-only at times, parts of fields, retired choices")
struct GuardedFieldTests {
    static let deals = """
        manifest: 1
        id: shop
        version: "1.0.0"
        name: Shop
        types:
          firm:
            collection: firms
            display: name
            fields: { name: { type: text, required: true, unique: true } }
          deal:
            collection: deals
            display: title
            fields:
              title: { type: text, required: true }
              state: { type: choice, choices: { open: {}, closed: {}, lost: { retired: true } } }
              labels: { type: multi_choice, choices: { hot: {}, cold: { retired: true } } }
              note: { type: text, read_only_when: "state eq 'closed'" }
              extra: { type: json, read_only_when: "state eq 'closed'" }
              price: { type: money, read_only_when: "state eq 'closed'" }
              place: { type: address, read_only_when: "state eq 'closed'" }
              emails: { type: emails, read_only_when: "state eq 'closed'" }
              firms: { type: links, to: firm, read_only_when: "state eq 'closed'", columns: { part: { type: text } } }
              worth: { type: money }
              home: { type: address }
              must: { type: address, required: true }
            rules:
              - { id: town, check: "home/city ne 'Nowhere' or home/country eq 'NO'", message: No such town. }
        """

    static let full: [String: Value] = [
        "title": "A", "state": "open", "note": "first", "price": 5, "price_currency": "USD", "place": .complex(["city": "Oslo"]),
        "emails": .collection(["a@example.com", "b@example.com"]), "worth": 100, "worth_currency": "USD",
        "home": .complex(["street": "Main 1", "city": "Oslo", "country": "NO"]), "must": .complex(["city": "Oslo"]),
    ]

    @Test("a text that is too long for its index is named, with the limit and what to do")
    func tooLongForIndex() async throws {
        let manifest = """
            manifest: 1
            id: shop
            version: "1.0.0"
            name: Shop
            types:
              note:
                collection: notes
                fields:
                  code: { type: text, unique: true, label: Code }
                  place: { type: text, label: Place }
                  kind: { type: text, label: Kind }
                  body: { type: long_text }
                indexes: [{ fields: [place, kind] }]
            """
        try await TestStore.with(["shop": manifest]) { lab in
            var random = SystemRandomNumberGenerator()
            // Repeats would be packed until they fit.
            func noise(_ count: Int) -> Value {
                .string(String((0..<count).map { _ in "abcdefghijklmnopqrstuvwxyz0123456789".randomElement(using: &random) ?? "a" }))
            }
            let advice =
                "an entry has at most 2,704 bytes, all of its fields together. Shorten it, or take `unique`, `sort` or the index from its manifest."
            let expected: [([String: Value], String, String?)] = [
                (["code": noise(3_000)], "Code", "code"), (["kind": noise(3_000)], "Place or Kind", nil),
                (["code": noise(20_000)], "Code, Place or Kind", nil),
            ]
            for (values, what, target) in expected {
                let outcomes = try await lab.store.create(lab.type("notes"), [RecordInput(values)], options: .single, access: .test)
                guard case .failed(let error)? = outcomes.first else {
                    Issue.record("\(outcomes)")
                    continue
                }
                #expect(error.code == .invalid && error.target == target)
                #expect(error.message == "\(what) is too long for the index over it: \(advice)")
            }
            _ = try await lab.create("notes", ["body": noise(20_000), "code": noise(2_000)])
        }
    }

    @Test("JSON that is guarded can be sent back as it was read, however it is written")
    func guardedJSON() async throws {
        try await TestStore.with(["shop": Self.deals]) { lab in
            let extra: Value = .complex([
                "b": .collection([1, .decimal(try decimal("2.50")), "x", .null, true]), "a": .complex(["long name": "y", "z": -3]),
            ])
            let id = try await lab.create("deals", ["title": "A", "state": "closed", "must": .complex(["city": "Oslo"]), "extra": extra])
            let same: Value = .complex([
                "a": .complex(["z": .decimal(try decimal("-3.0")), "long name": "y"]),
                "b": .collection([.decimal(try decimal("1.0")), .decimal(try decimal("2.5")), "x", .null, true]),
            ])
            #expect(try await lab.update("deals", id, ["extra": extra]) == .unchanged(version: 1))
            #expect(try await lab.update("deals", id, ["extra": same]) == .unchanged(version: 1))
            #expect(try await lab.update("deals", id, ["title": "B", "extra": same]) == .updated(version: 2))
            let others: [Value] = [
                .null, .complex([:]), .complex(["a": .complex(["z": -3, "long name": "y"])]), .collection([extra]), "x",
                .complex([
                    "a": .complex(["z": -3, "long name": "y"]), "b": .collection([.decimal(try decimal("2.5")), 1, "x", .null, true]),
                ]),
            ]
            for other in others {
                #expect(try await lab.update("deals", id, ["extra": other]) == .failed(["records.read_only"]), "\(other)")
            }
            let text = try await lab.create("deals", ["title": "C", "state": "closed", "must": .complex(["city": "Oslo"]), "extra": "1"])
            #expect(try await lab.update("deals", text, ["extra": "1"]) == .unchanged(version: 1))
            #expect(try await lab.update("deals", text, ["extra": 1]) == .failed(["records.read_only"]))
            let number = try await lab.create("deals", ["title": "D", "state": "closed", "must": .complex(["city": "Oslo"]), "extra": 1])
            #expect(try await lab.update("deals", number, ["extra": "1"]) == .failed(["records.read_only"]))
        }
    }

    static let people = """
        manifest: 1
        id: book
        version: "1.0.0"
        name: Book
        types:
          firm:
            collection: firms
            fields: { name: { type: text, unique: true } }
          person:
            collection: people
            fields:
              name: { type: text }
              emails: { type: emails }
              phones: { type: phones }
              firm: { type: link, to: firm }
              posts: { type: links, to: firm, primary: firm, columns: { part: { type: text } } }
        """

    @Test("no primary entry means none at all, and is refused by name where there are several")
    func emptiedPrimary() async throws {
        try await TestStore.with(["book": Self.people]) { lab in
            let id = try await lab.create("people", ["name": "A", "primary_email": .null, "primary_phone": "+47 22 12 34 56"])
            #expect(try await lab.update("people", id, ["primary_email": .null]) == .unchanged(version: 1))
            #expect(try await lab.update("people", id, ["primary_email": "a@example.com"]) == .updated(version: 2))
            #expect(try await lab.update("people", id, ["primary_email": .null, "primary_phone": .null]) == .updated(version: 3))
            let row = try await lab.row("book.person", id)
            #expect(row["primary_email"] == "" && row["primary_phone"] == "")
            #expect(try await lab.text("SELECT count(*)::text FROM book.person__emails") == "0")
            #expect(try await lab.text("SELECT count(*)::text FROM book.person__phones") == "0")
            let both: Value = .collection(["a@example.com", "b@example.com"])
            // The list says it all.
            #expect(try await lab.update("people", id, ["emails": both, "primary_email": .null]) == .updated(version: 4))
            #expect(try await lab.update("people", id, ["primary_email": .null]) == .failed(["records.primary_of_several"]))
            #expect(try await lab.update("people", id, ["name": "B", "primary_email": .null]) == .failed(["records.primary_of_several"]))
            let after = try await lab.row("book.person", id)
            #expect(after["name"] == "A" && after["primary_email"] == "a@example.com")
        }
    }

    @Test("a link and the list that it follows may not contradict each other in one write")
    func linkBesideItsList() async throws {
        try await TestStore.with(["book": Self.people]) { lab in
            let acme = Value.guid(try await lab.create("firms", ["name": "Acme"]))
            let bolt = Value.guid(try await lab.create("firms", ["name": "Bolt"]))
            func post(_ firm: Value, _ primary: Bool? = nil) -> Value {
                .complex(["id": firm].merging(primary.map { ["is_primary": .bool($0)] } ?? [:]) { $1 })
            }
            let id = try await lab.create("people", ["firm_id": acme, "posts": .collection([post(acme, true), post(bolt)])])
            let refused: [[String: Value]] = [
                ["firm_id": bolt, "posts": .collection([post(acme)])],
                ["firm_id": bolt, "posts": .collection([post(acme, true), post(bolt)])],
                ["firm_id": .null, "posts": .collection([post(acme)])], ["firm_id": acme, "posts": .collection([])],
                ["firm": .complex(["name": "Bolt"]), "posts": .collection([post(acme)])],
            ]
            for values in refused {
                #expect(try await lab.update("people", id, values) == .failed(["records.contradiction"]), "\(values)")
            }
            let new = try await lab.store.create(
                lab.type("people"), [RecordInput(["firm_id": bolt, "posts": .collection([post(acme)])])], options: .single, access: .test)
            guard case .failed(let error)? = new.first else { throw TestStoreError("\(new)") }
            #expect(error.target == "firm_id" && error.message.hasPrefix("firm_id and the primary entry of posts are different records"))
            #expect(try await lab.row("book.person", id)["version"] == "1")
            // Where no entry is called primary, the link says which one is.
            #expect(
                try await lab.update("people", id, ["firm_id": bolt, "posts": .collection([post(acme), post(bolt)])])
                    == .updated(version: 2))
            #expect(
                try await lab.row("book.person", id)["firm_id"]
                    == (try await lab.text("SELECT id::text FROM book.firm WHERE name = 'Bolt'")))
            #expect(try await lab.text("SELECT count(*)::text FROM book.person__posts WHERE is_primary") == "1")
            #expect(try await lab.update("people", id, ["firm_id": .null, "posts": .collection([])]) == .updated(version: 3))
        }
    }

    @Test("a closed record keeps what is guarded, whatever else is sent, and takes back what was read")
    func readOnlyWhen() async throws {
        try await TestStore.with(["shop": Self.deals]) { lab in
            let firm = try await lab.create("firms", ["name": "Acme"])
            let other = try await lab.create("firms", ["name": "Bolt"])
            var values = Self.full
            values["firms"] = .collection([.complex(["id": .guid(firm), "part": "buyer"])])
            let id = try await lab.create("deals", values)
            let open = try await lab.create("deals", Self.full)
            values["state"] = "closed"
            #expect(try await lab.update("deals", id, ["state": "closed"]) == .updated(version: 2))
            let changes: [String: Value] = [
                "note": "other", "price": 6, "price_currency": "NOK", "place": .complex(["street": "Main 2"]),
                "emails": .collection(["a@example.com"]), "primary_email": "b@example.com",
                "firms": .collection([.guid(firm), .guid(other)]),
            ]
            for (name, value) in changes {
                let alone = try await lab.update("deals", id, [name: value])
                #expect(alone == .failed(["records.read_only"]), "\(name): \(alone)")
                // What the condition reads may come along.
                let together = try await lab.update("deals", id, ["title": "A", "state": "closed", name: value])
                #expect(together == .failed(["records.read_only"]), "\(name): \(together)")
                let leaving = try await lab.update("deals", id, ["state": "open", name: value])
                #expect(leaving == .failed(["records.read_only"]), "\(name): \(leaving)")
            }
            let change = LinkChange(key: .id(id), target: .id(other))
            let linked = try await lab.store.changeLinks(
                lab.type("deals"), field: "firms", [change], options: .single, access: .test)
            #expect(linked.map(Outcome.init) == [.failed(["records.read_only"])])
            // Beside a record that nothing is loaded of otherwise.
            let items = [
                RecordUpdate(key: .id(id), input: RecordInput(values)),
                RecordUpdate(key: .id(open), input: RecordInput(["title": "B", "note": "free"])),
            ]
            let outcomes = try await lab.store.update(lab.type("deals"), items, options: .bulk("all"), access: .test)
            #expect(outcomes.map(Outcome.init) == [.unchanged(version: 2), .updated(version: 2)])
            values.removeValue(forKey: "price_currency")
            #expect(try await lab.update("deals", id, values) == .unchanged(version: 2))
        }
    }

    @Test("an amount keeps its currency, and a currency its amount")
    func halvesOfMoney() async throws {
        try await TestStore.with(["shop": Self.deals]) { lab in
            let id = try await lab.create("deals", Self.full)
            #expect(try await lab.update("deals", id, ["worth": 500]) == .updated(version: 2))
            var row = try await lab.row("shop.deal", id)
            #expect(row["worth"] == "500.0000" && row["worth_currency"] == "USD")
            #expect(try await lab.update("deals", id, ["worth_currency": "NOK"]) == .updated(version: 3))
            row = try await lab.row("shop.deal", id)
            #expect(row["worth"] == "500.0000" && row["worth_currency"] == "NOK")
            #expect(try await lab.update("deals", id, ["worth": .null]) == .updated(version: 4))
            row = try await lab.row("shop.deal", id)
            #expect(row["worth"] == "" && row["worth_currency"] == "")
            // Without one that is stored, the deployment's.
            #expect(try await lab.update("deals", id, ["worth": 7]) == .updated(version: 5))
            #expect(try await lab.row("shop.deal", id)["worth_currency"] == "EUR")
        }
    }

    @Test("members of an address that aren't given stay, and rules see the whole")
    func membersOfAddresses() async throws {
        try await TestStore.with(["shop": Self.deals]) { lab in
            let id = try await lab.create("deals", Self.full)
            #expect(try await lab.update("deals", id, ["home": .complex(["city": "Bergen"])]) == .updated(version: 2))
            var row = try await lab.row("shop.deal", id)
            #expect(row["home_street"] == "Main 1" && row["home_city"] == "Bergen" && row["home_country"] == "NO")
            #expect(try await lab.update("deals", id, ["home": .complex(["city": "Nowhere"])]) == .updated(version: 3))
            #expect(try await lab.update("deals", id, ["home": .complex(["country": "SE"])]) == .failed(["rule.town"]))
            #expect(try await lab.update("deals", id, ["must": .complex(["city": .null, "street": "Main 3"])]) == .updated(version: 4))
            #expect(try await lab.update("deals", id, ["must": .complex(["street": .null])]) == .failed(["records.required"]))
            #expect(try await lab.update("deals", id, ["must": .complex(["country": "NO"])]) == .updated(version: 5))
            #expect(try await lab.update("deals", id, ["home": .null]) == .updated(version: 6))
            row = try await lab.row("shop.deal", id)
            #expect(row["home_street"] == "" && row["home_city"] == "" && row["must_street"] == "Main 3")
        }
    }

    @Test("a record keeps a retired choice that it has, and no other gets it")
    func retiredChoices() async throws {
        try await TestStore.with(["shop": Self.deals]) { lab in
            let id = try await lab.create("deals", Self.full)
            let other = try await lab.create("deals", Self.full)
            _ = try await lab.client.query(
                SQL(verbatim: "UPDATE shop.deal SET state = 'lost', labels = '{hot,cold}' WHERE id = '\(id)'"))
            let held: [String: Value] = ["state": "lost", "labels": .collection(["cold", "hot"])]
            #expect(try await lab.update("deals", id, ["state": "lost"]) == .unchanged(version: 1))
            #expect(try await lab.update("deals", id, ["title": "B", "state": "lost"]) == .updated(version: 2))
            #expect(try await lab.update("deals", id, ["labels": .collection(["cold"])]) == .updated(version: 3))
            #expect(try await lab.update("deals", other, held) == .failed(["records.retired_choice", "records.retired_choice"]))
            #expect(try await lab.update("deals", other, ["state": "open"]) == .unchanged(version: 1))
            let created = try await lab.store.create(
                lab.type("deals"), [RecordInput(Self.full.merging(held) { $1 })], options: .single, access: .test)
            #expect(created.map(Outcome.init) == [.failed(["records.retired_choice", "records.retired_choice"])])
        }
    }

    @Test(
        "a field may have any key that a manifest may give it",
        arguments: [
            "n", "r", "i", "o", "t", "c", "b", "l", "q", "u", "j", "k0", "m", "old", "rec", "input", "expected", "list", "was", "will",
            "trace", "told",
            "word", "rank", "via", "record_id", "position",
        ])
    func anyKey(key: String) async throws {
        let manifest = """
            manifest: 1
            id: shop
            version: "1.0.0"
            name: Shop
            types:
              firm:
                collection: firms
                display: name
                fields: { name: { type: text, required: true, unique: true, search: high } }
              deal:
                collection: deals
                display: title
                fields:
                  title: { type: text, required: true, search: normal }
                  \(key): { type: text, search: low }
                  z: { type: links, to: firm, inverse: \(key), columns: { \(key): { type: text } } }
                  emails: { type: emails }
            """
        try await TestStore.with(["shop": manifest]) { lab in
            let firm = try await lab.create("firms", ["name": "Acme"])
            let links: Value = .collection([.complex(["id": .guid(firm), key: "role"])])
            let id = try await lab.create("deals", ["title": "A", key: "one", "z": links, "emails": .collection(["a@example.com"])])
            let type = try lab.type("deals")
            #expect(try await lab.text("SELECT new->>'\(key)' FROM tessera.outbox WHERE record_id = '\(id)'") == "one")
            #expect(try await lab.update("deals", id, [key: "two", "title": "B"]) == .updated(version: 2))
            let change = LinkChange(key: .id(id), target: .id(firm), columns: [key: "other"])
            let linked = try await lab.store.changeLinks(type, field: "z", [change], options: .single, access: .test)
            #expect(linked.map(Outcome.init) == [.updated(version: 3)])
            let item = RecordReference(key: .id(id))
            #expect(try await lab.store.delete(type, [item], options: .single, access: .test).map(Outcome.init) == [.deleted(version: 4)])
            #expect(try await lab.store.restore(type, [item], options: .single, access: .test).map(Outcome.init) == [.restored(version: 5)])
            #expect(try await Self.rows(lab, "deals", "filter=\(key) eq 'two'&select=\(key)&expand=z&orderby=\(key)&count=true") == 1)
            #expect(try await Self.rows(lab, "deals", "search=two&select=\(key)") == 1)
            #expect(
                try await Self.rows(lab, "deals", "apply=groupby((\(key)),aggregate($count as \(key == "r" ? "s" : "r")))&orderby=\(key)")
                    == 1)
            #expect(try await Self.rows(lab, "firms", "expand=\(key)($select=\(key))") == 1)
            #expect(try await lab.store.delete(type, [item], options: .single, access: .test).map(Outcome.init) == [.deleted(version: 6)])
            #expect(try await lab.store.purge(type, [item], options: .single, access: .test).map(Outcome.init) == [.purged])
        }
    }

    private static func rows(_ lab: TestStore, _ collection: String, _ options: String) async throws -> Int {
        let type = try lab.type(collection)
        let shape = try #require(lab.catalog.entityShape(named: type.id))
        let text = options.replacing(" ", with: "%20")
        let query = try QueryChecker(schema: lab.catalog).check(QueryOptions.parse(urlQuery: text), on: shape)
        return try await lab.store.list(ListRequest(type: type, query: query, format: ReadFormat(metadata: .none)), access: .test).rowCount
    }
}
