import JSONReading
import Jobs
import Postgres
import QueryLanguage
import Records
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
                answer.text.contains(#""succeeded":1199,"failed":1"#) && answer.text.contains("records.required"),
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
            expects: [#""state":"done""#, #""progress":{"done":1200,"message":null,"total":1200}"#, #""kind":"bulk""#], refuses: ["result"]),
        Scenario(
            "in the list, without what came of it", "GET", "/api/jobs?$top=1", status: 200, expects: [#""id":"{job}""#], refuses: ["result"]
        ),
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

    @Test("a change by condition in the background works on what it selected when it began, and is taken back as one")
    func each() async throws {
        try await TestHost.with { host in
            let items = (1...1_100).map { "{\"name\": \"\($0 == 500 ? "kept" : "t\($0)")\"}" }.joined(separator: ",")
            let made = try await host.send("POST", "/api/topics/bulk", body: #"{"operation": "create", "items": [\#(items)]}"#)
            #expect(made.status == 200)
            let address = "/api/topics/$each?$filter=startswith(name,@start)&@start='t'"
            try await Scenario(
                "tried at once", "PATCH", address + "&dry_run=true", body: #"{"name": "u"}"#, status: 200,
                expects: [#""dry_run":true"#, #""succeeded":1099"#]
            ).run(on: host)
            let accepted = try await host.send("PATCH", address, headers: ["prefer": "respond-async"], body: #"{"name": "u"}"#)
            #expect(accepted.status == 202 && accepted.headers["preference-applied"] == "respond-async", "\(accepted.text)")
            let location = try #require(accepted.headers["location"])
            let answer = try await finished(host, location)
            #expect(answer.status == 200 && answer.headers["asyncresult"] == "200")
            #expect(answer.text.contains(#""succeeded":1099,"failed":0"#), "\(answer.text.prefix(300))")
            #expect(answer.text.ranges(of: #""@etag":"W/\"2\"""#).count == 1_099)
            try await Scenario(
                "the other is as it was", "GET", "/api/topics/$count?$filter=name%20eq%20'kept'", status: 200, expects: ["1"]
            )
            .run(on: host)
            let id = String(location.dropLast().suffix(36))
            let names = ["job": id]
            for scenario in [
                Scenario(
                    "its status", "GET", "/api/jobs({job})/status", status: 200,
                    expects: [
                        #""kind":"each""#, #""label":"update topics that a condition selects""#,
                        #""done":1099,"message":null,"total":1099"#,
                    ]),
                Scenario(
                    "its change set", "GET", "/api/change_sets({job})", status: 200, expects: [#""state":"done""#, #""updated":1099"#]),
                Scenario(
                    "taken back", "POST", "/api/change_sets({job})/undo", status: 200, expects: [#""undone":1099"#, #""refused":[]"#],
                    events: 1_099),
                Scenario(
                    "as it was", "GET", "/api/topics/$count?$filter=startswith(name,'t')", status: 200, expects: ["1099"]),
            ] { try await scenario.run(on: host, names) }
            let removal = try await host.send("DELETE", address, headers: ["prefer": "respond-async, continue-on-error"])
            let removed = try await finished(host, try #require(removal.headers["location"]))
            #expect(removed.text.contains(#""succeeded":1099,"failed":0"#), "\(removed.text.prefix(300))")
            try await Scenario("one is left", "GET", "/api/topics/$count", status: 200, expects: ["1"]).run(on: host)
        }
    }

    @Test("a change by condition that one record refuses keeps nothing and names it, or keeps the others")
    func eachRefused() async throws {
        try await TestHost.with { host in
            let good = try await host.create("samples", #"{"title": "good", "start_date": "2026-01-01"}"#)
            let bad = try await host.create("samples", #"{"title": "bad", "start_date": "2026-03-01"}"#)
            let body = #"{"end_date": "2026-02-01"}"#
            let address = "/api/samples/$each?filter=true"
            let refused = Scenario(
                "refused", "PATCH", address, body: body, status: 400, expects: [#""target":"samples(\#(bad))/end_date""#])
            try await refused.run(on: host)
            let atomic = try await host.send("PATCH", address, headers: ["prefer": "respond-async"], body: body)
            let answer = try await finished(host, try #require(atomic.headers["location"]))
            #expect(answer.headers["asyncresult"] == "400")
            #expect(answer.text.contains("bulk.failed") && answer.text.contains(#""target":"samples(\#(bad))/end_date""#), "\(answer.text)")
            let lenient = try await host.send(
                "PATCH", address, headers: ["prefer": "respond-async, continue-on-error"], body: body)
            let kept = try await finished(host, try #require(lenient.headers["location"]))
            #expect(kept.text.contains(#""succeeded":1,"failed":1"#), "\(kept.text)")
            #expect(kept.text.contains(#"{"status":400,"id":"\#(bad)","error":{"#), "\(kept.text)")
            try await Scenario("the good one", "GET", "/api/samples(\(good))", status: 200, expects: [#""end_date":"2026-02-01""#]).run(
                on: host)
            try await Scenario(
                "a condition that can't be read", "PATCH", "/api/samples/$each?filter=nothing%20eq%201", ["prefer": "respond-async"],
                body: body,
                status: 400, expects: ["$filter"]
            ).run(on: host)
            try await Scenario(
                "none", "DELETE", "/api/samples/$each", ["prefer": "respond-async"], status: 400, expects: ["bulk.no_filter"]
            )
            .run(on: host)
        }
    }

    @Test("what is too large to be tried at once is tried in the background: all is counted, the first changes are shown, nothing is kept")
    func tried() async throws {
        var limits = ServerLimits()
        limits.bulkItems = 1_000
        try await TestHost.with(limits: limits) { host in
            let sql = """
                INSERT INTO lab.topic (id, name, created_by, updated_by, owner_id) SELECT gen_random_uuid(), 't' || n, p.id, p.id, p.id \
                FROM generate_series(1, 10001) n, (SELECT id FROM tessera.principal LIMIT 1) p
                """
            _ = try await host.lab.client.query(SQL("\(raw: sql)"))
            let address = "/api/topics/$each?filter=true&dry_run=true"
            let body = #"{"name": "u"}"#
            try await Scenario(
                "too large", "PATCH", address, body: body, status: 400, expects: ["records.too_many", "Prefer: respond-async"]
            ).run(on: host)
            let accepted = try await host.send("PATCH", address, headers: ["prefer": "respond-async"], body: body)
            #expect(accepted.status == 202, "\(accepted.text)")
            let answer = try await finished(host, try #require(accepted.headers["location"]))
            #expect(answer.headers["asyncresult"] == "200")
            let result = try JSONReader.value(of: answer.body)
            #expect(result["succeeded"] == 10_001 && result["failed"] == 0 && result["dry_run"] == true, "\(answer.text.prefix(300))")
            #expect(result["counts"] == .collection([.complex(["type": "lab.topic", "created": 0, "updated": 10_001, "deleted": 0])]))
            #expect(result["change_set"] == nil)
            let items = result["value"]?.items ?? []
            #expect(items.count == 1_000 && items.allSatisfy { $0["changes"]?.items.first?["after"] == .complex(["name": "u"]) })
            let items2 = #"{"operation": "create", "items": [{"name": "new"}, {"name": ""}]}"#
            let bulk = try await host.send(
                "POST", "/api/topics/bulk?dry_run=true", headers: ["prefer": "respond-async, continue-on-error"], body: items2)
            let made = try JSONReader.value(of: try await finished(host, try #require(bulk.headers["location"])).body)
            #expect(made["succeeded"] == 1 && made["failed"] == 1 && made["value"]?.items.first?["changes"]?.items.count == 1, "\(made)")
            for scenario in [
                Scenario("its label", "GET", "/api/jobs", status: 200, expects: ["that a condition selects (dry run)"]),
                Scenario(
                    "nothing kept", "GET", "/api/topics/$count?filter=name%20eq%20'u'%20or%20name%20eq%20'new'", status: 200, expects: ["0"]
                ),
                Scenario("nothing listed", "GET", "/api/change_sets", status: 200, expects: [#"{"value":[]}"#]),
            ] { try await scenario.run(on: host) }
        }
    }

    @Test("items of a create in the background link to later ones, however far down they stand, and nothing is in twice after a stop")
    func linked() async throws {
        try await TestHost.with { host in
            let chosen = GUID.version7()
            let items = (0..<1_200).map { number in
                switch number {
                case 0: #"{"title": "t0", "parent": {"code": "ZZ1"}}"#
                case 1: #"{"title": "t1", "parent": {"id": "\#(chosen)"}}"#
                case 2: #"{"title": "t2", "parent": {"code": "ZZ9"}}"#
                case 700: #"{"title": "t700", "parent": {"code": "ZZ2"}}"#
                case 1_100: #"{"title": "t1100", "code": "ZZ1"}"#
                case 1_101: #"{"title": "t1101", "id": "\#(chosen)"}"#
                case 1_102: #"{"title": "t1102", "code": "ZZ2", "amount": 5000}"#
                default: #"{"title": "t\#(number)"}"#
                }
            }
            let body = #"{"operation": "create", "items": [\#(items.joined(separator: ","))]}"#
            let type = try #require(ApiModel(host.lab.store.catalog).types["samples"])
            let input = BulkJob.input(type, body: Array(body.utf8), mode: .perItem, ieee754Compatible: false, isRehearsal: false)
            let id = GUID.version7()
            let handler = BulkJob(host.lab.store)
            // Broken off when its writes are in, and taken up again.
            await #expect(throws: CancellationError.self) {
                let stops = { @Sendable (_: Job.Progress) in throw CancellationError() }
                _ = try await handler.run(
                    JobRun(id: id, label: "linked", input: input, access: .test, progress: stops, stepIsDone: stops))
            }
            let result = try await handler.run(
                JobRun(id: id, label: "linked", input: input, access: .test, progress: { _ in }, stepIsDone: { _ in }))
            let failed = (result["value"]?.items ?? []).enumerated().filter { $1["error"] != nil }.map(\.offset)
            #expect(failed == [2, 700, 1_102] && result["succeeded"] == 1_197, "\(failed)")
            let stored = try await host.lab.client.query(
                """
                SELECT count(*), string_agg(s.title || ' ' || p.title, ', ' ORDER BY s.title) FROM lab.sample s \
                LEFT JOIN lab.sample p ON p.id = s.parent_id
                """)
            #expect(try stored.first?.decode(Int64.self, 0) == 1_197)
            #expect(try stored.first?.decode(String.self, 1) == "t0 t1100, t1 t1101")
        }
    }

    /// Requests for the same work, in headers of any kind.
    static let alike: [(name: String, method: String, url: String, headers: [String: String], body: String?)] = [
        (
            "a create", "POST", "/api/topics/bulk", [:],
            #"{"operation": "create", "items": [{"name": "a"}, {"name": "b"}]}"#
        ),
        (
            "one that fails in part, for a 4.0 client", "POST", "/api/samples/bulk",
            ["prefer": "continue-on-error", "odata-maxversion": "4.0"],
            #"{"operation": "create", "items": [{"title": "a"}, {"title": "b", "amount": 5000}]}"#
        ),
        (
            "one that is refused", "POST", "/api/places/bulk", [:],
            #"{"operation": "create", "items": [{"name": "There"}, {"name": "Elsewhere"}]}"#
        ),
        (
            "one that a value refuses", "POST", "/api/samples/bulk", [:],
            #"{"operation": "create", "items": [{"title": "a"}, {"title": "b", "amount": 5000}]}"#
        ),
        ("a dry run", "PATCH", "/api/places/$each?filter=true&dry_run=true", [:], #"{"name": "Here"}"#),
        (
            "without metadata, of what changes nothing", "PATCH", "/api/places/$each?filter=true",
            ["accept": "application/json;metadata=none", "tessera-change-set": "None"], #"{"name": "There"}"#
        ),
        ("nothing", "DELETE", "/api/places/$each?filter=false", [:], nil),
    ]

    @Test("the result of a job is the answer that its request has at once", arguments: alike)
    func shape(request: (name: String, method: String, url: String, headers: [String: String], body: String?)) async throws {
        func answer(inBackground: Bool) async throws -> (status: String, members: [String], text: String) {
            try await TestHost.with { host in
                _ = try await host.create("places", #"{"name": "There"}"#)
                var headers = request.headers
                if inBackground { headers["prefer"] = [headers["prefer"], "respond-async"].compactMap { $0 }.joined(separator: ", ") }
                var answer = try await host.send(request.method, request.url, headers: headers, body: request.body)
                var status = String(answer.status)
                if inBackground {
                    let path = "/api" + (try #require(answer.headers["location"])).split(separator: "/api").dropFirst().joined()
                    repeat { answer = try await host.send("GET", path, headers: request.headers) } while answer.status == 202
                    status = try #require(answer.headers["asyncresult"])
                }
                #expect((answer.headers["tessera-change-set-id"] != nil) == answer.text.contains(#""change_set":""#))
                let value = try JSONReader.value(of: answer.body)
                return (status, Self.form(of: value), answer.text)
            }
        }
        let direct = try await answer(inBackground: false)
        let later = try await answer(inBackground: true)
        #expect(direct.status == later.status, "\(direct.text)\n\(later.text)")
        #expect(direct.members == later.members, "\(direct.text)\n\(later.text)")
    }

    /// Paths of all members with their values; ids and versions apart, which differ from request to request.
    private static func form(of value: Value, at path: String = "") -> [String] {
        switch value {
        case .complex(let members): members.sorted { $0.key < $1.key }.flatMap { form(of: $1, at: "\(path)/\($0)") }
        case .collection(let items): items.enumerated().flatMap { form(of: $1, at: "\(path)/\($0)") }
        default:
            [path.hasSuffix("id") || path == "/change_set" || path.hasSuffix("_at") || path.hasSuffix("number") ? path : "\(path) \(value)"]
        }
    }

    @Test("an undo is tried in the background")
    func triedUndo() async throws {
        try await TestHost.with { host in
            let body = #"{"operation": "create", "items": [{"name": "a"}, {"name": "b"}]}"#
            let made = try await host.send("POST", "/api/topics/bulk", body: body)
            let id = try #require(made.headers["tessera-change-set-id"])
            let undo = try await host.send(
                "POST", "/api/change_sets(\(id))/undo?dry_run=true", headers: ["prefer": "respond-async"])
            let report = try await finished(host, try #require(undo.headers["location"], "\(undo.text)"))
            #expect(report.text.contains(#""undone":2"#) && report.text.contains(#""undo":null"#), "\(report.text)")
            try await Scenario("still there", "GET", "/api/topics/$count", status: 200, expects: ["2"]).run(on: host)
        }
    }

    @Test("background work whose change set is undone stops writing under it")
    func ended() async throws {
        try await TestHost.with { host in
            _ = try await host.create("topics", #"{"name": "t"}"#)
            let ended = GUID.version7()
            _ = try await ChangeSetLog(host.lab.store, access: .test).begin(ChangeSet(id: ended, label: "ended"))
            _ = try await host.jobs.enqueue(
                kind: EachJob.kind, label: "too late", input: Value.complex(["collection": "topics", "query": "filter=true"]), id: ended,
                access: .test)
            let answer = try await finished(host, "http://test.example:8080/api/jobs(\(ended))")
            #expect(answer.headers["asyncresult"] == "400" && answer.text.contains("changes.ended"), "\(answer.text)")
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
