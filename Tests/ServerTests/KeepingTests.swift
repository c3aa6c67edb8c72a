import JSONReading
import QueryLanguage
import Records
import Testing

@testable import Server

@Suite("Keeping users without being an administrator")
struct KeepingTests {
    /// Kim keeps users and holds what a manager does, in `sales`: north and south are below.
    private func with(_ body: @Sendable (SalesFloor, SalesFloor.Person) async throws -> Void) async throws {
        try await SalesFloor.with { floor in
            let made = try await floor.host.send("POST", "/api/roles", body: #"{"id": "keeper", "may": ["users"]}"#)
            try #require(made.status == 201, "\(made.text)")
            let kim = try await SalesFloor.person(floor.host, "Kim", teams: [floor.sales], roles: ["keeper", "sales.manager"])
            try await body(floor, kim)
        }
    }

    private struct Try: Sendable {
        var method = "POST"
        var url: String
        var body: String?
        var says = "principals.forbidden"
    }

    @Test("goes as far as the keeper's own roles and teams")
    func allowed() async throws {
        try await with { floor, kim in
            let made = try await floor.send(
                kim, "POST", "/api/users", body: #"{"name": "Nils", "teams": ["\#(floor.north)"], "roles": ["sales.manager"]}"#)
            #expect(made.status == 201, "\(made.text)")
            let nils = try #require(try JSONReader.value(of: made.body)["id"]?.asText)
            for (method, url, body, status) in [
                (
                    "PATCH", "/api/users(\(nils))",
                    #"{"name": "Nils N.", "roles": [{"role": "sales.manager", "team_id": "\#(floor.north)"}]}"#, 200
                ),
                ("POST", "/api/roles", #"{"id": "viewer", "grants": {"sales.account": {"read": "team"}}}"#, 201),
                ("PATCH", "/api/users(\(nils))", #"{"roles": ["viewer", "keeper"], "teams": ["\#(floor.south)"]}"#, 200),
                ("PATCH", "/api/roles(viewer)", #"{"grants": {"sales.account": {"read": "subtree", "update": "own"}}}"#, 200),
                ("PATCH", "/api/users(\(nils))", #"{"roles": []}"#, 200), ("DELETE", "/api/roles(viewer)", nil, 204),
                ("POST", "/api/teams", #"{"name": "North-west", "parent_id": "\#(floor.north)"}"#, 201),
                ("PATCH", "/api/teams(\(floor.south))", #"{"name": "The south"}"#, 200),
                ("POST", "/api/users(\(nils))/deactivate", "{}", 200), ("GET", "/api/users(\(floor.anna.id))", nil, 200),
            ] as [(String, String, String?, Int)] {
                let answer = try await floor.send(kim, method, url, body: body)
                #expect(answer.status == status, "\(method) \(url) \(body ?? ""): \(answer.text)")
            }
        }
    }

    @Test("says what is wrong with what can't be, to administrators too")
    func refused() async throws {
        try await SalesFloor.with { floor in
            let nobody = "6c6bdc44-8c44-5d2a-8eb1-b5b6ee314979"
            let nils = try await floor.host.create("users", #"{"name": "Nils", "email": "nils@example.com"}"#)
            for (method, url, body, status, says) in [
                ("POST", "/api/teams", #"{"name": "Lost", "parent_id": "\#(nobody)"}"#, 400, #""target":"parent_id""#),
                ("PATCH", "/api/teams(\(floor.north))", #"{"parent_id": "\#(nobody)"}"#, 400, #""target":"parent_id""#),
                ("POST", "/api/users", #"{"name": "Nils", "email": "nils@example.com"}"#, 409, #""target":"email""#),
                ("POST", "/api/users", #"{"name": "Mia", "teams": ["\#(nobody)"]}"#, 404, "There is no such user or team."),
                (
                    "PATCH", "/api/users(\(nils))", #"{"roles": [{"role": "sales.manager", "team_id": "\#(floor.north)"}]}"#, 400,
                    #""target":"team_id""#
                ),
            ] as [(String, String, String, Int, String)] {
                let answer = try await floor.host.send(method, url, body: body)
                #expect(answer.status == status && answer.text.contains(says), "\(method) \(url) \(body): \(answer.status) \(answer.text)")
            }
        }
    }

    @Test("gives nothing that the keeper hasn't, makes no administrators, and touches nobody who may do more")
    func denied() async throws {
        try await with { floor, kim in
            let other = try await floor.host.create("teams", #"{"name": "Elsewhere"}"#)
            let olga = try await SalesFloor.person(floor.host, "Olga", teams: [other], roles: ["sales.manager"])
            let paul = try await SalesFloor.person(floor.host, "Paul", teams: [floor.north])
            let vip = #"{"id": "vip", "grants": {"sales.account": {"read": "subtree"}, "sales.secret": {"read": "own"}}}"#
            #expect(try await floor.host.send("POST", "/api/roles", body: vip).status == 201)
            #expect(
                try await floor.host.send("POST", "/api/roles", body: #"{"id": "held", "grants": {"sales.account": {"read": "own"}}}"#)
                    .status == 201)
            #expect(
                try await floor.host.send("PATCH", "/api/users(\(olga.id))", body: #"{"roles": ["sales.manager", "held"]}"#).status == 200)
            let administrator = "00000000-0000-7000-8000-000000000001"
            let before = try await snapshot(floor)
            let user = "/api/users(\(paul.id))"
            for row in [
                // Upwards: roles beyond one's own, for others and for oneself.
                Try(method: "PATCH", url: user, body: #"{"roles": ["administrator"]}"#),
                Try(method: "PATCH", url: user, body: #"{"roles": ["vip"]}"#),
                Try(method: "PATCH", url: user, body: #"{"roles": ["sales.reader"]}"#),
                Try(method: "PATCH", url: user, body: #"{"roles": ["sales.auditor"]}"#),
                Try(method: "PATCH", url: user, body: #"{"roles": ["sales.maker"]}"#),
                Try(method: "PATCH", url: "/api/users(\(kim.id))", body: #"{"roles": ["keeper", "sales.manager", "administrator"]}"#),
                Try(method: "PATCH", url: "/api/users(\(kim.id))", body: #"{"roles": ["keeper", "sales.manager", "sales.guest"]}"#),
                Try(url: "/api/users", body: #"{"name": "Root", "roles": ["administrator"]}"#),
                Try(url: "/api/users", body: #"{"name": "Very", "roles": ["vip"]}"#),
                // Sideways: teams that are out of reach.
                Try(method: "PATCH", url: "/api/users(\(kim.id))", body: #"{"teams": ["\#(floor.sales)", "\#(other)"]}"#),
                Try(method: "PATCH", url: user, body: #"{"teams": ["\#(other)"]}"#),
                Try(method: "PATCH", url: "/api/users(\(olga.id))", body: #"{"name": "Olga O."}"#),
                Try(url: "/api/users(\(olga.id))/deactivate", body: "{}"), Try(url: "/api/teams", body: #"{"name": "Top"}"#),
                Try(url: "/api/teams", body: #"{"name": "Annex", "parent_id": "\#(other)"}"#),
                Try(method: "PATCH", url: "/api/teams(\(other))", body: #"{"name": "Mine"}"#),
                Try(method: "PATCH", url: "/api/teams(\(floor.north))", body: #"{"parent_id": null}"#),
                Try(method: "PATCH", url: "/api/teams(\(other))", body: #"{"parent_id": "\#(floor.sales)"}"#),
                // Whoever may do more.
                Try(method: "PATCH", url: "/api/users(\(administrator))", body: #"{"email": "kim@example.com"}"#),
                Try(method: "PATCH", url: "/api/users(\(administrator))", body: #"{"roles": ["sales.rep"]}"#),
                Try(url: "/api/users(\(administrator))/deactivate", body: "{}"),
                // Roles.
                Try(url: "/api/roles", body: #"{"id": "big", "grants": {"sales.account": {"read": "all"}}}"#),
                Try(url: "/api/roles", body: #"{"id": "big", "grants": {"sales.secret": {"read": "own"}}}"#),
                Try(url: "/api/roles", body: #"{"id": "big", "may": ["audit"]}"#),
                Try(
                    url: "/api/roles",
                    body: #"{"id": "big", "grants": {"sales.account": {"allow": {"any": {"when": "size gt 0", "actions": ["read"]}}}}}"#),
                Try(
                    url: "/api/roles",
                    body: ##"{"id": "big", "grants": {"sales.account": {"allow": {"any": {"when": "owner_id ne $user/id"}}}}}"##),
                Try(method: "PATCH", url: "/api/roles(keeper)", body: #"{"grants": {"sales.secret": {"read": "all"}}}"#),
                Try(method: "PATCH", url: "/api/roles(vip)", body: #"{"grants": {}}"#), Try(method: "DELETE", url: "/api/roles(vip)"),
                // Held by somebody out of reach.
                Try(method: "PATCH", url: "/api/roles(held)", body: #"{"grants": {"sales.account": {"read": "team"}}}"#),
            ] {
                let answer = try await floor.send(kim, row.method, row.url, body: row.body)
                #expect(
                    answer.status == 403 && answer.text.contains(row.says), "\(row.method) \(row.url) \(row.body ?? ""): \(answer.text)")
            }
            #expect(try await snapshot(floor) == before)
            // Without the ability nothing of it is open, and the ability opens nothing else.
            for url in ["/api/users", "/api/teams", "/api/roles"] {
                let answer = try await floor.send(floor.mia, "POST", url, body: #"{"name": "x"}"#)
                #expect(answer.status == 403 && answer.text.contains("access.administrators_only"), "\(answer.text)")
            }
            #expect(try await floor.send(kim, "GET", "/api/access(\(floor.annas))").status == 403)
            #expect(try await floor.send(kim, "GET", "/metrics").status == 403)
        }
    }

    private func snapshot(_ floor: SalesFloor) async throws -> [String] {
        var texts: [String] = []
        for url in ["/api/users", "/api/teams", "/api/roles"] { texts.append(try await floor.host.send("GET", url).text) }
        return texts
    }
}
