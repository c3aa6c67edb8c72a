import JSONReading
import NIOHTTP1
import Postgres
import QueryLanguage
import TestKernel
import Testing

@testable import Server

@Suite("Batches")
struct BatchTests {
    /// Requests, and the status of each answer.
    struct Example: Sendable, CustomTestStringConvertible {
        var name: String
        var requests: [String]
        var statuses: [Int64]
        var headers: [String: String] = [:]
        /// What the answer holds.
        var expects: [String] = []
        /// Titles that are stored afterwards, beside "Alpha".
        var titles: String = ""

        var testDescription: String { name }
    }

    static let examples: [Example] = [
        Example(
            name: "answers reads and writes, each as if it had come alone",
            requests: [
                #"{"id":"1","method":"get","url":"samples?filter=title eq 'Alpha'&select=title,code"}"#,
                #"{"id":"2","method":"POST","url":"/api/samples","body":{"title":"B1"}}"#,
                #"{"id":"3","method":"get","url":"http://test.example:8080/api/samples/$count"}"#,
                #"{"id":"4","method":"delete","url":"samples(code='NONE9')"}"#,
            ], statuses: [200, 201, 200, 404],
            expects: [#""code":"AB1""#, #""location":"http://test.example:8080/api/samples("#, #""code":"records.not_found""#], titles: "B1"
        ),
        Example(
            name: "hands runs of creates to the store as one, with the outcome of each",
            requests: [
                #"{"id":"1","method":"post","url":"samples","headers":{"prefer":"return=minimal"},"body":{"title":"B1","code":"BB1"}}"#,
                #"{"id":"2","method":"post","url":"samples","body":{"title":"B2","code":"BB1"}}"#,
                #"{"id":"3","method":"post","url":"samples","body":{"title":"B3","amount":5000}}"#,
                #"{"id":"4","method":"post","url":"samples?select=title","body":{"title":"B4"}}"#,
            ], statuses: [204, 409, 400, 201], expects: [#""target":"amount""#], titles: "B1,B4"),
        Example(
            name: "shows each record of a run as its own request wants it",
            requests: [
                #"{"id":"1","method":"post","url":"samples?select=title","body":{"title":"B1","amount":1}}"#,
                #"{"id":"2","method":"post","url":"samples?select=amount","body":{"title":"B2","amount":2}}"#,
                #"{"id":"3","method":"post","url":"samples?select=title","body":{"title":"B3","amount":5000}}"#,
                #"{"id":"4","method":"post","url":"samples?select=title&expand=parent","body":{"title":"B4","parent":{"code":"AB1"}}}"#,
                #"{"id":"5","method":"post","url":"samples?$select=title","headers":{"odata-maxversion":"4.0"},"body":{"title":"B5"}}"#,
                #"{"id":"6","method":"post","url":"samples?select=title","headers":{"prefer":"return=minimal"},"body":{"title":"B6"}}"#,
                #"{"id":"7","method":"post","url":"samples?select=title","body":{"title":"B7"}}"#,
            ], statuses: [201, 201, 400, 201, 201, 204, 201],
            expects: [
                #""@etag":"W/\"1\"","title":"B1"}"#, #""@etag":"W/\"1\"","amount":2}"#, #""title":"B4","parent":{"#,
                #""@odata.etag":"W/\"1\"","title":"B5"}"#, #""@etag":"W/\"1\"","title":"B7"}"#,
            ], titles: "B1,B2,B4,B5,B6,B7"),
        Example(
            name: "undoes a group of which one request fails",
            requests: [
                #"{"id":"1","atomicityGroup":"g","method":"post","url":"samples","body":{"title":"B1"}}"#,
                #"{"id":"2","atomicityGroup":"g","method":"post","url":"samples","body":{"title":"B2","code":"AB1"}}"#,
                #"{"id":"3","method":"post","url":"samples","body":{"title":"B3"}}"#,
                #"{"id":"4","dependsOn":["g"],"method":"get","url":"samples"}"#,
            ], statuses: [424, 409, 201, 424], expects: [#""code":"batch.undone""#, #""code":"batch.failed_dependency""#], titles: "B3"),
        Example(
            name: "keeps a group whose requests see what those before them wrote",
            requests: [
                #"{"id":"1","atomicityGroup":"g","method":"post","url":"samples","body":{"title":"B1","code":"BB1"}}"#,
                #"{"id":"2","atomicityGroup":"g","dependsOn":["1"],"method":"patch","url":"$1","body":{"amount":7}}"#,
                #"{"id":"3","atomicityGroup":"g","method":"get","url":"samples(code='BB1')?select=amount"}"#,
            ], statuses: [201, 204, 200], expects: [#""amount":7"#], titles: "B1"),
        Example(
            name: "refers to records, ETags and values of earlier answers",
            requests: [
                #"{"id":"1","method":"post","url":"samples","body":{"title":"B1","code":"BB1"}}"#,
                #"{"id":"2","dependsOn":["1"],"method":"post","url":"samples","body":{"title":"B2","parent":{"@id":"$1"}}}"#,
                #"{"id":"3","dependsOn":["1"],"method":"get","url":"samples?filter=parent_id eq $1/id&select=title"}"#,
                #"{"id":"4","dependsOn":["1"],"method":"patch","url":"$1","headers":{"if-match":"$1"},"body":{"amount":1}}"#,
                #"{"id":"5","dependsOn":["1","4"],"method":"patch","url":"$1","headers":{"if-match":"$1"},"body":{"amount":2}}"#,
            ], statuses: [201, 201, 200, 204, 412], titles: "B1,B2"),
        Example(
            name: "carries out what an 'if' allows, and nothing else",
            requests: [
                #"{"id":"1","method":"get","url":"samples(code='NONE9')"}"#,
                #"{"id":"2","dependsOn":["1"],"if":"not $1/$succeeded","method":"post","url":"samples","body":{"title":"B2","amount":3}}"#,
                #"{"id":"3","dependsOn":["2"],"if":"$2/amount gt 3","method":"post","url":"samples","body":{"title":"B3"}}"#,
                #"{"id":"4","dependsOn":["2"],"if":"$2/amount eq 3 and $2/title eq 'B2'","method":"post","url":"samples","body":{"title":"B4"}}"#,
                #"{"id":"5","dependsOn":["2"],"if":"$2/amount plus","method":"get","url":"samples"}"#,
            ], statuses: [404, 201, 424, 201, 400], expects: [#""code":"batch.condition""#], titles: "B2,B4"),
        Example(
            name: "says that a group has no answer to ask",
            requests: [
                #"{"id":"1","atomicityGroup":"g","method":"post","url":"samples","body":{"title":"B1"}}"#,
                #"{"id":"2","dependsOn":["g"],"if":"not $g/$succeeded","method":"get","url":"samples"}"#,
            ], statuses: [201, 400], expects: ["'$g' names a group"], titles: "B1"),
        Example(
            name: "lets records of a group take over each other's unique values",
            requests: [
                #"{"id":"1","atomicityGroup":"g","method":"patch","url":"samples({beta})","body":{"code":"AB1"}}"#,
                #"{"id":"2","atomicityGroup":"g","method":"patch","url":"samples({alpha})","body":{"code":"ZZ1"}}"#,
            ], statuses: [204, 204]),
        Example(
            name: "stops at the first failure when the client wants no more",
            requests: [
                #"{"id":"1","method":"get","url":"nowhere"}"#,
                #"{"id":"2","dependsOn":["1"],"if":"not $1/$succeeded","method":"post","url":"samples","body":{"title":"B2"}}"#,
            ], statuses: [404, 424], headers: ["prefer": "continue-on-error=false"], expects: [#""code":"batch.skipped""#]),
        Example(
            name: "changes and deletes records of a run, and one record twice",
            requests: [
                #"{"id":"1","method":"patch","url":"samples({alpha})","body":{"amount":1}}"#,
                #"{"id":"2","method":"patch","url":"samples({alpha})","body":{"amount":2}}"#,
                #"{"id":"3","method":"patch","url":"samples({beta})","headers":{"if-match":"W/\"9\""},"body":{"amount":3}}"#,
                #"{"id":"4","dependsOn":["1","2"],"method":"delete","url":"samples({alpha})"}"#,
            ], statuses: [204, 204, 412, 204]),
        Example(
            name: "refuses single requests for reasons of their own",
            requests: [
                #"{"id":"1","method":"post","url":"$batch","body":{"requests":[]}}"#,
                #"{"id":"2","method":"get","url":"/elsewhere"}"#,
                #"{"id":"3","method":"get","url":"$9/place"}"#,
                #"{"id":"4","method":"patch","url":"samples","body":{}}"#,
                #"{"id":"5","method":"post","url":"samples","headers":{"content-type":"text/plain"},"body":"text"}"#,
                #"{"id":"6","method":"get","url":"samples?filter=title eq"}"#,
            ], statuses: [400, 404, 400, 405, 415, 400],
            expects: [#""code":"batch.nested""#, #""code":"batch.outside""#, #""code":"batch.unknown_reference""#]),
    ]

    @Test("do what the standard says", arguments: examples)
    func example(example: Example) async throws {
        try await TestHost.with { host in
            let alpha = try await host.create("samples", #"{"title": "Alpha", "code": "AB1"}"#)
            let beta = try await host.create("samples", #"{"title": "Beta"}"#)
            var body = "{\"requests\":[\(example.requests.joined(separator: ","))]}"
            body = body.replacing("{alpha}", with: alpha).replacing("{beta}", with: beta)
            let answer = try await host.send("POST", "/api/$batch", headers: example.headers, body: body)
            #expect(answer.status == 200, "\(answer.text)")
            guard case .complex(let whole) = try JSONReader.value(of: answer.body), case .collection(let responses)? = whole["responses"]
            else {
                Issue.record("no responses in \(answer.text)")
                return
            }
            #expect(responses.map { Self.member("status", of: $0) } == example.statuses.map(Value.integer), "\(answer.text)")
            #expect(responses.map { Self.member("id", of: $0) } == example.requests.indices.map { .string(String($0 + 1)) })
            for fragment in example.expects { #expect(answer.text.contains(fragment), "\(fragment) is missing in \(answer.text)") }
            let stored = try await host.lab.client.query(
                "SELECT coalesce(string_agg(title, ',' ORDER BY title), '') FROM lab.sample WHERE title NOT IN ('Alpha', 'Beta')")
            #expect(try stored.first?.decode(String.self, 0) == example.titles, "\(answer.text)")
        }
    }

    private static func member(_ name: String, of value: Value) -> Value? {
        if case .complex(let members) = value { members[name] } else { nil }
    }

    @Test(
        "are refused as a whole when they aren't one, with all mistakes at once",
        arguments: [
            (#"{"requests":1}"#, ["json.wrong_type"]),
            (#"{}"#, ["batch.malformed"]),
            (
                #"{"requests":[{"id":"1","method":"get"},{"id":"1","method":"head","url":"x"}]}"#,
                ["batch.missing_member", "batch.duplicate_id", "batch.bad_method"]
            ),
            (#"{"requests":[{"id":"1","dependsOn":["2"],"method":"get","url":"x"}]}"#, ["batch.unknown_dependency"]),
            (#"{"requests":[{"id":"a b","if":"true","method":"get","url":"x","body":{}}]}"#, ["batch.bad_id", "batch.missing_dependency"]),
            (
                #"{"requests":[{"id":"1","atomicityGroup":"g","method":"get","url":"x"},{"id":"2","method":"get","url":"x"},"#
                    + #"{"id":"3","atomicityGroup":"g","dependsOn":["1"],"method":"get","url":"x"}]}"#, ["batch.split_group"]
            ),
            (
                #"{"requests":[{"id":"1","atomicityGroup":"g","method":"get","url":"x"},{"id":"2","dependsOn":["1"],"method":"get","url":"x"}]}"#,
                ["batch.missing_group"]
            ),
            (
                #"{"requests":[{"id":"1","method":"get","url":"x","headers":{"a":"b\n"},"bodi":1}]}"#,
                ["batch.bad_header", "Did you mean 'body'?"]
            ),
            (#"{"requests":[{"id":"1","method":"get","url":"x","headers":{"é":"b"}}]}"#, ["batch.bad_header"]),
            (#"{"requests":[{"id":"1","method":"get","url":"x","headers":{"a b":"c"}}]}"#, ["batch.bad_header"]),
        ])
    func malformed(body: String, expects: [String]) async throws {
        let error = #expect(throws: APIError.self) { try BatchRequest.decode(Array(body.utf8), maximumItems: 10) }
        let details = error?.details.map { "\($0.code) \($0.message)" } ?? []
        let text = ([error?.code ?? ""] + details).joined(separator: ", ")
        for code in expects { #expect(text.contains(code), "\(code) is missing in \(text)") }
    }

    @Test("are cut into units: groups, runs of like writes and single requests, each with the units it waits for")
    func plan() throws {
        let bodies = [
            #"{"id":"a","method":"post","url":"x"}"#, #"{"id":"b","method":"post","url":"x"}"#, #"{"id":"c","method":"get","url":"x"}"#,
            #"{"id":"d","atomicityGroup":"g","method":"post","url":"x"}"#, #"{"id":"e","atomicityGroup":"g","method":"post","url":"x"}"#,
            #"{"id":"f","atomicityGroup":"g","dependsOn":["d","a"],"method":"get","url":"x"}"#,
            #"{"id":"h","atomicityGroup":"i","method":"post","url":"x"}"#, #"{"id":"j","dependsOn":["g","c"],"method":"post","url":"x"}"#,
            #"{"id":"k","method":"post","url":"x"}"#,
        ]
        let text = "{\"requests\":[\(bodies.joined(separator: ","))]}"
        let items = try BatchRequest.decode(Array(text.utf8), maximumItems: 20).items
        let creates = items.indices.filter { items[$0].method == .POST && items[$0].dependsOn.isEmpty }
        let create = BatchPlan.Write(kind: SingleWrite.Kind(verb: .create, typeID: "lab.sample"))
        let plan = BatchPlan(items, writes: Dictionary(uniqueKeysWithValues: creates.map { ($0, create) }))
        #expect(plan.units.map(\.steps) == [[[0, 1]], [[2]], [[3, 4], [5]], [[6]], [[7]], [[8]]])
        #expect(plan.units.map(\.isAtomic) == [false, false, true, true, false, false])
        #expect(plan.units.map(\.needs) == [[], [], [0], [], [1, 2], []])
        // A record that is changed twice ends a run.
        let update = { BatchPlan.Write(kind: SingleWrite.Kind(verb: .update, typeID: "lab.sample"), record: GUID(high: 0, low: $0)) }
        let changes = BatchPlan(Array(items[...2]), writes: [0: update(1), 1: update(2), 2: update(1)])
        #expect(changes.units.map(\.steps) == [[[0, 1]], [[2]]])
    }

    @Test("are JSON, and of a bounded number of requests")
    func limits() async throws {
        var limits = ServerLimits()
        limits.batchRequests = 2
        limits.bulkItems = 2
        limits.batchAnswerSize = 20
        try await TestHost.with(limits: limits) { host in
            let request = { (id: Int) in #"{"id":"\#(id)","method":"get","url":"samples"}"# }
            let three = try await host.send("POST", "/api/$batch", body: "{\"requests\":[\((1...3).map(request).joined(separator: ","))]}")
            #expect(three.status == 400)
            #expect(
                three.text.contains(#""code":"batch.too_many_requests""#) && three.text.contains("at most 2 requests")
                    && three.text.contains(#""target":"requests""#), "\(three.text)")
            let items = (1...3).map { #"{"name":"\#($0)"}"# }.joined(separator: ",")
            let bulk = try await host.send("POST", "/api/topics/bulk", body: #"{"operation":"create","items":[\#(items)]}"#)
            #expect(
                bulk.status == 400 && bulk.text.contains(#""code":"bulk.too_many_items""#) && bulk.text.contains("at most 2 items")
                    && bulk.text.contains(#""target":"items""#), "\(bulk.text)")
            #expect(try await host.outboxRows() == 0)
            let dependent = #"{"id":"2","dependsOn":["1"],"method":"delete","url":"samples(code='AB1')"}"#
            let large = try await host.send("POST", "/api/$batch", body: "{\"requests\":[\(request(1)),\(dependent)]}")
            #expect(large.text.contains(#""id":"2","status":424"#) && large.text.contains("batch.answers_too_large"), "\(large.text)")
            let multipart = try await host.send(
                "POST", "/api/$batch", headers: ["content-type": "multipart/mixed; boundary=x"], body: "--x")
            #expect(multipart.status == 415)
            #expect(multipart.text.contains("batch.multipart"))
            #expect(try await host.send("GET", "/api/$batch").status == 405)
        }
    }

    @Test("carry text as it is and bytes as base64url")
    func base64URL() throws {
        for bytes: [UInt8] in [[], [0], [255, 254], [1, 2, 3], [0xFB, 0xEF, 0xBE, 0xFF]] {
            #expect(Base64URL.decode(Base64URL.encode(bytes).utf8) == bytes)
        }
        #expect(Base64URL.encode([0xFB, 0xEF, 0xBE]) == "----")
        for text in ["A", "A===", "AB=C", "A+B/", "€"] { #expect(Base64URL.decode(text.utf8) == nil) }
    }
}
