import JSONReading
import Permissions
import Principals
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Server

@Suite("Roles over the API")
struct RoleTests {
    private static let intern =
        #"{"id": "intern", "label": "Intern", "grants": {"sales.account": {"read": "all", "fields": {"margin": {"read": "none"}}}}}"#

    private func make(_ floor: SalesFloor, _ body: String = intern) async throws {
        let answer = try await floor.host.send("POST", "/api/roles", body: body)
        try #require(answer.status == 201, "\(answer.text)")
    }

    private func give(_ floor: SalesFloor, _ person: SalesFloor.Person, _ roles: String) async throws -> TestConnection.Answer {
        try await floor.host.send("PATCH", "/api/users(\(person.id))", body: "{\"roles\": \(roles)}")
    }

    @Test("are made, listed, changed and taken away, and hold at once; other servers see it too")
    func life() async throws {
        try await SalesFloor.with { floor in
            let other = PrincipalStore(records: floor.host.lab.store)
            let anna = try #require(GUID(floor.anna.id))
            _ = try await other.rights(of: anna)
            let made = try await floor.host.send("POST", "/api/roles", body: Self.intern)
            #expect(made.status == 201 && made.headers["location"]?.hasSuffix("/api/roles('intern')") == true, "\(made.text)")
            #expect(made.text.contains(#""id":"intern""#) && made.text.contains(#""origin":"api""#), "\(made.text)")
            let list = try await floor.host.send("GET", "/api/roles").text
            for part in [#""id":"administrator""#, #""id":"sales.rep""#, #""id":"intern""#, #""fields":{"margin":{"read":"none"}}"#] {
                #expect(list.contains(part), "\(part) in \(list)")
            }
            for url in ["/api/roles(intern)", "/api/roles('intern')", "/api/roles/intern"] {
                #expect(try await floor.host.send("GET", url).text == made.text)
            }
            #expect(try await floor.send(floor.anna, "GET", "/api/accounts(\(floor.bens))").status == 404)
            #expect(try await give(floor, floor.anna, #"["sales.rep", "intern"]"#).status == 200)
            let seen = try await floor.get(floor.anna, "/api/accounts(\(floor.bens))")
            #expect(seen.contains("Acme South") && !seen.contains("margin"), "\(seen)")
            let now = try await PrincipalStore(records: floor.host.lab.store).rights(of: anna)
            while try await other.rights(of: anna) != now {}
            let reasons = try await floor.host.send("GET", "/api/access(\(floor.bens))/\(floor.anna.id)").text
            #expect(reasons.contains(#""origin":"api","role":"intern","scope":"all""#), "\(reasons)")
            #expect(reasons.contains(#""origin":"manifest","role":"sales.rep""#), "\(reasons)")
            // Changed, it gives less at once.
            let changed = try await floor.host.send(
                "PATCH", "/api/roles(intern)", body: #"{"grants": {"sales.account": {"read": "own"}}, "label": null}"#)
            #expect(changed.status == 200 && changed.text.contains(#""label":"Intern""#), "\(changed.text)")
            #expect(try await floor.send(floor.anna, "GET", "/api/accounts(\(floor.bens))").status == 404)
            // Held, it stays.
            let held = try await floor.host.send("DELETE", "/api/roles(intern)")
            #expect(held.status == 409 && held.text.contains("principals.role_in_use"), "\(held.text)")
            #expect(try await give(floor, floor.anna, #"["sales.rep"]"#).status == 200)
            #expect(try await floor.host.send("DELETE", "/api/roles(intern)").status == 204)
            #expect(try await floor.host.send("GET", "/api/roles(intern)").status == 404)
            #expect(try await give(floor, floor.anna, #"["intern"]"#).text.contains("principals.unknown_role"))
        }
    }

    @Test("are refused where anything is wrong in them, and then nothing is made or changed")
    func refusals() async throws {
        try await SalesFloor.with { floor in
            try await make(floor)
            let before = try await floor.host.send("GET", "/api/roles").text
            let cases: [(method: String, url: String, body: String, status: Int, says: String)] = [
                ("POST", "/api/roles", Self.intern, 409, "principals.not_unique"),
                ("POST", "/api/roles", #"{"label": "Nameless"}"#, 400, "An id is needed"),
                ("POST", "/api/roles", #"{"id": "sales.rep"}"#, 400, "principals.invalid"),
                ("POST", "/api/roles", #"{"id": "administrator"}"#, 400, "principals.invalid"),
                ("POST", "/api/roles", #"{"id": "x", "grant": {}}"#, 400, "Did you mean 'grants'?"),
                ("POST", "/api/roles", #"{"id": "x", "grants": {"sales.acount": {"read": "all"}}}"#, 400, "did you mean 'sales.account'?"),
                ("POST", "/api/roles", #"{"id": "x", "grants": {"sales.account": {"read": "everyones"}}}"#, 400, "principals.invalid_role"),
                ("POST", "/api/roles", #"{"id": "x", "may": ["rule"]}"#, 400, "principals.invalid_role"),
                (
                    "POST", "/api/roles", #"{"id": "x", "grants": {"sales.account": {"allow": {"a": {"when": "sice gt 1"}}}}}"#, 400,
                    "did you mean 'size'?"
                ),
                (
                    "POST", "/api/roles", #"{"id": "x", "grants": {"sales.account": {"fields": {"nope": {"read": "own"}}}}}"#, 400,
                    "no field 'nope'"
                ),
                ("PATCH", "/api/roles(intern)", #"{"grants": {"sales.account": {"read": "some"}}}"#, 400, "principals.invalid_role"),
                ("PATCH", "/api/roles(intern)", #"{"id": "other"}"#, 400, "records.unknown_property"),
                ("PATCH", "/api/roles(nobody)", #"{"label": "Nobody"}"#, 404, "principals.not_found"),
                ("PATCH", "/api/roles('sales.rep')", #"{"label": "Rep"}"#, 400, "change it in the manifest"),
                ("DELETE", "/api/roles('sales.rep')", "", 400, "change it in the manifest"),
                ("DELETE", "/api/roles(administrator)", "", 409, "principals.role_in_use"),
                ("DELETE", "/api/roles(nobody)", "", 404, "principals.not_found"), ("PUT", "/api/roles(intern)", "{}", 405, "http."),
            ]
            for row in cases {
                let answer = try await floor.host.send(row.method, row.url, body: row.body.isEmpty ? nil : row.body)
                #expect(
                    answer.status == row.status && answer.text.contains(row.says), "\(row.method) \(row.url) \(row.body): \(answer.text)")
            }
            #expect(try await floor.host.send("GET", "/api/roles").text == before)
        }
    }

    @Test("are the administrators' alone: others change none, and auditors see them")
    func denial() async throws {
        try await SalesFloor.with { floor in
            try await make(floor)
            let auditor = try await SalesFloor.person(floor.host, "Ada", teams: [floor.north], roles: ["sales.auditor"])
            let before = try await floor.host.send("GET", "/api/roles").text
            let greedy = #"{"grants": {"sales.secret": {"read": "all"}}}"#
            for person in [floor.anna, floor.mia, auditor] {
                for (method, url, body) in [
                    ("POST", "/api/roles", #"{"id": "mine", "grants": {"sales.secret": {"read": "all"}}}"#),
                    ("PATCH", "/api/roles(intern)", greedy), ("DELETE", "/api/roles(intern)", nil),
                ] as [(String, String, String?)] {
                    let answer = try await floor.send(person, method, url, body: body)
                    #expect(answer.status == 403 && answer.text.contains("access.administrators_only"), "\(method) \(url): \(answer.text)")
                }
            }
            #expect(try await floor.host.send("GET", "/api/roles").text == before)
            #expect(try await floor.get(auditor, "/api/roles") == before)
        }
    }

    @Test("give nothing of what a new schema hasn't any more, and say so")
    func schemaChange() async throws {
        try await SalesFloor.with { floor in
            try await make(floor, Self.intern.replacing("margin", with: "code"))
            #expect(try await give(floor, floor.anna, #"["intern"]"#).status == 200)
            #expect(try await floor.send(floor.anna, "GET", "/api/accounts(\(floor.bens))").status == 200)
            let lines = SalesFloor.manifest.split(separator: "\n").filter { !$0.contains("code:") }
            floor.host.server.use(try TestStore.catalog(["sales": lines.joined(separator: "\n")]))
            #expect(try await floor.send(floor.anna, "GET", "/api/accounts(\(floor.bens))").status != 200)
            let role = try await floor.host.send("GET", "/api/roles(intern)").text
            #expect(role.contains(#""problems":["sales.account has no field 'code'"]"#), "\(role)")
            #expect(
                try await floor.host.send("PATCH", "/api/roles(intern)", body: #"{"grants": {"sales.account": {"read": "all"}}}"#).status
                    == 200)
            #expect(try await floor.send(floor.anna, "GET", "/api/accounts(\(floor.bens))").status == 200)
        }
    }
}
