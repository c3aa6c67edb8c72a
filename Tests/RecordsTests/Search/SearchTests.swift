import Catalog
import Postgres
import QueryLanguage
import TestKernel
import Testing

@testable import Records

@Suite("Search")
struct SearchTests {
    /// What is typed, and the names of the humans that are found, best first.
    private static let table: [(search: String, found: [String])] = [
        // The beginning of words, in any case, with or without accents.
        ("mull", ["Anna Müller", "Bo Muller", "Mullerup Hans"]), ("MÜLLER", ["Anna Müller", "Bo Muller", "Mullerup Hans"]),
        ("muller", ["Anna Müller", "Bo Muller", "Mullerup Hans"]), ("ÅSE", ["Åse Søren O'Brien"]), ("soren", ["Åse Søren O'Brien"]),
        ("strasse", ["Carl Straße"]), ("obrien", ["Åse Søren O'Brien"]), ("o'brien", ["Åse Søren O'Brien"]),
        ("O’Brien", ["Åse Søren O'Brien"]),
        ("иванов", ["Пётр Иванов"]), ("петр", ["Пётр Иванов"]), ("ulle", []),
        // As wide as ideographs; Hebrew with points and without.
        ("ｍｕｌｌｅｒ", ["Anna Müller", "Bo Muller", "Mullerup Hans"]), ("２２２２ ２３２４", ["Bo Muller"]), ("דויד", ["דָּוִיד Ｓｔｅｒｎ"]),
        ("דָּוִיד", ["דָּוִיד Ｓｔｅｒｎ"]), ("stern", ["דָּוִיד Ｓｔｅｒｎ"]),
        // Several words, in any fields; the same twice; the name of what is linked.
        ("anna mull", ["Anna Müller"]), ("mull anna", ["Anna Müller"]), ("anna anna", ["Anna Müller"]), ("anna xyzzyx", []),
        ("anna acme", ["Anna Müller"]), ("nordic", ["Anna Müller", "Carl Straße"]), ("acme carl", ["Carl Straße"]),
        ("oslo vip", ["Bo Muller"]),
        // Mail addresses from their beginning and from their domain.
        ("anna.m", ["Anna Müller"]), ("anna.m@firma.example", ["Anna Müller"]), ("firma.example", ["Anna Müller"]),
        ("firma", ["Anna Müller"]),
        // Phone numbers in any writing: from the country, from behind it, from a group as it was written.
        ("+47 22 22 23 24", ["Bo Muller"]), ("004722222324", ["Bo Muller"]), ("22 22-23", ["Bo Muller"]), ("(22) 22.23", ["Bo Muller"]),
        ("222223", ["Bo Muller"]), ("2324", ["Bo Muller"]), ("030 901820", ["Carl Straße"]), ("0309018", ["Carl Straße"]),
        ("901820", ["Carl Straße"]),
        ("3222", []),
        // Stored without gaps: from where an area may end, and by the last four.
        ("5550123", ["Dora Lind"]), ("555-0123", ["Dora Lind"]), ("4155550123", ["Dora Lind"]), ("0415 555", ["Dora Lind"]),
        ("0123", ["Dora Lind"]), ("50123", []), ("79460958", ["Eva Holm"]), ("460958", ["Eva Holm"]), ("020 7946", ["Eva Holm"]),
        // The grammar of $search.
        ("anna OR bo", ["Anna Müller", "Bo Muller"]), ("muller NOT anna", ["Bo Muller", "Mullerup Hans"]),
        ("(anna OR carl) acme", ["Anna Müller", "Carl Straße"]),
        ("\"likes long walks\"", ["Anna Müller"]), ("\"long likes\"", []), ("\"likes lon\"", []),
        ("NOT muller", ["Carl Straße", "Dora Lind", "Eva Holm", "Åse Søren O'Brien", "Пётр Иванов", "דָּוִיד Ｓｔｅｒｎ"]),
        // Misspelt: nothing is found as it was typed.
        ("mulelr", ["Anna Müller", "Bo Muller"]), ("strase", ["Carl Straße"]), ("anna mulelr", ["Anna Müller"]), ("xyzzy", []), ("abc", []),
        ("nordci", ["Anna Müller", "Carl Straße"]), ("anna nordci", ["Anna Müller"]),
        // What looks like SQL, and wildcards, are words that nobody has.
        ("'; DROP TABLE crm.human; --", []), ("%", []), ("mu%er", []), ("m_ller", []), ("\\", []),
    ]

    @Test("finds records by the labels of their choices, whatever stands in them, and by those they have now")
    func choices() async throws {
        try await SearchWorld.with { world in
            let type = try world.base.type("humans")
            let id = try await world.base.create(
                "humans", ["name": "Anna", "stage": "hot", "skills": .collection(["swim", "dive"])])
            _ = try await world.base.create("humans", ["name": "Bo"])
            for (search, found) in [
                ("kontakt", ["Anna"]), ("heiss", ["Anna"]), ("keep", ["Anna"]), ("tauchen schwimm", ["Anna"]), ("\"tief tauchen\"", []),
                ("hot", []), ("swim", []), ("kalt", []),
            ] { #expect(try await world.names(search) == found, "\(search)") }
            let change = RecordUpdate(key: .id(id), input: RecordInput(["stage": "cold", "skills": .collection([])]))
            _ = try await world.base.store.update(type, [change], options: .single, access: .test)
            #expect(try await world.names("kontakt").isEmpty)
            #expect(try await world.names("tauchen").isEmpty)
            #expect(try await world.names("kalt") == ["Anna"])
        }
    }

    @Test("finds what people type")
    func finds() async throws {
        try await SearchWorld.with { world in
            try await Self.people(world)
            for (search, found) in Self.table {
                let words = try? SearchTree(try #require(try world.request(search).query.search), in: world.base.type("humans"))
                guard words != nil else {
                    #expect(found.isEmpty, "\(search)")
                    continue
                }
                #expect(try await world.names(search) == found, "\(search)")
                // What is counted is what is listed. In another order it is a condition, and misspelt words are for ranked lists only.
                for (options, listed) in [("", found), ("orderby=name&", try await world.names(search, "orderby=name"))] {
                    let request = try world.request(search, "\(options)count=true&top=0")
                    #expect(try await world.base.store.list(request, access: .test).count == listed.count, "\(search) \(options)")
                }
                let (type, expression) = (try world.base.type("humans"), try world.request(search).query.search)
                let count = try await world.base.store.count(type, filter: nil, search: expression, mode: .exact, access: .test)
                #expect(count == found.count, "\(search)")
                let sorted = try await world.names(search, "orderby=name")
                if !["mulelr", "strase", "anna mulelr", "nordci", "anna nordci"].contains(search) {
                    #expect(Set(sorted) == Set(found), "\(search)")
                }
            }
        }
    }

    @Test(
        "finds phone numbers as people write them",
        arguments: [
            ("(415)555-0123", "Dora Lind"), ("1(415)555-0123", "Dora Lind"), ("tel:+1-415-555-0123", "Dora Lind"),
            ("+44 (0)20 7946 0958", "Eva Holm"), ("+44(0)2079460958", "Eva Holm"), ("٠٢٠ ٧٩٤٦ ٠٩٥٨", "Eva Holm"),
            ("(anna OR dora) (555)", "Dora Lind"),
        ])
    func phoneNumbers(search: String, name: String) async throws {
        try await SearchWorld.with { world in
            try await Self.people(world)
            #expect(try await world.names(search) == [name])
        }
    }

    @Test("finds, inside a transaction, what it has written, misspelt too, and nothing of it once it is undone")
    func insideTransaction() async throws {
        struct Undo: Error {}
        try await SearchWorld.with { world in
            let humans = try world.base.type("humans")
            let (typed, misspelt) = (try world.request("quenton"), try world.request("qeunton"))
            await #expect(throws: Undo.self) {
                try await world.base.store.transaction { store in
                    _ = try await store.create(humans, [RecordInput(["name": "Quenton"])], options: .single, access: .test)
                    for request in [typed, misspelt, typed] {
                        #expect(try await store.list(request, access: .test).rowCount == 1)
                    }
                    #expect(try await world.base.store.list(typed, access: .test).rowCount == 0)
                    let threshold = try await store.run("SELECT current_setting('pg_trgm.similarity_threshold')")
                    #expect(try threshold.first?.decode(String.self, 0) == "0.3")
                    throw Undo()
                }
            }
            #expect(try await world.base.store.list(typed, access: .test).rowCount == 0)
        }
    }

    @Test("combines with filter, select and top, and hides what is deleted")
    func combined() async throws {
        try await SearchWorld.with { world in
            try await Self.people(world)
            #expect(try await world.names("mull", "filter=age%20gt%2030") == ["Bo Muller"])
            #expect(try await world.names("mull", "filter=firm/name%20eq%20'Acme%20Nordic'") == ["Anna Müller"])
            #expect(try await world.names("mull", "top=2") == ["Anna Müller", "Bo Muller"])
            let humans = try world.base.type("humans")
            let bo = try #require(try await world.base.text("SELECT id::text FROM crm.human WHERE name = 'Bo Muller'"))
            let reference = RecordReference(key: .id(try #require(GUID(bo))))
            _ = try await world.base.store.delete(humans, [reference], options: .single, access: .test)
            #expect(try await world.names("mull") == ["Anna Müller", "Mullerup Hans"])
            _ = try await world.base.store.restore(humans, [reference], options: .single, access: .test)
            #expect(try await world.names("mull") == ["Anna Müller", "Bo Muller", "Mullerup Hans"])
        }
    }

    @Test("pages through ranks without leaving out or repeating anything, misspelt words included")
    func pages() async throws {
        try await SearchWorld.with { world in
            let firm = try await world.base.create("firms", ["name": .string("Alba Works")])
            for number in 0..<23 {
                _ = try await world.human(
                    "Alba\(number % 3 == 0 ? "" : "n") \(number)", note: "alba", emails: ["alba\(number)@x.example"], firm: firm)
            }
            for search in ["alba", "alb", "alba OR x.example", "albb"] {
                let all = SearchWorld.names(try await world.page(search, "select=name"))
                #expect(Set(all).count == all.count)
                #expect(all.count == 23, "\(search): \(all)")
                for size in [1, 4, 22, 23] {
                    var (found, token): ([String], String?) = ([], nil)
                    repeat {
                        let page = try await world.page(
                            search, "select=name&count=true" + (token.map { "&skiptoken=\($0)" } ?? ""), pageSize: size)
                        #expect(page.count == 23, "\(search) by \(size)")
                        found += SearchWorld.names(page)
                        token = page.nextToken
                    } while token != nil && found.count < 100
                    #expect(found == all, "\(search) by \(size)")
                }
            }
            let first = try await world.page("alba", "select=name", pageSize: 4)
            let token = try #require(first.nextToken)
            await #expect(throws: RecordsError.self) { _ = try await world.page("alban", "skiptoken=\(token)") }
            await #expect(throws: RecordsError.self) { _ = try await world.page("alba", "skiptoken=\(token)x") }
        }
    }

    @Test("follows every change of a record, also one made past the store")
    func changes() async throws {
        try await SearchWorld.with { world in
            let humans = try world.base.type("humans")
            let firm = try await world.base.create("firms", ["name": .string("Zenith")])
            let id = try await world.human("Quentin Ash", emails: ["q@old.example"], phones: ["+47 22 22 22 22"])
            #expect(try await world.names("quentin") == ["Quentin Ash"])
            _ = try await world.base.update("humans", id, ["name": .string("Rupert Ash")])
            #expect(try await world.names("quentin") == [])
            #expect(try await world.names("rupert") == ["Rupert Ash"])
            _ = try await world.base.update("humans", id, ["emails": SearchWorld.list(["q@new.example"], "address")])
            #expect(try await world.names("q@old") == [])
            _ = try await world.base.update("humans", id, ["emails": SearchWorld.list(["q@new.example", "r@old.example"], "address")])
            #expect(try await world.names("q@new") == ["Rupert Ash"])
            #expect(try await world.names("old.example") == ["Rupert Ash"])
            _ = try await world.base.update("humans", id, ["emails": .collection([]), "firm_id": .guid(firm)])
            #expect(try await world.names("new.example") == [])
            #expect(try await world.names("zenith") == ["Rupert Ash"])
            _ = try await world.base.update("firms", firm, ["name": .string("Nadir")])
            #expect(try await world.names("zenith") == [])
            #expect(try await world.names("nadir") == ["Rupert Ash"])
            _ = try await world.base.client.query("UPDATE crm.human SET name = 'Sybil Ash'")
            #expect(try await world.names("sybil") == ["Sybil Ash"])
            #expect(try await world.names("sybli") == ["Sybil Ash"])
            _ = try await world.base.store.purge(humans, [RecordReference(key: .id(id))], options: .single, access: .test)
            #expect(try await world.base.text("SELECT count(*)::text FROM crm.human__search") == "0")
            #expect(try await world.base.text("SELECT count(*)::text FROM crm.human__search_term") == "0", "a purged name leaves no trace")
        }
    }

    @Test("finds a mail address at every step of typing it, whatever signs are in it")
    func typedAddresses() async throws {
        try await SearchWorld.with { world in
            _ = try await world.human("Xenia", emails: ["xk-team_one+news@sub-domain.example"])
            for address in ["xk-team_one+news@sub-domain.example", "sub-domain.example"] {
                for length in 2...address.count {
                    let typed = String(address.prefix(length))
                    #expect(try await world.names("\"\(typed)\"".filter { $0 != "\"" }) == ["Xenia"], "\(typed)")
                }
            }
        }
    }

    @Test("a misspelt word is known as long as anybody has it")
    func terms() async throws {
        try await SearchWorld.with { world in
            let humans = try world.base.type("humans")
            let first = try await world.human("Xanthippe One")
            _ = try await world.human("Xanthippe Two")
            _ = try await world.base.store.purge(humans, [RecordReference(key: .id(first))], options: .single, access: .test)
            #expect(try await world.names("xantippe") == ["Xanthippe Two"])
        }
    }

    @Test("looks in several types at once, best first")
    func several() async throws {
        try await SearchWorld.with { world in
            let firm = try await world.base.create("firms", ["name": .string("Muller Works")])
            _ = try await world.human("Anna Müller", firm: firm)
            _ = try await world.human("Carl Svensson", firm: firm)
            let requests = try ["firms", "humans"].map { try world.request("muller", of: $0) }
            let hits = try await world.base.store.search(requests, top: 10, access: .test)
            #expect(hits.map(\.name) == ["anna muller", "muller works", "muller works"])
            #expect(hits.map(\.type.key) == ["human", "firm", "human"])
            #expect(hits.map(\.field) == ["name", "name", "firm"])
            #expect(hits.map(\.score) == [1, 1, 0.4])
            #expect(try await world.base.store.search(requests, top: 1, access: .test).count == 1)
        }
    }

    @Test("refuses what can't be looked for, with a reason")
    func refusals() async throws {
        try await SearchWorld.with { world in
            let cases: [(String, String, RecordsError.Code)] = [
                ("---", "humans", .invalid), (Array(repeating: "word", count: 17).joined(separator: " "), "humans", .invalid),
                ("anna", "things", .notSearchable),
            ]
            for (search, collection, code) in cases {
                do {
                    _ = try await world.page(search, of: collection)
                    Issue.record("\(search) is taken")
                } catch let error as RecordsError {
                    #expect(error.code == code, "\(search)")
                }
            }
            // A word longer than any is looked for by its beginning.
            let found = try await world.names(String(repeating: "long", count: 2_000))
            #expect(found == [])
        }
    }

    static func people(_ world: SearchWorld) async throws {
        let acme = try await world.base.create(
            "firms", ["name": .string("Acme Nordic"), "site": .string("https://www.acme.example/about")])
        _ = try await world.human(
            "Anna Müller", note: "Likes long walks, and tea.", emails: ["Anna.M@firma.example"], firm: acme, age: 30)
        _ = try await world.human("Bo Muller", phones: ["+47 22 22 23 24"], tags: ["vip"], city: "Oslo", age: 40)
        _ = try await world.human("Carl Straße", phones: ["+49 30 901820"], firm: acme)
        _ = try await world.human("Dora Lind", phones: ["+14155550123"])
        _ = try await world.human("Eva Holm", phones: ["+442079460958"])
        _ = try await world.human("Mullerup Hans")
        _ = try await world.human("Åse Søren O'Brien")
        _ = try await world.human("Пётр Иванов")
        _ = try await world.human("דָּוִיד Ｓｔｅｒｎ")
    }
}
