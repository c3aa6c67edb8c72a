import QueryLanguage
import Records
import Testing

@testable import Server

@Suite("Access to fields")
struct FieldAccessTests {
    /// Requests that name a hidden field in every place where a field can be named, `FIELD` standing for it and `TYPE` for a literal of its type.
    private static let places = [
        "/api/accounts?select=FIELD", "/api/accounts?filter=FIELD%20eq%20null", "/api/accounts?orderby=FIELD",
        "/api/accounts?compute=FIELD%20as%20x", "/api/accounts?apply=groupby((FIELD))",
        "/api/accounts?apply=aggregate(FIELD%20with%20max%20as%20x)", "/api/accounts?filter=parent/FIELD%20eq%20null",
        "/api/accounts?filter=partners/any(p:p/FIELD%20eq%20null)", "/api/accounts?expand=parent($select=FIELD)",
        "/api/accounts?expand=partners($filter=FIELD%20eq%20null)", "/api/accounts/$count?filter=FIELD%20eq%20null",
        "/api/accounts(ID)/FIELD", "/api/accounts(ID)/FIELD/$value", "/api/accounts(ID)?select=FIELD", "/api/accounts(FIELD=1)",
    ]

    @Test("a field that is never seen isn't there: not to read, filter, sort, group, search, export or write")
    func hidden() async throws {
        try await SalesFloor.with { floor in
            for place in Self.places {
                let path = place.replacing("ID", with: floor.annas)
                let hidden = try await floor.send(floor.anna, "GET", path.replacing("FIELD", with: "ceiling"))
                let missing = try await floor.send(floor.anna, "GET", path.replacing("FIELD", with: "qqqqqq"))
                #expect(hidden.status == missing.status && hidden.status >= 400, "\(path): \(hidden.status) \(missing.status)")
                #expect(hidden.text.replacing("ceiling", with: "qqqqqq") == missing.text, "\(path): \(hidden.text) \(missing.text)")
                // The manager sees it: the request is a good one.
                if !place.contains("(FIELD=1)"), !place.contains("$value") {
                    let seen = try await floor.send(floor.mia, "GET", path.replacing("FIELD", with: "ceiling"))
                    #expect(seen.status < 300, "\(path): \(seen.text)")
                }
            }
            for url in [
                "/api/accounts", "/api/accounts(\(floor.annas))", "/api/$metadata", "/api/openapi.json", "/api/accounts?expand=parent",
            ] {
                let (annas, mias) = (try await floor.get(floor.anna, url), try await floor.get(floor.mia, url))
                #expect(!annas.contains("margin") && !annas.contains("ceiling"), "\(url): \(annas)")
                #expect(mias.contains("margin"), "\(url)")
            }
            let csv = try await floor.send(floor.anna, "GET", "/api/accounts", ["accept": "text/csv"])
            #expect(csv.text.contains("quiet N1") && !csv.text.contains("margin"), "\(csv.text)")
            let mine = "/api/accounts(\(floor.annas))"
            for body in [#"{"FIELD": 9}"#, #"{"name": "x", "FIELD": null}"#] {
                let hidden = try await floor.send(floor.anna, "PATCH", mine, body: body.replacing("FIELD", with: "margin"))
                let missing = try await floor.send(floor.anna, "PATCH", mine, body: body.replacing("FIELD", with: "qqqqqq"))
                #expect(hidden.status == 400 && hidden.text.replacing("margin", with: "qqqqqq") == missing.text, "\(hidden.text)")
            }
            // What is hidden stays as it was, also where a record is replaced as a whole.
            #expect(try await floor.send(floor.anna, "PATCH", mine, body: #"{"size": 5}"#).status == 204)
            #expect(try await floor.get(floor.mia, mine).contains("\"margin\":7"))
        }
    }

    @Test("rules and conflicts over hidden fields are told without saying which")
    func errors() async throws {
        try await SalesFloor.with { floor in
            let mine = "/api/accounts(\(floor.annas))"
            #expect(try await floor.host.send("PATCH", mine, body: #"{"ceiling": 15}"#).status == 204)
            let refused = try await floor.send(floor.anna, "PATCH", mine, body: #"{"size": 16}"#)
            #expect(refused.status == 400, "\(refused.text)")
            #expect(!refused.text.contains("ceiling") && !refused.text.contains("Ceiling"), "\(refused.text)")
            let told = try await floor.send(floor.mia, "PATCH", mine, body: #"{"size": 16}"#)
            #expect(told.text.contains("above the ceiling"), "\(told.text)")
            // The version that others made names the fields they changed, as far as they are seen.
            let both = #"{"size": 3, "margin": 8}"#
            #expect(try await floor.send(floor.mia, "PATCH", mine, body: both).status == 204)
            let stale = try await floor.send(floor.anna, "PATCH", mine, ["if-match": "W/\"3\""], body: #"{"size": 4}"#)
            #expect(stale.status == 412 && stale.text.contains("size") && !stale.text.contains("margin"), "\(stale.text)")
        }
    }

    @Test("what is so because of a field that isn't seen is told without its name and value, whatever field the rule is about")
    func conditions() async throws {
        try await SalesFloor.with { floor in
            let mine = "/api/accounts(\(floor.annas))"
            let set = #"{"ceiling": 600, "reason": "big", "terms": "net"}"#
            #expect(try await floor.host.send("PATCH", mine, body: set).status == 204)
            for (body, word) in [
                (#"{"reason": null}"#, "required"), (#"{"terms": "gross"}"#, "changed"), (#"{"size": 13}"#, "Thirteen"),
            ] {
                let refused = try await floor.send(floor.anna, "PATCH", mine, body: body)
                #expect(refused.status == 400 && refused.text.contains("breaks a rule over fields that you don't see"), "\(refused.text)")
                for told in ["eiling", "600", word] { #expect(!refused.text.contains(told), "\(told): \(refused.text)") }
                let seen = try await floor.send(floor.mia, "PATCH", mine, body: body)
                #expect(seen.status == 400 && seen.text.contains(word), "\(seen.text)")
            }
        }
    }

    @Test("a field that isn't seen on a record isn't written on it: neither tried out nor emptied by sending back what was read")
    func unseen() async throws {
        try await SalesFloor.with { floor in
            let gus = try await SalesFloor.person(floor.host, "Gus", teams: [floor.north], roles: ["sales.guest"])
            let record = "/api/accounts(\(floor.annas))"
            let before = try await floor.host.send("GET", record)
            // The value that it has, and others, are answered alike.
            for (same, other) in [
                (#"{"margin": 7}"#, #"{"margin": 8}"#), (#"{"notes": "quiet N1"}"#, #"{"notes": "loud"}"#),
                (#"{"labels": ["red"]}"#, #"{"labels": []}"#), (#"{"ceiling": null}"#, #"{"ceiling": 99}"#),
            ] {
                let answers = (
                    try await floor.send(gus, "PATCH", record, body: same), try await floor.send(gus, "PATCH", record, body: other)
                )
                #expect(answers.0.status == 400 && answers.0.text == answers.1.text, "\(answers.0.text) \(answers.1.text)")
            }
            #expect(try await floor.host.send("GET", record).headers["etag"] == before.headers["etag"])
            // A replacement leaves it as it is, be it left out or sent back empty.
            for body in [
                #"{"name": "Acme North", "size": 11}"#,
                #"{"name": "Acme North", "size": 12, "margin": null, "notes": null, "labels": [], "mails": [], "parent_id": null}"#,
            ] {
                let replaced = try await floor.send(gus, "PUT", record, body: body)
                #expect(replaced.status < 300, "\(replaced.text)")
            }
            let after = try await floor.host.send("GET", record).text
            for kept in ["quiet N1", "N1@example.com", #""labels":["red"]"#, #""margin":7"#, #""size":12"#] {
                #expect(after.contains(kept), "\(kept): \(after)")
            }
            let given = try await floor.send(gus, "PUT", record, body: #"{"name": "Acme North", "notes": "loud"}"#)
            #expect(given.status == 400 && given.text.contains("notes"), "\(given.text)")
            // On their own they are seen, and written.
            #expect(try await floor.host.send("PATCH", record, body: #"{"owner_id": "\#(gus.id)"}"#).status == 204)
            #expect(try await floor.send(gus, "PATCH", record, body: #"{"margin": 8, "notes": "loud"}"#).status == 204)
            let emptied = try await floor.send(gus, "PUT", record, body: #"{"name": "Acme North"}"#)
            #expect(emptied.status < 300, "\(emptied.text)")
            #expect(!(try await floor.host.send("GET", record).text).contains("loud"))
        }
    }

    @Test("where a role lets a field be written unseen, writing what it is already looks like writing anything else")
    func blind() async throws {
        try await SalesFloor.with { floor in
            let role =
                #"{"id": "blind", "grants": {"sales.account": {"read": "all", "update": "all", "fields": {"notes": {"read": "own", "update": "all"}}}}}"#
            #expect(try await floor.host.send("POST", "/api/roles", body: role).status == 201)
            let bo = try await SalesFloor.person(floor.host, "Bo", roles: ["blind"])
            let record = "/api/accounts(\(floor.annas))"
            var tags: Set<String> = []
            for text in ["quiet N1", "quiet N1", "other"] {
                #expect(try await floor.send(bo, "PATCH", record, body: #"{"notes": "\#(text)"}"#).status == 204)
                tags.insert(try #require(try await floor.send(bo, "GET", record).headers["etag"]))
            }
            #expect(tags.count == 3)
            // What is seen isn't written for nothing.
            let tag = try await floor.send(bo, "GET", record).headers["etag"]
            #expect(try await floor.send(bo, "PATCH", record, body: #"{"size": 10}"#).status == 204)
            #expect(try await floor.send(bo, "GET", record).headers["etag"] == tag)
        }
    }

    @Test("a field that may be read but not written is refused by name")
    func readOnly() async throws {
        try await SalesFloor.with { floor in
            let mine = "/api/accounts(\(floor.annas))"
            let refused = try await floor.send(floor.anna, "PATCH", mine, body: #"{"code": "N2"}"#)
            #expect(refused.status == 400 && refused.text.contains("records.forbidden"), "\(refused.text)")
            #expect(try await floor.get(floor.anna, mine).contains("\"code\":\"N1\""))
            #expect(try await floor.send(floor.anna, "POST", "/api/accounts", body: #"{"name": "x", "code": "N3"}"#).status == 400)
            #expect(try await floor.send(floor.mia, "PATCH", mine, body: #"{"code": "N2"}"#).status == 204)
            // Nor by way of the list whose primary link it follows.
            let region = try await floor.host.create("regions", #"{"name": "Oslo"}"#)
            for body in [#"{"seats": [{"id": "\#(region)"}]}"#, #"{"region_id": "\#(region)"}"#] {
                let followed = try await floor.send(floor.anna, "PATCH", mine, body: body)
                #expect(followed.status == 400 && followed.text.contains("records.forbidden"), "\(followed.text)")
                #expect(try await floor.send(floor.mia, "PATCH", mine, body: body).status == 204)
            }
        }
    }

    @Test("a field that is seen on some records is empty on the others, in every place")
    func conditional() async throws {
        try await SalesFloor.with { floor in
            let gus = try await SalesFloor.person(floor.host, "Gus", teams: [floor.north], roles: ["sales.guest", "sales.rep"])
            let own = try await floor.host.create(
                "accounts",
                #"{"name": "Own", "owner_id": "\#(gus.id)", "margin": 1, "notes": "loud", "labels": ["red"], "mails": [{"address": "own@example.com"}]}"#
            )
            let region = try await floor.host.create("regions", #"{"name": "Oslo"}"#)
            let links = #"{"parent_id": "\#(floor.bens)", "partners": [{"id": "\#(floor.bens)"}], "region_id": "\#(region)"}"#
            for id in [own, floor.annas] { #expect(try await floor.host.send("PATCH", "/api/accounts(\(id))", body: links).status == 204) }
            let foreign = try await floor.get(gus, "/api/accounts(\(floor.annas))?expand=parent,partners,region")
            for piece in [
                #""margin":null"#, #""notes":null"#, #""labels":[]"#, #""mails":[]"#, #""parent":null"#, #""partners":[]"#,
                #""region":null"#,
                #""parent_id":null"#, #""primary_email":null"#, #""name":"Acme North""#,
            ] { #expect(foreign.contains(piece), "\(piece): \(foreign)") }
            let mine = try await floor.get(gus, "/api/accounts(\(own))?expand=parent,partners,region")
            for piece in [#""margin":1"#, "loud", #"["red"]"#, "own@example.com", #""parent":{"#, #""partners":[{"#, #""region":{"#] {
                #expect(mine.contains(piece), "\(piece): \(mine)")
            }
            // Each of these finds what is seen and nothing else; the administrator finds all.
            let filters: [(String, String)] = [
                ("margin%20ge%200", "3"), ("contains(notes,'quiet')%20or%20notes%20eq%20'loud'", "3"),
                ("labels/any(l:l%20eq%20'red')", "3"),
                ("mails/any(m:contains(m/address,'example'))", "3"), ("parent_id%20ne%20null", "2"), ("parent%20ne%20null", "2"),
                ("parent/name%20eq%20'Acme%20South'", "2"), ("partners/any()", "2"), ("region/name%20eq%20'Oslo'", "2"),
                ("partners/$count%20gt%200", "2"), ("labels/$count%20gt%200", "3"), ("'red'%20in%20labels", "3"),
                ("primary_email%20ne%20null", "3"),
            ]
            for (filter, all) in filters {
                #expect(try await floor.get(gus, "/api/accounts/$count?filter=\(filter)") == "1", "\(filter)")
                #expect(try await floor.host.send("GET", "/api/accounts/$count?filter=\(filter)").text == all, "\(filter)")
            }
            let sum = try await floor.get(gus, "/api/accounts?apply=aggregate(margin%20with%20sum%20as%20s)")
            #expect(sum.contains("\"s\":1"), "\(sum)")
            let groups = try await floor.get(gus, "/api/accounts?apply=groupby((notes))")
            #expect(groups.contains("loud") && !groups.contains("quiet"), "\(groups)")
            let seen = try await floor.get(gus, "/api/regions(\(region))/accounts?select=name")
            #expect(seen.contains("Own") && !seen.contains("Acme North"), "\(seen)")
            #expect(try await floor.get(gus, "/api/regions?expand=accounts($select=name)").contains("Acme North") == false)
            #expect(try await floor.get(gus, "/api/accounts(\(floor.bens))/subsidiaries?select=name").contains("Acme North") == false)
            #expect(try await floor.get(gus, "/api/accounts(\(floor.bens))/partner_of?select=name").contains("Acme North") == false)
            #expect(try await floor.get(gus, "/api/accounts(\(floor.annas))/partners").contains("\"value\":[]"))
            #expect(try await floor.send(gus, "GET", "/api/accounts(\(floor.annas))/parent").status == 204)
            #expect(try await floor.send(gus, "GET", "/api/accounts(\(floor.annas))/notes").status == 204)
            #expect(try await floor.get(gus, "/api/accounts?search=quiet").contains("\"value\":[]"))
            #expect(try await floor.get(gus, "/api/accounts?search=loud").contains("\"value\":[]"))
            let csv = try await floor.send(gus, "GET", "/api/accounts", ["accept": "text/csv"]).text
            #expect(csv.contains("loud") && csv.contains("Acme North") && !csv.contains("quiet") && !csv.contains("N1@"), "\(csv)")
            // Written where it is seen, refused elsewhere.
            #expect(try await floor.send(gus, "PATCH", "/api/accounts(\(own))", body: #"{"notes": "louder"}"#).status == 204)
            let refused = try await floor.send(gus, "PATCH", "/api/accounts(\(floor.annas))", body: #"{"notes": "mine"}"#)
            #expect(refused.status == 400 && refused.text.contains(#""target":"notes""#), "\(refused.text)")
            #expect(try await floor.get(floor.anna, "/api/accounts(\(floor.annas))").contains("quiet N1"))
        }
    }
}
