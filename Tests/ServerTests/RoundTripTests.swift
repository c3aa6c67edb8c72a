import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@Suite("Sending back what was read")
struct RoundTripTests {
    private static let forms: [[String: String]] = [
        ["accept": "application/json;metadata=minimal"], ["accept": "application/json;metadata=full"],
        ["accept": "application/json;odata.metadata=minimal", "odata-maxversion": "4.0"],
        ["accept": "application/json;odata.metadata=full", "odata-maxversion": "4.0"],
    ]

    @Test("changes nothing, links to many and the link that follows them included", arguments: forms)
    func roundTrip(_ form: [String: String]) async throws {
        try await TestHost.with { host in
            let oslo = try await host.create("places", #"{"name": "Oslo"}"#)
            let rome = try await host.create("places", #"{"name": "Rome"}"#)
            let whole = try await host.create(
                "samples",
                #"""
                {"title": "A", "amount": 3, "price": 12.5, "price_currency": "USD", "tags": ["x"], "emails": [{"address": "a@example.com"}],
                 "origin": {"city": "Oslo"}, "places": [{"id": "\#(oslo)", "_link": {"role": "home"}},
                 {"id": "\#(rome)", "_link": {"role": "away", "is_primary": true}}], "subject": {"@id": "places(\#(oslo))"}, "data": {"a": 1}}
                """#)
            let before = try await host.send("GET", "/api/samples(\(whole))", headers: form)
            let links = try await host.send("GET", "/api/samples(\(whole))/places?orderby=name")
            let events = try await host.outboxRows()
            let answer = try await host.send("PUT", "/api/samples(\(whole))", body: before.text)
            #expect(answer.status == 204, "\(answer.text)")
            #expect(try await host.outboxRows() == events)
            #expect(try await host.send("GET", "/api/samples(\(whole))", headers: form).text == before.text)
            #expect(try await host.send("GET", "/api/samples(\(whole))/places?orderby=name").text == links.text)
            #expect(links.text.contains(#""role":"home""#))
        }
    }

    @Test("PUT with a primary entry alone leaves no other, and PATCH leaves them all")
    func primaryAlone() async throws {
        try await TestHost.with { host in
            let id = try await host.create(
                "samples",
                #"""
                {"title": "A", "emails": [{"address": "a@example.com", "kind": "work"}, {"address": "b@example.com"}],
                 "phones": [{"number": "+47 22 12 34 56"}, {"number": "+47 22 12 34 57"}]}
                """#)
            func lists() async throws -> [String] {
                let text = try await host.send("GET", "/api/samples(\(id))?select=emails,phones").text
                return text.matches(of: #/"(?:address|number)":"([^"]+)"/#).map { String($0.1) }
            }
            let patch = #"{"primary_email": "b@example.com", "primary_phone": "+47 22 12 34 57"}"#
            #expect(try await host.send("PATCH", "/api/samples(\(id))", body: patch).status == 204)
            #expect(try await lists() == ["a@example.com", "b@example.com", "+47 22 12 34 56", "+47 22 12 34 57"])
            let bad = try await host.send("PUT", "/api/samples(\(id))", body: #"{"title": "A", "primary_email": "none"}"#)
            #expect(bad.status == 400 && bad.text.contains(#""target":"primary_email""#), "\(bad.text)")
            let put = #"{"title": "A", "primary_email": "c@example.com", "primary_phone": null}"#
            #expect(try await host.send("PUT", "/api/samples(\(id))", body: put).status == 204)
            #expect(try await lists() == ["c@example.com"])
            // The list says more than its primary entry.
            let both =
                #"{"title": "A", "primary_email": "c@example.com", "emails": [{"address": "d@example.com"}, {"address": "c@example.com"}]}"#
            #expect(try await host.send("PUT", "/api/samples(\(id))", body: both).status == 204)
            #expect(try await lists() == ["d@example.com", "c@example.com"])
        }
    }

    @Test("a link that follows links to many is set by a replacement, and made with a new record")
    func followingLink() async throws {
        try await TestHost.with { host in
            let oslo = try await host.create("places", #"{"name": "Oslo"}"#)
            let rome = try await host.create("places", #"{"name": "Rome"}"#)
            let id = try await host.create("samples", #"{"title": "A", "places": [{"id": "\#(oslo)"}]}"#)
            #expect(try await host.send("PUT", "/api/samples(\(id))", body: #"{"title": "B", "place_id": "\#(rome)"}"#).status == 204)
            #expect(try await host.send("GET", "/api/samples(\(id))/place/name/$value").text == "Rome")
            #expect(try await host.send("GET", "/api/samples(\(id))/places/$count").text == "2")
            #expect(try await host.send("PUT", "/api/samples(\(id))", body: #"{"title": "C"}"#).status == 204)
            #expect(try await host.send("GET", "/api/samples(\(id))/place/name/$value").text == "Rome")
            let new = GUID.version7()
            let made = try await host.send(
                "PUT", "/api/samples(\(new))", headers: ["if-none-match": "*"], body: #"{"title": "D", "place_id": "\#(rome)"}"#)
            #expect(made.status == 204, "\(made.text)")
            #expect(try await host.send("GET", "/api/samples(\(new))/place/name/$value").text == "Rome")
        }
    }

    @Test("links to deleted records stay when the list is sent, and show when they are restored")
    func deletedTargets() async throws {
        try await TestHost.with { host in
            let oslo = try await host.create("places", #"{"name": "Oslo"}"#)
            let rome = try await host.create("places", #"{"name": "Rome"}"#)
            let bern = try await host.create("places", #"{"name": "Bern"}"#)
            let id = try await host.create(
                "samples",
                #"{"title": "A", "places": [{"id": "\#(oslo)"}, {"id": "\#(rome)", "_link": {"role": "away", "is_primary": true}}]}"#)
            #expect(try await host.send("DELETE", "/api/places(\(rome))").status == 204)
            let read = try await host.send("GET", "/api/samples(\(id))")
            // The link that follows leads to the deleted record, and may stay.
            let same = try await host.send("PUT", "/api/samples(\(id))", body: read.text)
            #expect(same.status == 204, "\(same.text)")
            let added = try await host.send("POST", "/api/samples(\(id))/places/$ref", body: #"{"@id": "places(\#(bern))"}"#)
            #expect(added.status == 204, "\(added.text)")
            let changed = try await host.send("PATCH", "/api/samples(\(id))", body: #"{"places": [{"id": "\#(oslo)"}]}"#)
            #expect(changed.status == 204, "\(changed.text)")
            #expect(try await host.send("GET", "/api/samples(\(id))/places/$count").text == "1")
            #expect(try await host.send("POST", "/api/places(\(rome))/restore").status < 300)
            let places = try await host.send("GET", "/api/samples(\(id))/places?orderby=name").text
            #expect(places.contains(oslo) && places.contains(rome) && !places.contains(bern))
            #expect(places.contains(#""role":"away""#))
            #expect(try await host.send("GET", "/api/samples(\(id))/place/name/$value").text == "Rome")

            #expect(try await host.send("DELETE", "/api/places(\(rome))").status == 204)
            let flagged = #"{"places": [{"id": "\#(oslo)", "_link": {"is_primary": true}}]}"#
            #expect(try await host.send("PATCH", "/api/samples(\(id))", body: flagged).status == 204)
            #expect(try await host.send("PATCH", "/api/samples(\(id))", body: #"{"places": [{"id": "\#(rome)"}]}"#).status == 400)
            #expect(try await host.send("POST", "/api/places(\(rome))/restore").status < 300)
            #expect(try await host.send("GET", "/api/samples(\(id))/place/name/$value").text == "Oslo")
            let primaries = "SELECT count(*) FROM lab.sample__places WHERE is_primary"
            #expect(try await host.lab.client.query(SQL(verbatim: primaries)).int64(row: 0, column: 0) == 1)
        }
    }

    @Test("an undo puts back links to deleted records with the list")
    func undone() async throws {
        try await TestHost.with { host in
            let oslo = try await host.create("places", #"{"name": "Oslo"}"#)
            let rome = try await host.create("places", #"{"name": "Rome"}"#)
            let id = try await host.create(
                "samples", #"{"title": "A", "places": [{"id": "\#(rome)", "_link": {"role": "away"}}, {"id": "\#(oslo)"}]}"#)
            #expect(try await host.send("DELETE", "/api/places(\(rome))").status == 204)
            let emptied = try await host.send(
                "POST", "/api/samples/bulk", body: #"{"operation": "update", "items": [{"id": "\#(id)", "places": []}]}"#)
            let set = try #require(emptied.headers["tessera-change-set-id"])
            #expect(try await host.send("GET", "/api/samples(\(id))/places/$count").text == "0")
            let undo = try await host.send("POST", "/api/change_sets(\(set))/undo")
            #expect(undo.text.contains(#""undone":1"#), "\(undo.text)")
            #expect(try await host.send("POST", "/api/places(\(rome))/restore").status < 300)
            let places = try await host.send("GET", "/api/samples(\(id))/places").text
            #expect(places.contains(oslo) && places.contains(#""role":"away""#), "\(places)")
            #expect(try await host.send("GET", "/api/samples(\(id))/place/name/$value").text == "Rome")
        }
    }

    @Test("links to records that a writer may not read stay")
    func unreadableTargets() async throws {
        try await SalesFloor.with { floor in
            let both = #"{"partners": [{"id": "\#(floor.bens)"}, {"id": "\#(floor.annas)"}]}"#
            #expect(try await floor.host.send("PATCH", "/api/accounts(\(floor.annas))", body: both).status == 204)
            #expect(try await floor.send(floor.anna, "GET", "/api/accounts(\(floor.annas))/partners/$count").text == "1")
            let emptied = try await floor.send(floor.anna, "PATCH", "/api/accounts(\(floor.annas))", body: #"{"partners": []}"#)
            #expect(emptied.status == 204, "\(emptied.text)")
            let left = try await floor.host.send("GET", "/api/accounts(\(floor.annas))/partners").text
            #expect(left.contains(floor.bens) && !left.contains(floor.annas))
            let named = try await floor.send(
                floor.anna, "PATCH", "/api/accounts(\(floor.annas))", body: #"{"partners": [{"id": "\#(floor.bens)"}]}"#)
            #expect(named.status == 400 && named.text.contains("records.link_target_missing"), "\(named.text)")
            let removed = try await floor.send(
                floor.anna, "DELETE", "/api/accounts(\(floor.annas))/partners(\(floor.bens))/$ref")
            #expect(removed.status == 204 || removed.status == 404, "\(removed.text)")
            #expect(try await floor.host.send("GET", "/api/accounts(\(floor.annas))/partners/$count").text == "1")
        }
    }
}
