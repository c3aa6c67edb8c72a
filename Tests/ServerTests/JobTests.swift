import Jobs
import QueryLanguage
import TestKernel
import Testing

@testable import Server

@Suite("Background work over HTTP")
struct JobTests {
    /// The answer of the status monitor once it is no 202 any more.
    private func finished(_ host: TestHost, _ location: String) async throws -> TestConnection.Answer {
        let path = "/api" + location.split(separator: "/api").dropFirst().joined()
        while true {
            let answer = try await host.send("GET", path)
            guard answer.status == 202 else { return answer }
            #expect(answer.headers["retry-after"] == "1" && answer.headers["location"] == location)
            #expect(answer.text.contains(#""progress":{"#), "\(answer.text)")
        }
    }

    @Test("a bulk write in the background answers at once, and later what it would have answered; the whole is one change set")
    func bulk() async throws {
        try await TestHost.with { host in
            let names = (1...1_200).map { $0 == 700 ? "" : "t\($0)" }
            let items = names.map { "{\"name\": \"\($0)\"}" }.joined(separator: ",")
            let body = #"{"operation": "create", "items": [\#(items)]}"#
            let accepted = try await host.send(
                "POST", "/api/topics/bulk", headers: ["prefer": "respond-async, continue-on-error", "tessera-change-set": "Long list"],
                body: body)
            #expect(accepted.status == 202 && accepted.headers["preference-applied"] == "respond-async", "\(accepted.text)")
            let location = try #require(accepted.headers["location"])
            let answer = try await finished(host, location)
            #expect(answer.status == 200 && answer.headers["asyncresult"] == "200")
            #expect(
                answer.text.contains(#""failed":1,"succeeded":1199"#) && answer.text.contains("records.required"),
                "\(answer.text.prefix(300))")
            #expect(try await host.outboxRows() == 1_199)
            let sets = try await host.send("GET", "/api/change_sets")
            #expect(sets.text.contains(#""label":"Long list""#) && sets.text.contains(#""state":"done""#), "\(sets.text)")
            let id = String(location.dropLast().suffix(36))
            for scenario in Self.afterwards { try await scenario.run(on: host, ["job": id]) }
            let undo = try await host.send("POST", "/api/change_sets(\(id))/undo", headers: ["prefer": "respond-async"])
            #expect(undo.status == 202, "\(undo.text)")
            let report = try await finished(host, try #require(undo.headers["location"]))
            #expect(report.text.contains(#""undone":1199"#), "\(report.text)")
        }
    }

    private static let afterwards: [Scenario] = [
        Scenario(
            "its status", "GET", "/api/jobs({job})/status", status: 200,
            expects: [#""state":"done""#, #""progress":{"done":1200,"message":null,"total":1200}"#, #""kind":"bulk""#]),
        Scenario("in the list", "GET", "/api/jobs?$top=1", status: 200, expects: [#""id":"{job}""#]),
        Scenario("too late to cancel", "POST", "/api/jobs({job})/cancel", status: 409, expects: ["jobs.finished"]),
        Scenario("none", "GET", "/api/jobs(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)", status: 404, expects: ["jobs.not_found"]),
        Scenario("another path", "GET", "/api/jobs({job})/nothing", status: 404),
        Scenario("another method", "PUT", "/api/jobs({job})", status: 405),
        Scenario("described", "GET", "/api/openapi.json", status: 200, expects: [#""/jobs({id})":{"get""#, #""job":{"type":"object""#]),
    ]

    @Test("an atomic bulk write in the background keeps nothing when an item fails, and says which")
    func atomic() async throws {
        try await TestHost.with { host in
            let body = #"{"operation": "create", "items": [{"name": "good"}, {"name": ""}]}"#
            let accepted = try await host.send("POST", "/api/topics/bulk", headers: ["prefer": "respond-async"], body: body)
            let answer = try await finished(host, try #require(accepted.headers["location"]))
            #expect(answer.status == 200 && answer.headers["asyncresult"] == "400")
            #expect(answer.text.contains(#""code":"bulk.failed""#) && answer.text.contains(#""target":"items/1/name""#), "\(answer.text)")
            #expect(try await host.outboxRows() == 0)
        }
    }

    @Test("a job that is cancelled is gone")
    func cancelled() async throws {
        try await TestHost.with { host in
            let id = try await host.jobs.enqueue(kind: "nobody's", label: "waits", input: .null, access: .test)
            try await Scenario("waits", "GET", "/api/jobs(\(id))", status: 202, expects: [#""state":"queued""#]).run(on: host)
            try await Scenario("cancelled", "DELETE", "/api/jobs(\(id))", status: 204).run(on: host)
            try await Scenario("gone", "GET", "/api/jobs(\(id))", status: 410, expects: ["jobs.cancelled"]).run(on: host)
        }
    }
}
