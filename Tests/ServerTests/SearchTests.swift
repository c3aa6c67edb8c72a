import TestKernel
import Testing

@testable import Server

@Suite("Search over HTTP")
struct SearchTests {
    private static let manifest = """
        manifest: 1
        id: lab
        version: "1.0.0"
        name: Laboratory
        platform: ">=0.1 <1.0"
        run: { mode: data }
        types:
          place:
            collection: places
            label: Place
            display: name
            fields:
              name: { type: text, label: Name, search: high }
          sample:
            collection: samples
            label: Sample
            display: title
            fields:
              title: { type: text, label: Title, search: high }
              notes: { type: long_text, label: Notes, search: low }
              place: { type: link, label: Place, to: place, search: low }
          topic:
            collection: topics
            label: Topic
            fields:
              name: { type: text, label: Name }
        """

    private static let scenarios: [Scenario] = [
        Scenario(
            "finds in one collection", "GET", "/api/samples?$search=alp&$select=title&$count=true", status: 200,
            expects: [
                #""@count":2,"value":[{"@id":"samples("#, #","@etag":"W/\"1\"","title":"Alpha \"one\""},{"@id":"samples("#,
                #","@etag":"W/\"1\"","title":"Beta"}]"#,
            ]),
        Scenario("counts", "GET", "/api/samples/$count?search=alp", status: 200, expects: ["2"]),
        Scenario(
            "counts what misspelt words find", "GET", "/api/samples?search=alpah&select=title&count=true&filter=notes%20eq%20'none'",
            status: 200, expects: [#""@count":1,"value":[{"#, "Alpha"]),
        Scenario(
            "counts them alone", "GET", "/api/samples/$count?search=alpah&filter=notes%20eq%20'none'", status: 200, expects: ["1"],
            refuses: ["0"]),
        Scenario(
            "pages", "GET", "/api/samples?search=alp&select=title", ["prefer": "maxpagesize=1"], status: 200,
            expects: [#""title":"Alpha"#, "nextLink"], refuses: ["Beta"]),
        Scenario(
            "finds in all collections that can be searched", "GET", "/api/search?q=%C3%84lph", status: 200,
            expects: [
                #"{"type":"lab.place","collection":"places","id":""#,
                #""title":"Älpha Works","field":"name","score":0.90,"as_typed":true}"#,
                #""title":"Alpha \"one\"","field":"title","score":0.90,"as_typed":true}"#,
                #""title":"Beta","field":"place","score":0.30,"as_typed":true}"#,
            ]),
        Scenario(
            "finds in some", "GET", "/api/search?q=alpha&types=places&top=1", status: 200, expects: [#""collection":"places""#],
            refuses: ["samples"]),
        Scenario("takes any text as words", "GET", "/api/search?q=alpha%20(%22", status: 200, expects: [#""collection":"places""#]),
        Scenario("finds nothing", "GET", "/api/search?q=zzz", status: 200, expects: [#"{"value":[]}"#]),
        Scenario(
            "wants a word that records have", "GET", "/api/search?q=NOT%20alpha", status: 400,
            expects: ["records.invalid", "NOT alone", #""target":"q""#]),
        Scenario(
            "the same for one of two", "GET", "/api/search?q=alpha%20OR%20NOT%20beta", status: 400, expects: ["records.invalid"]),
        Scenario("wants words", "GET", "/api/search", status: 400, expects: ["query.invalid_literal", #""target":"q""#]),
        Scenario("wants something to look for", "GET", "/api/search?q=---", status: 400, expects: ["records.invalid"]),
        Scenario(
            "names a collection that isn't there", "GET", "/api/search?q=a&types=plces", status: 400, expects: ["Did you mean 'places'?"]),
        Scenario("refuses a type that isn't searched", "GET", "/api/topics?search=a", status: 400, expects: ["records.not_searchable"]),
        Scenario("refuses too many hits", "GET", "/api/search?q=a&top=51", status: 400, expects: ["1 to 50"]),
        Scenario("takes q nowhere else", "GET", "/api/places?q=a", status: 400, expects: ["query.unknown_option"]),
        Scenario("is described", "GET", "/api/openapi.json", status: 200, expects: [#""/search":{"get""#, "search_hit"]),
        Scenario(
            "says which sets can't be searched", "GET", "/api/$metadata", status: 200,
            expects: [#"Term="Org.OData.Capabilities.V1.SearchRestrictions""#]),
    ]

    @Test("finds, counts, pages and refuses")
    func search() async throws {
        try await TestHost.with(["lab": Self.manifest]) { host in
            let place = try await host.create("places", #"{"name":"Älpha Works"}"#)
            _ = try await host.create("samples", #"{"title":"Alpha \"one\"","notes":"none"}"#)
            _ = try await host.create("samples", #"{"title":"Beta","place_id":"\#(place)"}"#)
            for scenario in Self.scenarios { try await scenario.run(on: host) }
        }
    }
}
