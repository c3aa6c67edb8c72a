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
                    expects: [#""label":"Autumn""#], events: 2),
                Scenario(
                    "rehearsed", "PATCH", "/api/topics/$each?filter=name%20eq%20'a'&dry_run=true", body: rename, status: 200,
                    expects: [#""dry_run":true"#, #""after":{"name":"c"}"#, #""before":{"name":"a"}"#], refuses: ["change_set"]),
                Scenario(
                    "done", "PATCH", "/api/topics/$each?filter=name%20eq%20'a'", body: rename, status: 200,
                    expects: [#""label":"update topics that a condition selects""#], events: 1),
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
