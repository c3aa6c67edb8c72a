import Manifests
import Postgres
import QueryLanguage
import Testing

@testable import Catalog
@testable import SchemaPlan

/// A change of one type, and the statements it takes on a table with and without records.
struct Change: Sendable, CustomTestStringConvertible {
    var testDescription: String
    var before: [Field]
    var after: [Field]
    var indexesAfter: [[String]]
    var uniquesAfter: [[String]]
    /// Columns of the records that are there.
    var values: [String: String]
    var onEmpty: [String]
    var onRecords: [String]

    init(
        _ name: String, _ before: [Field], _ after: [Field], indexes: [[String]] = [], uniques: [[String]] = [],
        values: [String: String] = [:],
        onEmpty: [String], onRecords: [String]
    ) {
        testDescription = name
        self.before = before
        self.after = after
        indexesAfter = indexes
        uniquesAfter = uniques
        self.values = values
        self.onEmpty = onEmpty
        self.onRecords = onRecords
    }

    static let all: [Change] = [
        Change(
            "a new field is one ADD COLUMN", [], [field("tier", .colours, owner: "custom")],
            onEmpty: [#"\#(table) ADD COLUMN "tier" text COLLATE "C""#], onRecords: [#"\#(table) ADD COLUMN "tier" text COLLATE "C""#]),
        Change(
            "a constant default fills existing records and stays in the store", [],
            [field("stage", .plainText, default: .value("it's \\ new"))],
            onEmpty: [#"\#(table) ADD COLUMN "stage" text COLLATE "C""#],
            onRecords: [
                #"\#(table) ADD COLUMN "stage" text COLLATE "C" DEFAULT E'it''s \\ new'"# + ";\n"
                    + #"\#(table) ALTER COLUMN "stage" DROP DEFAULT"#
            ]),
        Change(
            "a quote with an accent is still a quote", [], [field("stage", .plainText, default: .value("'\u{301}; DROP"))],
            onEmpty: [#"\#(table) ADD COLUMN "stage" text COLLATE "C""#],
            onRecords: [
                #"\#(table) ADD COLUMN "stage" text COLLATE "C" DEFAULT '''\#u{301}; DROP'"# + ";\n"
                    + #"\#(table) ALTER COLUMN "stage" DROP DEFAULT"#
            ]),
        Change(
            "a default that depends on the day fills nothing unasked", [], [field("seen", .plainDate, default: .today)],
            onEmpty: [#"\#(table) ADD COLUMN "seen" date"#], onRecords: [#"\#(table) ADD COLUMN "seen" date"#]),
        Change(
            "a required field with a default", [], [field("seen", .plainDate, required: true, default: .today)],
            onEmpty: [
                #"\#(table) ADD COLUMN "seen" date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date"#,
                #"\#(table) ALTER COLUMN "seen" DROP DEFAULT"#,
            ],
            onRecords: [
                #"\#(table) ADD COLUMN "seen" date NOT NULL DEFAULT (now() AT TIME ZONE 'UTC')::date"#,
                #"\#(table) ALTER COLUMN "seen" DROP DEFAULT"#,
            ]),
        Change(
            "money is two columns that go together", [], [field("price", .plainMoney)],
            onEmpty: [
                #"\#(table) ADD COLUMN "price" numeric(19,4)"#, #"\#(table) ADD COLUMN "price_currency" text COLLATE "C""#,
                #"\#(table) ADD CONSTRAINT "thing__price__check" CHECK (("price" IS NULL) = ("price_currency" IS NULL) AND "#
                    + #""price_currency" ~ '^[A-Z]{3}$')"#,
            ],
            onRecords: [
                #"\#(table) ADD COLUMN "price" numeric(19,4)"#, #"\#(table) ADD COLUMN "price_currency" text COLLATE "C""#,
                #"\#(table) ADD CONSTRAINT "thing__price__check" CHECK (("price" IS NULL) = ("price_currency" IS NULL) AND "#
                    + #""price_currency" ~ '^[A-Z]{3}$') NOT VALID"#,
                #"\#(table) VALIDATE CONSTRAINT "thing__price__check""#,
            ]),
        Change(
            "a link is a column with its foreign key, and an index", [], [field("boss", .link(to: "shop.thing"))],
            onEmpty: [
                #"\#(table) ADD COLUMN "boss_id" uuid CONSTRAINT "thing__boss_id__fkey" REFERENCES "shop"."thing" ("id") ON DELETE SET NULL"#,
                #"CREATE INDEX "thing__boss_id__idx" ON "shop"."thing" ("boss_id" NULLS FIRST, "id")"#,
            ],
            onRecords: [
                #"\#(table) ADD COLUMN "boss_id" uuid CONSTRAINT "thing__boss_id__fkey" REFERENCES "shop"."thing" ("id") ON DELETE SET NULL"#,
                #"CREATE INDEX CONCURRENTLY "thing__boss_id__idx" ON "shop"."thing" ("boss_id" NULLS FIRST, "id")"#,
            ]),
        Change(
            "another policy is another foreign key", [field("boss", .link(to: "shop.thing"))],
            [field("boss", .link(to: "shop.thing", .cascade))],
            onEmpty: [
                #"\#(table) DROP CONSTRAINT "thing__boss_id__fkey", ADD CONSTRAINT "thing__boss_id__fkey" FOREIGN KEY ("boss_id") "#
                    + #"REFERENCES "shop"."thing" ("id") ON DELETE CASCADE"#
            ],
            onRecords: [
                #"\#(table) DROP CONSTRAINT "thing__boss_id__fkey", ADD CONSTRAINT "thing__boss_id__fkey" FOREIGN KEY ("boss_id") "#
                    + #"REFERENCES "shop"."thing" ("id") ON DELETE CASCADE NOT VALID"#,
                #"\#(table) VALIDATE CONSTRAINT "thing__boss_id__fkey""#,
            ]),
        Change(
            "an index and a unique rule", [field("name", .sorted("de"))], [field("name", .sorted("de"))], indexes: [["name"]],
            uniques: [["name"]],
            values: ["name": "'n' || n"],
            onEmpty: [
                #"CREATE UNIQUE INDEX "thing__name__key" ON "shop"."thing" ("name") WHERE deleted_at IS NULL"#,
                #"CREATE INDEX "thing__name__idx" ON "shop"."thing" ("name" NULLS FIRST, "id") WHERE deleted_at IS NULL"#,
            ],
            onRecords: [
                #"CREATE UNIQUE INDEX CONCURRENTLY "thing__name__key" ON "shop"."thing" ("name") WHERE deleted_at IS NULL"#,
                #"CREATE INDEX CONCURRENTLY "thing__name__idx" ON "shop"."thing" ("name" NULLS FIRST, "id") WHERE deleted_at IS NULL"#,
            ]),
        Change(
            "an order by language comes and goes as an index", [field("name", .sorted("de"))], [field("name", .sorted("sv"))],
            onEmpty: [
                #"DROP INDEX "shop"."thing__name__sort_de""#,
                #"CREATE INDEX "thing__name__sort_sv" ON "shop"."thing" ("name" COLLATE "sv-x-icu" NULLS FIRST, "id") WHERE deleted_at IS NULL"#,
            ],
            onRecords: [
                #"DROP INDEX "shop"."thing__name__sort_de""#,
                #"CREATE INDEX CONCURRENTLY "thing__name__sort_sv" ON "shop"."thing" ("name" COLLATE "sv-x-icu" NULLS FIRST, "id") "#
                    + "WHERE deleted_at IS NULL",
            ]),
        Change(
            "a field that becomes required is proven beside the writers", [field("name", .plainText)],
            [field("name", .plainText, required: true)],
            values: ["name": "'x'"], onEmpty: [#"\#(table) ALTER COLUMN "name" SET NOT NULL"#],
            onRecords: [
                #"\#(table) ADD CONSTRAINT "thing__name__not_null" CHECK ("name" IS NOT NULL) NOT VALID"#,
                #"\#(table) VALIDATE CONSTRAINT "thing__name__not_null""#,
                #"\#(table) ALTER COLUMN "name" SET NOT NULL"# + ";\n" + #"\#(table) DROP CONSTRAINT "thing__name__not_null""#,
            ]),
        Change(
            "a default fills the gaps of a field that becomes required", [field("size", .plainInteger)],
            [field("size", .plainInteger, required: true, default: .value(.integer(7)))], values: ["size": "nullif(n, 2)"],
            onEmpty: [
                #"\#(table) ALTER COLUMN "size" SET DEFAULT 7"#, #"\#(table) ALTER COLUMN "size" SET NOT NULL"#,
                #"\#(table) ALTER COLUMN "size" DROP DEFAULT"#,
            ],
            onRecords: [
                #"\#(table) ALTER COLUMN "size" SET DEFAULT 7"#,
                #"UPDATE "shop"."thing" SET "size" = 7 WHERE "size" IS NULL"#,
                #"\#(table) ADD CONSTRAINT "thing__size__not_null" CHECK ("size" IS NOT NULL) NOT VALID"#,
                #"UPDATE "shop"."thing" SET "size" = 7 WHERE "size" IS NULL"#,
                #"\#(table) VALIDATE CONSTRAINT "thing__size__not_null""#,
                #"\#(table) ALTER COLUMN "size" SET NOT NULL"# + ";\n" + #"\#(table) DROP CONSTRAINT "thing__size__not_null""#,
                #"\#(table) ALTER COLUMN "size" DROP DEFAULT"#,
            ]),
        Change(
            "a field is no longer required", [field("name", .plainText, required: true)], [field("name", .plainText)],
            values: ["name": "'x'"],
            onEmpty: [#"\#(table) ALTER COLUMN "name" DROP NOT NULL"#], onRecords: [#"\#(table) ALTER COLUMN "name" DROP NOT NULL"#]),
        Change(
            "whole numbers become decimal ones", [field("size", .plainInteger)], [field("size", .plainDecimal(22, 2))],
            values: ["size": "n"],
            onEmpty: [#"\#(table) ALTER COLUMN "size" TYPE numeric(22,2)"#],
            onRecords: [#"\#(table) ALTER COLUMN "size" TYPE numeric(22,2)"#]),
        Change(
            "whole numbers that fit become short decimal ones", [field("size", .plainInteger)], [field("size", .plainDecimal(6, 2))],
            values: ["size": "9998 + n % 2"],
            onEmpty: [#"\#(table) ALTER COLUMN "size" TYPE numeric(6,2)"#], onRecords: [#"\#(table) ALTER COLUMN "size" TYPE numeric(6,2)"#]
        ),
        Change(
            "decimals get more digits", [field("size", .plainDecimal(6, 2))], [field("size", .plainDecimal(8, 4))],
            values: ["size": "9999.99"],
            onEmpty: [#"\#(table) ALTER COLUMN "size" TYPE numeric(8,4)"#], onRecords: [#"\#(table) ALTER COLUMN "size" TYPE numeric(8,4)"#]
        ),
        Change(
            "text becomes long text without a statement", [field("note", .plainText), field("kind", .colours), field("page", .plainURL)],
            [field("note", .plainLongText), field("kind", .plainText), field("page", .plainText)], onEmpty: [], onRecords: []),
        Change(
            "a removed field is retired and no longer has to be written", [field("name", .plainText, required: true, unique: true)], [],
            values: ["name": "'n' || n"],
            onEmpty: [
                "UPDATE tessera.artifact SET retired_at = now() WHERE (kind, name) IN (('column', 'shop.thing.name'), ('field', 'shop.thing.name'))",
                #"\#(table) ALTER COLUMN "name" DROP NOT NULL"#, #"DROP INDEX "shop"."thing__name__key""#,
            ],
            onRecords: [
                "UPDATE tessera.artifact SET retired_at = now() WHERE (kind, name) IN (('column', 'shop.thing.name'), ('field', 'shop.thing.name'))",
                #"\#(table) ALTER COLUMN "name" DROP NOT NULL"#, #"DROP INDEX "shop"."thing__name__key""#,
            ]),
        Change(
            "a removed link no longer holds up purges", [field("boss", .link(to: "shop.thing", .restrict))], [],
            onEmpty: [
                "UPDATE tessera.artifact SET retired_at = now() WHERE (kind, name) IN (('column', 'shop.thing.boss_id'), ('field', 'shop.thing.boss'))",
                #"\#(table) DROP CONSTRAINT "thing__boss_id__fkey", ADD CONSTRAINT "thing__boss_id__fkey" FOREIGN KEY ("boss_id") "#
                    + #"REFERENCES "shop"."thing" ("id") ON DELETE SET NULL NOT VALID"#,
            ],
            onRecords: [
                "UPDATE tessera.artifact SET retired_at = now() WHERE (kind, name) IN (('column', 'shop.thing.boss_id'), ('field', 'shop.thing.boss'))",
                #"\#(table) DROP CONSTRAINT "thing__boss_id__fkey", ADD CONSTRAINT "thing__boss_id__fkey" FOREIGN KEY ("boss_id") "#
                    + #"REFERENCES "shop"."thing" ("id") ON DELETE SET NULL NOT VALID"#,
            ]),
        Change(
            "a removed list keeps its table", [field("mail", .emails(maxCount: 3))], [], onEmpty: [retiredList], onRecords: [retiredList]),
    ]

    private static let retiredList =
        "UPDATE tessera.artifact SET retired_at = now() WHERE (kind, name) IN (('column', 'shop.thing.primary_email'), "
        + ["address", "invalid", "is_primary", "kind", "normalised", "opted_out", "position", "record_id"].map {
            "('column', 'shop.thing__mail.\($0)'), "
        }.joined() + "('field', 'shop.thing.mail'), ('table', 'shop.thing__mail'))"

    private static let table = #"ALTER TABLE "shop"."thing""#
}

@Suite("Changes", .timeLimit(.minutes(5)))
struct ChangeTests {
    @Test("choices that are gone and held by records are named, with how many hold them")
    func heldChoices() async throws {
        try await Ground.with { ground in
            func plan(_ choices: [String], tags: [String] = ["a"], roles: [String] = ["boss"]) -> DesiredSchema {
                func all(_ keys: [String]) -> [Choice] { keys.map { Choice(key: $0, label: $0) } }
                return schema(
                    type(
                        "thing",
                        [
                            field("tier", .choice(all(choices))), field("marks", .multiChoice(all(tags))),
                            field("friends", .links(to: "shop.thing", [field("role", .choice(all(roles)))])),
                        ]))
            }
            try await ground.applier.apply(plan(["gold", "silver", "lead"], tags: ["a", "b"], roles: ["boss", "peer"]))
            try await ground.insert("shop.thing", ["tier": "CASE WHEN n < 3 THEN 'gold' END", "marks": "ARRAY['b']"], count: 4)
            try await ground.execute("UPDATE shop.thing SET deleted_at = now() WHERE tier = 'gold'")
            try await ground.execute(
                """
                INSERT INTO shop.thing__friends (source_id, target_id, role)
                SELECT a.id, b.id, 'peer' FROM (SELECT id FROM shop.thing ORDER BY id LIMIT 1) a, shop.thing b
                """)
            #expect(
                try await ground.plan(plan(["gold", "silver", "lead", "tin"], tags: ["a", "b"], roles: ["boss", "peer"])).heldChoices == [])
            let next = plan(["silver"])
            let found = try await ground.plan(next)
            let expected = [
                HeldChoice(field: "shop.thing.tier", choice: "gold", records: 2),
                HeldChoice(field: "shop.thing.marks", choice: "b", records: 4),
                HeldChoice(field: "shop.thing.friends.role", choice: "peer", records: 1),
            ]
            #expect(found.heldChoices == expected)
            #expect(found.isEmpty)
            #expect(
                found.description == """
                    The database matches the manifests. Nothing to do.

                    Choices that are no longer declared and that records have, which keep them; no other record can get them:
                      shop.thing.tier: gold, held by 2 records
                      shop.thing.marks: b, held by 4 records
                      shop.thing.friends.role: peer, held by 1 record
                    Declared again with `retired: true`, they keep their labels.
                    """)
            #expect(found.json.contains(#""held_choices":[{"field":"shop.thing.tier","choice":"gold","records":2},"#))
            try await ground.applier.apply(next)
            #expect(try await ground.text("SELECT count(*) FROM shop.thing WHERE tier = 'gold'") == "2")
            #expect(try await ground.plan(next).heldChoices == [])
        }
    }

    @Test("plans exactly these statements, and nothing after them", arguments: Change.all)
    func statements(change: Change) async throws {
        try await Ground.with { ground in
            let before = schema(type("thing", change.before))
            let after = schema(type("thing", change.after, indexes: change.indexesAfter, uniques: change.uniquesAfter))
            try await ground.applier.apply(before)
            let onEmpty = try await ground.plan(after)
            #expect(onEmpty.problems == [])
            #expect(onEmpty.steps.map(\.sql) == change.onEmpty)
            #expect(onEmpty.steps.allSatisfy { !$0.rewrites })
            try await ground.insert("shop.thing", change.values, count: 3)
            let onRecords = try await ground.plan(after)
            #expect(onRecords.problems == [])
            #expect(onRecords.steps.map(\.sql) == change.onRecords)
            try await ground.applier.apply(after, agreed: onRecords)
            #expect(try await ground.plan(after).steps.map(\.sql) == [])
            #expect(try await ground.text("SELECT count(*) FROM shop.thing") == "3")
        }
    }
}
