import JSONReading
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Server

@Suite("Requests that are sent again")
struct RepeatedRequestTests {
    private static let key = ["idempotency-key": "\"5f0c7c8e-2d1b-4c6e-9a57-5d3c1f7f0001\""]

    private func kept(_ host: TestHost) async throws -> Int {
        Int(try await host.lab.client.query("SELECT count(*) FROM tessera.kept_answer").int64(row: 0, column: 0))
    }

    @Test("writes once, and answers the same each time, with a header that says so")
    func once() async throws {
        try await TestHost.with { host in
            let first = try await host.send("POST", "/api/samples", headers: Self.key, body: #"{"title": "Once"}"#)
            #expect(first.status == 201 && first.headers["idempotency-replayed"] == nil, "\(first.text)")
            let events = try await host.outboxRows()
            // As most clients write a key.
            let again = try await host.send(
                "POST", "/api/samples", headers: ["idempotency-key": "5f0c7c8e-2d1b-4c6e-9a57-5d3c1f7f0001"], body: #"{"title": "Once"}"#)
            #expect(again.status == 201 && again.body == first.body && again.headers["idempotency-replayed"] == "true")
            for header in ["etag", "location", "content-type", "odata-version"] {
                #expect(again.headers[header] == first.headers[header] && first.headers[header] != nil, "\(header)")
            }
            #expect(try await host.outboxRows() == events)
            #expect(try await host.send("GET", "/api/samples/$count").text == "1")
            // Without its key it is another request.
            #expect(try await host.send("POST", "/api/samples", body: #"{"title": "Once"}"#).status == 201)
        }
    }

    static let writes: [Scenario] = [
        Scenario("change", "PATCH", "/api/samples({a})", body: #"{"amount": 7}"#, status: 204),
        Scenario("replacement", "PUT", "/api/samples({a})", body: #"{"title": "New"}"#, status: 204),
        Scenario("deletion", "DELETE", "/api/samples({a})", status: 204),
        Scenario("restoring", "POST", "/api/samples({a})/restore", status: 204),
        Scenario(
            "bulk", "POST", "/api/samples/bulk", body: #"{"operation": "create", "items": [{"title": "B1"}, {"title": "B2"}]}"#, status: 200
        ),
        Scenario("each", "PATCH", "/api/samples/$each?filter=true", body: #"{"amount": 9}"#, status: 200),
        Scenario(
            "batch", "POST", "/api/$batch",
            body: #"""
                {"requests": [{"id": "1", "method": "post", "url": "samples", "body": {"title": "B1"}},
                 {"id": "2", "method": "post", "url": "samples", "body": {"nope": 1}},
                 {"id": "3", "atomicityGroup": "g", "method": "post", "url": "samples", "body": {"title": "B3"}},
                 {"id": "4", "atomicityGroup": "g", "method": "post", "url": "samples", "body": {"amount": 1}},
                 {"id": "5", "method": "get", "url": "samples/$count"}]}
                """#, status: 200),
        Scenario("link", "PUT", "/api/samples({a})/parent/$ref", body: #"{"@id": "samples({b})"}"#, status: 204),
        Scenario("team", "POST", "/api/teams", body: #"{"name": "North"}"#, status: 201),
        Scenario("user", "POST", "/api/users", body: #"{"name": "Ada", "roles": ["administrator"]}"#, status: 201),
        Scenario(
            "background work", "POST", "/api/samples/bulk", ["prefer": "respond-async"],
            body: #"{"operation": "create", "items": [{"title": "B1"}]}"#, status: 202),
    ]

    @Test("every kind of write takes a key", arguments: writes)
    func kinds(_ scenario: Scenario) async throws {
        try await TestHost.with { host in
            let names = [
                "a": try await host.create("samples", #"{"title": "A"}"#), "b": try await host.create("samples", #"{"title": "B"}"#),
            ]
            func filled(_ text: String) -> String { names.reduce(text) { $0.replacing("{\($1.key)}", with: $1.value) } }
            func state() async throws -> String {
                let sql: SQL = """
                    SELECT concat_ws(' ', (SELECT count(*) FROM tessera.change), (SELECT count(*) FROM tessera.principal), (SELECT count(*) FROM \
                    tessera.job), (SELECT count(*) FROM tessera.change_set), (SELECT md5(string_agg(s::text, ',' ORDER BY id)) FROM lab.sample s))
                    """
                return try #require(try await host.lab.client.query(sql).first).decode(String.self, 0)
            }
            func send() async throws -> TestConnection.Answer {
                try await host.send(
                    scenario.method, filled(scenario.url), headers: Self.key.merging(scenario.headers) { $1 },
                    body: scenario.body.map(filled))
            }
            let first = try await send()
            #expect(first.status == scenario.status, "\(first.text)")
            if scenario.status == 202 {
                // Its work is done before states are compared.
                let job = try #require(first.headers["location"]).split(separator: "/api").dropFirst().joined()
                while try await host.send("GET", "/api\(job)").status == 202 {}
            }
            let after = try await state()
            let again = try await send()
            #expect(
                again.status == first.status && again.body == first.body && again.headers["idempotency-replayed"] == "true", "\(again.text)"
            )
            #expect(again.headers["location"] == first.headers["location"] && again.headers["etag"] == first.headers["etag"])
            #expect(try await state() == after)
            #expect(try await kept(host) == 1)
        }
    }

    @Test("a batch that may be repeated keeps what it can, as one that may not")
    func batch() async throws {
        try await TestHost.with { host in
            let body = try #require(Self.writes.first { $0.name == "batch" }?.body)
            let answer = try await host.send("POST", "/api/$batch", headers: Self.key, body: body)

            let titles = try await host.lab.client.query("SELECT title FROM lab.sample").rows.map { try $0.decode(String.self, 0) }
            #expect(titles == ["B1"])
            let named = try #require(answer.headers["tessera-change-set-id"])
            #expect(try await host.send("GET", "/api/change_sets(\(named))").text.contains("batch of 5 requests"))
        }
    }

    static let others: [Scenario] = [
        Scenario("another body", "POST", "/api/samples", body: #"{"title": "Two"}"#, status: 422),
        Scenario("another address", "POST", "/api/samples?select=title", body: #"{"title": "One"}"#, status: 422),
        Scenario("another method", "PATCH", "/api/samples(code='AB2')", body: #"{"title": "One"}"#, status: 422),
    ]

    @Test("another request under the same key is refused", arguments: others)
    func other(_ scenario: Scenario) async throws {
        try await TestHost.with { host in
            #expect(try await host.send("POST", "/api/samples", headers: Self.key, body: #"{"title": "One"}"#).status == 201)
            let events = try await host.outboxRows()
            let answer = try await host.send(scenario.method, scenario.url, headers: Self.key, body: scenario.body)
            #expect(answer.status == 422 && answer.text.contains("idempotency.other_request"), "\(answer.text)")
            #expect(try await host.outboxRows() == events)
        }
    }

    @Test("a key is its sender's own")
    func principals() async throws {
        try await SalesFloor.with { floor in
            let body = #"{"name": "Same"}"#
            let first = try await floor.send(floor.anna, "POST", "/api/accounts", Self.key, body: body)
            let second = try await floor.send(floor.ben, "POST", "/api/accounts", Self.key, body: body)
            #expect(first.status == 201 && second.status == 201 && second.headers["idempotency-replayed"] == nil)
            #expect(first.headers["location"] != second.headers["location"])
            #expect(
                try await floor.send(floor.anna, "POST", "/api/accounts", Self.key, body: body).headers["location"]
                    == first.headers["location"])
        }
    }

    @Test("what was refused leaves its key free, and nothing behind")
    func refused() async throws {
        try await TestHost.with { host in
            _ = try await host.create("samples", #"{"title": "Taken", "code": "AB1"}"#)
            for (body, status) in [(#"{"nope": 1}"#, 400), (#"{"title": "x", "code": "AB1"}"#, 409)] {
                let answer = try await host.send("POST", "/api/samples", headers: Self.key, body: body)
                #expect(answer.status == status && answer.headers["idempotency-replayed"] == nil, "\(answer.text)")
            }
            // All or nothing: of two, the good one is undone with the bad one.
            let bulk = #"{"operation": "create", "items": [{"title": "Good"}, {"title": "x", "code": "AB1"}]}"#
            #expect(try await host.send("POST", "/api/samples/bulk", headers: Self.key, body: bulk).status == 409)
            #expect(try await kept(host) == 0)
            #expect(try await host.send("GET", "/api/samples/$count").text == "1")
            #expect(try await host.send("POST", "/api/samples", headers: Self.key, body: #"{"title": "Now"}"#).status == 201)
            #expect(try await kept(host) == 1)
        }
    }

    @Test("while a request is at work, its repetition is told so, and the key is free again when its connection is lost")
    func atWork() async throws {
        try await TestHost.with { host in
            let principal = GUID.administrator
            let name = "tessera.request_key \(principal) 5f0c7c8e-2d1b-4c6e-9a57-5d3c1f7f0001"
            try await host.lab.client.transaction { transaction in
                _ = try await transaction.query("SELECT pg_advisory_xact_lock(hashtextextended(\(bind: name), 0))")
                let answer = try await host.send("POST", "/api/samples", headers: Self.key, body: #"{"title": "One"}"#)
                #expect(answer.status == 409 && answer.text.contains("idempotency.in_progress"), "\(answer.text)")
                #expect(answer.headers["retry-after"] == "1")
            }
            #expect(try await host.send("POST", "/api/samples", headers: Self.key, body: #"{"title": "One"}"#).status == 201)
        }
    }

    @Test("of many at the same moment, one writes")
    func race() async throws {
        try await TestHost.with { host in
            let statuses = try await withThrowingTaskGroup(of: Int.self) { group in
                for _ in 1...12 {
                    group.addTask { try await host.send("POST", "/api/samples", headers: Self.key, body: #"{"title": "One"}"#).status }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            #expect(statuses.contains(201) && statuses.allSatisfy { $0 == 201 || $0 == 409 }, "\(statuses)")
            #expect(try await host.send("GET", "/api/samples/$count").text == "1")
        }
    }

    @Test("after its time a key is new again, and its answer is cleared away")
    func time() async throws {
        try await TestHost.with { host in
            #expect(try await host.send("POST", "/api/samples", headers: Self.key, body: #"{"title": "One"}"#).status == 201)
            let left = try await host.lab.client.query(
                "SELECT extract(epoch FROM expires_at - at)::int8 FROM tessera.kept_answer"
            ).int64(row: 0, column: 0)
            #expect(left == 86_400)
            _ = try await host.lab.client.query("UPDATE tessera.kept_answer SET expires_at = now()")
            #expect(try await host.send("POST", "/api/samples", headers: Self.key, body: #"{"title": "Two"}"#).status == 201)
            _ = try await host.lab.client.query("UPDATE tessera.kept_answer SET expires_at = now()")
            try await host.lab.store.forgetKeptAnswers()
            #expect(try await kept(host) == 0)
        }
    }

    @Test("answers that are too long to be kept, or of records that were purged, aren't told again; nothing is written again either")
    func unkept() async throws {
        var limits = ServerLimits()
        limits.keptAnswers.size = 400
        try await TestHost.with(limits: limits) { host in
            let items = (1...10).map { "{\"title\": \"Item \($0)\"}" }.joined(separator: ",")
            let bulk = "{\"operation\": \"create\", \"items\": [\(items)]}"
            let long = try await host.send("POST", "/api/samples/bulk", headers: Self.key, body: bulk)
            #expect(long.status == 200)
            let again = try await host.send("POST", "/api/samples/bulk", headers: Self.key, body: bulk)
            #expect(again.status == 410 && again.text.contains("idempotency.answer_not_kept"), "\(again.text)")
            #expect(again.headers["idempotency-replayed"] == "true")
            #expect(again.headers["tessera-change-set-id"] == long.headers["tessera-change-set-id"])
            #expect(try await host.send("GET", "/api/samples/$count").text == "10")

            let other = ["idempotency-key": "other"]
            let url = "/api/samples?select=id,title"
            let made = try await host.send("POST", url, headers: other, body: #"{"title": "Personal"}"#)
            let id = try #require(try JSONReader.value(of: made.body)["id"]?.asText)
            #expect(try await host.send("POST", url, headers: other, body: #"{"title": "Personal"}"#).body == made.body)
            #expect(try await host.send("POST", "/api/samples(\(id))/purge").status == 204)
            let gone = try await host.send("POST", url, headers: other, body: #"{"title": "Personal"}"#)
            #expect(gone.status == 410 && !gone.text.contains("Personal"), "\(gone.text)")
            let left = try await host.lab.client.query("SELECT count(*) FROM tessera.kept_answer WHERE body IS NOT NULL")
            #expect(try left.int64(row: 0, column: 0) == 0)
        }
    }

    @Test("keys that are none, and places that take none, are refused by name")
    func bad() async throws {
        try await TestHost.with { host in
            for key in ["\"\"", "a b", "a, b", "\"a\"b\"", String(repeating: "k", count: 256)] {
                let answer = try await host.send("POST", "/api/samples", headers: ["idempotency-key": key], body: #"{"title": "x"}"#)
                #expect(answer.status == 400 && answer.text.contains("idempotency.bad_key"), "\(key): \(answer.text)")
            }
            let file = try await host.send(
                "POST", "/api/files", headers: Self.key.merging(["content-type": "text/plain"]) { $1 }, body: "x")
            #expect(file.status == 400 && file.text.contains("idempotency.not_here"), "\(file.text)")
            let batch =
                #"{"requests": [{"id": "1", "method": "post", "url": "samples", "headers": {"Idempotency-Key": "k"}, "body": {"title": "x"}}]}"#
            let within = try await host.send("POST", "/api/$batch", body: batch)
            #expect(within.text.contains("idempotency.not_here") && within.text.contains("\"status\":400"), "\(within.text)")
            #expect(try await host.send("GET", "/api/samples/$count", headers: Self.key).text == "0")
            #expect(try await kept(host) == 0)
        }
    }
}
