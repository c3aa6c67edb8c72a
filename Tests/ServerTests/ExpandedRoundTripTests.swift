import Postgres
import QueryLanguage
import TestKernel
import Testing

@Suite("Sending back what was read with its links")
struct ExpandedRoundTripTests {
    private static let forms: [[String: String]] = [
        [:], ["accept": "application/json;metadata=full"], ["accept": "application/json;metadata=none"],
        ["accept": "application/json;IEEE754Compatible=true", "content-type": "application/json;IEEE754Compatible=true"],
        ["accept": "application/json;odata.metadata=full", "odata-maxversion": "4.0"],
    ]

    private static let expand = "$expand=place,places,subject,parent($expand=place,subject)"

    /// A sample with links of every kind, in the second of two places; and what stands in for the ids.
    private static func with(_ body: @Sendable (TestHost, _ names: [String: String]) async throws -> Void) async throws {
        try await TestHost.with { host in
            let oslo = try await host.create("places", #"{"name": "Oslo"}"#)
            let rome = try await host.create("places", #"{"name": "Rome"}"#)
            let topic = try await host.create("topics", #"{"name": "Ore"}"#)
            let parent = try await host.create(
                "samples",
                #"""
                {"title": "P", "weight": 1.5, "price": 12.5, "price_currency": "EUR", "effort": "PT90M", "tags": ["x"], "origin": {"city": "Bern"},
                 "emails": [{"address": "p@example.com"}], "place_id": "\#(oslo)", "subject": {"@id": "places(\#(rome))"}, "data": {"a": [1]}}
                """#)
            let sample = try await host.create(
                "samples",
                #"""
                {"title": "A", "amount": 3, "parent_id": "\#(parent)", "subject": {"@id": "topics(\#(topic))"},
                 "places": [{"id": "\#(oslo)", "_link": {"role": "home", "since": "2026-05-01"}},
                 {"id": "\#(rome)", "_link": {"role": "away", "is_primary": true}}]}
                """#)
            try await body(host, ["oslo": oslo, "rome": rome, "topic": topic, "parent": parent, "sample": sample])
        }
    }

    @Test("changes nothing in any form, and neither does one link after the other", arguments: forms, ["PUT", "PATCH"])
    func roundTrip(_ form: [String: String], _ method: String) async throws {
        try await Self.with { host, names in
            let address = try "/api/samples(\(#require(names["sample"])))"
            let whole = try await host.send("GET", "\(address)?\(Self.expand)", headers: form)
            #expect(whole.status == 200 && whole.text.contains(#""role":"home""#), "\(whole.text)")
            let events = try await host.outboxRows()
            for links in [Self.expand, "$expand=place($select=name),parent($select=title)", "$expand=places($select=name,_link)"] {
                // Without control information an id has to be asked for.
                let asked = form["accept"]?.contains("none") == true ? links.replacing("$select=", with: "$select=id,") : links
                let read = try await host.send("GET", "\(address)?\(asked)", headers: form)
                let type = form.filter { $0.key == "content-type" }
                let answer = try await host.send(method, address, headers: type, body: read.text)
                #expect(answer.status == 204, "\(links): \(answer.text)")
            }
            #expect(try await host.outboxRows() == events)
            #expect(try await host.send("GET", "\(address)?\(Self.expand)", headers: form).text == whole.text)
        }
    }

    static let scenarios: [Scenario] = [
        Scenario(
            "a change of the record beside its links is made", "PATCH", "/api/samples({sample})",
            body: #"{"amount": 4, "place": {"id": "{rome}", "name": "Rome"}}"#, status: 204, events: 1),
        Scenario(
            "an id leads elsewhere though the record there is described", "PATCH", "/api/samples({sample})",
            body: ##"{"parent": null, "subject": {"@type": "#lab.place", "id": "{oslo}", "name": "Oslo"}}"##, status: 204, events: 1),
        Scenario(
            "what differs of the other record is named", "PUT", "/api/samples({sample})",
            body: #"{"title": "B", "place": {"id": "{rome}", "name": "Roma"}}"#, status: 400,
            expects: [
                #""code":"records.linked_differs""#, #""target":"place/name""#,
                "place/name differs from what is stored; change that record itself.",
            ]),
        Scenario(
            "all that differs is named at once, in lists and deeper too", "PUT", "/api/samples({sample})",
            body: #"""
                {"title": "B", "places": [{"id": "{oslo}", "name": "Christiania", "_link": {"role": "x"}}, {"@id": "places({rome})", "name": "Rome"}],
                 "parent": {"id": "{parent}", "title": "P", "weight": 1.50, "tags": ["y"], "place": {"id": "{oslo}", "name": "O"}}}
                """#, status: 400,
            expects: [
                "3 values of the body", #""target":"places/0/name""#, #""target":"parent/tags""#, #""target":"parent/place/name""#,
            ], refuses: ["parent/weight", "places/1", "parent/title"]),
        Scenario(
            "another link of the other record is a change of it", "PATCH", "/api/samples({sample})",
            body: #"{"parent": {"id": "{parent}", "place": {"id": "{rome}"}}}"#, status: 400, expects: [#""target":"parent/place_id""#]),
        Scenario(
            "links to many of the other record are left out", "PATCH", "/api/samples({sample})",
            body: #"{"parent": {"id": "{parent}", "places": []}}"#, status: 400,
            expects: ["records.not_supported", #""target":"parent/places""#]),
        Scenario(
            "a property that there isn't is named", "PATCH", "/api/samples({sample})", body: #"{"place": {"id": "{oslo}", "nam": "Oslo"}}"#,
            status: 400, expects: ["records.unknown_property", "Did you mean 'name'?", #""target":"place/nam""#]),
        Scenario(
            "what the server computes is passed over", "PATCH", "/api/samples({sample})",
            body: #"{"parent": {"id": "{parent}", "version": 9, "number": "S-1"}}"#, status: 204),
        Scenario(
            "a record and an id that differ are refused", "PATCH", "/api/samples({sample})",
            body: #"{"place_id": "{rome}", "place": {"id": "{oslo}"}}"#, status: 400,
            expects: ["records.linked_twice", #""target":"place""#]),
        Scenario(
            "so they are for a link to one of several types", "POST", "/api/samples",
            body: #"{"title": "N", "subject_type": "lab.place", "subject_id": "{rome}", "subject": {"@id": "places({oslo})"}}"#,
            status: 400,
            expects: ["records.linked_twice", #""target":"subject""#]),
        Scenario(
            "null and the id of a record that is there are refused", "PATCH", "/api/samples({sample})",
            body: #"{"place_id": "{rome}", "place": null}"#, status: 400, expects: ["records.linked_twice", "set both to null"]),
        Scenario(
            "the first page of a list isn't taken for all of it", "PUT", "/api/samples({sample})",
            body: #"{"title": "B", "places": [], "places@nextLink": "samples({sample})/places?$skiptoken=x"}"#, status: 400,
            expects: ["records.partial_list", #""target":"places@nextLink""#]),
        Scenario(
            "a new record in the body of a change is refused still", "PATCH", "/api/samples({sample})",
            body: #"{"place": {"name": "Oslo", "@tessera.new": true, "id": "{oslo}"}, "parent": {"title": "N"}}"#, status: 400,
            expects: ["records.not_supported", #""target":"parent/title""#]),
        Scenario(
            "in a new record such an object is a new record", "POST", "/api/samples?expand=place",
            body: #"{"title": "N", "place": {"id": "5f0c7c8e-2d1b-4c6e-9a57-000000000009", "@tessera.new": true, "name": "Turin"}}"#,
            status: 201,
            expects: [#""name":"Turin""#], events: 2),
        Scenario(
            "in a batch the others go on", "POST", "/api/$batch", ["prefer": "continue-on-error"],
            body: #"""
                {"requests": [{"id": "1", "method": "PATCH", "url": "samples({sample})", "body": {"amount": 7, "place": {"id": "{rome}", "name": "x"}}},
                 {"id": "2", "method": "PATCH", "url": "samples({parent})", "body": {"amount": 7, "place": {"id": "{oslo}", "name": "Oslo"}}}]}
                """#, status: 200, expects: ["records.linked_differs", #""status":204"#], events: 1),
    ]

    @Test("the other records are compared, not changed", arguments: scenarios)
    func comparing(_ scenario: Scenario) async throws {
        try await Self.with { host, names in
            let versions = "SELECT sum(version)::bigint FROM (SELECT version FROM lab.place UNION ALL SELECT version FROM lab.topic) AS v"
            let before = try await host.lab.client.query(SQL(verbatim: versions)).first?.decode(Int64?.self, 0)
            try await scenario.run(on: host, names)
            if scenario.method != "POST" {
                #expect(try await host.lab.client.query(SQL(verbatim: versions)).first?.decode(Int64?.self, 0) == before)
            }
        }
    }

    @Test("a link to a record that isn't seen goes back as null beside its id, and stays")
    func unseen() async throws {
        try await Self.with { host, names in
            let (rome, topic) = try (#require(names["rome"]), #require(names["topic"]))
            let address = try "/api/samples(\(#require(names["sample"])))"
            for gone in ["places(\(rome))", "topics(\(topic))"] {
                #expect(try await host.send("DELETE", "/api/\(gone)").status == 204)
            }
            let read = try await host.send("GET", "\(address)?\(Self.expand)")
            #expect(read.text.contains(#""place":null"#) && read.text.contains(#""subject":null"#), "\(read.text)")
            let events = try await host.outboxRows()
            let answer = try await host.send("PUT", address, body: read.text)
            #expect(answer.status == 204, "\(answer.text)")
            #expect(try await host.outboxRows() == events)
            for (collection, id) in [("places", rome), ("topics", topic)] {
                #expect(try await host.send("POST", "/api/\(collection)(\(id))/restore").status < 300)
            }
            #expect(try await host.send("GET", "\(address)/place/name/$value").text == "Rome")
            #expect(try await host.send("GET", "\(address)?$select=subject_id").text.contains(topic))
        }
    }

    @Test("what the sender may not see is no part of the comparison")
    func limited() async throws {
        try await SalesFloor.with { floor in
            let both = #"{"partners": [{"id": "\#(floor.bens)"}, {"id": "\#(floor.annas)"}]}"#
            #expect(try await floor.host.send("PATCH", "/api/accounts(\(floor.annas))", body: both).status == 204)
            let read = try await floor.send(floor.anna, "GET", "/api/accounts(\(floor.annas))?select=name&expand=partners")
            #expect(read.text.contains(floor.annas) && !read.text.contains(floor.bens), "\(read.text)")
            let same = try await floor.send(floor.anna, "PATCH", "/api/accounts(\(floor.annas))", body: read.text)
            #expect(same.status == 204, "\(same.text)")
            // The record of somebody else is compared with nothing: that it can't be linked to is all that is told.
            let hidden = #"{"partners": [{"id": "\#(floor.bens)", "name": "guess"}]}"#
            let answer = try await floor.send(floor.anna, "PATCH", "/api/accounts(\(floor.annas))", body: hidden)
            #expect(answer.status == 400 && answer.text.contains("records.link_target_missing"), "\(answer.text)")
            #expect(!answer.text.contains("linked_differs"))
        }
    }
}
