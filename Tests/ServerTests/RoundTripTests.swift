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
}
