import JSONReading
import QueryLanguage
import Records
import Testing

@testable import Server

@Suite("Auditing")
struct AuditTests {
    /// A change set of Ben's with both accounts of two people in it.
    private func changes(_ floor: SalesFloor) async throws -> String {
        let items = [floor.annas, floor.bens].map { "{\"id\": \"\($0)\", \"size\": 77, \"margin\": 5}" }.joined(separator: ",")
        let body = "{\"operation\": \"update\", \"items\": [\(items)]}"
        let answer = try await floor.send(floor.mia, "POST", "/api/accounts/bulk", ["tessera-change-set": "By Mia"], body: body)
        return try #require(try JSONReader.value(of: answer.body)["change_set"]?.asText, "\(answer.text)")
    }

    @Test("whoever may audit sees everybody's change sets as far as they may read what changed, and takes none of them back")
    func changeSets() async throws {
        try await SalesFloor.with { floor in
            let set = try await changes(floor)
            let auditor = try await SalesFloor.person(floor.host, "Ada", teams: [floor.north], roles: ["sales.auditor"])
            let colleague = try await SalesFloor.person(floor.host, "Carl", teams: [floor.north], roles: ["sales.colleague"])
            #expect(try await floor.get(auditor, "/api/change_sets").contains(set))
            #expect(!(try await floor.get(colleague, "/api/change_sets")).contains(set))
            let entry = try await floor.get(auditor, "/api/change_sets(\(set))")
            #expect(entry.contains("\"principal\":\"Mia\"") && entry.contains("\"updated\":1"), "\(entry)")
            #expect(try await floor.send(colleague, "GET", "/api/change_sets(\(set))").status == 404)
            let seen = try await floor.get(auditor, "/api/change_sets(\(set))/changes")
            #expect(seen.contains(floor.annas) && seen.contains("\"size\":77"), "\(seen)")
            #expect(!seen.contains(floor.bens) && !seen.contains("margin"), "\(seen)")
            for undo in ["/api/change_sets(\(set))/undo", "/api/change_sets(\(set))/undo?dry_run=true"] {
                #expect(try await floor.send(auditor, "POST", undo).status == 404)
                #expect(try await floor.send(auditor, "POST", undo, ["prefer": "respond-async"]).status == 404)
            }
            #expect(try await floor.get(floor.ben, "/api/accounts(\(floor.bens))").contains("\"size\":77"))
            #expect(try await floor.send(floor.mia, "POST", "/api/change_sets(\(set))/undo").text.contains("\"undone\":2"))
            // What was purged is there for who may read everything.
            let purged = #"{"operation": "delete", "items": [{"id": "\#(floor.annas)"}]}"#
            #expect(
                try await floor.host.send("POST", "/api/accounts/bulk", headers: ["tessera-change-set": "Gone"], body: purged).status == 200
            )
            #expect(try await floor.host.send("POST", "/api/accounts(\(floor.annas))/purge").status == 204)
            #expect(!(try await floor.get(auditor, "/api/change_sets(\(set))/changes")).contains(floor.annas))
        }
    }

    @Test("whoever may audit is told who may do what and why, of what they may read, and changes nobody")
    func explanations() async throws {
        try await SalesFloor.with { floor in
            let auditor = try await SalesFloor.person(floor.host, "Ada", teams: [floor.north], roles: ["sales.auditor"])
            let colleague = try await SalesFloor.person(floor.host, "Carl", teams: [floor.north], roles: ["sales.colleague"])
            for tail in ["", "/\(floor.anna.id)"] {
                #expect(try await floor.send(auditor, "GET", "/api/access(\(floor.annas))\(tail)").status == 200)
                #expect(try await floor.send(colleague, "GET", "/api/access(\(floor.annas))\(tail)").status == 403)
                let hidden = try await floor.send(auditor, "GET", "/api/access(\(floor.bens))\(tail)")
                let missing = try await floor.send(auditor, "GET", "/api/access(0190163d-8694-739b-aea5-966c26f8ad90)\(tail)")
                #expect(hidden.status == 404 && hidden.text == missing.text, "\(hidden.text) \(missing.text)")
            }
            #expect(try await floor.get(auditor, "/api/users").contains("sales.rep"))
            #expect(try await floor.get(auditor, "/api/users(\(floor.ben.id))").contains("sales.rep"))
            #expect(!(try await floor.get(colleague, "/api/users")).contains("sales.rep"))
            for (method, url, body) in [
                ("PATCH", "/api/users(\(auditor.id))", #"{"roles": ["administrator"]}"#), ("POST", "/api/users", #"{"name": "Eve"}"#),
                ("PATCH", "/api/teams(\(floor.north))", #"{"name": "Mine"}"#), ("POST", "/api/users(\(floor.ben.id))/deactivate", "{}"),
            ] {
                #expect(try await floor.send(auditor, method, url, body: body).status == 403, "\(method) \(url)")
            }
        }
    }
}
