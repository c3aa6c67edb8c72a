import NIOHTTP1
import Records
import Testing

@testable import Server

@Suite("Headers")
struct NegotiationTests {
    static func request(_ headers: [String: String], _ target: String = "/api") -> ServerRequest {
        ServerRequest(head: HTTPRequestHead(version: .http1_1, method: .GET, uri: target, headers: HTTPHeaders(headers.map { ($0, $1) })))
    }

    static let accepted: [([String: String], String?, String)] = [
        ([:], nil, "application/json;metadata=minimal"),
        (["Accept": "*/*"], nil, "application/json;metadata=minimal"),
        (["OData-MaxVersion": "4.0"], nil, "application/json;odata.metadata=minimal"),
        (["OData-MaxVersion": "4.01"], nil, "application/json;metadata=minimal"),
        (["OData-MaxVersion": "5.0"], nil, "application/json;metadata=minimal"),
        (["OData-Version": "4.0"], nil, "application/json;metadata=minimal"),
        (["Accept": "application/json;odata.metadata=full", "odata-maxversion": "4.0"], nil, "application/json;odata.metadata=full"),
        (["Accept": "text/html, application/json;metadata=none;q=0.5, */*;q=0.1"], nil, "application/json;metadata=none"),
        (["Accept": "application/json; IEEE754Compatible=TRUE"], nil, "application/json;metadata=minimal;IEEE754Compatible=true"),
        (["Accept": "text/csv"], "json", "application/json;metadata=minimal"),
        ([:], "application/json;metadata=full", "application/json;metadata=full"),
    ]

    @Test("decide version, metadata and numbers of the answer", arguments: accepted)
    func accepts(headers: [String: String], format: String?, contentType: String) throws {
        #expect(try Negotiation.of(Self.request(headers), format: format).contentType == contentType)
    }

    static let served: [(String, [Negotiation.Representation], Negotiation.Representation?)] = [
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", [.json, .csv], .json),
        ("text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", [.xml, .json], .xml),
        ("application/json;q=1.0,application/xml;q=0.7", [.xml, .json], .json),
        ("application/json;q=0.5,application/xml;q=0.7", [.xml, .json], .xml),
        ("*/*", [.xml, .json], .xml), ("application/*", [.xml, .json], .xml), ("text/*", [.json, .csv], .csv),
        ("text/csv;q=0.9, application/json", [.json, .csv], .json), ("text/csv, application/json", [.json, .csv], .json),
        ("text/csv, application/json;q=0.9", [.json, .csv], .csv), ("text/csv, */*", [.json], .json),
        ("*/*, application/json;q=0", [.json, .csv], .csv), ("text/csv", [.json], nil), ("application/xml", [.json, .csv], nil),
        ("*/*;q=0", [.json], nil), ("text/plain", [.text, .json], .text), ("application/json", [.text, .json], .json),
    ]

    @Test("choose among what a resource has", arguments: served)
    func chooses(accept: String, served: [Negotiation.Representation], chosen: Negotiation.Representation?) {
        #expect((try? Negotiation.of(Self.request(["accept": accept]), serving: served))?.representation == chosen)
    }

    static let refused: [([String: String], UInt)] = [
        (["OData-MaxVersion": "3.0"], 400), (["OData-MaxVersion": "x"], 400), (["OData-Version": "2.0"], 400),
        (["Accept": "text/html"], 406),
        (["Accept": "application/json;q=0"], 406), (["Accept": "application/json;metadata=some"], 406),
    ]

    @Test("are refused when nothing fits", arguments: refused)
    func refuses(headers: [String: String], status: UInt) {
        let error = #expect(throws: APIError.self) { try Negotiation.of(Self.request(headers)) }
        #expect(error?.status.code == status)
    }

    @Test("say what a client prefers; what isn't known is passed over")
    func preferences() {
        let some = Preferences("return=minimal; foo=\"bar\", odata.maxpagesize=50, respond-async, odata.continue-on-error")
        #expect(some.returning == .minimal)
        #expect(some.maxPageSize == 50)
        #expect(some.continuesOnError == true)
        #expect(Preferences("return=everything, maxpagesize=0, maxpagesize=x, continue-on-error=perhaps") == .none)
        #expect(Preferences("continue-on-error=false").continuesOnError == false)
        #expect(Preferences("return=representation, return=minimal").returning == .representation)
    }

    static let etags: [(String, Preconditions.Condition?)] = [
        ("*", .any), ("W/\"3\"", .tags([EntityTag(3)])), ("\"3\"", .tags([EntityTag(3)])),
        ("W/\"1\", \"2\"", .tags([EntityTag(1), EntityTag(2)])), ("W/\"3.5d41402a\"", .tags([EntityTag(3, form: "5d41402a")])),
        ("\"other\"", .tags([EntityTag(-1)])), ("\"3.\"", .tags([EntityTag(-1)])), ("\".3\"", .tags([EntityTag(-1)])),
        ("3", nil), ("W/3", nil), ("\"", nil), ("", nil), ("W/\"3\", x", nil), ("\"99999999999999999999\"", .tags([EntityTag(-1)])),
    ]

    @Test("name versions by ETag", arguments: etags)
    func preconditions(header: String, condition: Preconditions.Condition?) throws {
        let read = try? Preconditions(Self.request(["if-match": header])).ifMatch
        if case .tags(let tags)? = condition, let tag = tags.first, tag.version > 0 { #expect(EntityTag(tag.text) == tag) }
        if header.isEmpty { #expect(read == .tags([])) } else { #expect(read == condition) }
    }

    static let paths: [(String, [ResourcePath.Segment]?)] = [
        ("", []), ("/", []), ("/people", [ResourcePath.Segment(name: "people")]), ("/people/", [ResourcePath.Segment(name: "people")]),
        ("/people(5)", [ResourcePath.Segment(name: "people", key: .single(.bare("5")))]),
        (
            "/people('it''s%2F(x)')/a",
            [ResourcePath.Segment(name: "people", key: .single(.quoted("it's/(x)"))), ResourcePath.Segment(name: "a")]
        ),
        ("/p(a='x,y',b=null)", [ResourcePath.Segment(name: "p", key: .named(["a": .quoted("x,y"), "b": .null]))]),
        ("/a//b", nil), ("/p(", nil), ("/p()", nil), ("/p('a)", nil), ("/p(a=)", nil), ("/p(a=1,a=2)", nil), ("/p(1,2)", nil),
        ("/p(1)x", nil),
        ("/%zz", nil), ("/%00", nil), ("/a/b/c/d/e/f/g/h/i/j/k/l/m", nil),
    ]

    @Test("and paths are taken apart", arguments: paths)
    func readsPath(path: String, segments: [ResourcePath.Segment]?) {
        #expect((try? ResourcePath.parse(path[...].utf8))?.segments == segments)
    }

    static let targets: [(String, String, String?)] = [
        ("/api/x?a=b", "/api/x", "a=b"), ("http://h:1/api?x", "/api", "x"), ("http://h", "/", nil), ("http://h?x", "", "x"),
        ("/a#f?b", "/a", nil), ("*", "*", nil),
    ]

    @Test("targets come in several forms", arguments: targets)
    func readsTarget(target: String, path: String, query: String?) {
        let request = Self.request([:], target)
        #expect(String(Substring(request.path)) == path)
        #expect(request.query.map(String.init) == query)
    }

    @Test("dates are written as HTTP has them")
    func dates() {
        #expect(HTTPDate.format(784_111_777) == "Sun, 06 Nov 1994 08:49:37 GMT")
    }
}
