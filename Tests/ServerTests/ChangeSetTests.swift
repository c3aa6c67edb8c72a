import JSONReading
import QueryLanguage
import Records
import Testing

@testable import Server

@Suite("Change sets over HTTP")
struct ChangeSetTests {
    @Test("a bulk write is a change set: rehearsed, listed, shown and undone")
    func story() async throws {
        try await TestHost.with { host in
            let body = #"{"operation": "create", "items": [{"name": "a"}, {"name": "b"}]}"#
            try await Scenario(
                "rehearsed", "POST", "/api/topics/bulk?dry_run=true", body: body, status: 200,
                expects: [#""dry_run":true"#, #""changes":[{"action":"create","after":{"#, #""name":"b""#]
            ).run(on: host)
            try await Scenario("not kept", "GET", "/api/topics", status: 200, expects: [#""value":[]"#]).run(on: host)
            try await Scenario("no entry", "GET", "/api/change_sets", status: 200, expects: [#"{"value":[]}"#]).run(on: host)
            try await Scenario("written", "POST", "/api/topics/bulk", body: body, status: 200, events: 2).run(on: host)
            let list = try await host.send("GET", "/api/change_sets")
            #expect(list.text.contains(#""label":"create 2 topics""#) && list.text.contains(#""created":2"#), "\(list.text)")
            let marker = try #require(list.text.firstRange(of: #""id":""#))
            let names = ["set": String(list.text[marker.upperBound...].prefix(36))]
            for scenario in Self.scenarios { try await scenario.run(on: host, names) }
        }
    }

    @Test("a change by condition is tried first, and what is written is named in the answer")
    func each() async throws {
        try await TestHost.with { host in
            let body = #"{"operation": "create", "items": [{"name": "a"}, {"name": "b"}]}"#
            let header = ["tessera-change-set": "Autumn"]
            let rename = #"{"name": "c"}"#
            for scenario in [
                Scenario(
                    "written under its name", "POST", "/api/topics/bulk", header, body: body, status: 200,
                    expects: [#""change_set":""#], events: 2),
                Scenario(
                    "rehearsed", "PATCH", "/api/topics/$each?filter=name%20eq%20'a'&dry_run=true", body: rename, status: 200,
                    expects: [#""dry_run":true"#, #""after":{"name":"c"}"#, #""before":{"name":"a"}"#], refuses: ["change_set"]),
                Scenario(
                    "done", "PATCH", "/api/topics/$each?filter=name%20eq%20'a'", body: rename, status: 200,
                    expects: [#""change_set":""#], events: 1),
                Scenario(
                    "nothing to do", "DELETE", "/api/topics/$each?filter=false", status: 200, expects: [#""succeeded":0"#],
                    refuses: ["change_set"]),
                Scenario("refused where it means nothing", "POST", "/api/topics?dry_run=true", body: rename, status: 400),
            ] { try await scenario.run(on: host) }
            let batch = #"""
                {"requests": [{"id": "1", "method": "post", "url": "topics/bulk", "atomicityGroup": "g",
                "headers": {"prefer": "respond-async"}, "body": {"operation": "create", "items": [{"name": "d"}, {"name": "e"}]}}]}
                """#
            try await Scenario(
                "in a batch at once", "POST", "/api/$batch", body: batch, status: 200, expects: [#""status":200"#, #""succeeded":2"#],
                events: 2
            ).run(on: host)
        }
    }

    /// Requests of a batch, and what they come to: the change set's name and counts, or nil where nothing is written.
    struct Written: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var requests: [String]
        var headers: [String: String] = [:]
        var label: String?
        var count = 0
    }

    static let batches: [Written] = [
        Written(
            testDescription: "a run, an upsert, a link, a group, a bulk and a change by condition",
            requests: [
                #"{"id": "1", "method": "post", "url": "topics", "body": {"name": "a"}}"#,
                #"{"id": "2", "method": "post", "url": "topics", "body": {"name": "b"}}"#,
                #"{"id": "3", "method": "put", "url": "places(name='Oslo')", "body": {}}"#,
                #"{"id": "4", "method": "post", "url": "samples", "body": {"title": "s"}}"#,
                #"{"id": "5", "dependsOn": ["3", "4"], "method": "put", "url": "$4/place/$ref", "body": {"@id": "places(name='Oslo')"}}"#,
                #"{"id": "6", "atomicityGroup": "g", "dependsOn": ["5"], "method": "post", "url": "topics", "body": {"name": "c"}}"#,
                #"{"id": "7", "atomicityGroup": "g", "method": "patch", "url": "places(name='Oslo')", "headers": {"if-match": "*"},"#
                    + #" "body": {"name": "Bergen"}}"#,
                #"{"id": "8", "method": "post", "url": "topics/bulk", "body": {"operation": "create", "items": [{"name": "d"}]}}"#,
                #"{"id": "9", "method": "patch", "url": "topics/$each?filter=false", "body": {"name": "e"}}"#,
                #"{"id": "10", "method": "get", "url": "topics"}"#,
            ], label: "batch of 10 requests", count: 6),
        Written(
            testDescription: "one record twice, after a failure",
            requests: [
                #"{"id": "1", "method": "post", "url": "samples", "body": {"title": "one", "code": "AA1"}}"#,
                #"{"id": "2", "dependsOn": ["1"], "method": "post", "url": "samples", "body": {"title": "two", "code": "AA1"}}"#,
                #"{"id": "3", "dependsOn": ["1"], "method": "patch", "url": "$1", "body": {"title": "three"}}"#,
            ], label: "batch of 3 requests", count: 1),
        Written(
            testDescription: "one request, under a name",
            requests: [#"{"id": "1", "method": "post", "url": "topics", "body": {"name": "a"}}"#], headers: ["tessera-change-set": "Mine"],
            label: "Mine", count: 1),
        Written(
            testDescription: "a group that is undone, a change of nothing and reads",
            requests: [
                #"{"id": "1", "atomicityGroup": "g", "method": "post", "url": "topics", "body": {"name": "a"}}"#,
                #"{"id": "2", "atomicityGroup": "g", "method": "post", "url": "topics", "body": {"name": ""}}"#,
                #"{"id": "3", "method": "patch", "url": "places(name='There')", "headers": {"if-match": "*"}, "body": {"name": "There"}}"#,
                #"{"id": "4", "method": "post", "url": "places", "body": {"name": "There"}}"#,
                #"{"id": "5", "method": "get", "url": "topics"}"#,
            ]),
    ]

    @Test("everything that a batch writes is one change set, which its answer names and which is taken back as one", arguments: batches)
    func batch(batch: Written) async throws {
        try await TestHost.with { host in
            _ = try await host.create("places", #"{"name": "There"}"#)
            let body = "{\"requests\": [\(batch.requests.joined(separator: ","))]}"
            let answer = try await host.send("POST", "/api/$batch", headers: batch.headers, body: body)
            #expect(answer.status == 200)
            #expect(!answer.text.contains("tessera-change-set-id"), "\(answer.text)")
            let named = answer.headers["tessera-change-set-id"]
            let list = try await host.send("GET", "/api/change_sets")
            guard let label = batch.label else {
                #expect(named == nil && list.text == #"{"value":[]}"#, "\(list.text) \(answer.text)")
                return
            }
            let id = try #require(named, "\(answer.text)")
            #expect(list.text.ranges(of: #""label":"#).count == 1 && list.text.contains(#""label":"\#(label)""#), "\(list.text)")
            for scenario in [
                Scenario("one", "GET", "/api/change_sets(\(id))", status: 200, expects: [#""label":"\#(label)""#, #""state":"done""#]),
                Scenario(
                    "undone", "POST", "/api/change_sets(\(id))/undo", status: 200,
                    expects: [#""undone":\#(batch.count)"#, #""refused":[]"#],
                    events: batch.count),
                Scenario("as before", "GET", "/api/places?select=name", status: 200, expects: [#""There""#], refuses: ["Oslo", "Bergen"]),
                Scenario("nothing left", "GET", "/api/topics", status: 200, expects: [#""value":[]"#]),
            ] { try await scenario.run(on: host) }
        }
    }

    @Test("a batch is tried as a whole: each request answers as it would, what would change is counted and shown, nothing is kept")
    func triedBatch() async throws {
        try await TestHost.with { host in
            let alpha = try await host.create("samples", #"{"title": "Alpha", "code": "AA1"}"#)
            // What PostgreSQL refuses in the middle of the transaction.
            let longest = "duration'P106751991D'"
            let overflow = "case(code eq 'CC1':\(longest),true:duration'PT0S') add \(longest) gt duration'PT0S'"
            let requests = [
                #"{"id": "1", "method": "post", "url": "topics", "body": {"name": "a"}}"#,
                #"{"id": "2", "method": "post", "url": "samples", "body": {"title": "B", "code": "AA1"}}"#,
                #"{"id": "3", "method": "post", "url": "samples", "body": {"title": "C", "code": "CC1"}}"#,
                #"{"id": "4", "dependsOn": ["3"], "method": "patch", "url": "$3", "body": {"amount": 5}}"#,
                #"{"id": "5", "dependsOn": ["4"], "method": "get", "url": "samples?filter=\#(overflow)"}"#,
                #"{"id": "6", "atomicityGroup": "g", "method": "post", "url": "topics", "body": {"name": "b"}}"#,
                #"{"id": "7", "atomicityGroup": "g", "method": "post", "url": "samples", "body": {"code": "bad"}}"#,
                #"{"id": "8", "method": "patch", "url": "samples/$each?filter=true", "body": {"notes": "seen"}}"#,
                #"{"id": "9", "dependsOn": ["8"], "method": "get", "url": "samples/$count?filter=notes eq 'seen'"}"#,
                #"{"id": "10", "method": "post", "url": "teams", "body": {"name": "Sales"}}"#,
                #"{"id": "11", "dependsOn": ["5", "9"], "if": "true", "method": "delete", "url": "samples(\#(alpha))"}"#,
            ]
            let url = "/api/$batch?dry_run=true"
            let answer = try await host.send("POST", url, body: "{\"requests\": [\(requests.joined(separator: ","))]}")
            #expect(answer.status == 200 && answer.headers["tessera-change-set-id"] == nil)
            let result = try JSONReader.value(of: answer.body)
            let statuses = result["responses"]?.items.map { $0["status"] }
            #expect(statuses == [201, 409, 201, 204, 400, 424, 400, 200, 200, 400, 204], "\(answer.text)")
            #expect(result["responses"]?.items[8]["body"] == "2")
            #expect(result["dry_run"] == true)
            #expect(
                result["counts"]
                    == .collection([
                        .complex(["type": "lab.sample", "created": 1, "updated": 3, "deleted": 1]),
                        .complex(["type": "lab.topic", "created": 1, "updated": 0, "deleted": 0]),
                    ]), "\(answer.text)")
            #expect(result["changes"]?.items.count == 6)
            for scenario in [
                Scenario("no topics", "GET", "/api/topics/$count", status: 200, expects: ["0"]),
                Scenario("no sample", "GET", "/api/samples/$count?filter=notes%20eq%20null", status: 200, expects: ["1"]),
                Scenario("no team", "GET", "/api/teams", status: 200, refuses: ["Sales"]),
                Scenario("not listed", "GET", "/api/change_sets", status: 200, expects: [#"{"value":[]}"#]),
            ] { try await scenario.run(on: host) }
        }
    }

    @Test("answers to writes of many records, and to writes under a name, say which change set they are")
    func named() async throws {
        try await TestHost.with { host in
            let requests: [(method: String, url: String, headers: [String: String], body: String?, label: String?)] = [
                ("POST", "/api/topics", [:], #"{"name": "alone"}"#, nil),
                ("POST", "/api/topics", ["tessera-change-set": "One"], #"{"name": "named"}"#, "One"),
                ("POST", "/api/samples", [:], #"{"title": "a", "parent": {"title": "b"}}"#, "create one of samples with another record"),
                ("POST", "/api/topics/bulk", [:], #"{"operation": "create", "items": [{"name": "x"}]}"#, "create 1 topic"),
                ("POST", "/api/topics/bulk?dry_run=true", [:], #"{"operation": "create", "items": [{"name": "x"}]}"#, nil),
                ("PATCH", "/api/topics/$each?filter=true", [:], #"{"name": "y"}"#, "update topics that a condition selects"),
                ("PATCH", "/api/topics/$each?filter=true", [:], #"{"name": "y"}"#, nil),
                ("DELETE", "/api/topics/$each?filter=true", ["tessera-change-set": "Away"], nil, "Away"),
            ]
            for (method, url, headers, body, label) in requests {
                let answer = try await host.send(method, url, headers: headers, body: body)
                #expect((200..<300).contains(answer.status), "\(answer.text)")
                guard let label else {
                    #expect(answer.headers["tessera-change-set-id"] == nil, "\(method) \(url)")
                    #expect(!answer.text.contains("change_set"), "\(answer.text)")
                    continue
                }
                let id = try #require(answer.headers["tessera-change-set-id"], "\(method) \(url)")
                let entry = try await host.send("GET", "/api/change_sets(\(id))")
                #expect(entry.status == 200 && entry.text.contains(#""label":"\#(label)""#), "\(method) \(url): \(entry.text)")
            }
        }
    }

    private static let scenarios: [Scenario] = [
        Scenario("one", "GET", "/api/change_sets({set})", status: 200, expects: [#""state":"done""#, #""channel":"api""#]),
        Scenario("one as a segment", "GET", "/api/change_sets/{set}", status: 200, expects: [#""id":"{set}""#]),
        Scenario(
            "its changes in pages", "GET", "/api/change_sets({set})/changes?$top=1", status: 200,
            expects: [#""name":"a""#, #""@nextLink":"http://test.example:8080/api/change_sets({set})/changes?$top=1&$skiptoken="#],
            refuses: [#""name":"b""#]),
        Scenario(
            "a token of another list", "GET", "/api/change_sets({set})/changes?$skiptoken=x", status: 400, expects: ["records.bad_cursor"]),
        Scenario("an option that means nothing here", "GET", "/api/change_sets?$filter=true", status: 400, expects: ["takes no $filter"]),
        Scenario("a dry run of what has none", "GET", "/api/change_sets?dry_run=true", status: 400, expects: ["can't be tried"]),
        Scenario("another method", "DELETE", "/api/change_sets({set})", status: 405),
        Scenario("no id", "GET", "/api/change_sets(1)", status: 400, expects: ["odata.bad_key"]),
        Scenario("another path", "GET", "/api/change_sets({set})/nothing", status: 404, expects: ["changes or undo"]),
        Scenario("none", "GET", "/api/change_sets(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)", status: 404),
        Scenario("an undo of none", "POST", "/api/change_sets(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)/undo", status: 404),
        Scenario(
            "an undo rehearsed", "POST", "/api/change_sets({set})/undo?dry_run=true", status: 200,
            expects: [#""undone":2"#, #""undo":null"#, #""refused":[]"#]),
        Scenario("an undo", "POST", "/api/change_sets({set})/undo", status: 200, expects: [#""undone":2"#], events: 2),
        Scenario("undone", "GET", "/api/change_sets({set})", status: 200, expects: [#""state":"undone""#]),
        Scenario("gone", "GET", "/api/topics", status: 200, expects: [#""value":[]"#]),
        Scenario(
            "described", "GET", "/api/openapi.json", status: 200,
            expects: [#""/change_sets({id})/undo":{"post""#, #""undo_report":{"#, #""dry_run":{"name":"dry_run""#]),
    ]
}
