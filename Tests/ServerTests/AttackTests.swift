import JSONReading
import QueryLanguage
import Records
import Testing

@testable import Server

/// Attacks as scripts: what somebody with an account of their own would try. After each the victim's record is as it was, no answer held anything of it, and
/// the same requests do their work for those who may send them.
@Suite("Attacks")
struct AttackTests {
    /// A request; `VICTIM` stands for Ben's account, `MINE` for Anna's, `BEN` and `ANNA` for the two.
    private struct Attempt {
        var method: String
        var url: String
        var body: String?
        var headers: [String: String] = [:]

        init(_ method: String, _ url: String, _ body: String? = nil, _ headers: [String: String] = [:]) {
            self.method = method
            self.url = url
            self.body = body
            self.headers = headers
        }
    }

    /// Values of Ben's account that nobody else has.
    private static let canaries = ["Acme South", "quiet S1", "S1@example.com", "\"S1\""]

    private func send(_ floor: SalesFloor, _ person: SalesFloor.Person?, _ attempt: Attempt) async throws -> TestConnection.Answer {
        func filled(_ text: String) -> String {
            text.replacing("VICTIM", with: floor.bens).replacing("MINE", with: floor.annas).replacing("BEN", with: floor.ben.id)
                .replacing("ANNA", with: floor.anna.id).replacing("TEAM", with: floor.south)
        }
        let (url, body) = (filled(attempt.url), attempt.body.map(filled))
        guard let person else { return try await floor.host.send(attempt.method, url, headers: attempt.headers, body: body) }
        return try await floor.send(person, attempt.method, url, attempt.headers, body: body)
    }

    private func victim(_ floor: SalesFloor) async throws -> String {
        try await floor.host.send("GET", "/api/accounts(\(floor.bens))?expand=partners,parent").text
    }

    /// Carries a script out as Anna.
    private func run(_ floor: SalesFloor, _ script: [Attempt]) async throws {
        let before = try await victim(floor)
        for attempt in script {
            let answer = try await send(floor, floor.anna, attempt)
            for canary in Self.canaries {
                #expect(!answer.text.contains(canary), "\(attempt.method) \(attempt.url): \(answer.text)")
            }
            #expect(try await victim(floor) == before, "\(attempt.method) \(attempt.url): \(answer.status) \(answer.text)")
        }
    }

    // MARK: Sideways

    private static let sideways = [
        Attempt("PATCH", "/api/accounts(VICTIM)", #"{"size": 1}"#), Attempt("PUT", "/api/accounts(VICTIM)", #"{"name": "Mine now"}"#),
        Attempt("PATCH", "/api/accounts(VICTIM)", #"{"owner_id": "ANNA"}"#, ["if-match": "*"]),
        Attempt("PATCH", "/api/accounts(code='S1')", #"{"size": 1}"#), Attempt("PUT", "/api/accounts(code='S1')", #"{"name": "Mine now"}"#),
        Attempt("DELETE", "/api/accounts(VICTIM)"), Attempt("POST", "/api/accounts(VICTIM)/restore"),
        Attempt("POST", "/api/accounts(VICTIM)/purge"),
        Attempt(
            "POST", "/api/accounts/bulk", #"{"operation": "update", "items": [{"id": "VICTIM", "size": 1}, {"id": "MINE", "size": 11}]}"#),
        Attempt("POST", "/api/accounts/bulk", #"{"operation": "delete", "items": [{"id": "VICTIM"}]}"#, ["prefer": "continue-on-error"]),
        Attempt("POST", "/api/accounts/bulk", #"{"operation": "upsert", "key": ["name"], "items": [{"name": "Acme South", "size": 1}]}"#),
        Attempt("POST", "/api/accounts", #"{"id": "VICTIM", "name": "Copy"}"#),
        Attempt("PATCH", "/api/accounts/$each?filter=true", #"{"size": 12}"#),
        Attempt("DELETE", "/api/accounts/$each?filter=id%20eq%20VICTIM"),
        Attempt(
            "POST", "/api/$batch",
            #"{"requests": [{"id": "1", "method": "PATCH", "url": "accounts(MINE)", "body": {"size": 13}}, {"id": "2", "method": "PATCH", "url": "accounts(VICTIM)", "body": {"size": 1}, "dependsOn": ["1"]}]}"#
        ),
        Attempt("PUT", "/api/accounts(VICTIM)/parent/$ref", #"{"@id": "accounts(MINE)"}"#),
        Attempt("POST", "/api/accounts(VICTIM)/partners/$ref", #"{"@id": "accounts(MINE)"}"#),
        Attempt("POST", "/api/accounts(MINE)/partners/$ref", #"{"@id": "accounts(VICTIM)"}"#),
        Attempt("PATCH", "/api/accounts(MINE)", #"{"parent_id": "VICTIM"}"#),
        Attempt("POST", "/api/accounts", #"{"name": "Nested", "partners": [{"id": "VICTIM"}]}"#),
        Attempt("PUT", "/api/accounts(VICTIM)/offer/$value", "stolen", ["content-type": "text/plain"]),
        Attempt("POST", "/api/shares", #"{"record_id": "VICTIM", "grantee_id": "ANNA", "level": "manage"}"#),
        Attempt("DELETE", "/api/shares(VICTIM)/ANNA"),
    ]

    @Test("sideways, on a colleague's record by every way to write, change nothing and tell nothing")
    func horizontal() async throws {
        try await SalesFloor.with { floor in
            try await run(floor, Self.sideways)
            // The owner gets somewhere with what was tried first.
            #expect(try await send(floor, floor.ben, Self.sideways[0]).status == 204)
            #expect(try await floor.get(floor.ben, "/api/accounts(\(floor.bens))").contains("\"size\":1"))
        }
    }

    // MARK: Upwards

    @Test("upwards, to more rights than one has, change nobody's rights")
    func vertical() async throws {
        let script = [
            Attempt("PATCH", "/api/users(ANNA)", #"{"roles": ["administrator"]}"#),
            Attempt("PATCH", "/api/me", #"{"roles": ["administrator"]}"#),
            Attempt("POST", "/api/users", #"{"name": "Eve", "roles": ["administrator"]}"#),
            Attempt("PATCH", "/api/users(ANNA)", #"{"teams": ["TEAM"]}"#), Attempt("PATCH", "/api/teams(TEAM)", #"{"parent_id": null}"#),
            Attempt("POST", "/api/teams", #"{"name": "Mine"}"#),
            Attempt("POST", "/api/users(BEN)/deactivate", #"{"hand_over_to": "ANNA"}"#),
            Attempt("POST", "/api/roles", #"{"id": "mine", "grants": {"account": {"read": "all"}}}"#),
            Attempt(
                "POST", "/api/$batch",
                #"{"requests": [{"id": "1", "method": "PATCH", "url": "users(ANNA)", "body": {"roles": ["administrator"]}}]}"#),
            // Words that some server or other would believe.
            Attempt(
                "GET", "/api/accounts(VICTIM)", nil,
                ["x-forwarded-user": "administrator", "x-user-id": "BEN", "x-original-url": "/api/users"]),
            Attempt("GET", "/api/accounts?$top=10&role=administrator&user=BEN&on_behalf_of=BEN"),
            Attempt("POST", "/api/accounts(VICTIM)", #"{"size": 1}"#, ["x-http-method-override": "PATCH"]),
        ]
        try await SalesFloor.with { floor in
            let me = try await floor.get(floor.anna, "/api/me")
            let users = try await floor.host.send("GET", "/api/users").text
            try await run(floor, script)
            #expect(try await floor.get(floor.anna, "/api/me") == me)
            #expect(try await floor.host.send("GET", "/api/users").text == users)
            #expect(try await send(floor, nil, script[0]).status < 300)
            #expect(try await floor.get(floor.anna, "/api/accounts").contains("Acme South"))
        }
    }

    // MARK: More than was asked for

    @Test("with members that nobody set out to take give a record no other owner, past, id, number or hidden value")
    func massAssignment() async throws {
        let members = [
            #""owner_id": "BEN""#, #""created_by": "BEN""#, #""updated_by": "BEN""#, #""created_at": "2001-01-01T00:00:00Z""#,
            #""updated_at": "2001-01-01T00:00:00Z""#, #""version": 99"#, #""deleted_at": "2001-01-01T00:00:00Z""#, #""id": "VICTIM""#,
            #""number": "A-9999""#, #""margin": 1"#, #""ceiling": 1"#, #""code": "X9""#, #""region_id": "VICTIM""#, #""is_admin": true"#,
            ##""@id": "accounts(VICTIM)""##, #""@etag": "W/\"99\"""#, #""grants": "all""#,
        ]
        try await SalesFloor.with { floor in
            let watched =
                "/api/accounts(\(floor.annas))?select=id,owner_id,created_by,created_at,deleted_at,number,margin,ceiling,code,region_id"
            func stored() async throws -> String {
                let text = try await floor.host.send("GET", watched, headers: ["accept": "application/json;metadata=none"]).text
                return text
            }
            let before = try await stored()
            for member in members {
                for attempt in [
                    Attempt("PATCH", "/api/accounts(MINE)", "{\"size\": 14, \(member)}"),
                    Attempt(
                        "POST", "/api/accounts/bulk",
                        "{\"operation\": \"update\", \"items\": [{\"id\": \"MINE\", \"size\": 14, \(member)}]}"),
                ] where !(member.contains("\"id\"") && attempt.method == "POST") {
                    try await run(floor, [attempt])
                    #expect(try await stored() == before, "\(member)")
                }
                let made = try await send(floor, floor.anna, Attempt("POST", "/api/accounts", "{\"name\": \"New\", \(member)}"))
                guard made.status == 201, let id = try JSONReader.value(of: made.body)["id"]?.asText else { continue }
                let whole = try JSONReader.value(of: try await floor.host.send("GET", "/api/accounts(\(id))").body)
                #expect(whole["owner_id"]?.asText == floor.anna.id && whole["created_by"]?.asText == floor.anna.id, "\(member)")
                #expect(whole["margin"] == .null && whole["ceiling"] == .null && whole["code"] == .null, "\(member)")
                #expect(whole["number"]?.asText != "A-9999" && whole["deleted_at"] == .null && id != floor.bens, "\(member)")
                #expect(whole["created_at"]?.asText?.hasPrefix("2001") == false && whole["version"] == .integer(1), "\(member)")
            }
            // Who may make Ben the owner does.
            let given = try await send(floor, floor.mia, Attempt("PATCH", "/api/accounts(MINE)", #"{"owner_id": "BEN"}"#))
            #expect(given.status == 204, "\(given.text)")
        }
    }

    // MARK: Questions

    /// Questions that would tell something of hidden records and fields if an answer, an order, a count or an error depended on them.
    private static let questions = [
        "/api/accounts", "/api/accounts?filter=margin%20ge%207", "/api/accounts?filter=margin%20eq%20null",
        "/api/accounts?orderby=margin%20desc",
        "/api/accounts?filter=ceiling%20gt%201", "/api/accounts?filter=notes%20eq%20'quiet%20S1'",
        "/api/accounts?filter=contains(notes,'loud')",
        "/api/accounts?filter=labels/any(l:l%20eq%20'red')", "/api/accounts?filter=mails/any(m:startswith(m/address,'S1'))",
        "/api/accounts?filter=startswith(name,'Acme%20S')&count=true", "/api/accounts/$count?filter=size%20ge%2020",
        "/api/accounts?apply=aggregate(margin%20with%20max%20as%20most)", "/api/accounts?apply=groupby((notes),aggregate($count%20as%20n))",
        "/api/accounts?apply=groupby((parent/name))", "/api/accounts?compute=parent/size%20as%20above&select=name,above",
        "/api/accounts?compute=margin%20mul%202%20as%20twice&select=twice", "/api/accounts?search=quiet", "/api/accounts?search=South",
        "/api/accounts?search=Suoth", "/api/search?q=South", "/api/search?q=quiet", "/api/accounts?expand=parent,partners",
        "/api/accounts?expand=parent($expand=partners($count=true))", "/api/accounts?expand=partner_of($filter=size%20gt%205)",
        "/api/accounts?filter=parent/size%20gt%2019", "/api/accounts?filter=parent%20ne%20null",
        "/api/accounts?filter=partners/$count%20gt%200",
        "/api/accounts?filter=subsidiaries/any()", "/api/accounts?orderby=parent/name", "/api/regions?expand=accounts($count=true)",
        "/api/accounts(VICTIM)", "/api/accounts(VICTIM)/name", "/api/accounts(VICTIM)/partners", "/api/accounts(MINE)/parent",
        "/api/accounts(MINE)/partners/$count", "/api/accounts(code='S1')", "/api/accounts(code='S2')",
        "/api/accounts?count_mode=estimated&count=true",
        "/api/accounts?format=csv&select=name,margin,notes,labels", "/api/accounts?deleted=include", "/api/change_sets", "/api/jobs",
        "/api/shares(VICTIM)",
    ]

    private func answers(_ floor: SalesFloor, _ person: SalesFloor.Person) async throws -> [String] {
        var answers: [String] = []
        for question in Self.questions {
            let answer = try await send(floor, person, Attempt("GET", question, nil, ["accept": "*/*"]))
            // The version of a record that may be read, and when it was changed, tell of changes of hidden fields: on purpose.
            let text = answer.text.replacing(/W\/\\?"[0-9]+\\?"/, with: "W").replacing(/"version":[0-9]+/, with: "V")
                .replacing(/"updated_at":"[^"]*"/, with: "U")
            answers.append("\(question): \(answer.status) \(text)")
        }
        return answers
    }

    @Test(
        "by questions, with filters, orders, searches, groups, links and keys, learn nothing of hidden records: whatever these hold, the answers are the same"
    )
    func questionsAboutRecords() async throws {
        try await SalesFloor.with { floor in
            let link = #"{"parent_id": "\#(floor.bens)", "partners": [{"id": "\#(floor.bens)"}]}"#
            #expect(try await floor.host.send("PATCH", "/api/accounts(\(floor.annas))", body: link).status == 204)
            let before = try await answers(floor, floor.anna)
            let other =
                #"{"name": "Zenith", "size": 2000, "margin": 90000, "notes": "loud", "labels": ["blue"], "code": "S2", "mails": [], "ceiling": 5000}"#
            #expect(try await floor.send(floor.mia, "PATCH", "/api/accounts(\(floor.bens))", body: other).status == 204)
            for (before, after) in zip(before, try await answers(floor, floor.anna)) { #expect(before == after) }
            // They are questions that have answers.
            let mias = try await answers(floor, floor.mia)
            #expect(zip(before, mias).count { $0 != $1 } > Self.questions.count / 2)
            #expect(try await floor.send(floor.ben, "DELETE", "/api/accounts(\(floor.bens))").status == 204)
            for (before, after) in zip(before, try await answers(floor, floor.anna)) { #expect(before == after) }
        }
    }

    @Test("by questions learn nothing of fields that are hidden on a record that is seen")
    func questionsAboutFields() async throws {
        try await SalesFloor.with { floor in
            let guest = try await SalesFloor.person(floor.host, "Gus", roles: ["sales.guest"])
            let before = try await answers(floor, guest)
            #expect(before[0].contains("Acme South"))
            let other =
                #"{"margin": 90000, "notes": "loud", "labels": ["blue"], "mails": [], "ceiling": 5000, "parent_id": "\#(floor.annas)"}"#
            #expect(try await floor.host.send("PATCH", "/api/accounts(\(floor.bens))", body: other).status == 204)
            for (before, after) in zip(before, try await answers(floor, guest)) { #expect(before == after) }
        }
    }

    // MARK: Guesses

    @Test("by guessed ids find out nothing: neither by status, words, headers nor conditions is a hidden record other than none")
    func guesses() async throws {
        let nowhere = "0190163d-8694-739b-aea5-966c26f8ad90"
        let script = [
            Attempt("GET", "/api/accounts(VICTIM)", nil, ["if-none-match": "W/\"2\""]),
            Attempt("GET", "/api/accounts(VICTIM)", nil, ["if-match": "*"]),
            Attempt("PATCH", "/api/accounts(VICTIM)", #"{"size": 1}"#, ["if-match": "W/\"2\""]),
            Attempt("PATCH", "/api/accounts(VICTIM)", #"{"size": 1}"#, ["if-match": "W/\"1\""]),
            Attempt("PUT", "/api/accounts(VICTIM)", #"{"name": "x"}"#, ["if-match": "*"]),
            Attempt("DELETE", "/api/accounts(VICTIM)", nil, ["if-match": "W/\"1\""]), Attempt("HEAD", "/api/accounts(VICTIM)"),
            Attempt("GET", "/api/accounts?filter=id%20eq%20VICTIM"), Attempt("GET", "/api/accounts?filter=parent_id%20eq%20VICTIM"),
            Attempt("PATCH", "/api/accounts(MINE)", #"{"parent_id": "VICTIM"}"#),
            Attempt("POST", "/api/accounts/bulk", #"{"operation": "update", "items": [{"id": "VICTIM", "@etag": "W/\"1\"", "size": 1}]}"#),
            Attempt("GET", "/api/files(VICTIM)"), Attempt("GET", "/api/jobs(VICTIM)"), Attempt("GET", "/api/change_sets(VICTIM)"),
            Attempt("POST", "/api/change_sets(VICTIM)/undo"), Attempt("GET", "/api/shares(VICTIM)"),
            Attempt("POST", "/api/shares", #"{"record_id": "VICTIM", "grantee_id": "BEN"}"#), Attempt("DELETE", "/api/shares(VICTIM)/BEN"),
        ]
        try await SalesFloor.with { floor in
            try await run(floor, script)
            // With the tag that its owner read, it is as little there.
            let read = try await send(floor, floor.ben, Attempt("HEAD", "/api/accounts(VICTIM)"))
            let known = Attempt("GET", "/api/accounts(VICTIM)", nil, ["if-none-match": try #require(read.headers["etag"])])
            for attempt in script + [known] {
                let hidden = try await send(floor, floor.anna, attempt)
                var none = attempt
                none.url = attempt.url.replacing("VICTIM", with: nowhere)
                none.body = attempt.body?.replacing("VICTIM", with: nowhere)
                let missing = try await send(floor, floor.anna, none)
                #expect(hidden.status == missing.status, "\(attempt.method) \(attempt.url): \(hidden.text) \(missing.text)")
                #expect(hidden.text.replacing(floor.bens, with: nowhere) == missing.text, "\(attempt.method) \(attempt.url)")
                func shown(_ headers: [String: String]) -> [String] {
                    headers.filter { $0.key != "date" }.map { "\($0.key): \($0.value)" }.sorted()
                }
                #expect(shown(hidden.headers) == shown(missing.headers), "\(attempt.method) \(attempt.url)")
            }
            #expect(try await send(floor, floor.ben, known).status == 304)
        }
    }

    // MARK: Side doors

    @Test("through exports, undos and old files get nothing that is hidden, and put nothing back that is another's")
    func sideDoors() async throws {
        try await SalesFloor.with { floor in
            for format in ["csv", "xlsx", "vcard"] {
                let export = try await send(floor, floor.anna, Attempt("GET", "/api/accounts?format=\(format)"))
                for canary in Self.canaries + ["margin", "ceiling"] { #expect(!export.text.contains(canary), "\(format): \(export.text)") }
            }
            let csv = try await send(floor, floor.anna, Attempt("GET", "/api/accounts?format=csv"))
            #expect(csv.text.contains("Acme North"))
            // Anna changed it while it was hers; the owner's later state isn't hers to take back.
            let change = #"{"operation": "update", "items": [{"id": "\#(floor.annas)", "name": "By Anna"}]}"#
            let made = try await floor.send(floor.anna, "POST", "/api/accounts/bulk", ["tessera-change-set": "Trap"], body: change)
            let set = try #require(try JSONReader.value(of: made.body)["change_set"]?.asText)
            #expect(
                try await floor.host.send("PATCH", "/api/accounts(\(floor.annas))", body: #"{"owner_id": "\#(floor.ben.id)"}"#).status
                    == 204)
            let undone = try await floor.send(floor.anna, "POST", "/api/change_sets(\(set))/undo")
            #expect(undone.text.contains("\"undone\":0"), "\(undone.text)")
            #expect(try await floor.get(floor.ben, "/api/accounts(\(floor.annas))").contains("By Anna"))
            #expect(!(try await floor.get(floor.anna, "/api/change_sets(\(set))/changes")).contains("By Anna"))
            // The file of an account that was hers: the record is gone from her, and the file with it.
            let sent = try await floor.send(floor.ben, "POST", "/api/files?name=o.txt", ["content-type": "text/plain"], body: "an offer")
            let file = try #require(try JSONReader.value(of: sent.body)["id"]?.asText)
            #expect(
                try await floor.send(floor.ben, "PATCH", "/api/accounts(\(floor.annas))", body: #"{"offer_id": "\#(file)"}"#).status == 204)
            #expect(try await floor.send(floor.anna, "GET", "/api/files(\(file))/$value").status == 404)
            #expect(try await floor.send(floor.ben, "GET", "/api/files(\(file))/$value").status == 200)
            // By administrators all of it works.
            #expect(try await floor.host.send("POST", "/api/change_sets(\(set))/undo").text.contains("\"undone\":0"))
            #expect(try await floor.host.send("GET", "/api/change_sets(\(set))/changes").text.contains("By Anna"))
        }
    }
}
