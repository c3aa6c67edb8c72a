import Catalog
import Manifests
import Postgres
import QueryLanguage
import TestPostgres
import Testing

@testable import SchemaPlan

@Suite("What searches need", .timeLimit(.minutes(5)))
struct SearchSchemaTests {
    private static func customer(search names: [String], and more: [Field] = []) -> RecordType {
        var type = type("customer", [field("name", .plainText), field("town", .plainText), field("emails", .emails(maxCount: 5))] + more)
        type.displayField = "name"
        for index in type.fields.indices where names.contains(type.fields[index].key) { type.fields[index].search = .normal }
        return type
    }

    private static let unsearched = customer(search: [])
    private static let searched = customer(search: ["name", "emails"])

    private static let words = "SELECT string_agg(field || ':' || word || ':' || name, ' ' ORDER BY field, word) FROM shop.customer__search"

    @Test("a new type gets tables and triggers, a second apply has nothing to do")
    func new() async throws {
        try await Ground.with { ground in
            try await ground.apply(Self.searched)
            #expect(try await ground.plan(Self.searched).isEmpty)
            try await ground.insert("shop.customer", ["name": "'Müller & Søn'", "town": "'Oslo'"])
            #expect(try await ground.text(Self.words) == "name:muller:muller son name:son:muller son")
        }
    }

    @Test("records that are there are found too, and what is written meanwhile; fields come and go")
    func existing() async throws {
        try await Ground.with { ground in
            try await ground.apply(Self.unsearched)
            try await ground.insert("shop.customer", ["name": "'Old ' || n"], count: 7_000)
            try await ground.execute(
                "INSERT INTO shop.customer__emails (record_id, position, address, normalised) SELECT id, 0, 'a@x.example', 'a@x.example' FROM shop.customer"
            )
            let plan = try await ground.plan(Self.searched)
            #expect(plan.steps(in: .concurrent).map(\.summary) == ["COLLECT words of shop.customer"])
            try await ground.apply(Self.searched)
            #expect(try await ground.plan(Self.searched).isEmpty)
            #expect(try await ground.text("SELECT count(*)::text FROM shop.customer__search") == "28000")
            #expect(
                try await ground.text("SELECT count(*)::text FROM shop.customer__search_term") == "0", "'old' is too short for mistakes")
            // One field more, one less: collected anew.
            let other = Self.customer(search: ["name", "town"])
            try await ground.execute("UPDATE shop.customer SET town = 'Bergen'")
            #expect(try await ground.plan(other).steps(in: .concurrent).map(\.summary) == ["COLLECT words of shop.customer"])
            try await ground.apply(other)
            #expect(try await ground.plan(other).isEmpty)
            #expect(
                try await ground.text("SELECT string_agg(DISTINCT field, ',') FROM shop.customer__search") == "name,town")
            #expect(try await ground.text("SELECT string_agg(word, ',') FROM shop.customer__search_term") == "bergen")
        }
    }

    @Test("searched no more, triggers go and words stay retired; brought back, they are collected anew")
    func retired() async throws {
        try await Ground.with { ground in
            try await ground.apply(Self.searched)
            try await ground.insert("shop.customer", ["name": "'First'"])
            try await ground.apply(Self.unsearched)
            #expect(try await ground.plan(Self.unsearched).isEmpty)
            #expect(
                try await ground.text("SELECT count(*)::text FROM pg_trigger WHERE NOT tgisinternal AND tgname <> 'directory_changed'")
                    == "0")
            #expect(
                try await ground.text("SELECT (retired_at IS NOT NULL)::text FROM tessera.artifact WHERE name = 'shop.customer__search'")
                    == "true")
            try await ground.execute("UPDATE shop.customer SET name = 'Second'")
            try await ground.apply(Self.searched)
            #expect(try await ground.plan(Self.searched).isEmpty)
            #expect(try await ground.text(Self.words) == "name:second:second")
        }
    }

    @Test("a role that may not install pg_trgm is told what to type")
    func rights() {
        var diff = SchemaDiff(desired: schema(Self.searched), actual: ActualSchema(), facts: PlanFacts())
        diff.run()
        #expect(diff.problems.map(\.code) == [.extensionMissing])
        #expect(diff.problems.first?.remedy.contains("contrib") == true)
        var actual = ActualSchema()
        actual.trigrams = TrigramExtension(isAvailable: true)
        diff = SchemaDiff(desired: schema(Self.searched), actual: actual, facts: PlanFacts())
        diff.run()
        #expect(diff.problems.first?.remedy == "Type, as the database's owner or a superuser:  CREATE EXTENSION pg_trgm;")
        actual.trigrams = TrigramExtension(schema: "elsewhere", isAvailable: true)
        diff = SchemaDiff(desired: schema(Self.searched), actual: actual, facts: PlanFacts())
        diff.run()
        #expect(diff.problems.first?.remedy.contains("ALTER EXTENSION pg_trgm SET SCHEMA public") == true)
        // Nothing is searched, nothing is needed.
        diff = SchemaDiff(desired: schema(Self.unsearched), actual: ActualSchema(), facts: PlanFacts())
        diff.run()
        #expect(diff.problems.isEmpty)
    }

    @Test("PostgreSQL folds and splits every character as memory does")
    func folding() async throws {
        try await Ground.with { ground in
            try await ground.apply(Self.searched)
            var texts: [String] = []
            for start in stride(from: UInt32(1), to: 0x3_0000, by: 64) {
                var text = "a"
                for value in start..<(start + 64) {
                    if let scalar = Unicode.Scalar(value) { text.unicodeScalars.append(scalar) }
                    text += "b"
                }
                texts.append(normalizedNFC(text))
            }
            let rows = try await ground.client.query(
                """
                SELECT tessera.search_fold(t), array_to_string(tessera.search_words(t), ' ')
                FROM unnest(\(bind: texts)::text[]) WITH ORDINALITY AS u(t, place) ORDER BY place
                """
            ).rows
            for (text, row) in zip(texts, rows) {
                let expected = SearchFolding.fold(text)
                #expect(try Array(row.decode(String.self, 0).unicodeScalars) == Array(expected.unicodeScalars), "\(text)")
                // Memory shortens words, the triggers do.
                let words = try row.decode(String.self, 1).split(separator: " ").map {
                    String(String.UnicodeScalarView($0.unicodeScalars.prefix(64)))
                }
                #expect(words.map { Array($0.unicodeScalars) } == SearchFolding.words(text).map { Array($0.unicodeScalars) }, "\(text)")
            }
        }
    }

    @Test("phone numbers that were told apart by their digits alone are told apart by their letters once the database is brought up")
    func letters() async throws {
        let phones = type("firm", [field("name", .plainText), field("phones", .phones(maxCount: 5))])
        try await Ground.with { ground in
            try await ground.apply(phones)
            try await ground.insert("shop.firm", ["name": "'A'"])
            try await ground.execute(
                """
                INSERT INTO shop.firm__phones (record_id, position, number, normalised) SELECT id, p, number, normalised FROM shop.firm,
                    (VALUES (0, '1-800-FLOWERS', '1800'), (1, '٠٩١', ''), (2, '+47 22 22 23 24', '+4722222324'), (3, '(12) 34', '1234')) AS n(p, number, normalised);
                \(SystemSchema.phones.sql)
                """)
            #expect(
                try await ground.text("SELECT string_agg(normalised, ' ' ORDER BY position) FROM shop.firm__phones")
                    == "1800flowers 091 +4722222324 1234")
        }
    }

    @Test(
        "phone numbers are cut where people begin to type",
        arguments: [
            ("+47 22 22 23 24", "+4722222324", "22222324,222324,2324,4722222324"),
            ("+4722222324", "+4722222324", "22222324,2222324,222324,2324,4722222324"),
            ("030 901820", "+4930901820", "030901820,30901820,4930901820,901820"),
            ("+1 (555) 010-9999", "+15550109999", "0109999,15550109999,5550109999,9999"),
            ("123", "123", ""), ("+35312345678", "+35312345678", "12345678,2345678,345678,35312345678,5678"),
            ("+14155550123", "+14155550123", "0123,14155550123,4155550123,5550123"),
            ("+1 4155550123", "+14155550123", "0123,14155550123,4155550123,5550123"),
            ("02079460123", "+442079460123", "0123,02079460123,2079460123,442079460123,460123,79460123,9460123"),
        ])
    func phones(number: String, normalised: String, runs: String) async throws {
        try await Ground.with { ground in
            try await ground.apply(Self.searched)
            let found = try await ground.client.query(
                "SELECT coalesce(string_agg(run, ',' ORDER BY run COLLATE \"C\"), '') FROM unnest(tessera.search_phone(\(bind: number), \(bind: normalised))) run"
            ).first?.decode(String.self, 0)
            #expect(found == runs)
        }
    }
}
