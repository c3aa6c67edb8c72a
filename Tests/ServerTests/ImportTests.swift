import JSONReading
import Jobs
import Postgres
import QueryLanguage
import Records
import TestKernel
import Testing

@testable import Server

@Suite("Imports over HTTP")
struct ImportTests {
    private static let boundary = "----part"

    private static func form(_ parts: [(name: String, file: String?, text: String)]) -> String {
        parts.map { part in
            let name = "name=\"\(part.name)\"" + (part.file.map { "; filename=\"\($0)\"" } ?? "")
            return "--\(boundary)\r\nContent-Disposition: form-data; \(name)\r\n\r\n\(part.text)\r\n"
        }.joined() + "--\(boundary)--\r\n"
    }

    private static let formHeader = ["content-type": "multipart/form-data; boundary=\(boundary)"]

    private func begin(_ host: TestHost, _ options: String, _ file: String, dryRun: Bool = false) async throws -> TestConnection.Answer {
        let body = Self.form([("options", nil, options), ("file", "list.csv", file)])
        return try await host.send("POST", "/api/imports\(dryRun ? "?dry_run=true" : "")", headers: Self.formHeader, body: body)
    }

    /// What the status monitor answers once the job has ended.
    private func finished(_ host: TestHost, _ accepted: TestConnection.Answer) async throws -> Value {
        try #require(accepted.status == 202, "\(accepted.text)")
        let location = try #require(accepted.headers["location"])
        while true {
            let answer = try await host.send("GET", "/api" + location.split(separator: "/api").dropFirst().joined())
            if answer.status != 202 { return try JSONReader.value(of: answer.body) }
        }
    }

    private static let rows = "title,amount\nred,1\ngreen,2\nblue,5000\n"

    @Test("a form brings a file in as one change set; what failed comes as a file, and goes in again once it is corrected")
    func form() async throws {
        try await TestHost.with { host in
            let options = #"{"collection": "samples", "automation": false}"#
            let tried = try await finished(host, try await begin(host, options, Self.rows, dryRun: true))
            #expect(tried["created"] == .integer(2) && tried["failed"] == .integer(1), "\(tried.json)")
            #expect(tried["change_set"] == .null && tried["dry_run"] == .bool(true))
            let first = try #require(tried["changes"]?.items.first)
            #expect(tried["changes"]?.items.count == 2 && first["action"] == "create" && first["after"]?["title"] == "red", "\(tried.json)")
            #expect(tried["counts"]?.items.first?["created"] == .integer(2), "\(tried.json)")
            #expect(try await host.outboxRows() == 0)
            let result = try await finished(host, try await begin(host, options, Self.rows))
            #expect(result["changes"] == nil && result["created"] == .integer(2) && result["failed"] == .integer(1), "\(result.json)")
            #expect(result["errors"]?.items.first?["line"] == .integer(4), "\(result.json)")
            let set = try await host.send("GET", "/api/change_sets(\(try #require(result["change_set"]?.asText)))")
            for part in [
                #""label":"import list.csv""#, #""state":"done""#, #""automation":false"#, #""channel":"import""#, #""created":2"#,
            ] {
                #expect(set.text.contains(part), "\(part) in \(set.text)")
            }
            let failed = try #require(result["failed_rows_id"]?.asText)
            let file = try await host.send("GET", "/api/files(\(failed))/$value")
            #expect(file.text.hasPrefix("title,amount,import_error\r\nblue,5000,"), "\(file.text)")
            #expect(file.headers["content-disposition"]?.contains("list.csv.failed.csv") == true)
            let corrected = file.text.replacing("5000", with: "500")
            let again = try await finished(host, try await begin(host, options, corrected))
            #expect(again["created"] == .integer(1) && again["failed"] == .integer(0), "\(again.json)")
            #expect(again["failed_rows_id"] == .null && again["failed_rows_mapping"] == .null)
            #expect(try await host.outboxRows() == 3)
            // What changes nothing leaves no change set behind.
            let sets = try await host.send("GET", "/api/change_sets").text
            #expect(try await host.send("POST", "/api/places", body: #"{"name": "Oslo"}"#).status == 201)
            let matched = #"{"collection": "places", "match": ["name"]}"#
            let unchanged = try await finished(host, try await begin(host, matched, "name\nOslo\n"))
            #expect(unchanged["unchanged"] == .integer(1) && unchanged["change_set"] == .null, "\(unchanged.json)")
            #expect(try await host.send("GET", "/api/change_sets").text == sets)
            #expect(try await host.outboxRows() == 4)
        }
    }

    @Test("the mapping that comes with failed rows reads them as the whole file was read, though they alone could be read otherwise")
    func failedRowsMapping() async throws {
        try await TestHost.with { host in
            let file = "title;amount\nred;1.000\nblue;12x\n"
            let options =
                #"{"collection": "samples", "mapping": {"import": 1, "collection": "samples", "columns": [{"header": "title", "to": "title"}, {"header": "amount", "to": "amount", "format": "1.234,5"}]}}"#
            let result = try await finished(host, try await begin(host, options, file))
            let failed = try #require(result["failed_rows_id"]?.asText, "\(result.json)")
            let mapping = try #require(result["failed_rows_mapping"])
            #expect(mapping["columns"]?.items.last?["format"] == .string("1.234,5"), "\(mapping.json)")
            let rows = try await host.send("GET", "/api/files(\(failed))/$value").text
            let corrected = rows.replacing("12x", with: "1.000")
            let again = try await finished(
                host, try await begin(host, #"{"collection": "samples", "mapping": \#(mapping.json)}"#, corrected))
            #expect(again["created"] == .integer(1) && again["failed"] == .integer(0), "\(again.json)")
        }
    }

    @Test("what names no property is refused at once, with the one that was probably meant")
    func misspelt() async throws {
        try await TestHost.with { host in
            func mapping(_ members: String) -> String { #"{"collection": "samples", "mapping": {"import": 1, \#(members)}}"# }
            let cases = [
                (
                    #"{"collection": "samples", "match": ["titel"]}"#, "match: samples have no property 'titel'; did you mean title?",
                    "match"
                ),
                (#"{"collection": "samples", "match": ["zzz"]}"#, "match: samples have no property 'zzz'", "match"),
                (
                    mapping(#""collection": "samples", "match": ["codee"], "columns": [{"header": "title", "to": "title"}]"#),
                    "match: samples have no property 'codee'; did you mean code?", "mapping"
                ),
                (
                    mapping(#""collection": "samples", "columns": [{"header": "title", "to": "titel"}]"#),
                    "mapping:1:36: Sample has no property titel; did you mean title?", "mapping"
                ),
                (
                    mapping(#""collection": "topics", "columns": [{"header": "title", "to": "name"}]"#),
                    "The mapping has 2 mistakes; details says which.", "mapping"
                ),
            ]
            for (options, message, target) in cases {
                let answer = try await begin(host, options, Self.rows)
                let error = try JSONReader.value(of: answer.body)["error"]
                #expect(answer.status == 400 && error?["message"] == .string(message), "\(answer.text)")
                #expect(error?["target"] == .string(target), "\(answer.text)")
            }
            #expect(try await begin(host, #"{"collection": "samples", "match": ["owner_id"]}"#, Self.rows).status == 202)
        }
    }

    @Test("an uploaded file is looked at, then imported with the mapping that was guessed")
    func uploaded() async throws {
        try await TestHost.with { host in
            let upload = try await host.send("POST", "/api/files?name=t.csv", headers: ["content-type": "text/csv"], body: "Nom,x\nred,1\n")
            let id = try #require(try JSONReader.value(of: upload.body)["id"]?.asText)
            let named =
                #"{"file_id": "\#(id)", "collection": "topics", "mapping": {"import": 1, "collection": "topics", "columns": [{"header": "Nom", "to": "name"}]}}"#
            let plan = try await host.send("POST", "/api/imports/plan", body: named)
            #expect(plan.status == 200, "\(plan.text)")
            let told = try JSONReader.value(of: plan.body)
            #expect(told["rows"] == .integer(1) && told["format"] == .string("csv") && told["left_out"]?.items == [.string("x")])
            #expect(told["assignments"]?.items.first?["to"] == .string("name"))
            let mapping = try #require(told["mapping"]).json
            #expect(try await host.outboxRows() == 0)
            let order = #"{"file_id": "\#(id)", "collection": "topics", "match": ["name"], "mapping": \#(mapping)}"#
            let result = try await finished(host, try await host.send("POST", "/api/imports", body: order))
            #expect(result["created"] == .integer(1), "\(result.json)")
            let again = try await finished(host, try await host.send("POST", "/api/imports", body: order))
            #expect(again["created"] == .integer(0) && again["unchanged"] == .integer(1), "\(again.json)")
        }
    }

    @Test("what two formats fit is planned with both, refused by the import, and taken with the one that the mapping chooses")
    func formats() async throws {
        try await TestHost.with { host in
            let text = "title,weight\nred,\"1,234\"\ngreen,\"2,345\"\n"
            let options = #"{"collection": "samples", "automation": false}"#
            let body = Self.form([("options", nil, options), ("file", "list.csv", text)])
            let answer = try await host.send("POST", "/api/imports/plan", headers: Self.formHeader, body: body)
            #expect(answer.status == 200, "\(answer.text)")
            let plan = try JSONReader.value(of: answer.body)
            let weight = try #require(plan["assignments"]?.items.last)
            let candidates = (weight["candidates"]?.items ?? []).compactMap(\.asText)
            #expect(weight["source"] == "weight" && weight["format"] == .null && candidates.count > 1, "\(plan.json)")
            #expect(plan["assignments"]?.items.first?["candidates"] == .collection([]))
            let refused = try await finished(host, try await begin(host, options, text))
            #expect(refused["error"]?["code"] == .string("import.ambiguous"), "\(refused.json)")
            let message = try #require(refused["error"]?["message"]?.asText)
            #expect(message.contains("Set `format` of the column in the mapping") && !message.contains("--"), "\(message)")
            #expect(try await host.outboxRows() == 0)
            let file = try #require(plan["file_id"]?.asText)
            let mapping = try #require(plan["mapping"]).json
            let format = try #require(candidates.first { $0.hasSuffix(",5") }, "\(candidates)")
            let chosen = mapping.replacing(#""header":"weight""#, with: #""format":"\#(format)","header":"weight""#)
            #expect(chosen != mapping, "\(mapping)")
            let order = #"{"file_id": "\#(file)", "collection": "samples", "automation": false, "mapping": \#(chosen)}"#
            let result = try await finished(host, try await host.send("POST", "/api/imports", body: order))
            #expect(result["created"] == .integer(2) && result["failed"] == .integer(0), "\(result.json)")
            let samples = try await host.send("GET", "/api/samples?orderby=weight&select=weight")
            #expect(samples.text.contains(#""weight":1.234"#) && samples.text.contains(#""weight":2.345"#), "\(samples.text)")
        }
    }

    @Test("brings in as whoever asked, with the rights that they have when the work is done")
    func asker() async throws {
        try await TestHost.with { host in
            let boss = try await SalesFloor.person(host, "Boss", roles: ["administrator"])
            let body = Self.form([("options", nil, Self.collection), ("file", "list.csv", "name\nred\n")])
            let headers = Self.formHeader.merging(boss.headers) { $1 }
            let result = try await finished(host, try await host.send("POST", "/api/imports", headers: headers, body: body))
            #expect(result["created"] == .integer(1), "\(result.json)")
            let topics = try await host.send("GET", "/api/topics?select=created_by")
            #expect(topics.text.contains("\"created_by\":\"\(boss.id)\""), "\(topics.text)")
        }
    }

    @Test("asked for twice it is one job, as long as it is open; the job holds its file until it ends")
    func twice() async throws {
        try await TestHost.with { host in
            let access = Access(principal: .administrator, channel: .api)
            let upload = try await host.send("POST", "/api/files?name=t.csv", headers: ["content-type": "text/csv"], body: "name\nred\n")
            let file = try #require(try JSONReader.value(of: upload.body)["id"]?.asGUID)
            let one = try await host.jobs.enqueue(kind: "nobody's", label: "a", input: .null, key: "k", file: file, access: access)
            let two = try await host.jobs.enqueue(kind: "nobody's", label: "b", input: .null, key: "k", access: access)
            #expect(one == two)
            #expect(try await host.lab.client.query("SELECT file FROM tessera.job WHERE file IS NOT NULL").rowCount == 1)
            #expect(try await host.jobs.cancel(one))
            #expect(try await host.lab.client.query("SELECT file FROM tessera.job WHERE file IS NOT NULL").rowCount == 0)
            #expect(try await host.jobs.enqueue(kind: "nobody's", label: "c", input: .null, key: "k", access: access) != one)
        }
    }

    private static let collection = #"{"collection": "topics"}"#

    private static let refusals: [Scenario] = [
        Scenario("no form, no JSON", "POST", "/api/imports", ["content-type": "text/csv"], body: "name\nx\n", status: 415),
        Scenario("no file", "POST", "/api/imports", body: collection, status: 400, expects: ["import.bad_option", #""target":"file_id""#]),
        Scenario("no collection", "POST", "/api/imports", body: "{}", status: 400, expects: [#""target":"collection""#]),
        Scenario("no object", "POST", "/api/imports", body: "[]", status: 400, expects: ["JSON object"]),
        Scenario("no JSON", "POST", "/api/imports", body: "{", status: 400, expects: ["json.malformed"]),
        Scenario(
            "another collection", "POST", "/api/imports", body: #"{"collection": "topic"}"#, status: 400,
            expects: ["Did you mean 'topics'?"]),
        Scenario(
            "another option", "POST", "/api/imports", body: #"{"collection": "topics", "colection": 1}"#, status: 400,
            expects: ["Did you mean 'collection'?"]),
        Scenario(
            "a list of numbers", "POST", "/api/imports", body: #"{"collection": "topics", "match": [1]}"#, status: 400,
            expects: [#""target":"match""#]),
        Scenario(
            "no property", "POST", "/api/imports/plan", formHeader,
            body: form([("options", nil, #"{"collection": "topics", "match": ["nam"]}"#), ("file", "t.csv", "name\nx\n")]), status: 400,
            expects: ["\"match: topics have no property 'nam'; did you mean name?"]),
        Scenario(
            "a mapping that is none", "POST", "/api/imports", body: #"{"collection": "topics", "mapping": "import: 1\nx: 2\n"}"#,
            status: 400,
            expects: [#""target":"mapping""#, "mapping:2:1: error"]),
        Scenario(
            "a file that isn't there", "POST", "/api/imports",
            body: #"{"collection": "topics", "file_id": "0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b"}"#, status: 400, expects: ["files.not_found"]
        ),
        Scenario(
            "a form without options", "POST", "/api/imports", formHeader, body: form([("file", "t.csv", "name\nx\n")]), status: 400,
            expects: [#""target":"options""#]),
        Scenario(
            "a form without a file", "POST", "/api/imports", formHeader, body: form([("options", nil, collection)]), status: 400,
            expects: ["files.bad_form"]),
        Scenario(
            "a file without a header", "POST", "/api/imports/plan", formHeader,
            body: form([("options", nil, collection), ("file", "t.csv", "")]), status: 400,
            expects: ["import.no_header", "\"t.csv is empty"]),
        Scenario("another method", "GET", "/api/imports", status: 405),
        Scenario("a plan that can't be tried", "POST", "/api/imports/plan?dry_run=true", body: collection, status: 400),
        Scenario("another path", "POST", "/api/imports/x", body: collection, status: 404),
        Scenario(
            "in a batch", "POST", "/api/$batch",
            body: #"{"requests": [{"id": "1", "method": "post", "url": "imports", "body": {"collection": "topics"}}]}"#, status: 200,
            expects: [#""status":501"#]),
        Scenario("described", "GET", "/api/openapi.json", status: 200, expects: [#""/imports/plan":{"post""#, #""import_options":{"#]),
    ]

    @Test("refuses what can't be imported, says where and why, and begins nothing")
    func refused() async throws {
        try await TestHost.with { host in
            for scenario in Self.refusals { try await scenario.run(on: host) }
            #expect(try await host.jobs.list(limit: 10).isEmpty)
        }
    }

    @Test("a file that turns out to be unreadable fails its job with the code and the sender's name of it")
    func unreadable() async throws {
        try await TestHost.with { host in
            let result = try await finished(host, try await begin(host, Self.collection, "foo\nx\n"))
            #expect(result["error"]?["code"] == .string("import.unknown_column"), "\(result.json)")
            let quote = try await finished(host, try await begin(host, Self.collection, "name\n\"open\n"))
            #expect(quote["error"]?["code"] == .string("import.unreadable"), "\(quote.json)")
            #expect(quote["error"]?["message"]?.asText?.hasPrefix("list.csv: ") == true, "\(quote.json)")
        }
    }
}
