import Foundation
import Testing

/// What expanded links may bring along, at a server with a region of 260 accounts.
@Suite("Expanded links over HTTP")
struct ExpansionTests {
    /// 260 accounts of Anna's in one region, of which Anna owns as many as `annas`; all of them partners of the first.
    private static func with(annas: Int = 260, _ body: @Sendable (SalesFloor, _ region: String, _ first: String) async throws -> Void)
        async throws
    {
        try await SalesFloor.with { floor in
            let region = try await floor.host.create("regions", #"{"name": "Big"}"#)
            let ids = (0..<260).map { "0190a1b2-c3d4-7e5f-8a9b-0000000\(String(10_000 + $0))" }
            let accounts = zip(ids, 100...).map { id, number in
                let owner = number - 100 < annas ? floor.anna.id : floor.ben.id
                return #"{"id": "\#(id)", "name": "a\#(number)", "region": {"id": "\#(region)"}, "owner_id": "\#(owner)"}"#
            }
            let made = try await floor.host.send(
                "POST", "/api/accounts/bulk", body: #"{"operation": "create", "items": [\#(accounts.joined(separator: ","))]}"#)
            try #require(made.status == 200, "\(made.text)")
            let partners = ids.map { #"{"id": "\#($0)"}"# }.joined(separator: ",")
            let linked = try await floor.host.send("PATCH", "/api/accounts(\(ids[0]))", body: #"{"partners": [\#(partners)]}"#)
            try #require(linked.status == 204, "\(linked.text)")
            try await body(floor, region, ids[0])
        }
    }

    private static func count(_ part: String, in text: String) -> Int { text.components(separatedBy: part).count - 1 }

    @Test("a list of links is cut, and what its next link leads to is the rest")
    func nextLinks() async throws {
        try await Self.with { floor, region, first in
            let host = floor.host
            let options = "select=name&expand=accounts(select=name;orderby=name;count=true)"
            let begin = try await host.send("GET", "/api/regions(\(region))?\(options)").text
            #expect(begin.contains(#""accounts@count":260"#) && Self.count(#""name":"a"#, in: begin) == 200)
            let next = try #require(begin.components(separatedBy: #","accounts@nextLink":""#).last?.dropLast(2))
            #expect(next.hasPrefix("regions(\(region))/accounts?$orderby=name&$select=name&$skiptoken="), "\(begin.suffix(200))")
            // Others may come and go before the place where it was cut.
            _ = try await host.create("accounts", #"{"name": "a0", "region": {"id": "\#(region)"}}"#)
            #expect(try await host.send("DELETE", "/api/accounts(\(first))").status == 204)
            let rest = try await host.send("GET", "/api/\(next)").text
            #expect(Self.count(#""name":"a"#, in: rest) == 60 && rest.contains(#""name":"a300""#) && rest.contains(#""name":"a359""#))
            let older = try await host.send(
                "GET", "/api/regions(\(region))?$select=name&$expand=accounts($select=name;$top=250)", headers: ["odata-maxversion": "4.0"]
            ).text
            #expect(Self.count(#""name":"a"#, in: older) == 200)
            let link = try #require(older.components(separatedBy: #""accounts@odata.nextLink":""#).last?.dropLast(2))
            #expect(link.hasPrefix("regions(\(region))/accounts?$select=name&$skiptoken="), "\(older.suffix(200))")
            let last = try await host.send("GET", "/api/\(link)", headers: ["odata-maxversion": "4.0"]).text
            #expect(Self.count(#""name":"a"#, in: last) == 50 && !last.contains("nextLink"))
            let few = try await host.send("GET", "/api/regions(\(region))?select=name&expand=accounts(select=name;top=3)").text
            #expect(Self.count(#""name":"a"#, in: few) == 3 && !few.contains("nextLink"))
        }
    }

    @Test("links to many within links to many bring fewer, each with its next link")
    func nested() async throws {
        try await Self.with { floor, region, _ in
            let answer = try await floor.host.send(
                "GET", "/api/regions(\(region))?select=name&expand=accounts(select=name;expand=region(select=name;expand=accounts))")
            #expect(answer.status == 200)
            #expect(Self.count(#"accounts@nextLink"#, in: answer.text) == 201)
            #expect(Self.count(#""created_at""#, in: answer.text) == 200 * 20)
            // All 260 of 260 would be 30 MB.
            #expect(answer.body.count < 3_000_000, "\(answer.body.count)")
        }
    }

    @Test(
        "the context names what was expanded as the protocol's version has it",
        arguments: [
            ("$expand=region", "#accounts", "#accounts(region())"),
            ("$select=name,region&$expand=region", "#accounts(name,region)", "#accounts(name,region,region())"),
            ("$expand=region($select=name)", "#accounts(region(name))", "#accounts(region(name))"),
        ])
    func context(query: String, old: String, new: String) async throws {
        try await SalesFloor.with { floor in
            for (version, context) in [("4.0", old), ("4.01", new)] {
                let answer = try await floor.host.send("GET", "/api/accounts?\(query)", headers: ["odata-maxversion": version])
                #expect(answer.text.contains("$metadata\(context)\""), "\(answer.text.prefix(200))")
            }
        }
    }

    @Test("a page has fewer records where each could bring many")
    func pages() async throws {
        try await Self.with { floor, _, _ in
            for number in 1...6 { _ = try await floor.host.create("regions", #"{"name": "r\#(number)"}"#) }
            let address = "/api/regions?select=name&orderby=name&expand=accounts(select=name;expand=partners(select=name))"
            let page = try await floor.host.send("GET", address, headers: ["prefer": "maxpagesize=5000"]).text
            // 200 accounts with 20 partners each, 4,200 records: five regions stay below 25,000.
            #expect(Self.count(#""name":"r"#, in: page) == 4 && page.contains("r4") && page.contains(#""@nextLink":"http"#))
            let token = try #require(page.components(separatedBy: "$skiptoken=").last?.prefix { $0 != "\"" })
            let rest = try await floor.host.send("GET", "\(address)&$skiptoken=\(token)").text
            #expect(Self.count(#""name":"r"#, in: rest) == 2 && rest.contains("r6") && !rest.contains(#""@nextLink""#), "\(rest)")
        }
    }

    @Test("what could go beyond the limit is refused, and a write that asks for it changes nothing")
    func refused() async throws {
        try await Self.with { floor, region, first in
            let host = floor.host
            let deep = "expand=accounts(select=name;expand=partners(expand=partners(expand=partners)))"
            let allowed = "expand=accounts(top=2;select=name;expand=partners(expand=partners(expand=partners)))"
            for headers in [[:], ["prefer": "track-changes"]] as [[String: String]] {
                for address in ["/api/regions?\(deep)", "/api/regions(\(region))?\(deep)"] {
                    let answer = try await host.send("GET", address, headers: headers)
                    #expect(answer.status == 400 && answer.text.contains(#""code":"query.limit""#), "\(answer.text)")
                    #expect(answer.text.contains("25000") && answer.text.contains(#""target":"$expand""#), "\(answer.text)")
                }
            }
            #expect(try await host.send("GET", "/api/regions(\(region))?\(allowed)").status == 200)
            // The same statement with other numbers.
            #expect(try await host.send("GET", "/api/regions(\(region))?\(allowed.replacing("top=2", with: "top=180"))").status == 400)
            let before = try await host.send("GET", "/api/regions/$count").text
            let made = try await host.send("POST", "/api/regions?\(deep)", body: #"{"name": "new"}"#)
            #expect(made.status == 400 && made.text.contains("query.limit"), "\(made.text)")
            let unknown = try await host.send("POST", "/api/regions?select=nothing", body: #"{"name": "new"}"#)
            #expect(unknown.status == 400, "\(unknown.text)")
            #expect(try await host.send("GET", "/api/regions/$count").text == before)
            let changed = try await host.send(
                "PATCH", "/api/accounts(\(first))?expand=partners(expand=partners(expand=partners(expand=partners)))",
                headers: ["prefer": "return=representation"], body: #"{"name": "changed"}"#)
            #expect(changed.status == 400 && changed.text.contains("query.limit"), "\(changed.text)")
            #expect(try await host.send("GET", "/api/accounts(\(first))/name/$value").text == "a100")
        }
    }

    @Test("a next link tells nobody of records that they don't see")
    func limited() async throws {
        try await Self.with(annas: 200) { floor, region, _ in
            let address = "/api/regions(\(region))?select=name&expand=accounts(select=name;count=true)"
            let own = try await floor.get(floor.anna, address)
            #expect(Self.count(#""name":"a"#, in: own) == 200 && own.contains(#""accounts@count":200"#) && !own.contains("nextLink"))
            let all = try await floor.host.send("GET", address).text
            #expect(Self.count(#""name":"a"#, in: all) == 200 && all.contains("accounts@nextLink"))
        }
    }

    @Test("an export has all links, however many there are")
    func exports() async throws {
        try await Self.with { floor, _, first in
            let answer = try await floor.host.send("GET", "/api/accounts?format=csv&select=name&expand=partners&filter=id%20eq%20\(first)")
            #expect(answer.status == 200 && Self.count("0190a1b2-c3d4-7e5f-8a9b-", in: answer.text) == 260, "\(answer.text.prefix(300))")
        }
    }
}
