import JSONReading
import QueryLanguage
import Records
import Testing

@testable import Server

/// Work that is more than one request: jobs, change sets and their undo, rehearsals, imports, tracked lists. Whoever doesn't read everything has their own,
/// and it reaches no further than their single requests.
@Suite("Work of one's own")
struct OwnWorkTests {
    private func value(_ answer: TestConnection.Answer) throws -> Value { try JSONReader.value(of: answer.body) }

    /// The address of the job behind a 202, and what its monitor answers at the end.
    private func finished(
        _ floor: SalesFloor, _ person: SalesFloor.Person, _ accepted: TestConnection.Answer
    ) async throws -> (job: String, answer: TestConnection.Answer) {
        try #require(accepted.status == 202, "\(accepted.text)")
        let location = try #require(accepted.headers["location"])
        let path = "/api" + location.split(separator: "/api").dropFirst().joined()
        while true {
            let answer = try await floor.send(person, "GET", path)
            if answer.status != 202 { return (path, answer) }
        }
    }

    private func bulk(_ operation: String, _ items: [String]) -> String {
        "{\"operation\": \"\(operation)\", \"items\": [\(items.joined(separator: ", "))]}"
    }

    /// A change set with the caller's change of one account.
    private func changeSet(_ floor: SalesFloor, _ person: SalesFloor.Person, _ id: String, _ fields: String) async throws -> String {
        let body = bulk("update", ["{\"id\": \"\(id)\", \(fields)}"])
        let answer = try await floor.send(person, "POST", "/api/accounts/bulk", ["tessera-change-set": "Their work"], body: body)
        try #require(answer.status == 200, "\(answer.text)")
        return try #require(try value(answer)["change_set"]?.asText)
    }

    // MARK: Background work

    @Test("in the background a request does what it would do at once, and is there for its sender and administrators alone")
    func jobs() async throws {
        try await SalesFloor.with { floor in
            let both = [floor.annas, floor.bens].map { "{\"id\": \"\($0)\", \"size\": 33}" }
            let headers = ["prefer": "respond-async, continue-on-error"]
            let accepted = try await floor.send(floor.anna, "POST", "/api/accounts/bulk", headers, body: bulk("update", both))
            let (job, answer) = try await finished(floor, floor.anna, accepted)
            #expect(answer.text.contains(#""succeeded":1,"failed":1"#) && answer.text.contains("records.not_found"), "\(answer.text)")
            #expect(try await floor.get(floor.anna, "/api/accounts(\(floor.annas))").contains("\"size\":33"))
            #expect(try await floor.get(floor.ben, "/api/accounts(\(floor.bens))").contains("\"size\":20"))

            let each = try await floor.send(
                floor.anna, "PATCH", "/api/accounts/$each?filter=size%20gt%200", ["prefer": "respond-async"], body: #"{"size": 34}"#)
            let (_, done) = try await finished(floor, floor.anna, each)
            #expect(done.text.contains(#""succeeded":1,"failed":0"#), "\(done.text)")
            #expect(try await floor.get(floor.ben, "/api/accounts(\(floor.bens))").contains("\"size\":20"))
            // A hidden field is one that there isn't, also later.
            let hidden = try await floor.send(
                floor.anna, "PATCH", "/api/accounts/$each?filter=ceiling%20eq%20null", ["prefer": "respond-async"], body: #"{"size": 1}"#)
            #expect(hidden.status == 400 && hidden.text.contains("query.unknown_name"), "\(hidden.text)")

            for path in [job, "\(job)/status"] {
                let theirs = try await floor.send(floor.ben, "GET", path)
                #expect(theirs.status == 404 && theirs.text.contains("jobs.not_found"), "\(theirs.text)")
                #expect(try await floor.send(floor.mia, "GET", path).status == 404)
                #expect(try await floor.send(floor.anna, "GET", path).status == 200)
                #expect(try await floor.host.send("GET", path).status == 200)
            }
            #expect(try await floor.send(floor.ben, "POST", "\(job)/cancel").status == 404)
            #expect(try await floor.send(floor.anna, "POST", "\(job)/cancel").status == 409)
            let id = String(job.dropLast().suffix(36))
            #expect(!(try await floor.get(floor.ben, "/api/jobs")).contains(id))
            #expect(try await floor.get(floor.anna, "/api/jobs").contains(id))
        }
    }

    @Test("work in the background asks for the same right to change many at once")
    func bulkRight() async throws {
        try await SalesFloor.with { floor in
            let solo = try await SalesFloor.person(floor.host, "Solo", teams: [floor.north], roles: ["sales.solo"])
            for headers in [[:], ["prefer": "respond-async"]] {
                let body = bulk("update", ["{\"id\": \"\(floor.annas)\", \"size\": 1}"])
                let answer = try await floor.send(solo, "POST", "/api/accounts/bulk", headers, body: body)
                #expect(answer.status == 403, "\(answer.text)")
            }
            #expect(try await floor.send(solo, "PATCH", "/api/accounts(\(floor.annas))", body: #"{"size": 1}"#).status == 204)
        }
    }

    // MARK: Change sets

    @Test("a change set is there for whoever made it, without values that they don't see, and for nobody else")
    func changeSets() async throws {
        try await SalesFloor.with { floor in
            let set = try await changeSet(floor, floor.mia, floor.annas, #""size": 40, "margin": 12"#)
            let paths = ["/api/change_sets(\(set))", "/api/change_sets(\(set))/changes"]
            for path in paths {
                let theirs = try await floor.send(floor.anna, "GET", path)
                let none = try await floor.send(floor.anna, "GET", path.replacing(set, with: floor.annas))
                #expect(theirs.status == 404 && theirs.text == none.text, "\(theirs.text) \(none.text)")
                #expect(try await floor.send(floor.mia, "GET", path).status == 200)
            }
            #expect(!(try await floor.get(floor.anna, "/api/change_sets")).contains(set))
            #expect(try await floor.get(floor.mia, "/api/change_sets").contains(set))
            let mine = try await floor.get(floor.mia, paths[1])
            #expect(mine.contains("\"margin\":12") && mine.contains("\"margin\":7"), "\(mine)")
            #expect(try await floor.get(floor.mia, paths[0]).contains("\"updated\":1"))
            // With another role, that sees less of the same record.
            try await give(floor, floor.mia, roles: "sales.guest")
            let less = try await floor.get(floor.mia, paths[1])
            #expect(less.contains("\"size\":40") && !less.contains("margin"), "\(less)")
            // With a role that doesn't reach it.
            try await give(floor, floor.mia, roles: "sales.rep")
            let nothing = try await floor.get(floor.mia, paths[1])
            #expect(!nothing.contains(floor.annas), "\(nothing)")
            #expect(!(try await floor.get(floor.mia, paths[0])).contains("\"updated\":1"))
        }
    }

    private func give(_ floor: SalesFloor, _ person: SalesFloor.Person, roles: String) async throws {
        let answer = try await floor.host.send("PATCH", "/api/users(\(person.id))", body: #"{"roles": ["\#(roles)"]}"#)
        try #require(answer.status < 300, "\(answer.text)")
    }

    @Test("taking back is for whoever made the changes, and puts back what they may write")
    func undo() async throws {
        try await SalesFloor.with { floor in
            let account = "/api/accounts(\(floor.annas))"
            let set = try await changeSet(floor, floor.anna, floor.annas, #""size": 50"#)
            let theirs = try await floor.send(floor.ben, "POST", "/api/change_sets(\(set))/undo")
            #expect(theirs.status == 404, "\(theirs.text)")
            let tried = try await floor.send(floor.anna, "POST", "/api/change_sets(\(set))/undo?dry_run=true")
            #expect(tried.status == 200 && tried.text.contains("\"undone\":1"), "\(tried.text)")
            #expect(try await floor.get(floor.anna, account).contains("\"size\":50"))
            let back = try await floor.send(floor.anna, "POST", "/api/change_sets(\(set))/undo")
            #expect(back.status == 200 && back.text.contains("\"undone\":1") && back.text.contains("\"refused_count\":0"), "\(back.text)")
            #expect(try await floor.get(floor.anna, account).contains("\"size\":10"))

            // What was given away meanwhile is somebody else's: it stays, and isn't named.
            let other = try await changeSet(floor, floor.anna, floor.annas, #""size": 60"#)
            #expect(try await floor.host.send("PATCH", account, body: #"{"owner_id": "\#(floor.ben.id)"}"#).status == 204)
            let gone = try await floor.send(floor.anna, "POST", "/api/change_sets(\(other))/undo")
            #expect(gone.text.contains("\"undone\":0") && gone.text.contains("\"refused_count\":1"), "\(gone.text)")
            #expect(!gone.text.contains(floor.annas), "\(gone.text)")
            #expect(try await floor.get(floor.ben, account).contains("\"size\":60"))
        }
    }

    @Test("an undo puts back no value of a field that its caller may not write")
    func undoOfFields() async throws {
        try await SalesFloor.with { floor in
            let account = "/api/accounts(\(floor.annas))"
            #expect(try await floor.host.send("PATCH", account, body: #"{"owner_id": "\#(floor.mia.id)"}"#).status == 204)
            let set = try await changeSet(floor, floor.mia, floor.annas, #""size": 40, "margin": 12"#)
            try await give(floor, floor.mia, roles: "sales.rep")
            let refused = try await floor.send(floor.mia, "POST", "/api/change_sets(\(set))/undo")
            #expect(refused.text.contains("\"undone\":0") && refused.text.contains("put all values"), "\(refused.text)")
            #expect(!refused.text.contains("argin"), "\(refused.text)")
            #expect(try await floor.host.send("GET", account).text.contains("\"margin\":12"))
            try await give(floor, floor.mia, roles: "sales.manager")
            let back = try await floor.send(floor.mia, "POST", "/api/change_sets(\(set))/undo", ["prefer": "respond-async"])
            let (_, report) = try await finished(floor, floor.mia, back)
            #expect(report.text.contains("\"undone\":1"), "\(report.text)")
            #expect(try await floor.host.send("GET", account).text.contains("\"margin\":7"))
        }
    }

    @Test("a rehearsal tells of the caller's records, and of what they see of them")
    func rehearsals() async throws {
        try await SalesFloor.with { floor in
            let each = "/api/accounts/$each?dry_run=true&filter=size%20gt%200"
            let annas = try await floor.send(floor.anna, "PATCH", each, body: #"{"size": 70}"#)
            #expect(annas.status == 200 && annas.text.contains("\"succeeded\":1") && annas.text.contains("\"size\":10"), "\(annas.text)")
            #expect(!annas.text.contains(floor.bens) && !annas.text.contains("margin"), "\(annas.text)")
            let mias = try await floor.send(floor.mia, "PATCH", each, body: #"{"size": 70, "margin": 8}"#)
            #expect(mias.text.contains(floor.bens) && mias.text.contains("\"margin\":7"), "\(mias.text)")
            #expect(try await floor.get(floor.anna, "/api/accounts(\(floor.annas))").contains("\"size\":10"))
        }
    }

    // MARK: Imports

    @Test("an import fills what its sender may write, finds what they may read, and makes what they may make")
    func imports() async throws {
        try await SalesFloor.with { floor in
            func imported(_ person: SalesFloor.Person, _ options: String, _ rows: String) async throws -> TestConnection.Answer {
                let upload = try await floor.send(person, "POST", "/api/files?name=list.csv", ["content-type": "text/csv"], body: rows)
                let file = try #require(try value(upload)["id"]?.asText)
                return try await floor.send(person, "POST", "/api/imports", body: "{\"file_id\": \"\(file)\", \(options)}")
            }
            // By name: her own is changed, of another's she doesn't know, so that a new one is made.
            let rows = "name,size\nAcme North,91\nAcme South,92\n"
            let options = #""collection": "accounts", "match": ["name"]"#
            let (job, answer) = try await finished(floor, floor.anna, try await imported(floor.anna, options, rows))
            let result = try value(answer)
            #expect(result["created"] == .integer(1) && result["updated"] == .integer(1), "\(answer.text)")
            #expect(try await floor.get(floor.anna, "/api/accounts(\(floor.annas))").contains("\"size\":91"))
            #expect(try await floor.get(floor.ben, "/api/accounts(\(floor.bens))").contains("\"size\":20"))
            #expect(try await floor.send(floor.ben, "GET", job).status == 404)
            // A hidden field is no column to fill, and one that may not be written fails its row.
            let hidden = try await imported(
                floor.anna,
                #""collection": "accounts", "mapping": {"import": 1, "collection": "accounts", "columns": [{"header": "ceiling", "to": "ceiling"}]}"#,
                "ceiling\n5\n")
            #expect(hidden.status == 400 && hidden.text.contains("import.unknown_property"), "\(hidden.text)")
            let unwritten = try await finished(
                floor, floor.anna, try await imported(floor.anna, #""collection": "accounts""#, "name,code\nNew,N9\n"))
            #expect(try value(unwritten.answer)["failed"] == .integer(1), "\(unwritten.answer.text)")
            // For somebody else, whom she may not make an owner.
            let given = try await finished(
                floor, floor.anna,
                try await imported(floor.anna, #""collection": "accounts""#, "name,owner_id\nGift,\(floor.ben.id)\n"))
            #expect(try value(given.answer)["failed"] == .integer(1), "\(given.answer.text)")
            let mias = try await finished(
                floor, floor.mia, try await imported(floor.mia, #""collection": "accounts""#, "name,owner_id\nGift,\(floor.ben.id)\n"))
            #expect(try value(mias.answer)["created"] == .integer(1), "\(mias.answer.text)")
            // Whose role makes none, or doesn't let them import.
            for role in ["sales.colleague", "sales.typist"] {
                let other = try await SalesFloor.person(floor.host, role, teams: [floor.north], roles: [role])
                let refused = try await imported(other, #""collection": "accounts""#, "name\nMore\n")
                #expect(refused.status == 403 && refused.text.contains("import"), "\(refused.text)")
            }
        }
    }

    // MARK: Tracked lists

    /// A list that somebody keeps up to date.
    private func tracked(
        _ floor: SalesFloor, _ person: SalesFloor.Person, _ address: String
    ) async throws -> (text: String, next: String?, status: Int) {
        let answer = try await floor.send(person, "GET", address, ["prefer": "track-changes"])
        let value = try value(answer)
        let link = value["@deltaLink"]?.asText ?? value["@nextLink"]?.asText
        return (answer.text, link.map { "/api" + $0.split(separator: "/api").dropFirst().joined() }, answer.status)
    }

    @Test("a tracked list tells what comes into reach and what leaves it, and of the rest nothing")
    func tracking() async throws {
        try await SalesFloor.with { floor in
            let first = try await tracked(floor, floor.anna, "/api/accounts?select=name,size")
            #expect(first.status == 200 && first.text.contains("Acme North") && !first.text.contains("Acme South"), "\(first.text)")
            var link = try #require(first.next)
            func told() async throws -> String {
                let page = try await tracked(floor, floor.anna, link)
                link = try #require(page.next, "\(page.text)")
                return page.text
            }
            let quiet = try await told()
            #expect(quiet.contains("\"value\":[]"), "\(quiet)")
            // Others' records change, come and go.
            #expect(try await floor.send(floor.ben, "PATCH", "/api/accounts(\(floor.bens))", body: #"{"size": 21}"#).status == 204)
            let other = try await SalesFloor.make(floor.host, floor.ben, #"{"name": "Unknown"}"#)
            #expect(try await floor.send(floor.ben, "DELETE", "/api/accounts(\(other))").status == 204)
            let own = try await SalesFloor.make(floor.host, floor.anna, #"{"name": "Mine"}"#)
            let made = try await told()
            #expect(made.contains("Mine") && !made.contains(floor.bens) && !made.contains(other), "\(made)")
            // One comes into reach, one leaves it, and what becomes of that one then is nobody's business here.
            func give(_ id: String, to person: SalesFloor.Person) async throws {
                let answer = try await floor.host.send("PATCH", "/api/accounts(\(id))", body: #"{"owner_id": "\#(person.id)"}"#)
                try #require(answer.status == 204, "\(answer.text)")
            }
            try await give(floor.bens, to: floor.anna)
            try await give(floor.annas, to: floor.ben)
            #expect(try await floor.send(floor.ben, "DELETE", "/api/accounts(\(floor.annas))").status == 204)
            let moved = try await told()
            #expect(moved.contains("Acme South"), "\(moved)")
            #expect(moved.contains(#""@removed":{"reason":"changed"},"@id":"accounts(\#(floor.annas))""#), "\(moved)")
            #expect(try await floor.host.send("POST", "/api/accounts(\(floor.annas))/restore").status == 204)
            let after = try await told()
            #expect(after.contains("\"value\":[]"), "\(after)")
            // In and out again since the last look: it may have been read in between.
            try await give(floor.annas, to: floor.anna)
            try await give(floor.annas, to: floor.ben)
            #expect(try await told().contains(floor.annas))
            #expect(try await floor.send(floor.anna, "DELETE", "/api/accounts(\(own))").status == 204)
            let deleted = try await told()
            #expect(deleted.contains(#""@removed":{"reason":"deleted"},"@id":"accounts(\#(own))""#), "\(deleted)")
        }
    }

    @Test("a tracked list in pages ends no page at a record that may not be read")
    func trackingPages() async throws {
        try await SalesFloor.with { floor in
            let first = try await tracked(floor, floor.anna, "/api/accounts?select=name")
            for number in 0..<12 {
                let person = number % 4 == 0 ? floor.anna : floor.ben
                _ = try await SalesFloor.make(floor.host, person, #"{"name": "No \#(number)"}"#)
            }
            var (link, found, pages) = (try #require(first.next), "", 0)
            while true {
                let answer = try await floor.send(floor.anna, "GET", link, ["prefer": "track-changes,maxpagesize=1"])
                found += answer.text
                pages += 1
                guard let next = try value(answer)["@nextLink"]?.asText else { break }
                link = "/api" + next.split(separator: "/api").dropFirst().joined()
            }
            #expect(pages == 3 && ["No 0", "No 4", "No 8"].allSatisfy(found.contains) && !found.contains("No 1\""), "\(found)")
        }
    }

    @Test("a tracked list begins anew when what its reader may read changes by more than the records themselves")
    func trackingRights() async throws {
        try await SalesFloor.with { floor in
            let helper = try await SalesFloor.person(floor.host, "Hal", roles: ["sales.helper"])
            let changes: [(person: SalesFloor.Person, method: String, url: String, body: String)] = [
                (helper, "POST", "/api/shares", #"{"record_id": "\#(floor.annas)", "grantee_id": "\#(helper.id)"}"#),
                (floor.anna, "PATCH", "/api/users(\(floor.anna.id))", #"{"roles": ["sales.colleague"]}"#),
                (floor.ben, "PATCH", "/api/users(\(floor.ben.id))", #"{"roles": ["sales.rep", "sales.reader"]}"#),
                (floor.mia, "PATCH", "/api/users(\(floor.mia.id))", #"{"teams": ["\#(floor.north)"]}"#),
            ]
            for change in changes {
                let person = change.person
                let link = try #require(try await tracked(floor, person, "/api/accounts?select=name").next)
                #expect(try await tracked(floor, person, link).status == 200)
                let answer = try await floor.host.send(change.method, change.url, body: change.body)
                #expect(answer.status < 300, "\(answer.text)")
                let expired = try await tracked(floor, person, link)
                #expect(expired.status == 410 && expired.text.contains("records.sync_expired"), "\(expired.text)")
                #expect(try await tracked(floor, person, "/api/accounts?select=name").status == 200)
            }
            // Nobody goes on with another's link.
            let annas = try #require(try await tracked(floor, floor.anna, "/api/accounts?select=name").next)
            #expect(try await tracked(floor, floor.mia, annas).status == 410)
            let expanded = try await floor.send(floor.anna, "GET", "/api/accounts?expand=parent", ["prefer": "track-changes"])
            #expect(expanded.status == 403 && expanded.text.contains("access.not_supported"), "\(expanded.text)")
            let computed = try await tracked(floor, floor.anna, "/api/accounts?compute=parent/name%20as%20p&select=name,p")
            #expect(computed.status == 501, "what is at the other end may leave the reader's reach without a trace")
        }
    }
}
