import JSONReading
import QueryLanguage
import Records
import Testing

@testable import Server

/// Visits belong to accounts, whose rights are theirs.
@Suite("Access to details")
struct DetailAccessTests {
    /// A visit to each rep's account, made by the administrator, whose own they are: that counts for nothing.
    private struct Visits: Sendable {
        var floor: SalesFloor
        var (annas, bens): (String, String)

        static func with(_ body: @Sendable (SalesFloor, Visits) async throws -> Void) async throws {
            try await SalesFloor.with { floor in
                func make(_ account: String, _ subject: String) async throws -> String {
                    try await floor.host.create("visits", #"{"subject": "\#(subject)", "cost": 5, "account_id": "\#(account)"}"#)
                }
                let annas = try await make(floor.annas, "Fair North")
                try await body(floor, Visits(floor: floor, annas: annas, bens: try await make(floor.bens, "Fair South")))
            }
        }
    }

    @Test("shows those of the records that somebody may read, whatever way leads to them")
    func reading() async throws {
        try await Visits.with { floor, visits in
            let doors = [
                "/api/visits", "/api/visits?orderby=subject%20desc", "/api/visits?filter=account/size%20gt%200", "/api/visits?search=fair",
                "/api/search?q=fair", "/api/visits?apply=groupby((subject))", "/api/accounts?expand=visits",
                "/api/accounts?filter=visits/any(v:startswith(v/subject,'Fair'))&expand=visits",
            ]
            for door in doors {
                for (person, mine, theirs) in [(floor.anna, "North", "South"), (floor.ben, "South", "North")] {
                    let answer = try await floor.get(person, door)
                    #expect(answer.contains("Fair \(mine)") && !answer.contains("Fair \(theirs)"), "\(door): \(answer)")
                }
                let all = try await floor.get(floor.mia, door)
                #expect(all.contains("Fair North") && all.contains("Fair South"), "\(door): \(all)")
            }
            #expect(try await floor.get(floor.anna, "/api/visits/$count") == "1")
            #expect(try await floor.get(floor.anna, "/api/visits/$count?count_mode=estimated") == "1")
            let csv = try await floor.send(floor.anna, "GET", "/api/visits", ["accept": "text/csv"]).text
            #expect(csv.contains("Fair North") && !csv.contains("Fair South"), "\(csv)")
            // A field of the detail that a role hides is hidden as any.
            #expect(!(try await floor.get(floor.anna, "/api/visits(\(visits.annas))")).contains("cost"))
            #expect(try await floor.send(floor.anna, "GET", "/api/visits?filter=cost%20gt%201").status == 400)
            #expect(try await floor.get(floor.mia, "/api/visits(\(visits.annas))").contains("\"cost\":5"))
        }
    }

    @Test("answers those of hidden records as what isn't there, whatever is done to them")
    func missing() async throws {
        try await Visits.with { floor, visits in
            let nowhere = "0190163d-8694-739b-aea5-966c26f8ad90"
            let requests: [(String, String, String?)] = [
                ("GET", "", nil), ("GET", "/subject", nil), ("GET", "/account", nil), ("GET", "?expand=account", nil),
                ("GET", "?include_deleted=true", nil), ("PATCH", "", #"{"subject": "x"}"#), ("PUT", "", #"{"subject": "x"}"#),
                ("PATCH", "", #"{"account_id": "\#(floor.annas)"}"#), ("DELETE", "", nil), ("POST", "/restore", nil),
                ("POST", "/purge", nil),
            ]
            for (method, tail, body) in requests {
                let hidden = try await floor.send(floor.anna, method, "/api/visits(\(visits.bens))\(tail)", body: body)
                let missing = try await floor.send(floor.anna, method, "/api/visits(\(nowhere))\(tail)", body: body)
                #expect(hidden.status == missing.status && hidden.status >= 400, "\(method) \(tail): \(hidden.text) \(missing.text)")
                #expect(hidden.text.replacing(visits.bens, with: nowhere) == missing.text, "\(method) \(tail)")
                let own = try await floor.send(floor.ben, method, "/api/visits(\(visits.bens))\(tail)", body: body)
                if method == "GET" { #expect(own.status == 200, "\(method) \(tail): \(own.text)") }
            }
        }
    }

    @Test("lets who may update a record make, change, move, delete, restore and purge its details, and nobody else")
    func writing() async throws {
        try await Visits.with { floor, visits in
            // Reads all accounts, and updates their own.
            let rita = try await SalesFloor.person(floor.host, "Rita", roles: ["sales.reader"])
            let ritas = try await SalesFloor.make(floor.host, rita, #"{"name": "Acme West"}"#)
            func visit(_ account: String) -> String { #"{"subject": "New", "account_id": "\#(account)"}"# }
            for (person, account, status) in [(rita, ritas, 201), (rita, floor.bens, 403), (floor.anna, floor.bens, 400)] {
                let made = try await floor.send(person, "POST", "/api/visits", body: visit(account))
                #expect(made.status == status, "\(made.text)")
            }
            let nested = #"{"name": "Acme East", "visits": [{"subject": "First"}]}"#
            #expect(try await floor.send(rita, "POST", "/api/accounts", body: nested).status == 201)
            let own = try await floor.host.create("visits", visit(ritas))
            let (mine, theirs) = ("/api/visits(\(own))", "/api/visits(\(visits.bens))")
            #expect(try await floor.send(rita, "GET", theirs).status == 200)
            for (method, tail, body) in [
                ("PATCH", "", #"{"subject": "x"}"#), ("PATCH", "", #"{"owner_id": "\#(rita.id)"}"#), ("DELETE", "", nil),
                ("PATCH", "", #"{"account_id": "\#(ritas)"}"#), ("POST", "/purge", nil),
            ] as [(String, String, String?)] {
                let refused = try await floor.send(rita, method, theirs + tail, body: body)
                #expect(refused.status == 403 && refused.text.contains("records.forbidden"), "\(method) \(tail): \(refused.text)")
            }
            // Nor may one's own be moved to where they couldn't be changed.
            for body in [#"{"account_id": "\#(floor.bens)"}"#, #"{"account_id": "\#(floor.bens)", "owner_id": "\#(rita.id)"}"#] {
                let moved = try await floor.send(rita, "PATCH", mine, body: body)
                #expect(moved.status == 403, "\(moved.text)")
            }
            let link = try await floor.send(rita, "PUT", "\(mine)/account/$ref", body: #"{"@id": "accounts(\#(floor.bens))"}"#)
            #expect(link.status == 403, "\(link.text)")
            #expect(
                try await floor.send(floor.mia, "PATCH", "/api/visits(\(visits.annas))", body: #"{"account_id": "\#(floor.bens)"}"#).status
                    == 204)
            #expect(try await floor.send(floor.anna, "GET", "/api/visits(\(visits.annas))").status == 404)
            #expect(try await floor.get(floor.ben, "/api/visits/$count") == "2")
            for (method, tail, body) in [
                ("PATCH", "", #"{"subject": "x"}"#), ("PATCH", "", #"{"owner_id": "\#(rita.id)"}"#), ("DELETE", "", nil),
                ("POST", "/restore", nil), ("POST", "/purge", nil),
            ] as [(String, String, String?)] {
                let done = try await floor.send(rita, method, mine + tail, body: body)
                #expect(done.status == 204, "\(method) \(tail): \(done.text)")
            }
        }
    }

    @Test("goes with the record: deleted, its details are out of reach; purged, they are purged")
    func deletion() async throws {
        try await Visits.with { floor, visits in
            let (account, visit) = ("/api/accounts(\(floor.annas))", "/api/visits(\(visits.annas))")
            #expect(try await floor.send(floor.anna, "DELETE", account).status == 204)
            for url in [visit, "\(visit)/subject"] { #expect(try await floor.send(floor.anna, "GET", url).status == 404) }
            #expect(try await floor.send(floor.anna, "PATCH", visit, body: #"{"subject": "x"}"#).status == 404)
            #expect(try await floor.get(floor.anna, "/api/visits").contains("\"value\":[]"))
            #expect(try await floor.get(floor.mia, "/api/visits/$count") == "1")
            // As the account itself they are found among what is deleted.
            #expect(try await floor.get(floor.anna, "/api/visits?include_deleted=true").contains("Fair North"))
            #expect(try await floor.host.send("GET", visit).status == 200)
            #expect(try await floor.send(floor.anna, "POST", "\(account)/restore").status == 204)
            #expect(try await floor.send(floor.anna, "GET", visit).status == 200)
            let max = try await SalesFloor.person(floor.host, "Max", roles: ["sales.maker"])
            let own = try await SalesFloor.make(floor.host, max, #"{"name": "Acme East", "visits": [{"subject": "First"}]}"#)
            #expect(try await floor.get(max, "/api/visits/$count") == "1")
            #expect(try await floor.send(max, "DELETE", "/api/accounts(\(own))").status == 204)
            #expect(try await floor.send(max, "POST", "/api/accounts(\(own))/purge").status == 204)
            #expect(
                try await floor.host.send("GET", "/api/visits?filter=subject%20eq%20'First'&include_deleted=true").text.contains(
                    "\"value\":[]"))
        }
    }

    @Test("holds in bulk, batches, files, undos and rehearsals")
    func ways() async throws {
        try await Visits.with { floor, visits in
            let both = #"[{"id": "\#(visits.annas)", "subject": "Mine"}, {"id": "\#(visits.bens)", "subject": "Mine"}]"#
            let bulk = try await floor.send(
                floor.anna, "POST", "/api/visits/bulk", ["prefer": "continue-on-error"],
                body: #"{"operation": "update", "items": \#(both)}"#)
            #expect(bulk.text.contains("\"succeeded\":1") && bulk.text.contains("records.not_found"), "\(bulk.text)")
            #expect(try await floor.get(floor.ben, "/api/visits(\(visits.bens))").contains("Fair South"))
            #expect(try await floor.get(floor.anna, "/api/visits(\(visits.annas))").contains("Mine"))
            // An undo asks for the record that a visit belongs to, as it is by then.
            let deleted = try await floor.send(
                floor.ben, "POST", "/api/visits/bulk", body: #"{"operation": "delete", "items": [{"id": "\#(visits.bens)"}]}"#)
            let set = try #require(try JSONReader.value(of: deleted.body)["change_set"]?.asText, "\(deleted.text)")
            for (owner, undone) in [(floor.anna, 0), (floor.ben, 1)] {
                let given = #"{"owner_id": "\#(owner.id)"}"#
                #expect(try await floor.host.send("PATCH", "/api/accounts(\(floor.bens))", body: given).status == 204)
                let undo = try await floor.send(floor.ben, "POST", "/api/change_sets(\(set))/undo").text
                #expect(undo.contains("\"undone\":\(undone)") && undo.contains("\"refused_count\":\(1 - undone)"), "\(undo)")
            }
            // A role that withholds changing many of the record withholds it of its details.
            let solo = try await SalesFloor.person(floor.host, "Solo", teams: [floor.north], roles: ["sales.solo"])
            for (tail, status) in [("(\(visits.annas))", 204), ("/$each?filter=true", 403)] {
                let changed = try await floor.send(solo, "PATCH", "/api/visits\(tail)", body: #"{"cost": 6}"#)
                #expect(changed.status == status, "\(changed.text)")
            }
            let batch = """
                {"requests": [{"id": "1", "method": "GET", "url": "visits(\(visits.bens))"}, \
                {"id": "2", "method": "POST", "url": "visits", "body": {"subject": "New", "account_id": "\(floor.bens)"}}, \
                {"id": "3", "method": "POST", "url": "visits", "body": {"subject": "New", "account_id": "\(floor.annas)"}}]}
                """
            let answers = try await floor.send(floor.anna, "POST", "/api/$batch", ["content-type": "application/json"], body: batch).text
            #expect(
                answers.contains("\"status\":404") && answers.contains("\"status\":400") && answers.contains("\"status\":201"), "\(answers)"
            )
            let file = try await floor.host.send(
                "POST", "/api/files?name=report.txt", headers: ["content-type": "text/plain"], body: "a report")
            let id = String(decoding: try #require(JSONExtract.member("id", of: file.body)).dropFirst().dropLast(), as: UTF8.self)
            let held = try await floor.host.send("PATCH", "/api/visits(\(visits.bens))", body: #"{"report_id": "\#(id)"}"#)
            #expect(held.status == 204, "\(held.text)")
            for (person, status) in [(floor.ben, 200), (floor.anna, 404)] {
                #expect(try await floor.send(person, "GET", "/api/visits(\(visits.bens))/report/$value").status == status)
                #expect(try await floor.send(person, "GET", "/api/files(\(id))").status == status)
            }
            let stolen = try await floor.send(floor.anna, "PATCH", "/api/visits(\(visits.annas))", body: #"{"report_id": "\#(id)"}"#)
            #expect(stolen.status == 400, "\(stolen.text)")
        }
    }

    @Test("isn't shared by itself, tracked by whom it could leave without a trace, and explained by the record it comes from")
    func besides() async throws {
        try await Visits.with { floor, visits in
            let share = #"{"record_id": "\#(visits.annas)", "grantee_id": "\#(floor.ben.id)", "level": "read", "cause": "test"}"#
            for person in [floor.mia.headers, [:]] {
                let shared = try await floor.host.send("POST", "/api/shares", headers: person, body: share)
                #expect(shared.status == 400 && shared.text.contains("sales.account"), "\(shared.text)")
            }
            let account = #"{"record_id": "\#(floor.annas)", "grantee_id": "\#(floor.ben.id)", "level": "read", "cause": "test"}"#
            #expect(try await floor.send(floor.mia, "POST", "/api/shares", body: account).status == 204)
            let hal = try await SalesFloor.person(floor.host, "Hal", roles: ["sales.helper"])
            let hals = account.replacing(floor.ben.id, with: hal.id)
            #expect(try await floor.send(hal, "GET", "/api/visits(\(visits.annas))").status == 404)
            #expect(try await floor.send(floor.mia, "POST", "/api/shares", body: hals).status == 204)
            #expect(try await floor.send(hal, "GET", "/api/visits(\(visits.annas))").status == 200)
            let tracked = try await floor.send(floor.anna, "GET", "/api/visits", ["prefer": "track-changes"])
            #expect(tracked.status == 501 && tracked.text.contains("track sales.account"), "\(tracked.text)")
            #expect(try await floor.host.send("GET", "/api/visits", headers: ["prefer": "track-changes"]).text.contains("deltaLink"))
            let said = try await floor.host.send("GET", "/api/access(\(visits.annas))/\(floor.anna.id)").text
            let source = #""inherited_from":[{"action":"read","record_id":"\#(floor.annas)","record_type":"sales.account"}]"#
            #expect(said.contains(source) && said.contains(#""because":"owner""#), "\(said)")
            #expect(said.contains(#""action":"delete","allowed":true,"inherited_from":[{"action":"update""#), "\(said)")
            let readers = try await floor.host.send("GET", "/api/access(\(visits.annas))").text
            #expect(
                readers.contains("Anna") && readers.contains("Mia") && readers.contains("Hal") && !readers.contains("Ben"), "\(readers)")
        }
    }
}
