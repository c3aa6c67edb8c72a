import TestKernel
import Testing

@testable import Server

@Suite("New records within new records")
struct NestedTests {
    private func count(_ host: TestHost, _ collection: String) async throws -> String {
        try await host.send("GET", "/api/\(collection)/$count").text
    }

    @Test("are stored with the record, linked either way, shown in the answer, and taken back with it")
    func story() async throws {
        try await TestHost.with { host in
            let oslo = try await host.create("places", #"{"name": "Oslo"}"#)
            let body = """
                {"title": "Whole", "parent": {"title": "Above", "amount": 1},
                 "places": [{"name": "Oslo", "role": "old"}, {"@tessera.new": true, "name": "Bergen", "role": "new", "is_primary": true}],
                 "parts": [{"title": "Below 1", "parts": [{"title": "Deepest", "code": "AA1"}]}, {"title": "Below 2"}]}
                """
            try await Scenario(
                "created", "POST", "/api/samples?select=title", body: body, status: 201,
                expects: [
                    #""@context":"http://test.example:8080/api/$metadata#samples(title,parent(),parts(parts()),places())/$entity""#,
                    #""title":"Whole""#, #""parent":{"@etag":"W/\"1\"""#, #""title":"Above""#, #""title":"Below 2""#, #""code":"AA1""#,
                    #""name":"Bergen""#, #""_link":{"is_primary":true,"role":"new","since":null}"#,
                ], answerHeaders: ["etag": "W/\"1\""], events: 6
            ).run(on: host)
            for scenario in [
                Scenario(
                    "linked upwards", "GET", "/api/samples?filter=title%20eq%20'Whole'&select=title&expand=parent(select=title)",
                    status: 200, expects: [#""parent":{"#, #""title":"Above""#]),
                Scenario(
                    "linked to what was there", "GET", "/api/places(\(oslo))/visitors?select=title", status: 200,
                    expects: [#""title":"Whole""#]),
                Scenario(
                    "the primary one", "GET", "/api/samples?filter=place/name%20eq%20'Bergen'&select=title", status: 200,
                    expects: [#""title":"Whole""#]),
                Scenario(
                    "linked downwards", "GET", "/api/samples?filter=parent/parent/title%20eq%20'Whole'&select=title", status: 200,
                    expects: [#""title":"Deepest""#]),
            ] { try await scenario.run(on: host) }
            let sets = try await host.send("GET", "/api/change_sets")
            #expect(sets.text.contains(#""label":"create one of samples with 5 other records""#), "\(sets.text)")
            let marker = try #require(sets.text.firstRange(of: #""id":""#))
            let set = String(sets.text[marker.upperBound...].prefix(36))
            try await Scenario(
                "undone", "POST", "/api/change_sets(\(set))/undo", status: 200, expects: [#""undone":6"#, #""refused":[]"#], events: 6
            ).run(on: host)
            #expect(try await count(host, "samples") == "0")
            #expect(try await count(host, "places") == "1")
        }
    }

    @Test("link to the record around them by a field of many links too, with what the link holds")
    func inverseOfMany() async throws {
        try await TestHost.with { host in
            let body = """
                {"name": "Oslo", "visitors": [{"title": "One", "role": "guest", "places": [{"@tessera.new": true, "name": "Bergen"}]},
                 {"title": "Two", "_link": {"since": "2026-01-02"}}], "samples": []}
                """
            try await Scenario(
                "created", "POST", "/api/places", ["prefer": "return=minimal", "tessera-change-set": "Visits"], body: body, status: 204,
                answerHeaders: ["preference-applied": "return=minimal", "etag": "W/\"1\""], events: 4
            ).run(on: host)
            try await Scenario(
                "linked", "GET", "/api/samples?orderby=title&select=title&expand=place(select=name),places(select=name,_link)", status: 200,
                expects: [
                    #""place":{"@id":"places("#, #")","@etag":"W/\"1\"","name":"Oslo"}"#,
                    #""name":"Bergen","_link":{"is_primary":false,"role":null,"since":null}"#,
                    #""_link":{"is_primary":true,"role":"guest","since":null}"#, #""since":"2026-01-02""#,
                ]
            ).run(on: host)
            try await Scenario("named", "GET", "/api/change_sets", status: 200, expects: [#""label":"Visits""#]).run(on: host)
        }
    }

    static let refusals: [Scenario] = [
        Scenario(
            "values of nested records, all of them at once", "POST", "/api/samples",
            body: #"{"title": "a", "parent": {"title": "b", "amount": 5000}, "parts": [{"title": "c"}, {"amount": 2000}]}"#, status: 400,
            expects: [
                #""target":"parent/amount""#, #""target":"parts/1/amount""#,
            ]),
        Scenario(
            "what is missing in a nested record", "POST", "/api/samples", body: #"{"title": "a", "parts": [{"amount": 1}]}"#, status: 400,
            expects: [#""target":"parts/0/title""#, "records.required"]),
        Scenario(
            "a second one of the same unique value", "POST", "/api/places",
            body: #"{"name": "b", "samples": [{"title": "x", "code": "AB1"}, {"title": "y", "code": "AB1"}]}"#, status: 409,
            expects: [#""target":"samples/1/code""#]),
        Scenario(
            "a link of a nested record that leads nowhere", "POST", "/api/samples",
            body: #"{"title": "a", "parent": {"title": "b", "place": {"name": "Nowhere"}}}"#, status: 400,
            expects: [#""target":"parent/place""#]),
        Scenario(
            "a misspelt property", "POST", "/api/samples", body: #"{"title": "a", "parent": {"titel": "b"}}"#, status: 400,
            expects: [#""target":"parent/titel""#, "Did you mean 'title'?"]),
        Scenario(
            "what is there and what it is to hold", "POST", "/api/samples",
            body: #"{"title": "a", "parent": {"@id": "samples(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)", "amount": 1}}"#, status: 400,
            expects: ["records.not_supported", #""target":"parent/amount""#]),
        Scenario(
            "a link said twice", "POST", "/api/samples",
            body: #"{"title": "a", "parent": {"title": "b"}, "parent_id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}"#, status: 400,
            expects: ["records.linked_twice", #""target":"parent""#]),
        Scenario(
            "a link and the list that it is the primary one of", "POST", "/api/samples",
            body: #"{"title": "a", "place": {"@tessera.new": true, "name": "p"}, "places": [{"@tessera.new": true, "name": "q"}]}"#,
            status: 400,
            expects: ["records.linked_twice", #""target":"place""#]),
        Scenario(
            "a way back and the list that it is the primary one of", "POST", "/api/places",
            body: #"{"name": "p", "samples": [{"title": "a", "places": [{"@tessera.new": true, "name": "q"}]}]}"#, status: 400,
            expects: ["records.linked_twice", #""target":"samples/0""#]),
        Scenario(
            "a way back that leads elsewhere", "POST", "/api/samples",
            body: #"{"title": "a", "parts": [{"title": "b", "parent": {"title": "c"}}]}"#, status: 400,
            expects: ["records.linked_twice", #""target":"parts/0""#]),
        Scenario(
            "records that are there, from the side that doesn't store the link", "POST", "/api/samples",
            body: #"{"title": "a", "parts": [{"id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}]}"#, status: 400,
            expects: ["records.not_supported", #""target":"parts/0""#]),
        Scenario(
            "too many levels", "POST", "/api/samples",
            body:
                #"{"title": "0", "parts": [{"title": "1", "parts": [{"title": "2", "parts": [{"title": "3", "parts": [{"title": "4", "parts": [{"title": "5", "parts": [{"title": "6"}]}]}]}]}]}]}"#,
            status: 400, expects: ["records.too_deep", #""target":"parts/0/parts/0/parts/0/parts/0/parts/0/parts/0""#]),
        Scenario(
            "too many records", "POST", "/api/samples",
            body: #"{"title": "a", "parts": [\#(Array(repeating: #"{"title": "b"}"#, count: 1_001).joined(separator: ","))]}"#, status: 400,
            expects: ["records.too_many", "at most 1000 others"]),
        Scenario(
            "new records in a change", "PATCH", "/api/samples({id})", body: #"{"parent": {"title": "b"}}"#, status: 400,
            expects: ["records.not_supported", "Only a new record"]),
        Scenario(
            "new records from the other side in a change", "PATCH", "/api/samples({id})", body: #"{"parts": [{"title": "b"}]}"#,
            status: 400,
            expects: ["records.not_supported", "written from the other side"]),
        Scenario(
            "new records in an upsert", "POST", "/api/samples/bulk",
            body: #"{"operation": "upsert", "by": ["code"], "items": [{"code": "AB1", "parent": {"title": "b"}}]}"#, status: 400,
            expects: [#""target":"items/0/parent/title""#]),
        Scenario(
            "a new record where one of several types may stand", "POST", "/api/samples", body: #"{"title": "a", "subject": {"name": "b"}}"#,
            status: 400,
            expects: ["records.not_supported"]),
    ]

    @Test("are refused with the path of what is wrong, and nothing is stored")
    func refused() async throws {
        try await TestHost.with { host in
            let id = try await host.create("samples", #"{"title": "there"}"#)
            for scenario in Self.refusals { try await scenario.run(on: host, ["id": id]) }
            #expect(try await count(host, "samples") == "1")
            #expect(try await count(host, "places") == "0")
            #expect(try await host.send("GET", "/api/change_sets").text == #"{"value":[]}"#)
        }
    }

    @Test("a name that link and record share is the record's where the link's own stand apart")
    func shared() async throws {
        let modules = [
            "lab": TestManifests.everyField.replacing(
                #"name: { type: text, label: Name, required: true, unique: true, length: { max: 50 } }"#,
                with: #"{ name: { type: text, label: Name }, role: { type: text, label: Role } }"#)
        ]
        try await TestHost.with(modules) { host in
            let body = #"{"title": "a", "places": [{"name": "p", "role": "r"}]}"#
            try await Scenario(
                "ambiguous", "POST", "/api/samples", body: body, status: 400,
                expects: ["records.ambiguous_property", #""target":"places/0/role""#]
            ).run(on: host)
            let apart = #"{"title": "a", "places": [{"name": "p", "role": "r", "_link": {"role": "l"}}]}"#
            try await Scenario(
                "apart", "POST", "/api/samples", body: apart, status: 201, expects: [#""role":"r""#, #""role":"l""#], events: 2
            ).run(on: host)
        }
    }

    @Test("come in bulk: good trees are kept whole, of a bad one nothing, and items may link to one another")
    func bulk() async throws {
        try await TestHost.with { host in
            let first = "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a51"
            let items = """
                [{"title": "a", "parent": {"id": "\(first)"}, "parts": [{"title": "a1"}]},
                 {"id": "\(first)", "title": "b", "parts": [{"title": "b1"}, {"title": "b2"}]},
                 {"title": "c", "parts": [{"title": "c1", "code": "CC1"}]}, {"title": "d", "parts": [{"title": "d1", "code": "CC1"}]},
                 {"title": "e", "parts": [{"title": ""}]}, {"title": "f"}]
                """
            let body = #"{"operation": "create", "items": \#(items)}"#
            try await Scenario(
                "all or nothing", "POST", "/api/samples/bulk", body: body, status: 409,
                expects: ["bulk.failed", #""target":"items/3/parts/0/code""#, #""target":"items/4/parts/0/title""#]
            ).run(on: host)
            #expect(try await count(host, "samples") == "0")
            try await Scenario(
                "tried", "POST", "/api/samples/bulk?dry_run=true", ["prefer": "continue-on-error"], body: body, status: 200,
                expects: [#""succeeded":4,"failed":2"#, #""title":"a1""#, #""title":"b2""#], refuses: [#""title":"d""#]
            ).run(on: host)
            try await Scenario(
                "the good ones", "POST", "/api/samples/bulk", ["prefer": "continue-on-error"], body: body, status: 200,
                expects: [
                    #""succeeded":4,"failed":2"#, #""target":"parts/0/code""#, #""target":"parts/0/title""#,
                    #""change_set":""#,
                ], events: 8
            ).run(on: host)
            try await Scenario(
                "linked", "GET", "/api/samples?filter=parent/title%20eq%20'b'&orderby=title&select=title", status: 200,
                expects: [#""title":"a""#, #""title":"b1""#, #""title":"b2""#], refuses: [#""title":"d""#]
            ).run(on: host)
            let accepted = try await host.send(
                "POST", "/api/samples/bulk", headers: ["prefer": "respond-async"],
                body: #"{"operation": "create", "items": [{"title": "x", "parts": [{"title": "y"}]}]}"#)
            let job = try #require(accepted.headers["location"]?.dropLast().suffix(36))
            while try await host.send("GET", "/api/jobs(\(job))").status == 202 {}
            try await Scenario("in the background", "GET", "/api/change_sets(\(job))", status: 200, expects: [#""created":2"#]).run(
                on: host)
        }
    }

    @Test("may refer to what another request of the batch made, and be referred to")
    func batch() async throws {
        try await TestHost.with { host in
            let batch = """
                {"requests": [{"id": "p", "atomicityGroup": "g", "method": "post", "url": "places", "body": {"name": "Oslo"}},
                 {"id": "s", "atomicityGroup": "g", "dependsOn": ["p"], "method": "post", "url": "samples?select=title",
                  "body": {"title": "a", "parts": [{"title": "b", "place": {"@id": "$p"}}]}},
                 {"id": "l", "dependsOn": ["g", "s"], "method": "get", "url": "$s/parts?select=title&expand=place(select=name)"}]}
                """
            try await Scenario(
                "whole", "POST", "/api/$batch", body: batch, status: 200,
                expects: [#""id":"l","status":200"#, #""title":"b","place":{"#, #""name":"Oslo""#], events: 3
            ).run(on: host)
        }
    }

    @Test("are described")
    func described() async throws {
        try await TestHost.with { host in
            let text = try await host.send("GET", "/api/openapi.json").text
            #expect(text.contains(##""description":"A new Sample here is stored with the record"##), "\(text.prefix(100))")
            #expect(
                text.contains(
                    ##""items":{"anyOf":[{"$ref":"#/components/schemas/lab.sample.write"},{"$ref":"#/components/schemas/lab.sample.new"}"##)
            )
            let metadata = try await host.send("GET", "/api/$metadata", headers: ["accept": "application/xml"]).text
            #expect(metadata.contains("Org.OData.Capabilities.V1.DeepInsertSupport"))
        }
    }
}
