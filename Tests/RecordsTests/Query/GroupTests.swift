import Catalog
import Postgres
import QueryLanguage
import Testing

@testable import Records

@Suite("Groups and aggregates")
struct GroupTests {
    @Test("generated queries give the groups that are reckoned in memory, on one page and on many")
    func agreement() async throws {
        let seed = TestEnvironment.seed
        print("seed \(seed)")
        let cases = TestEnvironment.count("TESSERA_TEST_CASES", otherwise: 200)
        try await Lab.with { lab in
            var random = SeededRandom(seed: seed &+ 2)
            let world = LabWorld(things: 80, groups: 8, random: &random)
            try await world.store(in: lab)
            let images = world.images(depth: 4).map(\.values)
            var generator = GroupGenerator(random: random)
            var compared = 0
            for number in 0..<cases {
                let text = generator.query()
                let query = try lab.query(text, on: lab.thing)
                guard let page = try await answered({ try await lab.list(text, format: Self.plain, pageSize: 1_000) }) else { continue }
                let found = "[" + String(decoding: page.items, as: UTF8.self) + "]"
                let expected = MemoryGroups(query, over: images).json
                if let difference = try await difference(found, expected, lab) {
                    Issue.record("seed \(seed), case \(number): \(text)\n\(difference)")
                    break
                }
                compared += 1
                if number % 4 == 0 { try await comparePages(text, with: found, count: page.rowCount, lab) }
            }
            print("\(compared) of \(cases) compared")
            #expect(compared > cases * 3 / 4)
        }
    }

    /// Nil where the database refuses what cannot be represented, which the language allows it to.
    private func answered<R>(_ body: () async throws -> R) async throws -> R? {
        do {
            return try await body()
        } catch let error as RecordsError where error.code == .evaluation {
            return nil
        }
    }

    /// Both texts as PostgreSQL sorts and writes the rows; nil when they are the same.
    private func difference(_ found: String, _ expected: String, _ lab: Lab) async throws -> String? {
        func sorted(_ json: String) async throws -> String {
            let sql: SQL = "SELECT jsonb_agg(e ORDER BY e)::text FROM jsonb_array_elements(\(bind: PostgresJSON(json))) AS e"
            return try await lab.client.query(sql).first?.decode(String?.self, 0) ?? "[]"
        }
        let (a, b) = (try await sorted(found), try await sorted(expected))
        return a == b ? nil : "SQL    \(a)\nmemory \(b)"
    }

    private func comparePages(_ text: String, with whole: String, count: Int, _ lab: Lab) async throws {
        var items: [String] = []
        var rows = 0
        var token: String?
        repeat {
            let page = try await lab.list(text + (token.map { "&skiptoken=\($0)" } ?? ""), format: Self.plain, pageSize: 7)
            if page.rowCount > 0 { items.append(String(decoding: page.items, as: UTF8.self)) }
            rows += page.rowCount
            token = page.nextToken
        } while token != nil && rows <= count
        #expect("[\(items.joined(separator: ","))]" == whole, "\(text)")
    }

    @Test("writes the groups' JSON: nested paths, amounts with their currency, what is computed of them")
    func json() async throws {
        try await Lab.with { lab in
            try await Self.seed(lab)
            func rows(_ query: String) async throws -> String { try await lab.json(query.replacing(" ", with: "%20"), format: Self.plain) }
            #expect(
                try await rows("apply=groupby((group/label,active),aggregate($count as n))")
                    == #"{"group":{"label":null},"active":null,"n":1},{"group":{"label":"A"},"active":true,"n":2},{"group":{"label":"B"},"active":false,"n":1}"#
            )
            #expect(
                try await rows(
                    "apply=groupby((amount_currency),aggregate(amount with sum as total,count with average as mean))&orderby=total desc")
                    == #"{"amount_currency":"USD","total":100,"mean":null},{"amount_currency":"EUR","total":30.5,"mean":2.5},{"amount_currency":null,"total":null,"mean":null}"#
            )
            #expect(
                try await rows("apply=filter(group/label eq 'A')/aggregate(amount with sum as total,amount with max as most)")
                    == #"{"total":30.5,"total_currency":"EUR","most":20,"most_currency":"EUR"}"#)
            #expect(
                try await rows(
                    "apply=groupby((amount_currency),aggregate(amount with sum as total))&compute=total mul 2 as twice&select=twice&filter=twice gt 61"
                )
                    == #"{"twice":200}"#)
            #expect(try await rows("apply=groupby((colour),aggregate($count as n))&filter=colour eq null&select=n") == #"{"n":4}"#)
            #expect(
                try await rows("apply=aggregate($count as n,moment with max as latest,span with average as pause)&filter=n gt 3")
                    == #"{"n":4,"latest":"2024-02-29T22:30:00Z","pause":"PT45M"}"#)
            #expect(try await rows("apply=filter(false)/aggregate($count as n,count with sum as s)") == #"{"n":0,"s":null}"#)
            #expect(try await rows("apply=filter(false)/groupby((name))") == "")
            #expect(
                try await rows("apply=filter(count gt 2)/compute(count mul 2 as c)&select=name,c&filter=c lt 9&compute=c add 1 as d")
                    == #"{"name":"two","c":6}"#)
            let page = try await lab.list("apply=groupby((group/label))&count=true&top=1&skip=1&orderby=group/label%20desc")
            #expect(page.count == 3)
            #expect(String(decoding: page.items, as: UTF8.self) == #"{"group":{"label":"A"}}"#)
        }
    }

    @Test("refuses to make one amount of several currencies, and says by what to group")
    func currencies() async throws {
        try await Lab.with { lab in
            try await Self.seed(lab)
            for query in [
                "aggregate(amount with sum as t)", "aggregate(amount with min as t)", "aggregate(amount mul 2 with average as t)",
                "aggregate(amount with countdistinct as t)",
                "groupby((amount_currency),aggregate(amount with sum as t))/aggregate(t with max as most)",
                "compute(amount add 1 as more)/aggregate(more with sum as t)",
            ] {
                let error = await #expect(throws: RecordsError.self, "\(query)") {
                    try await lab.list("apply=" + query.replacing(" ", with: "%20"))
                }
                #expect(error?.code == .mixedCurrencies)
                #expect(error?.message.hasPrefix("Amounts in several currencies (EUR and USD) can't become one: group by ") == true)
            }
            // One group is in one currency, the other has no amount at all.
            let good = "apply=filter(name%20ne%20'three')/groupby((group/label),aggregate(amount%20with%20sum%20as%20t))"
            #expect(
                try await lab.json(good, format: Self.plain)
                    == #"{"group":{"label":null},"t":null,"t_currency":null},{"group":{"label":"A"},"t":30.5,"t_currency":"EUR"}"#)
        }
    }

    /// Types of computed values are looked at elsewhere.
    private static let plain = ReadFormat(metadata: .none)

    private static func seed(_ lab: Lab) async throws {
        try await lab.insert(
            lab.group,
            [["id": .guid(Lab.id(1, group: true)), "label": "A"], ["id": .guid(Lab.id(2, group: true)), "label": "B"]])
        let amount = { (text: String) in Value.decimal(DecimalNumber(text)!) }
        let (a, b) = (Value.guid(Lab.id(1, group: true)), Value.guid(Lab.id(2, group: true)))
        try await lab.insert(
            lab.thing,
            [
                [
                    "id": .guid(Lab.id(1)), "name": "one", "group_id": a, "active": true, "amount": amount("10.5"),
                    "amount_currency": "EUR", "count": 2,
                    "moment": "2024-02-29T23:30:00+01:00", "span": .duration(DayTimeDuration("PT1H")!),
                ],
                [
                    "id": .guid(Lab.id(2)), "name": "two", "group_id": a, "active": true, "amount": amount("20"), "amount_currency": "EUR",
                    "count": 3,
                    "span": .duration(DayTimeDuration("PT30M")!),
                ],
                [
                    "id": .guid(Lab.id(3)), "name": "three", "group_id": b, "active": false, "amount": amount("100"),
                    "amount_currency": "USD",
                ],
                ["id": .guid(Lab.id(4)), "name": "four"],
            ])
    }
}
