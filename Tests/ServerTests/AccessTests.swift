import QueryLanguage
import Records
import Testing

@testable import Server

@Suite("Access")
struct AccessTests {
    @Test("shows a rep their own, a manager those of both teams, and the administrator all")
    func scopes() async throws {
        try await SalesFloor.with { floor in
            let names = "/api/accounts?select=name&orderby=name"
            for (person, mine, theirs) in [(floor.anna, "Acme North", "Acme South"), (floor.ben, "Acme South", "Acme North")] {
                let list = try await floor.get(person, names)
                #expect(list.contains(mine), "\(list)")
                #expect(!list.contains(theirs), "\(list)")
                #expect(try await floor.get(person, "/api/accounts/$count") == "1")
                #expect(try await floor.get(person, "/api/accounts/$count?count_mode=estimated") == "1")
                #expect(try await floor.get(person, "/api/accounts?count=true&top=0").contains("\"@count\":1"))
            }
            for list in [try await floor.get(floor.mia, names), try await floor.host.send("GET", names).text] {
                #expect(list.contains("Acme North") && list.contains("Acme South"), "\(list)")
            }
            #expect(try await floor.get(floor.mia, "/api/accounts/$count") == "2")
        }
    }

    @Test("answers what can't be read as what isn't there, byte by byte, whatever is done to it")
    func unreadableIsMissing() async throws {
        try await SalesFloor.with { floor in
            let nowhere = "0190163d-8694-739b-aea5-966c26f8ad90"
            let requests: [(String, String, String?)] = [
                ("GET", "", nil), ("GET", "/name", nil), ("GET", "/name/$value", nil), ("GET", "/region", nil), ("GET", "/partners", nil),
                ("GET", "/partners/$count", nil), ("GET", "/partners/$ref", nil), ("GET", "?expand=region", nil),
                ("GET", "?select=name&deleted=include", nil), ("PATCH", "", #"{"name": "x"}"#), ("PUT", "", #"{"name": "x"}"#),
                ("DELETE", "", nil), ("POST", "/restore", nil), ("DELETE", "/region/$ref", nil),
                ("PUT", "/region/$ref", #"{"@id": "accounts(\#(floor.bens))"}"#),
            ]
            for (method, tail, body) in requests {
                let hidden = try await floor.send(floor.anna, method, "/api/accounts(\(floor.bens))\(tail)", body: body)
                let missing = try await floor.send(floor.anna, method, "/api/accounts(\(nowhere))\(tail)", body: body)
                #expect(hidden.status == missing.status, "\(method) \(tail): \(hidden.text) \(missing.text)")
                #expect(hidden.text.replacing(floor.bens, with: nowhere) == missing.text, "\(method) \(tail)")
                #expect(hidden.headers["etag"] == nil, "\(method) \(tail)")
                #expect(hidden.status >= 400, "\(method) \(tail): \(hidden.text)")
            }
            let known = try await floor.send(floor.ben, "GET", "/api/accounts(\(floor.bens))")
            #expect(known.status == 200 && known.text.contains("Acme South"))
            #expect(try await floor.get(floor.ben, "/api/accounts(code='S1')").contains("Acme South"))
            #expect(try await floor.send(floor.anna, "GET", "/api/accounts(code='S1')").status == 404)
            // Nothing was changed by any of it.
            #expect(known.headers["etag"] == "W/\"2\"")
        }
    }

    @Test("lets a list be asked nothing about hidden records: by filter, order, search, groups, links or expansion")
    func sideDoors() async throws {
        try await SalesFloor.with { floor in
            // Anna's account names Ben's as its parent and partner: the administrator linked them.
            let link = #"{"parent_id": "\#(floor.bens)", "partners": [{"id": "\#(floor.bens)"}]}"#
            #expect(try await floor.host.send("PATCH", "/api/accounts(\(floor.annas))", body: link).status == 204)
            let doors = [
                "/api/accounts?filter=contains(name,'South')", "/api/accounts?filter=parent/name%20eq%20'Acme%20South'",
                "/api/accounts?filter=partners/any(p:p/size%20eq%2020)", "/api/accounts?filter=partners/$count%20eq%201",
                "/api/accounts?search=South", "/api/accounts?search=Sotuh", "/api/accounts?filter=parent%20ne%20null",
            ]
            for door in doors {
                #expect(try await floor.get(floor.anna, door).contains("\"value\":[]"), "\(door)")
                let all = try await floor.host.send("GET", door).text
                #expect(all.contains("Acme"), "\(door): \(all)")
            }
            let expanded = try await floor.get(floor.anna, "/api/accounts?expand=parent,partners")
            #expect(expanded.contains("\"parent\":null") && expanded.contains("\"partners\":[]"), "\(expanded)")
            let grouped = try await floor.get(floor.anna, "/api/accounts?apply=aggregate(size%20with%20sum%20as%20total)")
            #expect(grouped.contains("\"total\":10"), "\(grouped)")
            #expect(try await floor.send(floor.anna, "GET", "/api/accounts(\(floor.annas))/parent").status == 204)
            #expect(try await floor.get(floor.anna, "/api/accounts(\(floor.annas))/partners").contains("\"value\":[]"))
            let computed = try await floor.get(floor.anna, "/api/accounts?compute=parent/name%20as%20above&select=name,above")
            #expect(computed.contains("\"above\":null"), "\(computed)")
            #expect(!(try await floor.get(floor.anna, "/api/search?q=South")).contains("Acme"))
            #expect(try await floor.get(floor.anna, "/api/search?q=North").contains("Acme North"))
            let csv = try await floor.send(floor.anna, "GET", "/api/accounts", ["accept": "text/csv"])
            #expect(csv.text.contains("Acme North") && !csv.text.contains("Acme South"), "\(csv.text)")
        }
    }

    @Test("judges a write by what the record was and what it becomes")
    func writes() async throws {
        try await SalesFloor.with { floor in
            let mine = "/api/accounts(\(floor.annas))"
            #expect(try await floor.send(floor.anna, "PATCH", mine, body: #"{"size": 11}"#).status == 204)
            // Neither making a record for somebody else nor giving one away is in the role.
            let foreign = #"{"name": "Fake", "owner_id": "\#(floor.ben.id)"}"#
            let made = try await floor.send(floor.anna, "POST", "/api/accounts", body: foreign)
            #expect(made.status == 403 && made.text.contains("records.forbidden"), "\(made.text)")
            let given = try await floor.send(floor.anna, "PATCH", mine, body: #"{"owner_id": "\#(floor.ben.id)"}"#)
            #expect(given.status == 403, "\(given.text)")
            #expect(try await floor.get(floor.anna, mine).contains(floor.anna.id))
            // The manager may give it to somebody below, but not to somebody elsewhere.
            let outsider = try await SalesFloor.person(floor.host, "Olga")
            let away = try await floor.send(floor.mia, "PATCH", mine, body: #"{"owner_id": "\#(outsider.id)"}"#)
            #expect(away.status == 403, "\(away.text)")
            #expect(try await floor.send(floor.mia, "PATCH", mine, body: #"{"owner_id": "\#(floor.ben.id)"}"#).status == 204)
            #expect(try await floor.send(floor.anna, "GET", mine).status == 404)
            #expect(try await floor.send(floor.ben, "DELETE", mine).status == 204)
            #expect(try await floor.send(floor.ben, "POST", "\(mine)/restore").status == 204)
            let purged = try await floor.send(floor.ben, "POST", "\(mine)/purge")
            #expect(purged.status == 403 && purged.text.contains("purge"), "\(purged.text)")
        }
    }

    @Test("tells who may read but not change a record that they may not, and who may do nothing that they may not")
    func forbidden() async throws {
        try await SalesFloor.with { floor in
            let reader = try await SalesFloor.person(floor.host, "Rita", roles: ["sales.reader"])
            let refused = try await floor.send(reader, "PATCH", "/api/accounts(\(floor.annas))", body: #"{"size": 1}"#)
            #expect(refused.status == 403 && refused.text.contains("change") == false, "\(refused.text)")
            #expect(try await floor.send(reader, "DELETE", "/api/accounts(\(floor.annas))").status == 403)
            #expect(try await floor.send(reader, "GET", "/api/secrets").status == 403)
            #expect(try await floor.send(reader, "POST", "/api/secrets", body: "{}").status == 403)
            let nobody = try await SalesFloor.person(floor.host, "Noah")
            for url in ["/api/accounts", "/api/accounts/$count", "/api/accounts?apply=aggregate($count%20as%20n)"] {
                #expect(try await floor.send(nobody, "GET", url).status == 403, "\(url)")
            }
            #expect(try await floor.get(nobody, "/api/search?q=Acme").contains("\"value\":[]"))
            // What a role covers with all, it covers for records of anybody.
            let answer = try await floor.send(
                reader, "POST", "/api/accounts", body: #"{"name": "For Ben", "owner_id": "\#(floor.ben.id)"}"#)
            #expect(answer.status == 201 && answer.text.contains("For Ben"), "\(answer.text)")
        }
    }

    @Test("lets nobody link to what they can't read")
    func linkTargets() async throws {
        try await SalesFloor.with { floor in
            let mine = "/api/accounts(\(floor.annas))"
            let nowhere = "0190163d-8694-739b-aea5-966c26f8ad90"
            for body in [#"{"parent_id": "ID"}"#, #"{"partners": [{"id": "ID"}]}"#] {
                let hidden = try await floor.send(floor.anna, "PATCH", mine, body: body.replacing("ID", with: floor.bens))
                let missing = try await floor.send(floor.anna, "PATCH", mine, body: body.replacing("ID", with: nowhere))
                #expect(hidden.status == 400 && hidden.text == missing.text, "\(hidden.text) \(missing.text)")
            }
            let own = try await SalesFloor.make(floor.host, floor.anna, #"{"name": "Second"}"#)
            #expect(try await floor.send(floor.anna, "PATCH", mine, body: #"{"parent_id": "\#(own)"}"#).status == 204)
        }
    }

    @Test("unites roles, and lets a role that is held in a team reach that team alone")
    func roles() async throws {
        try await SalesFloor.with { floor in
            let uma = try await SalesFloor.person(floor.host, "Uma", teams: [floor.north, floor.south], roles: ["sales.rep"])
            #expect(try await floor.get(uma, "/api/accounts/$count") == "0")
            let local = #"{"roles": ["sales.rep", {"role": "sales.colleague", "team_id": "\#(floor.north)"}]}"#
            #expect(try await floor.host.send("PATCH", "/api/users(\(uma.id))", body: local).status == 200)
            let list = try await floor.get(uma, "/api/accounts?select=name")
            #expect(list.contains("Acme North") && !list.contains("Acme South"), "\(list)")
            #expect(try await floor.send(uma, "PATCH", "/api/accounts(\(floor.annas))", body: #"{"size": 1}"#).status == 403)
            let everywhere = #"{"roles": ["sales.rep", "sales.colleague"]}"#
            #expect(try await floor.host.send("PATCH", "/api/users(\(uma.id))", body: everywhere).status == 200)
            #expect(try await floor.get(uma, "/api/accounts/$count") == "2")
            // Out of the team, out of its reach: at once.
            #expect(try await floor.host.send("PATCH", "/api/users(\(uma.id))", body: #"{"teams": []}"#).status == 200)
            #expect(try await floor.get(uma, "/api/accounts/$count") == "0")
        }
    }

    @Test("lets a team own records, which its members see as the team's")
    func teamsOwn() async throws {
        try await SalesFloor.with { floor in
            let queue = #"{"name": "In the queue", "owner_id": "\#(floor.north)"}"#
            let id = try await floor.host.create("accounts", queue)
            let member = try await SalesFloor.person(floor.host, "Nina", teams: [floor.north], roles: ["sales.colleague"])
            let other = try await SalesFloor.person(floor.host, "Sven", teams: [floor.south], roles: ["sales.colleague"])
            #expect(try await floor.send(member, "GET", "/api/accounts(\(id))").status == 200)
            #expect(try await floor.send(floor.mia, "GET", "/api/accounts(\(id))").status == 200)
            #expect(try await floor.send(other, "GET", "/api/accounts(\(id))").status == 404)
            #expect(try await floor.send(floor.anna, "GET", "/api/accounts(\(id))").status == 404)
        }
    }

    @Test("refuses by name what isn't guarded record by record, to everybody but administrators")
    func notYet() async throws {
        try await SalesFloor.with { floor in
            let routes: [(String, String, String?)] = [
                ("POST", "/api/$batch", #"{"requests": []}"#), ("POST", "/api/accounts/bulk", #"{"operation": "delete", "items": []}"#),
                ("PATCH", "/api/accounts/$each?filter=true", "{}"), ("DELETE", "/api/accounts/$each?filter=true", nil),
                ("POST", "/api/files", "x"), ("GET", "/api/files(\(floor.annas))", nil), ("GET", "/api/files(\(floor.annas))/$value", nil),
                ("GET", "/api/change_sets", nil), ("GET", "/api/change_sets(\(floor.annas))", nil),
                ("GET", "/api/change_sets(\(floor.annas))/changes", nil), ("POST", "/api/change_sets(\(floor.annas))/undo", nil),
                ("POST", "/api/imports", #"{"collection": "accounts"}"#), ("POST", "/api/imports/plan", #"{"collection": "accounts"}"#),
                ("GET", "/api/jobs", nil), ("GET", "/api/jobs(\(floor.annas))", nil), ("GET", "/api/jobs(\(floor.annas))/status", nil),
                ("POST", "/api/jobs(\(floor.annas))/cancel", nil), ("GET", "/metrics", nil), ("GET", "/api/roles", nil),
                ("POST", "/api/users", #"{"name": "Eve", "roles": ["administrator"]}"#),
                ("PATCH", "/api/users(\(floor.anna.id))", #"{"roles": ["administrator"]}"#),
                ("POST", "/api/users(\(floor.ben.id))/deactivate", #"{}"#), ("POST", "/api/teams", #"{"name": "Mine"}"#),
                ("PATCH", "/api/teams(\(floor.sales))", #"{"parent_id": null}"#),
                ("GET", "/api/accounts?deltatoken=x", nil),
            ]
            for (method, url, body) in routes {
                for person in [floor.anna, floor.mia] {
                    let answer = try await floor.send(person, method, url, body: body)
                    #expect(answer.status == 403, "\(method) \(url): \(answer.text)")
                    #expect(answer.text.contains("\"code\":\"access."), "\(method) \(url): \(answer.text)")
                }
            }
            let tracked = try await floor.send(floor.anna, "GET", "/api/accounts", ["prefer": "track-changes"])
            #expect(tracked.status == 403, "\(tracked.text)")
            // What everybody may know: who they are, and the names of others.
            #expect(try await floor.get(floor.anna, "/api/me").contains(#""roles":[{"role":"sales.rep","team_id":null}]"#))
            let users = try await floor.get(floor.anna, "/api/users")
            #expect(users.contains("\"Ben\"") && !users.contains("sales.rep"), "\(users)")
        }
    }

    @Test("ends a user in one step: tokens, shares and records, with history kept")
    func deactivation() async throws {
        try await SalesFloor.with { floor in
            let end = "/api/users(\(floor.anna.id))/deactivate"
            let answer = try await floor.host.send("POST", end, body: #"{"hand_over_to": "\#(floor.ben.id)"}"#)
            #expect(answer.status == 200 && answer.text.contains("\"handed_over\":1"), "\(answer.text)")
            let record = try await floor.get(floor.ben, "/api/accounts(\(floor.annas))")
            #expect(record.contains("\"owner_id\":\"\(floor.ben.id)\""), "\(record)")
            #expect(record.contains("\"created_by\":\"\(floor.anna.id)\""), "\(record)")
            #expect(try await floor.send(floor.anna, "GET", "/api/accounts").status >= 401)
            // Nobody who may do everything would be left.
            let last = try await floor.host.send("POST", "/api/users(\(GUID.administrator))/deactivate", body: "{}")
            #expect(last.status == 409 && last.text.contains("principals.last_administrator"), "\(last.text)")
            #expect(try await floor.host.send("GET", "/api/accounts").status == 200)
        }
    }

    @Test("lets new records bring along what the caller may make, and names the one that they may not")
    func nested() async throws {
        try await SalesFloor.with { floor in
            let allowed = #"{"name": "Whole", "parent": {"name": "Above"}, "subsidiaries": [{"name": "Below"}]}"#
            let made = try await floor.send(floor.anna, "POST", "/api/accounts?select=name", body: allowed)
            #expect(made.status == 201 && made.text.contains("Above") && made.text.contains("Below"), "\(made.text)")
            #expect(try await floor.get(floor.anna, "/api/accounts/$count") == "4")
            #expect(try await floor.get(floor.ben, "/api/accounts/$count") == "1")
            let region = #"{"name": "Not", "subsidiaries": [{"name": "Below", "region": {"@tessera.new": true, "name": "Mine"}}]}"#
            let refused = try await floor.send(floor.anna, "POST", "/api/accounts", body: region)
            #expect(refused.status == 403 && refused.text.contains(#""target":"subsidiaries/0/region""#), "\(refused.text)")
            let foreign = #"{"name": "Not", "subsidiaries": [{"name": "Below", "owner_id": "\#(floor.ben.id)"}]}"#
            let given = try await floor.send(floor.anna, "POST", "/api/accounts", body: foreign)
            #expect(given.status == 403 && given.text.contains(#""target":"subsidiaries/0"#), "\(given.text)")
            #expect(try await floor.get(floor.anna, "/api/accounts/$count") == "4")
        }
    }
}
