import Catalog
import Postgres
import QueryLanguage
import TestPostgres
import Testing

@testable import Records

/// What PostgreSQL does with the statements on 100,000 records.
@Suite("Plans")
struct PlanTests {
    @Test("frequent queries, deep pages and single records use their indexes and read little more than they give")
    func plans() async throws {
        try await Lab.with { lab in
            try await Self.seed(lab)
            for (text, mostRows) in Self.queries { try await Self.check(text, mostRows: mostRows, lab) }
            for order in Self.orders { try await Self.checkDeepPage(order, lab) }
            try await Self.checkRecord(lab)
        }
    }

    private static let queries: [(text: String, mostRows: Int)] = [
        // The whole collection, in the order of ids.
        ("select=name", 55), ("select=name&orderby=id%20desc", 55),
        // Sorted by code point, by language, both ways, from a prefix.
        ("orderby=name", 55), ("orderby=name%20desc", 55), ("orderby=title", 55), ("orderby=title%20desc", 55),
        ("filter=startswith(name,'name%201')&orderby=name", 55), ("filter=startswith(title,'name%201')&orderby=title", 55),
        ("filter=startswith(title,'name%201')&orderby=title%20desc", 55),
        ("orderby=count,name", 55), ("orderby=created_at%20desc", 55),
        // By foreign key, by a text of a list, by a unique key, by a member of a list of texts, by id.
        ("filter=group_id%20eq%20\(Lab.id(7, group: true))", 130),
        ("filter=emails/any(e:e/normalised%20eq%20'mail77@x.org')", 10),
        ("filter=primary_email%20eq%20'MAIL77@x.ORG'", 10), ("filter=primary_phone%20eq%20'%2B47%20%2077'", 10),
        ("filter=primary_email%20in%20('Mail77@x.org','mail78@X.org')", 10), ("filter=startswith(primary_email,'MAIL7777')", 45),
        ("filter=code%20eq%20'c77'", 5), ("filter=tags/any(t:t%20eq%20'tag77')", 130),
        ("filter=id%20eq%20\(Lab.id(77))", 5), ("filter=id%20in%20(\(Lab.id(77)),\(Lab.id(78)))", 5),
    ]

    /// Ten thousand records have no count and no group, and come first ascending, last descending.
    private static let orders = [
        "", "orderby=name", "orderby=title%20desc", "orderby=count,name", "orderby=group_id", "orderby=group_id%20desc",
    ]

    private static func checkDeepPage(_ order: String, _ lab: Lab) async throws {
        let base = order.isEmpty ? "select=id" : "select=id&\(order)"
        var token = try #require(try await lab.list(base, pageSize: 5_000).nextToken)
        for _ in 0..<3 { token = try #require(try await lab.list("\(base)&skiptoken=\(token)", pageSize: 5_000).nextToken) }
        try await check("\(base)&skiptoken=\(token)", mostRows: 55, lab)
    }

    private static func checkRecord(_ lab: Lab) async throws {
        let shape = try #require(LabTypes.catalog.typeShape(named: "lab.thing"))
        let compiled = try ListCompiler(
            catalog: LabTypes.catalog, access: Lab.access, format: ReadFormat(), shape: shape, includeDeleted: false
        ).record(by: ["id"], query: nil, literals: [])
        let sql = compiled.bound(ReadValues(recordKeys: [Lab.id(77).parameter]), access: Lab.access)
        let plan = try await lab.client.query("EXPLAIN " + sql).rows.map { try $0.decode(String.self, 0) }.joined(separator: "\n")
        #expect(plan.hasPrefix("Index Scan using thing__pkey on thing t"), "\(plan)")
        #expect(!plan.contains("Seq Scan"))
    }

    @Test("a member of a list is found by its index however often the statement runs")
    func members() async throws {
        try await Lab.with { lab in
            try await Self.seed(lab)
            for filter in ["tags/any(t:t%20eq%20'tag77')", "tags%20has%20'tag77'"] {
                let request = ListRequest(
                    type: lab.thing, query: try lab.query("select=name&filter=\(filter)", on: lab.thing), pageSize: 50)
                let (sql, _) = try ListReader(store: lab.store, request: request, access: Lab.access).pageStatement()
                try await lab.client.withConnection { connection in
                    let before = try await Self.scans(connection)
                    for _ in 0..<7 { #expect(try await connection.query(sql).rowCount == 51) }
                    let text = sql.text.prefix(40)
                    let kept: SQL = "SELECT count(*) FROM pg_prepared_statements WHERE starts_with(statement, \(bind: String(text)))"
                    #expect(try await connection.query(kept).first?.decode(Int.self, 0) == 0)
                    #expect(try await Self.scans(connection) - before == 7)
                }
            }
        }
    }

    /// How often the index over tags was used, as PostgreSQL counts.
    private static func scans(_ connection: PostgresConnection) async throws -> Int {
        _ = try await connection.query("SELECT pg_stat_force_next_flush()")
        let sql: SQL =
            "SELECT idx_scan FROM pg_stat_user_indexes WHERE indexrelid = (SELECT indexrelid FROM pg_index JOIN pg_class c ON c.oid = indexrelid "
            + "JOIN pg_am a ON a.oid = c.relam WHERE indrelid = 'lab.thing'::regclass AND a.amname = 'gin')"
        return try await connection.query(sql).first?.decode(Int.self, 0) ?? -1
    }

    @Test("a language's prefix ranges keep the same records as the prefix itself")
    func languagePrefixes() async throws {
        let seed = TestEnvironment.seed
        print("seed \(seed)")
        try await Lab.with { lab in
            var random = SeededRandom(seed: seed)
            let letters = [
                "a", "A", "b", "s", "S", "m", "M", "z", "0", "9", "é", "å", "ß", "ſ", "-", " ", "'", "\u{327}", "日", "😀", "\u{FFFF}", "l·",
                "ch", "ǳ",
            ]
            let titles = (0..<3_000).map { _ in (0..<Int.random(in: 0...4, using: &random)).map { _ in random.pick(letters) }.joined() }
            try await lab.insert(
                lab.thing,
                titles.enumerated().map { ["id": .guid(Lab.id($0)), "title": .string(normalizedNFC($1)), "tags": .collection([])] })
            let prefixes = ["a", "A", "s", "S", "sm", "Sm", "z", "Z", "0", "9z", "aaa", "l", "s%20m", "a-b", "b%20-m", "b''s"]
            for prefix in prefixes {
                let sorted = try await lab.list("select=id&orderby=title&filter=startswith(title,'\(prefix)')", pageSize: 5_000)
                let plain = prefix.replacing("%20", with: " ").replacing("''", with: "'")
                let expected = titles.filter { normalizedNFC($0).unicodeScalars.starts(with: plain.unicodeScalars) }.count
                #expect(sorted.rowCount == expected, "\(prefix)")
            }
        }
    }

    // MARK: -

    private static func seed(_ lab: Lab) async throws {
        try await lab.database.execute(
            """
            INSERT INTO lab.group (id, created_by, updated_by, owner_id, label)
            SELECT ('01900000-0000-7001-8000-' || lpad(to_hex(n), 12, '0'))::uuid, p, p, p, 'group ' || n
            FROM generate_series(0, 999) n, (VALUES ('\(Lab.principal)'::uuid)) AS who(p);
            INSERT INTO lab.thing (id, created_by, updated_by, owner_id, created_at, name, title, count, group_id, code, tags, colours)
            SELECT ('01900000-0000-7000-8000-' || lpad(to_hex(n), 12, '0'))::uuid, p, p, p, '2024-01-01'::timestamptz + n * interval '1 minute',
                'name ' || (n * 7919 % 100000), 'name ' || (n * 7919 % 100000), CASE WHEN n % 10 > 0 THEN n % 50 END,
                CASE WHEN n % 10 > 0 THEN ('01900000-0000-7001-8000-' || lpad(to_hex(n % 1000), 12, '0'))::uuid END, 'c' || n, ARRAY['tag' || n % 1000], '{}'
            FROM generate_series(0, 99999) n, (VALUES ('\(Lab.principal)'::uuid)) AS who(p);
            INSERT INTO lab.thing__emails (record_id, position, address, normalised, is_primary)
            SELECT id, 0, 'Mail' || substr(code, 2) || '@x.org', 'mail' || substr(code, 2) || '@x.org', true FROM lab.thing;
            INSERT INTO lab.thing__phones (record_id, position, number, normalised, is_primary)
            SELECT id, 0, '+47' || substr(code, 2), '+47' || substr(code, 2), true FROM lab.thing;
            INSERT INTO tessera.content (digest, size) SELECT sha256(n::text::bytea), 1 FROM generate_series(0, 999) n;
            INSERT INTO tessera.file (id, name, media_type, size, digest, created_by)
            SELECT gen_random_uuid(), 'f', 'text/plain', 1, digest, '\(Lab.principal)' FROM tessera.content;
            ANALYZE;
            """)
    }

    /// Runs the statement and looks at every node of its plan: no table is read as a whole, none gives more rows than it should.
    private static func check(_ text: String, mostRows: Int, _ lab: Lab) async throws {
        let request = ListRequest(type: lab.thing, query: try lab.query(text, on: lab.thing), pageSize: 50)
        let (sql, values) = try ListReader(store: lab.store, request: request, access: Lab.access).pageStatement()
        let types = values.isEmpty ? "" : "(" + sql.parameters.map(\.type.description).joined(separator: ", ") + ")"
        let arguments = values.isEmpty ? "" : "(" + values.map(constant).joined(separator: ", ") + ")"
        // From its sixth run on, PostgreSQL may plan a prepared statement without its parameters.
        // It then knows nothing about members of arrays, and may walk the list instead of their index.
        for runs in text.contains("tags") ? [0] : [0, 6] {
            let mode = "after \(runs) runs"
            let warmUp = String(repeating: "EXECUTE p\(arguments);", count: runs)
            let lines = try await lab.client.withConnection { connection in
                _ = try await connection.execute("PREPARE p\(types) AS \(sql.text); \(warmUp)")
                let rows = try await connection.execute("EXPLAIN (ANALYZE, TIMING OFF, SUMMARY OFF) EXECUTE p\(arguments)").rows
                _ = try await connection.execute("DEALLOCATE p")
                return try rows.map { try $0.decode(String.self, 0) }
            }
            let plan = lines.joined(separator: "\n")
            if plan.contains("Seq Scan") { Issue.record("\(mode), \(text) reads a whole table\n\(plan)") }
            for line in lines {
                let rows = rowsRead(line)
                if rows > mostRows { Issue.record("\(mode), \(text): \(rows) rows\n\(plan)") }
            }
        }
    }

    /// An OData literal as a constant of SQL.
    private static func constant(_ literal: String) -> String {
        if literal.hasPrefix("'") { return literal }
        if literal.hasPrefix("(") { return "'{\(literal.dropFirst().dropLast().replacing("'", with: "\""))}'" }
        return "'\(literal)'"
    }

    /// Rows of a node over all its loops, or that its filter removed.
    private static func rowsRead(_ line: String) -> Int {
        func number(after marker: String) -> Int? {
            line.range(of: marker).flatMap { Int(line[$0.upperBound...].prefix { $0.isNumber }) }
        }
        if let removed = number(after: "Rows Removed by Filter: ") { return removed }
        guard let actual = line.range(of: "(actual rows=") else { return 0 }
        let rows = Int(line[actual.upperBound...].prefix { $0.isNumber }) ?? 0
        return rows * (number(after: "loops=") ?? 1)
    }
}

extension String {
    fileprivate func range(of marker: String) -> Range<String.Index>? { firstRange(of: marker) }
}
