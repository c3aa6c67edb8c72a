import Catalog
import Foundation
import JSONReading
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Server

@Suite("Documents")
struct DocumentTests {
    private func model() throws -> ApiModel { try ApiModel(TestStore.catalog(["lab": TestManifests.everyField])) }

    private func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

    @Test("CSDL as XML says every type, property, link, limit and action")
    func xml() throws {
        let xml = text(CSDLXMLWriter.document(CSDLModel(try model(), version: .v4_01)))
        let expected = [
            #"<Schema xmlns="http://docs.oasis-open.org/odata/ns/edm" Namespace="lab">"#, #"<EntityType Name="sample">"#,
            #"<PropertyRef Name="id"/>"#,
            #"<Property Name="title" Type="Edm.String" Nullable="false" MaxLength="40">"#,
            #"<Property Name="weight" Type="Edm.Decimal" Precision="12" Scale="3">"#,
            #"<Property Name="hazards" Type="Collection(Edm.String)" Nullable="false">"#,
            #"<Property Name="origin" Type="tessera.address">"#,
            #"<Property Name="emails" Type="Collection(tessera.email)" Nullable="false">"#,
            #"<Property Name="measured_at" Type="Edm.DateTimeOffset" Precision="6">"#, #"<Property Name="data" Type="Edm.Untyped">"#,
            #"<Property Name="effort" Type="Edm.Duration" Precision="6">"#,
            #"<NavigationProperty Name="place" Type="lab.place" Partner="samples">"#,
            #"<NavigationProperty Name="parts" Type="Collection(lab.sample)" Partner="parent">"#,
            #"<NavigationProperty Name="places" Type="Collection(lab.sample_places)">"#,
            #"<EntityType Name="sample_places" BaseType="lab.place">"#,
            #"<Property Name="_link" Type="lab.sample_places_link" Nullable="false"/>"#,
            #"<NavigationProperty Name="subject" Type="Edm.EntityType">"#,
            #"<Annotation Term="Org.OData.Validation.V1.Pattern" String="^(?:[A-Z]{2}[0-9]+)$"/>"#,
            #"<Annotation Term="Org.OData.Core.V1.Computed" Bool="true"/>"#,
            #"<Annotation Term="Org.OData.Measures.V1.ISOCurrency" Path="price_currency"/>"#,
            #"<PropertyValue Property="Name" PropertyPath="code"/>"#,
            #"<EntitySet Name="samples" EntityType="lab.sample">"#,
            #"<Annotation Term="tessera.category" String="closed"/>"#, #"<Term Name="category" Type="Edm.String">"#,
            #"<Annotation Term="Org.OData.Aggregation.V1.ApplySupported">"#, "<String>groupby</String>",
            #"<PropertyValue Property="Rollup" EnumMember="Org.OData.Aggregation.V1.RollupType/None"/>"#,
            #"<NavigationPropertyBinding Path="place" Target="places"/>"#,
            #"<Action Name="restore" IsBound="true">"#, #"<ReturnType Type="Collection(tessera.bulk_result)" Nullable="false"/>"#,
        ]
        for fragment in expected { #expect(xml.contains(fragment), "\(fragment)") }
    }

    @Test("CSDL for 4.0 keeps to what 4.0 has")
    func xml40() throws {
        let xml = text(CSDLXMLWriter.document(CSDLModel(try model(), version: .v4_0)))
        #expect(xml.contains(#"Version="4.0""#))
        #expect(xml.contains(#"<EntityType Name="sample" OpenType="true">"#))
        #expect(!xml.contains("Edm.Untyped"))
    }

    @Test("CSDL as JSON is JSON and says the same")
    func json() throws {
        let document = CSDLJSONWriter.document(CSDLModel(try model(), version: .v4_01))
        var reader = JSONReader(document)
        try reader.skipValue()
        try reader.finish()
        let lab = try #require(JSONExtract.member("lab", of: document))
        #expect(text(document).contains(#""@tessera.category":"open""#))
        let own = try #require(JSONExtract.member("tessera", of: document))
        #expect(JSONExtract.member("category", of: own).map(text)?.hasPrefix(#"{"$Kind":"Term","@Org.OData.Core"#) == true)
        let sample = try #require(JSONExtract.member("sample", of: lab))
        #expect(JSONExtract.member("$Key", of: sample).map(text) == #"["id"]"#)
        #expect(
            JSONExtract.member("weight", of: sample).map(text)?.contains(
                #""$Type":"Edm.Decimal","$Nullable":true,"$Precision":12,"$Scale":3"#) == true)
        #expect(
            JSONExtract.member("place", of: sample).map(text)?.contains(
                #""$Kind":"NavigationProperty","$Nullable":true,"$Type":"lab.place""#) == true)
    }

    @Test("OpenAPI is JSON, and says the deployment's paths and no others")
    func openAPI() throws {
        let document = OpenAPIWriter.document(try model(), root: "http://x/api", limits: ServerLimits(), fileSize: 1_000)
        var reader = JSONReader(document)
        try reader.skipValue()
        try reader.finish()
        let paths = try #require(JSONExtract.member("paths", of: document))
        let keys = try Self.keys(paths)
        for path in [
            "/samples", "/samples({id})", "/samples(code='{code}')", "/samples(title='{title}',start_date={start_date})", "/samples/$count",
            "/samples/bulk",
            "/samples({id})/place", "/samples({id})/place/$ref", "/samples({id})/places({target})/$ref", "/samples({id})/restore",
            "/samples({id})/title",
        ] { #expect(keys.contains(path), "\(path)") }
        #expect(
            keys.allSatisfy { key in
                let roots = [
                    "/samples", "/places", "/topics", "/files", "/$metadata", "/openapi.json", "/$batch", "/views", "/change_sets", "/jobs",
                    "/imports", "/events", "/me", "/users", "/teams", "/roles", "/shares", "/access",
                ]
                return key == "/" || roots.contains { key.hasPrefix($0) }
            })
        let components = try #require(JSONExtract.member("components", of: document))
        let schemas = try #require(JSONExtract.member("schemas", of: components))
        let new = try #require(JSONExtract.member("lab.sample.new", of: schemas))
        #expect(text(new).contains(#""required":["title"]"#))
        #expect(
            text(try #require(JSONExtract.member("lab.sample", of: schemas))).contains(
                #""x-choices":[{"value":"fresh","label":"Fresh","category":"open"},{"value":"used","label":"Used","category":"closed"},"#))
    }

    @Test("OpenAPI tells of delta links for collections, and of limits for all that wants a token")
    func openAPIOfSync() throws {
        let document = OpenAPIWriter.document(try model(), root: "http://x/api", limits: ServerLimits(), fileSize: 1_000)
        func get(_ path: String) throws -> String {
            let paths = try #require(JSONExtract.member("paths", of: document))
            let operations = try #require(JSONExtract.member(path, of: paths))
            return text(try #require(JSONExtract.member("get", of: operations)))
        }
        let tracking = [
            "#/components/parameters/deltatoken\"", "#/components/parameters/track_changes\"", #""@deltaLink":{"#,
            "#/components/schemas/removed\"", ##""410":{"$ref":"#/components/responses/gone"}"##,
        ]
        for fragment in tracking {
            #expect(try get("/samples").contains(fragment), "\(fragment)")
            for other in ["/samples({id})", "/samples({id})/places"] { #expect(try !get(other).contains(fragment), "\(fragment) \(other)") }
        }
        for path in ["/samples", "/samples({id})", "/samples/$count", "/$metadata", "/jobs", "/me"] {
            #expect(try get(path).contains(##""429":{"$ref":"#/components/responses/too_many_requests"}"##), "\(path)")
        }
        let components = try #require(JSONExtract.member("components", of: document))
        let responses = try #require(JSONExtract.member("responses", of: components))
        #expect(text(try #require(JSONExtract.member("too_many_requests", of: responses))).contains("Retry-After"))
        let parameters = try #require(JSONExtract.member("parameters", of: components))
        #expect(text(try #require(JSONExtract.member("deltatoken", of: parameters))).contains(#""name":"deltatoken","in":"query""#))
    }

    @Test("OpenAPI tells where the rest of an expanded link to many is, of links to many alone")
    func openAPIOfNextLinks() throws {
        let document = OpenAPIWriter.document(try model(), root: "http://x/api", limits: ServerLimits(), fileSize: 1_000)
        let schemas = try #require(JSONExtract.member("schemas", of: JSONExtract.member("components", of: document) ?? []))
        let properties = try #require(JSONExtract.member("properties", of: JSONExtract.member("lab.sample", of: schemas) ?? []))
        for link in ["places", "parts"] {
            let next = text(try #require(JSONExtract.member("\(link)@nextLink", of: properties)))
            #expect(next.hasPrefix(#"{"type":"string","format":"uri-reference","description":"#), "\(next)")
        }
        for other in ["place", "subject", "emails"] { #expect(JSONExtract.member("\(other)@nextLink", of: properties) == nil) }
    }

    @Test("OpenAPI says of every path what it takes and what it may answer, as the server does")
    func openAPIOfLinks() throws {
        let document = OpenAPIWriter.document(try model(), root: "http://x/api", limits: ServerLimits(), fileSize: 1_000)
        let paths = try #require(JSONExtract.member("paths", of: document))
        func operation(_ method: String, _ path: String) throws -> String {
            let operations = try #require(JSONExtract.member(path, of: paths), "\(path)")
            return text(try #require(JSONExtract.member(method, of: operations), "\(method) \(path)"))
        }
        func takes(_ parameter: String, _ method: String, _ path: String) throws -> Bool {
            try operation(method, path).contains("#/components/parameters/\(parameter)\"")
        }
        for option in ["compute", "apply", "search", "deltatoken"] {
            #expect(try takes(option, "get", "/samples") == (option != "search"), "\(option)")
            #expect(try !takes(option, "get", "/samples({id})/places"), "\(option)")
        }
        for option in ["filter", "count_mode", "include_deleted"] {
            #expect(try takes(option, "get", "/samples({id})/places") && takes(option, "get", "/samples({id})/places/$count"), "\(option)")
        }
        #expect(try takes("include_deleted", "get", "/samples/$count"))
        for (method, path) in [
            ("get", "/samples({id})/place/$ref"), ("get", "/samples({id})/places/$ref"), ("get", "/samples({id})/emails/$count"),
            ("get", "/samples({id})/title/$value"), ("get", "/samples({id})/origin/{member}"), ("delete", "/jobs({id})"),
            ("delete", "/samples({id})/places/$ref"),
        ] { _ = try operation(method, path) }
        let monitor = try #require(JSONExtract.member("responses", of: Array(try operation("get", "/jobs({id})").utf8)))
        let running = text(try #require(JSONExtract.member("202", of: monitor)))
        #expect(running.contains(##""schema":{"$ref":"#/components/schemas/job"}"##) && running.contains("Retry-After"), "\(running)")
        for path in ["/files({id})/$value", "/samples({id})/photo/$value"] {
            #expect(try operation("get", path).contains(##""416":{"$ref":"#/components/responses/range_not_satisfiable"}"##), "\(path)")
        }
        for (method, path) in [
            ("put", "/samples({id})/place/$ref"), ("delete", "/samples({id})/place/$ref"), ("post", "/samples({id})/places/$ref"),
            ("delete", "/samples({id})/places({target})/$ref"),
        ] { #expect(try takes("if_match", method, path), "\(method) \(path)") }
        for (method, path) in [("get", "/samples"), ("post", "/samples"), ("get", "/me"), ("post", "/imports"), ("get", "/jobs({id})")] {
            let told = try operation(method, path)
            for status in [414, 431, 500, 504] { #expect(told.contains("\"\(status)\":{"), "\(status) \(method) \(path)") }
            #expect(told.contains("\"408\":{") == (method == "post"), "408 \(method) \(path)")
            for header in ["RateLimit", "RateLimit-Policy"] { #expect(told.contains("\"\(header)\":{"), "\(header) \(method) \(path)") }
        }
    }

    @Test("OpenAPI passes the standard's own validator")
    func validator() throws {
        let document = OpenAPIWriter.document(try model(), root: "http://x/api", limits: ServerLimits(), fileSize: 1_000)
        let file = FileManager.default.temporaryDirectory.appending(path: "tessera-openapi-\(UUID()).json")
        try Data(document).write(to: file)
        defer { try? FileManager.default.removeItem(at: file) }
        // 127: there is no such program on this machine, so that there is nothing to ask.
        let status = try Self.run(
            "python3 -c 'import openapi_spec_validator' 2>/dev/null || exit 127; python3 -m openapi_spec_validator \(file.path) >&2")
        #expect(status == 0 || status == 127)
    }

    @Test("a catalog that is put in force shows at once, and what was taken out is gone")
    func replacing() async throws {
        try await TestHost.with { host in
            let before = try await host.send("GET", "/api/openapi.json")
            #expect(before.text.contains("/topics"))
            let smaller = TestManifests.everyField.replacing("collection: topics", with: "collection: subjects")
            host.server.use(try TestStore.catalog(["lab": smaller]))
            let after = try await host.send("GET", "/api/openapi.json")
            #expect(!after.text.contains("/topics") && after.text.contains("/subjects"))
            #expect(try await host.send("GET", "/api/topics").status == 404)
            #expect(try await host.send("GET", "/api/subjects").status == 200)
        }
    }

    @Test("saved lists stand under /views, each with the address that answers it")
    func views() async throws {
        let views = """
            views:
              open:
                type: sample
                label: Open samples
                columns: [title, amount, place, places]
                filter: state eq 'fresh' and amount gt 1
                order: amount desc
            """
        let indented = views.split(separator: "\n").joined(separator: "\n")
        try await TestHost.with(["lab": TestManifests.everyField + "\n" + indented]) { host in
            let oslo = try await host.create("places", #"{"name": "Oslo"}"#)
            _ = try await host.create("samples", #"{"title": "Few", "amount": 2, "place_id": "\#(oslo)"}"#)
            _ = try await host.create("samples", #"{"title": "Many", "amount": 20}"#)
            _ = try await host.create("samples", #"{"title": "None", "amount": 1}"#)
            let answer = try await host.send("GET", "/api/views")
            #expect(answer.status == 200)
            for part in [
                #""id":"lab.open","label":"Open samples","collection":"samples","columns":["title","amount","place","places"]"#,
                #""filter":"state eq 'fresh' and amount gt 1","orderby":"amount desc""#,
            ] { #expect(answer.text.contains(part), "\(part) in \(answer.text)") }
            guard case .complex(let whole) = try JSONReader.value(of: answer.body), case .collection(let items)? = whole["value"],
                case .complex(let first)? = items.first, case .string(let url)? = first["url"]
            else {
                Issue.record("no url in \(answer.text)")
                return
            }
            let list = try await host.send("GET", "/api/\(url)")
            #expect(list.status == 200, "\(list.text)")
            let rows = list.text.split(separator: "\"title\":").dropFirst().map { $0.prefix(7) }
            #expect(rows == ["\"Many\",", "\"Few\",\""], "\(list.text)")
            #expect(list.text.contains(#""name":"Oslo""#))
            // Asked as 4.0 asks, too.
            #expect(try await host.send("GET", "/api/\(url)", headers: ["odata-maxversion": "4.0"]).status == 200)
        }
    }

    @Test("metrics count requests by route, method and status, and say memory and connections")
    func metrics() async throws {
        try await TestHost.with { host in
            _ = try await host.send("GET", "/api/places")
            _ = try await host.send("GET", "/api/places(0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b)")
            let metrics = try await host.send("GET", "/metrics").text
            for line in [
                #"tessera_http_requests_total{route="/api/{collection}",method="GET",status="200"} 1"#,
                #"tessera_http_requests_total{route="/api/{collection}({key})",method="GET",status="404"} 1"#,
                #"tessera_http_request_duration_seconds_count{route="/api/{collection}"} 1"#, "tessera_database_reachable 1",
                "# TYPE tessera_process_proportional_memory_bytes gauge",
            ] { #expect(metrics.contains(line + "\n"), "\(line) in \(metrics)") }
        }
    }

    private static func keys(_ object: [UInt8]) throws -> Set<String> {
        var reader = JSONReader(object)
        var names: Set<String> = []
        var keys = try reader.beginObject()
        while let key = try reader.nextKey(&keys) {
            names.insert(key.name)
            try reader.skipValue()
        }
        return names
    }

    private static func run(_ script: String) throws -> Int32 {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: "/bin/sh")
        process.arguments = ["-c", script]
        try process.run()
        process.waitUntilExit()
        return process.terminationStatus
    }
}
