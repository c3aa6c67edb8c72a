import Catalog
import Postgres
import QueryLanguage
import TestPostgres
import Testing

@testable import Records

@Suite("Lists")
struct ListTests {
    @Test("a page ends where it is long enough, and leads to the rest", arguments: ["", "&orderby=count", "&top=165"])
    func longRecords(options: String) async throws {
        try await Lab.with { lab in
            let long = String(repeating: "n", count: 1 << 20)
            try await lab.insert(
                lab.thing,
                (1...170).map { ["id": .guid(Lab.id($0)), "note": .string($0 > 150 ? long : "short"), "count": .integer(Int64(200 - $0))] })
            var (rows, pages, next) = (0, 0, "")
            repeat {
                let page = try await lab.list("select=id,note\(options)\(next)", pageSize: 1_000)
                #expect(page.items.count < ReadLimits.pageBytes + (2 << 20))
                rows += page.rowCount
                pages += 1
                next = page.nextToken.map { "&skiptoken=\($0)" } ?? ""
            } while !next.isEmpty
            #expect(rows == (options == "&top=165" ? 165 : 170) && pages == (options == "&top=165" ? 1 : 2))
        }
    }

    @Test("counts, pages, skips and tops")
    func paging() async throws {
        try await Lab.with { lab in
            try await lab.insert(
                lab.thing, (1...10).map { ["id": .guid(Lab.id($0)), "name": .string("n\($0 % 3)"), "count": .integer(Int64($0))] })
            let first = try await lab.list(
                "select=count&orderby=name,count%20desc&count=true&top=7", format: ReadFormat(metadata: .none), pageSize: 3)
            #expect(String(decoding: first.items, as: UTF8.self) == "{\"count\":9},{\"count\":6},{\"count\":3}")
            #expect(first.count == 10)
            #expect(first.rowCount == 3)
            var token = try #require(first.nextToken)
            let second = try await lab.list("select=id&orderby=name,count%20desc&top=7&skiptoken=\(token)", pageSize: 3)
            #expect(second.rowCount == 3)
            token = try #require(second.nextToken)
            let third = try await lab.list(
                "select=count&orderby=name,count%20desc&top=7&skiptoken=\(token)", format: ReadFormat(metadata: .none), pageSize: 3)
            #expect(String(decoding: third.items, as: UTF8.self) == "{\"count\":1}")
            #expect(third.nextToken == nil)
            #expect(
                try await lab.json("select=count&orderby=count&skip=8", format: ReadFormat(metadata: .none))
                    == "{\"count\":9},{\"count\":10}")
            #expect(try await lab.list("top=0&count=true") == Page(items: [], rowCount: 0, count: 10))
        }
    }

    @Test("refuses tokens of other queries and changed tokens")
    func tokens() async throws {
        try await Lab.with { lab in
            try await lab.insert(lab.thing, (1...5).map { ["id": .guid(Lab.id($0)), "count": .integer(Int64($0))] })
            let token = try #require(try await lab.list("orderby=count&filter=count%20gt%201", pageSize: 2).nextToken)
            // The same rows shown another way are the same query.
            #expect(try await lab.list("orderby=count&filter=count%20gt%201&select=id&skiptoken=\(token)").rowCount == 2)
            let wrong = [
                "orderby=count&filter=count%20gt%202&skiptoken=\(token)", "orderby=count%20desc&filter=count%20gt%201&skiptoken=\(token)",
                "orderby=count&skiptoken=\(token)", "orderby=count&filter=count%20gt%201&skiptoken=\(token.dropLast())A",
                "orderby=count&filter=count%20gt%201&skiptoken=abc", "orderby=count&filter=count%20gt%201&skiptoken=%21",
            ]
            for query in wrong {
                let error = await #expect(throws: RecordsError.self) { try await lab.list(query) }
                #expect(error?.code.description == "records.bad_cursor", "\(query)")
            }
        }
    }

    @Test("sorts nulls first ascending and last descending, and languages by their rules")
    func order() async throws {
        try await Lab.with { lab in
            let titles: [Value] = ["b", "A", .null, "á", "Z", "a"]
            try await lab.insert(lab.thing, titles.enumerated().map { ["id": .guid(Lab.id($0)), "title": $1, "name": $1] })
            func sorted(_ order: String) async throws -> String {
                try await lab.json("select=name&orderby=\(order)", format: ReadFormat(metadata: .none)).replacing("{\"name\":", with: "")
                    .replacing("}", with: "")
            }
            #expect(try await sorted("name") == "null,\"A\",\"Z\",\"a\",\"b\",\"á\"")
            #expect(try await sorted("name%20desc") == "\"á\",\"b\",\"a\",\"Z\",\"A\",null")
            #expect(try await sorted("title") == "null,\"a\",\"A\",\"á\",\"b\",\"Z\"")
            #expect(try await sorted("title%20desc") == "\"Z\",\"b\",\"á\",\"A\",\"a\",null")
        }
    }

    @Test(
        "pages over any order give every record once, while others write",
        arguments: [
            "", "count", "count%20desc", "name,count", "name%20desc,count%20desc", "name,count%20desc", "name%20desc,count", "title",
            "title%20desc",
            "group/label%20desc,name", "active,day%20desc,name", "length(name)%20desc", "id%20desc", "created_at%20desc",
            "ratio,span%20desc",
            "tags/$count%20desc,name",
        ])
    func everyOrder(_ order: String) async throws {
        let seed = TestEnvironment.seed
        print("seed \(seed)")
        try await Lab.with { lab in
            var random = SeededRandom(seed: seed)
            let world = LabWorld(things: 150, groups: 5, random: &random)
            try await world.store(in: lab)
            let expected = try await lab.list(
                "orderby=\(order)&select=id".replacing("orderby=&", with: ""), format: ReadFormat(metadata: .none), pageSize: 1_000)
            var seen: [UInt8] = []
            var token: String?
            var pages = 0
            repeat {
                let next = token.map { "&skiptoken=\($0)" } ?? ""
                let page = try await lab.list(
                    "select=id\(order.isEmpty ? "" : "&orderby=\(order)")\(next)", format: ReadFormat(metadata: .none), pageSize: 7)
                if !seen.isEmpty, page.rowCount > 0 { seen.append(UInt8(ascii: ",")) }
                seen += page.items
                token = page.nextToken
                pages += 1
                // Rows that come and go, or move, do not disturb those that stay.
                try await lab.insert(
                    lab.thing, [["id": .guid(Lab.id(10_000 + pages)), "name": "zzzzzz", "deleted_at": "2024-01-01T00:00:00Z"]])
            } while token != nil && pages < 60
            #expect(String(decoding: seen, as: UTF8.self) == String(decoding: expected.items, as: UTF8.self))
            #expect(pages > 10)
        }
    }

    @Test("records that stay are seen exactly once while others are added, changed and removed")
    func concurrentWrites() async throws {
        let seed = TestEnvironment.seed
        print("seed \(seed)")
        try await Lab.with { lab in
            try await lab.insert(lab.thing, (0..<300).map { ["id": .guid(Lab.id($0)), "count": .integer(Int64($0 % 17)), "name": "stay"] })
            try await lab.insert(
                lab.thing, (300..<400).map { ["id": .guid(Lab.id($0)), "count": .integer(Int64($0 % 17)), "name": "move"] })
            for order in ["count", "count%20desc"] {
                var seen: [String: Int] = [:]
                var token: String?
                var round = 0
                repeat {
                    round += 1
                    let script = """
                        UPDATE lab.thing SET count = (count + \(seed % 13) + \(round)) % 19 WHERE name = 'move';
                        INSERT INTO lab.thing (id, created_by, updated_by, owner_id, name, count, tags, colours)
                        SELECT gen_random_uuid(), created_by, updated_by, owner_id, 'new', n % 17, '{}', '{}' FROM lab.thing, generate_series(1, 3) n WHERE id = '\(Lab.id(0))';
                        DELETE FROM lab.thing WHERE name = 'new' AND count % 2 = \(round % 2);
                        """
                    async let writing: Void = lab.database.execute(script)
                    let next = token.map { "&skiptoken=\($0)" } ?? ""
                    let page = try await lab.list(
                        "select=id,name&orderby=\(order)\(next)", format: ReadFormat(metadata: .none), pageSize: 20)
                    try await writing
                    for item in String(decoding: page.items, as: UTF8.self).split(separator: "},{") where item.contains("stay") {
                        seen[String(item.split(separator: ",")[0].suffix(37)), default: 0] += 1
                    }
                    token = page.nextToken
                } while token != nil && round < 60
                #expect(seen.count == 300)
                #expect(seen.values.allSatisfy { $0 == 1 })
            }
        }
    }

    @Test("streams every record in bounded batches, and stops when the reader does")
    func streaming() async throws {
        try await Lab.with { lab in
            try await lab.insert(lab.thing, (1...1_300).map { ["id": .guid(Lab.id($0)), "count": .integer(Int64($0))] })
            func request(_ text: String) throws -> ListRequest {
                ListRequest(type: lab.thing, query: try lab.query(text, on: lab.thing), format: ReadFormat(metadata: .none))
            }
            var rows: [String] = []
            for try await row in lab.store.stream(try request("select=count&orderby=count%20desc"), access: Lab.access) {
                rows.append(String(decoding: row, as: UTF8.self))
            }
            #expect(rows.count == 1_300)
            #expect(rows.first == "{\"count\":1300}")
            #expect(rows.last == "{\"count\":1}")
            var taken = 0
            for try await _ in lab.store.stream(try request("orderby=count&top=700&skip=5"), access: Lab.access) { taken += 1 }
            #expect(taken == 700)
            for try await row in lab.store.stream(try request("select=count&orderby=count"), access: Lab.access) {
                #expect(String(decoding: row, as: UTF8.self) == "{\"count\":1}")
                break
            }
            try await lab.insert(lab.thing, [["id": .guid(Lab.id(2_000)), "span": .duration(DayTimeDuration(microseconds: .max))]])
            await #expect(throws: RecordsError.self) {
                for try await _ in lab.store.stream(try request("filter=span%20add%20span%20gt%20duration'PT0S'"), access: Lab.access) {}
            }
        }
    }

    @Test("counts exactly, by estimate, or not at all")
    func counts() async throws {
        try await Lab.with { lab in
            try await lab.insert(lab.thing, (1...50).map { ["id": .guid(Lab.id($0)), "count": .integer(Int64($0))] })
            let filter = try Lab.expression("count gt 20")
            #expect(try await lab.store.count(lab.thing, filter: filter, mode: .exact, access: Lab.access) == 30)
            #expect(try await lab.store.count(lab.thing, filter: filter, mode: .estimated, access: Lab.access) == 30)
            #expect(try await lab.store.count(lab.thing, filter: nil, mode: .exact, access: Lab.access) == 50)
            #expect(try await lab.store.count(lab.thing, filter: filter, mode: .none, access: Lab.access) == 0)
        }
    }

    @Test("explains a list without running it")
    func explain() async throws {
        try await Lab.with { lab in
            let request = ListRequest(
                type: lab.thing, query: try lab.query("select=id,name&filter=startswith(name,'Sm')&top=5", on: lab.thing))
            let explained = try await lab.store.explain(request, access: Lab.access)
            #expect(
                explained.sql == """
                    SELECT * FROM (SELECT row_to_json(r.*) AS j, t."id" AS k0 FROM "lab"."thing" AS t CROSS JOIN LATERAL (SELECT 'W/"' || t."version" || '"' \
                    AS "@etag", t."id" AS "id", t."name" AS "name") AS r WHERE t.deleted_at IS NULL AND (t."name" >= $1 AND t."name" < $2) ORDER BY t."id" \
                    LIMIT 11) AS q LIMIT $3
                    """)
            #expect(explained.parameters == ["'Sm'", "'Sn'", "5"])
            #expect(explained.plan.contains("Limit"))
        }
    }

    @Test("a shape is compiled once, and again after the catalog was replaced")
    func caching() async throws {
        try await Lab.with { lab in
            for limit in [1, 2, 3] { _ = try await lab.list("filter=count%20gt%20\(limit)") }
            #expect(lab.store.reads.compilations == 1)
            lab.store.replaceCatalog(with: LabTypes.catalog)
            _ = try await lab.list("filter=count%20gt%204")
            #expect(lab.store.reads.compilations == 2)
        }
    }

    @Test("what cannot be represented is null, and takes no other record down; of durations it is an error of the query, not of the store")
    func evaluation() async throws {
        try await Lab.with { lab in
            try await lab.insert(
                lab.thing,
                [
                    ["id": .guid(Lab.id(1)), "count": .integer(.max), "day": .date(try #require(CalendarDate("9999-12-31")))],
                    ["id": .guid(Lab.id(2)), "count": .integer(1), "day": .date(try #require(CalendarDate("2026-01-31")))],
                    ["id": .guid(Lab.id(3)), "count": .integer(.min), "span": .duration(DayTimeDuration(microseconds: .max))],
                ])
            for (filter, found) in [
                ("count add 1 gt 0", [2]), ("count sub 1 lt 0", []), ("count mul 2 gt 0", [2]), ("-count lt 0", [1, 2]),
                ("count div -1 lt 0", [1, 2]), ("day add duration'P1D' gt 2000-01-01", [2]),
                ("day add duration'P99999999D' gt 2000-01-01", []),
                ("count add 1 eq null", [1]),
            ] as [(String, [Int])] {
                let encoded = filter.replacing(" ", with: "%20")
                let items = String(decoding: try await lab.list("select=id&orderby=id&filter=\(encoded)").items, as: UTF8.self)
                let ids = items.split(separator: "\"").compactMap { GUID(String($0)) }
                #expect(ids == found.map { Lab.id($0) }, "\(filter)")
            }
            let error = await #expect(throws: RecordsError.self) { try await lab.list("filter=span%20add%20span%20gt%20duration'PT0S'") }
            #expect(error?.code.description == "query.evaluation")
        }
    }

    @Test("an expansion that is cut says where the rest is, at every depth")
    func cutExpansions() async throws {
        try await Lab.with { lab in
            try await lab.insert(
                lab.group,
                [["id": .guid(Lab.id(1, group: true)), "label": "big"], ["id": .guid(Lab.id(2, group: true)), "label": "small"]])
            try await lab.insert(
                lab.thing,
                (0..<204).map { number in
                    [
                        "id": .guid(Lab.id(number)), "name": number == 203 ? "M&M" : "n", "count": .integer(Int64(number)),
                        "group_id": .guid(Lab.id(number == 7 ? 2 : 1, group: true)), "parent_id": number == 1 ? .guid(Lab.id(2)) : .null,
                    ]
                })
            let format = ReadFormat(version: .v4_0, metadata: .none)
            let big = Lab.id(1, group: true)
            let text = try await lab.json(
                "select=label&orderby=label&expand=things(select=count;orderby=count%20desc;filter=count%20ge%200)", on: lab.group,
                format: format)
            let items = text.split(separator: "},{\"label\":")
            #expect(items.count == 2)
            #expect(items[0].hasPrefix("{\"label\":\"big\",\"things\":[{\"count\":203},{\"count\":202},"))
            let options = "$filter=count%20ge%200&$orderby=count%20desc&$select=count"
            let link = items[0].split(separator: "{\"count\":3}],\"things@odata.nextLink\":\"groups(\(big))/things?\(options)&").last
            let token = try #require(link?.wholeMatch(of: #/\$skiptoken=([-_.A-Za-z0-9]+)"/#)?.1, "\(items[0].suffix(300))")
            #expect(items[1] == "\"small\",\"things\":[{\"count\":7}]}")
            // What the link says brings the rest.
            let query = try Lab.query("\(options)&$skiptoken=\(token)", shape: "lab.thing")
            let request = ListRequest(type: lab.thing, query: query, format: format)
            let rest = try await lab.store.links(lab.group, big, navigation: "things", request: request, access: Lab.access)
            #expect(rest.map { String(decoding: $0.items, as: UTF8.self) } == "{\"count\":2},{\"count\":1},{\"count\":0}")
            let nested = try await lab.json(
                "select=count&filter=count%20eq%201&expand=parent(select=count;expand=group(select=label;expand=things(select=name;skip=2;filter=name%20ne%20'M%26M';count=true)))",
                format: format)
            #expect(
                nested.hasPrefix(
                    "{\"count\":1,\"parent\":{\"count\":2,\"group\":{\"label\":\"big\",\"things@odata.count\":202,\"things\":[{\"name\":\"n\"},"
                ))
            #expect(nested.hasSuffix("{\"name\":\"n\"}]}}}"))
            let most = try await lab.json(
                "select=label&filter=label%20eq%20'big'&expand=things(select=count;top=300)", on: lab.group, format: format)
            #expect(most.contains("\"things@odata.nextLink\":\"groups(\(big))/things?$select=count&$skiptoken=x"))
        }
    }

    /// Orders of things by keys of every type, with nulls and equal ones among them.
    private static let orders = [
        "", "name", "title%20desc", "count%20desc", "ratio", "amount,name%20desc", "active,count", "day%20desc", "moment", "span%20desc",
        "colour,moment%20desc", "length(name)%20desc", "group/label,count%20mul%202", "id%20desc", "updated_at,name",
    ]

    @Test("what a cut expansion leaves out is brought by its link in any order, though others write in between", arguments: orders)
    func cutAnywhere(_ order: String) async throws {
        try await Lab.with { lab in
            let group = Lab.id(1, group: true)
            try await lab.insert(lab.group, [["id": .guid(group), "label": "big"]])
            try await lab.insert(lab.thing, (0..<230).map { Self.thing($0, of: group) })
            let format = ReadFormat(metadata: .none)
            let options = "select=id" + (order.isEmpty ? "" : ";orderby=\(order)")
            let all = try await lab.store.links(
                lab.group, group, navigation: "things",
                request: ListRequest(
                    type: lab.thing, query: try Lab.query(options.replacing(";", with: "&"), shape: "lab.thing"), format: format,
                    pageSize: 500),
                access: Lab.access)
            let wanted = try #require(all).items
            let begin = try await lab.json("select=label&expand=things(\(options);top=225)", on: lab.group, format: format)
            let shown = try #require(begin.split(separator: "\"things\":[").last?.split(separator: "],").first)
            let next = try #require(begin.split(separator: "/things?").last?.prefix { $0 != "\"" })
            #expect(next.contains("$skiptoken=") && !next.contains("skip=") && !next.contains("top="))
            // One that was shown goes, and so does what would move every place behind it.
            let gone = try #require(shown.firstMatch(of: #/[0-9a-f-]{36}/#)).output
            let id = PostgresUUID(guid: try #require(GUID(String(gone))))
            _ = try await lab.client.query("UPDATE \(raw: lab.thing.table.sql) SET deleted_at = now() WHERE id = \(bind: id)")
            let request = ListRequest(type: lab.thing, query: try Lab.query(String(next), shape: "lab.thing"), format: format, pageSize: 10)
            var rest: [String] = []
            var page = try #require(
                try await lab.store.links(lab.group, group, navigation: "things", request: request, access: Lab.access))
            rest.append(String(decoding: page.items, as: UTF8.self))
            while let token = page.nextToken {
                var request = request
                request.query.skipToken = token
                page = try #require(try await lab.store.links(lab.group, group, navigation: "things", request: request, access: Lab.access))
                rest.append(String(decoding: page.items, as: UTF8.self))
            }
            let brought = ([String(shown)] + rest).joined(separator: ",")
            // 225 of the 230, as asked for, each once and in their places.
            #expect(String(decoding: wanted, as: UTF8.self).hasPrefix(brought), "\(order)")
            #expect(brought.matches(of: #/"id":/#).count == 225)
        }
    }

    /// A thing with values of its own in some fields, with others' in some, and with none in some.
    private static func thing(_ number: Int, of group: GUID) -> [String: Value] {
        func some(_ remainder: Int, _ value: Value) -> Value { number % 7 == remainder ? .null : value }
        return [
            "id": .guid(Lab.id(number)), "name": .string("n\(number % 40)\" \\ ü"), "title": some(0, .string("T\(number % 30)")),
            "group_id": .guid(group), "count": some(1, .integer(Int64(number % 100) - 50)), "ratio": some(2, .string("\(number % 20).250")),
            "amount": .string("\(number % 3).5"), "amount_currency": "EUR", "active": some(3, .bool(number % 2 == 0)),
            "day": some(4, .string("2026-02-\(10 + number % 18)")),
            "moment": some(5, .string("2026-02-10T10:00:00.\(100_000 + number % 50)Z")),
            "span": some(6, .duration(DayTimeDuration(microseconds: Int64(number % 60) * 90_061_000_001))), "colour": some(0, "green"),
        ]
    }

    @Test("refuses the token of a cut expansion for another record, another order, and changed")
    func foreignExpansionTokens() async throws {
        try await Lab.with { lab in
            let (big, other) = (Lab.id(1, group: true), Lab.id(2, group: true))
            try await lab.insert(lab.group, [["id": .guid(big), "label": "big"], ["id": .guid(other), "label": "other"]])
            try await lab.insert(lab.thing, (0..<201).map { Self.thing($0, of: big) })
            let begin = try await lab.json("filter=label%20eq%20'big'&select=label&expand=things(select=id;orderby=name)", on: lab.group)
            let token = try #require(begin.split(separator: "$skiptoken=").last?.prefix { $0 != "\"" })
            func rest(_ group: GUID, _ options: String) async throws -> Int? {
                let request = ListRequest(type: lab.thing, query: try Lab.query(options, shape: "lab.thing"))
                return try await lab.store.links(lab.group, group, navigation: "things", request: request, access: Lab.access)?.rowCount
            }
            #expect(try await rest(big, "select=id&orderby=name&skiptoken=\(token)") == 1)
            for (group, options) in [
                (other, "orderby=name&skiptoken=\(token)"), (big, "orderby=count&skiptoken=\(token)"), (big, "skiptoken=\(token)"),
                (big, "orderby=name&skiptoken=\(token.dropLast(4))"), (big, "orderby=name&skiptoken=x\(token)"),
                (big, "orderby=name&skiptoken=\(token.replacing("..", with: ".a."))"),
            ] {
                let error = await #expect(throws: RecordsError.self) { _ = try await rest(group, options) }
                #expect(error?.code == .badCursor, "\(options)")
            }
            // In the list of all things there is no record that has the link.
            let error = await #expect(throws: RecordsError.self) { _ = try await lab.list("orderby=name&skiptoken=\(token)") }
            #expect(error?.code == .badCursor)
        }
    }
}
