import JSONReading
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
            #expect(known.headers["etag"]?.hasPrefix("W/\"2.") == true)
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

    @Test("keeps users, teams and the server's figures for administrators")
    func administrators() async throws {
        try await SalesFloor.with { floor in
            let routes: [(String, String, String?)] = [
                ("GET", "/metrics", nil), ("GET", "/api/roles", nil),
                ("POST", "/api/users", #"{"name": "Eve", "roles": ["administrator"]}"#),
                ("PATCH", "/api/users(\(floor.anna.id))", #"{"roles": ["administrator"]}"#),
                ("POST", "/api/users(\(floor.ben.id))/deactivate", #"{}"#), ("POST", "/api/teams", #"{"name": "Mine"}"#),
                ("PATCH", "/api/teams(\(floor.sales))", #"{"parent_id": null}"#),
            ]
            for (method, url, body) in routes {
                for person in [floor.anna, floor.mia] {
                    let answer = try await floor.send(person, method, url, body: body)
                    #expect(answer.status == 403, "\(method) \(url): \(answer.text)")
                    #expect(answer.text.contains("\"code\":\"access."), "\(method) \(url): \(answer.text)")
                }
            }
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
            #expect(try await floor.send(floor.anna, "GET", "/api/accounts").status == 401)
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

    @Test("holds for every request of a batch, and for every item of a bulk request")
    func many() async throws {
        try await SalesFloor.with { floor in
            let batch = """
                {"requests": [
                {"id": "1", "method": "GET", "url": "accounts(\(floor.bens))"},
                {"id": "2", "method": "PATCH", "url": "accounts(\(floor.bens))", "body": {"size": 1}},
                {"id": "3", "method": "PATCH", "url": "accounts(\(floor.annas))", "body": {"size": 1}},
                {"id": "4", "method": "GET", "url": "change_sets"}, {"id": "5", "method": "GET", "url": "accounts?select=name"},
                {"id": "6", "method": "POST", "url": "users", "body": {"name": "Eve"}}]}
                """
            let answer = try await floor.send(floor.anna, "POST", "/api/$batch", body: batch)
            #expect(answer.status == 200, "\(answer.text)")
            for piece in [
                #""id":"1","status":404"#, #""id":"2","status":404"#, #""id":"3","status":204"#, #""id":"4","status":200"#,
                #""body":{"value":[]}"#,
                #""id":"5","status":200"#,
                #""id":"6","status":403"#,
            ] { #expect(answer.text.contains(piece), "\(piece): \(answer.text)") }
            #expect(!answer.text.contains("Acme South"))
            func bulk(_ person: SalesFloor.Person, _ operation: String, _ ids: [String], _ rest: String = "") async throws -> String {
                let items = ids.map { "{\"id\": \"\($0)\"\(rest)}" }.joined(separator: ",")
                return try await floor.send(
                    person, "POST", "/api/accounts/bulk", ["prefer": "continue-on-error"],
                    body: "{\"operation\": \"\(operation)\", \"items\": [\(items)]}"
                ).text
            }
            let updated = try await bulk(floor.anna, "update", [floor.annas, floor.bens], #", "size": 2"#)
            #expect(updated.contains("\"succeeded\":1") && updated.contains("records.not_found"), "\(updated)")
            let deleted = try await bulk(floor.anna, "delete", [floor.bens])
            #expect(deleted.contains("\"succeeded\":0"), "\(deleted)")
            let all = try await floor.send(floor.anna, "PATCH", "/api/accounts/$each?filter=true", body: #"{"size": 3}"#)
            #expect(all.text.contains("\"succeeded\":1"), "\(all.text)")
            #expect(try await floor.get(floor.ben, "/api/accounts(\(floor.bens))").contains("\"size\":20"))
            // A role may cover single changes and not many at once.
            let solo = try await SalesFloor.person(floor.host, "Solo", teams: [floor.north], roles: ["sales.solo"])
            #expect(try await floor.send(solo, "PATCH", "/api/accounts(\(floor.annas))", body: #"{"size": 4}"#).status == 204)
            let refused = try await floor.send(solo, "PATCH", "/api/accounts/$each?filter=true", body: #"{"size": 5}"#)
            #expect(refused.status == 403, "\(refused.text)")
        }
    }

    @Test("lets a record be shared with a person or team, at a level, until an end, by whom the role lets share it")
    func shares() async throws {
        try await SalesFloor.with { floor in
            let helper = try await SalesFloor.person(floor.host, "Hal", teams: [floor.south], roles: ["sales.helper"])
            let record = "/api/accounts(\(floor.annas))"
            func share(_ person: SalesFloor.Person, _ grantee: String, _ level: String, _ more: String = "") async throws -> Int {
                let body = #"{"record_id": "\#(floor.annas)", "grantee_id": "\#(grantee)", "level": "\#(level)"\#(more)}"#
                return try await floor.send(person, "POST", "/api/shares", body: body).status
            }
            #expect(try await floor.send(helper, "GET", record).status == 404)
            // A rep's role doesn't share; of what isn't seen nothing is told.
            #expect(try await share(floor.anna, helper.id, "read") == 403)
            #expect(try await share(floor.ben, helper.id, "read") == 404)
            #expect(try await share(floor.mia, helper.id, "read") == 204)
            #expect(try await floor.send(helper, "GET", record).status == 200)
            #expect(try await floor.get(helper, "/api/accounts/$count") == "1")
            #expect(try await floor.send(helper, "PATCH", record, body: #"{"size": 1}"#).status == 403)
            #expect(try await share(floor.mia, helper.id, "update") == 204)
            #expect(try await floor.send(helper, "PATCH", record, body: #"{"size": 1}"#).status == 204)
            #expect(try await floor.send(helper, "DELETE", record).status == 403)
            let shares = try await floor.get(floor.mia, "/api/shares(\(floor.annas))")
            #expect(shares.contains(helper.id) && shares.contains("update"), "\(shares)")
            #expect(try await floor.send(helper, "GET", "/api/shares(\(floor.annas))").status == 403)
            #expect(try await floor.send(floor.mia, "DELETE", "/api/shares(\(floor.annas))/\(helper.id)").status == 204)
            #expect(try await floor.send(helper, "GET", record).status == 404)
            // Through a team; and over, once its end has passed.
            #expect(try await share(floor.mia, floor.south, "manage") == 204)
            #expect(try await floor.send(helper, "GET", record).status == 200)
            #expect(try await share(floor.mia, floor.south, "read", #", "ends_at": "2020-01-01T00:00:00Z""#) == 204)
            #expect(try await floor.send(helper, "GET", record).status == 404)
            #expect(try await share(floor.mia, "0190163d-8694-739b-aea5-966c26f8ad90", "read") == 404)
            #expect(try await share(floor.mia, helper.id, "everything") == 400)
        }
    }

    @Test("shows a file to whoever may read a record that refers to it")
    func files() async throws {
        try await SalesFloor.with { floor in
            let sent = try await floor.send(
                floor.anna, "POST", "/api/files?name=offer.txt", ["content-type": "text/plain"], body: "an offer")
            let id = String(decoding: try #require(JSONExtract.member("id", of: sent.body)).dropFirst().dropLast(), as: UTF8.self)
            #expect(try await floor.send(floor.ben, "GET", "/api/files(\(id))").status == 404)
            #expect(
                try await floor.send(floor.anna, "PATCH", "/api/accounts(\(floor.annas))", body: #"{"offer_id": "\#(id)"}"#).status == 204)
            for (person, status) in [(floor.anna, 200), (floor.mia, 200), (floor.ben, 404)] {
                #expect(try await floor.send(person, "GET", "/api/files(\(id))/$value").status == status)
                #expect(try await floor.send(person, "GET", "/api/accounts(\(floor.annas))/offer/$value").status == status)
            }
            // Nobody gets at a file by referring to it.
            let stolen = try await floor.send(floor.ben, "PATCH", "/api/accounts(\(floor.bens))", body: #"{"offer_id": "\#(id)"}"#)
            #expect(stolen.status == 400, "\(stolen.text)")
        }
    }

    @Test("discloses on purpose what the threat model lists: conflicts, versions, gaps in numbers, links that hold a record")
    func disclosed() async throws {
        try await SalesFloor.with { floor in
            // A value that a hidden record has is taken.
            let conflict = try await floor.send(floor.mia, "PATCH", "/api/accounts(\(floor.annas))", body: #"{"code": "S1"}"#)
            #expect(conflict.status == 409 && conflict.text.contains("same Code"), "\(conflict.text)")
            let reader = try await SalesFloor.person(floor.host, "Rex", teams: [floor.north], roles: ["sales.maker"])
            let own = try await floor.host.create("accounts", #"{"name": "Own", "owner_id": "\#(reader.id)"}"#)
            let hidden = try await floor.send(reader, "PATCH", "/api/accounts(\(own))", body: #"{"code": "S1"}"#)
            #expect(hidden.status == 409 && !hidden.text.contains("South") && !hidden.text.contains(floor.bens), "\(hidden.text)")
            // An id that a hidden record has is taken too.
            let taken = try await floor.send(
                floor.anna, "POST", "/api/accounts/bulk", ["prefer": "continue-on-error"],
                body: #"{"operation": "create", "items": [{"id": "\#(floor.bens)", "name": "Copy"}]}"#)
            #expect(taken.text.contains("records.not_unique") && !taken.text.contains("South"), "\(taken.text)")
            // Over a field that the writer doesn't see, a conflict says nothing of it.
            #expect(try await floor.host.send("PATCH", "/api/accounts(\(floor.bens))", body: #"{"ceiling": 50}"#).status == 204)
            // A version rises with changes of fields that aren't seen.
            let before = try await floor.send(floor.anna, "GET", "/api/accounts(\(floor.annas))")
            #expect(try await floor.host.send("PATCH", "/api/accounts(\(floor.annas))", body: #"{"margin": 99}"#).status == 204)
            let after = try await floor.send(floor.anna, "GET", "/api/accounts(\(floor.annas))")
            #expect(before.text.contains(#""@etag":"W/\"2\"""#) && after.text.contains(#""@etag":"W/\"3\"""#))
            #expect(!after.text.contains("margin"), "\(after.text)")
            // Numbers that others' records have are missing in one's own.
            func number(_ person: SalesFloor.Person) async throws -> String {
                let made = try await floor.send(person, "POST", "/api/accounts", body: #"{"name": "Numbered"}"#)
                return String(decoding: try #require(JSONExtract.member("number", of: made.body)), as: UTF8.self)
            }
            let numbers = [try await number(floor.anna), try await number(floor.ben), try await number(floor.anna)]
            #expect(Set(numbers).count == 3 && numbers == numbers.sorted(), "\(numbers)")
            // What links to a record keeps it from being purged; what that is isn't told.
            #expect(try await floor.host.send("PATCH", "/api/accounts(\(floor.bens))", body: #"{"holding_id": "\#(own)"}"#).status == 204)
            let kept = try await floor.send(reader, "POST", "/api/accounts(\(own))/purge")
            #expect(kept.status == 409 && kept.text.contains("Other records link"), "\(kept.text)")
        }
    }

    @Test("says why somebody may act on a record or may not, and who may read it")
    func explanation() async throws {
        try await SalesFloor.with { floor in
            func explained(_ person: SalesFloor.Person) async throws -> String {
                try await floor.host.send("GET", "/api/access(\(floor.annas))/\(person.id)").text
            }
            let (annas, bens, mias) = (try await explained(floor.anna), try await explained(floor.ben), try await explained(floor.mia))
            let own = #""hidden_fields":["margin","ceiling"],"reasons":[{"because":"owner","covers":true"#
            #expect(
                annas.contains(own) && annas.contains(#""action":"read","allowed":true,"fields":[{"allowed":false,"field":"margin""#),
                "\(annas)")
            #expect(annas.contains(#""action":"share","allowed":false,"reasons":[{"covers":false"#), "\(annas)")
            #expect(bens.contains(#""action":"read","allowed":false,"hidden_fields":[],"reasons":[{"covers":false"#), "\(bens)")
            #expect(mias.contains(#""because":"team","covers":true"#) && mias.contains(floor.north), "\(mias)")
            let readers = try await floor.host.send("GET", "/api/access(\(floor.annas))").text
            #expect(readers.contains("Anna") && readers.contains("Mia") && readers.contains("Administrator"), "\(readers)")
            #expect(!readers.contains("Ben"), "\(readers)")
            let url = "/api/access(\(floor.annas))"
            for path in [url, "\(url)/\(floor.ben.id)"] { #expect(try await floor.send(floor.mia, "GET", path).status == 403) }
        }
    }

    @Test("says of each field which role gives or withholds it, to be seen and to be written")
    func explainedFields() async throws {
        try await SalesFloor.with { floor in
            let gus = try await SalesFloor.person(floor.host, "Gus", roles: ["sales.guest"])
            func explained(_ id: String) async throws -> [String: Value] {
                let text = try await floor.host.send("GET", "/api/access(\(id))/\(gus.id)").text
                let items = try JSONReader.value(of: Array(text.utf8))["value"]?.items ?? []
                return Dictionary(items.compactMap { item in item["action"]?.asText.map { ($0, item) } }) { first, _ in first }
            }
            let theirs = try await explained(floor.annas)
            #expect(Set(["create", "import", "assign"]).isSubset(of: theirs.keys))
            for (action, field, isUnseen) in [("read", "margin", false), ("update", "margin", true), ("update", "notes", true)] {
                let said = try #require(theirs[action]?["fields"]?.items.first { $0["field"]?.asText == field })
                #expect(said["allowed"]?.asBool == false && said["unseen"]?.asBool == isUnseen, "\(action) \(field): \(said)")
                let reason = try #require(said["reasons"]?.items.first)
                #expect(
                    reason["role"]?.asText == "sales.guest" && reason["covers"]?.asBool == (action == "update" && field == "margin"),
                    "\(reason)")
            }
            #expect(try await floor.host.send("PATCH", "/api/accounts(\(floor.bens))", body: #"{"owner_id": "\#(gus.id)"}"#).status == 204)
            let own = try await explained(floor.bens)
            #expect((own["read"]?["fields"]?.items ?? []).allSatisfy { $0["allowed"]?.asBool == true } && own["read"]?["fields"] != nil)
        }
    }

    @Test("says of a deleted record that it is deleted, and allows what can be done with it then")
    func explainedDeletion() async throws {
        try await SalesFloor.with { floor in
            #expect(try await floor.send(floor.anna, "DELETE", "/api/accounts(\(floor.annas))").status == 204)
            let said = try await floor.host.send("GET", "/api/access(\(floor.annas))/\(floor.anna.id)").text
            for action in ["read", "update", "delete", "export", "assign"] {
                #expect(said.contains(#""action":"\#(action)","allowed":false,"deleted":true"#), "\(said)")
            }
            #expect(said.contains(#""action":"restore","allowed":true,"deleted":true"#), "\(said)")
            let readers = try await floor.host.send("GET", "/api/access(\(floor.annas))").text
            #expect(readers.contains(#"{"deleted":true,"id":"\#(floor.anna.id)""#), "\(readers)")
        }
    }
}
