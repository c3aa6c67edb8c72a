import Catalog
import Postgres
import QueryLanguage
import Testing

@testable import SchemaPlan

@Suite("Refusals", .timeLimit(.minutes(5)))
struct RefusalTests {
    @Test("a type that stored values can't follow is refused, live or retired")
    func typeChange() async throws {
        try await Ground.with { ground in
            try await ground.apply(type("thing", [field("size", .plainInteger)]))
            let live = try await ground.plan(type("thing", [field("size", .plainText)]))
            #expect(
                live.problems == [
                    SchemaProblem(
                        .typeChanged, "shop.thing.size", "is integer in the database and text in the manifest; stored values can't follow.",
                        remedy: "Restore `integer`, or give the new field another key, copy what is needed, and remove this one.")
                ])
            try await ground.apply(type("thing", []))
            let retired = try await ground.plan(type("thing", [field("size", .plainText)]))
            #expect(
                retired.problems == [
                    SchemaProblem(
                        .typeChanged, "shop.thing.size", "was retired as integer, with its values, and would come back as text.",
                        remedy: "Declare it as integer, or give the new field another key.")
                ])
            let wider = try await ground.plan(type("thing", [field("size", .plainDecimal(21, 2))]))
            #expect(wider.problems == [])
            await #expect(throws: SchemaError.self) { try await ground.apply(type("thing", [field("size", .plainText)])) }
        }
    }

    @Test(
        "only what keeps every value is a change of type",
        arguments: [
            ("integer", "decimal(21,2)", FieldSignature.Change.widen), ("integer", "decimal(10,2)", .widenIfBelow(power: 8)),
            ("integer", "text", .refused), ("decimal(10,2)", "decimal(12,2)", .widen), ("decimal(10,2)", "decimal(12,4)", .widen),
            ("decimal(10,2)", "decimal(11,4)", .refused), ("decimal(10,2)", "decimal(12,1)", .refused),
            ("decimal(10,2)", "integer", .refused),
            ("text", "long_text", .nothing), ("long_text", "text", .refused), ("choice", "text", .nothing), ("text", "choice", .refused),
            ("multi_choice", "tags", .nothing), ("date", "date_time", .refused), ("link a.b", "link a.c", .refused),
            ("link a.b", "link a.b", .nothing), ("decimal(10,2)", "money", .refused), ("decimal(x)", "decimal(12,2)", .refused),
        ])
    func signatures(old: String, new: String, change: FieldSignature.Change) {
        #expect(FieldSignature(old).change(to: FieldSignature(new)) == change)
    }

    @Test("values in the way are counted")
    func values() async throws {
        try await Ground.with { ground in
            try await ground.apply(type("thing", [field("name", .plainText), field("size", .plainInteger), field("code", .plainText)]))
            try await ground.insert("shop.thing", ["name": "nullif(n % 3, 0)::text", "size": "n * 1000", "code": "'c' || n"], count: 9)
            let plan = try await ground.plan(
                type(
                    "thing",
                    [
                        field("name", .plainText, required: true, unique: true), field("size", .plainDecimal(5, 2)),
                        field("code", .plainText),
                        field("more", .boolean, required: true),
                    ], uniques: [["code", "name"]]))
            #expect(
                plan.problems.map(\.description) == [
                    "shop.thing.size: 9 records have a number that decimal(5,2) can't hold. "
                        + "Declare a larger precision: integers have up to 19 digits before the point.",
                    "shop.thing.more: is required, and 9 records have no value for it yet. "
                        + "Give it a default, which existing records get too, or make it required once they have values.",
                    "shop.thing unique (name): 2 combinations of values occur more than once. "
                        + "Change or delete the records that repeat others, then plan again.",
                    "shop.thing.name: becomes required, and 3 records have no value for it. "
                        + "Give it a default, which they get then, or fill it in first.",
                ])
            // Each with the query that lists the records.
            for (problem, count) in zip(plan.problems, ["9", "9", "2", "3"]) {
                let query = try #require(problem.query)
                #expect(try await ground.text("SELECT count(*) FROM (\(query)) AS listed") == count, "\(query)")
            }
            await #expect {
                try await ground.applier.apply(plan.target)
            } throws: {
                ($0 as? SchemaError)?.code == .refused && ($0 as? SchemaError)?.problems.count == 4
            }
            #expect(
                try await ground.text("SELECT count(*) FROM pg_attribute WHERE attrelid = 'shop.thing'::regclass AND attname = 'more'")
                    == "0")
        }
    }

    @Test("deleted records in the way are counted apart, and listed")
    func deleted() async throws {
        try await Ground.with { ground in
            try await ground.apply(type("thing", [field("name", .plainText), field("size", .plainInteger)]))
            try await ground.insert("shop.thing", ["name": "nullif(n % 3, 0)::text", "size": "n * 1000"], count: 9)
            try await ground.execute("UPDATE shop.thing SET deleted_at = now() WHERE size IN (1000, 3000, 6000)")
            let plan = try await ground.plan(
                type(
                    "thing",
                    [
                        field("name", .plainText, required: true), field("size", .plainDecimal(5, 2)),
                        field("more", .boolean, required: true),
                    ]))
            let hint = " Deleted ones count, since they can be restored: restore and fill them, or purge them."
            #expect(
                plan.problems.map(\.description) == [
                    "shop.thing.size: 9 records have a number that decimal(5,2) can't hold; 3 of them deleted. "
                        + "Declare a larger precision: integers have up to 19 digits before the point.\(hint)",
                    "shop.thing.more: is required, and 9 records have no value for it yet; 3 of them deleted. "
                        + "Give it a default, which existing records get too, or make it required once they have values.\(hint)",
                    "shop.thing.name: becomes required, and 3 records have no value for it; 2 of them deleted. "
                        + "Give it a default, which they get then, or fill it in first.\(hint)",
                ])
            let query = try #require(plan.problems.last?.query)
            #expect(query == #"SELECT "id", "deleted_at" FROM "shop"."thing" WHERE "name" IS NULL ORDER BY "id", "deleted_at""#)
            #expect(try await ground.text("SELECT count(*) || ' ' || count(deleted_at) FROM (\(query)) AS listed") == "3 2")
            #expect(plan.description.contains("List all of them: tessera psql -- -c '\(query)'"))
            #expect(plan.json.contains("FROM \\\"shop\\\".\\\"thing\\\" WHERE \\\"name\\\" IS NULL"), "\(plan.json)")
        }
    }

    @Test("values that repeat one another are shown, five at most, with a query for the rest")
    func repeated() async throws {
        try await Ground.with { ground in
            try await ground.apply(type("thing", [field("name", .plainText), field("size", .plainInteger)]))
            try await ground.insert("shop.thing", ["name": "'n' || n % 7", "size": "n % 7"], count: 20)
            try await ground.execute("UPDATE shop.thing SET deleted_at = now() WHERE name = 'n3'")
            try await ground.execute("UPDATE shop.thing SET name = repeat('long ', 20) WHERE name = 'n0'")
            let plan = try await ground.plan(
                type("thing", [field("name", .plainText), field("size", .plainInteger)], uniques: [["size", "name"]]))
            let problem = try #require(plan.problems.first)
            #expect(problem.message == "6 combinations of values occur more than once.")
            #expect(problem.examples.map(\.values) == [["1", "n1"], ["2", "n2"], ["4", "n4"], ["5", "n5"], ["6", "n6"]])
            #expect(problem.examples.map(\.records) == [3, 3, 3, 3, 3])
            #expect(
                plan.description.contains(#"      "1", "n1" (3 records); "2", "n2" (3 records); "4", "n4" (3 records); "#),
                "\(plan.description)")
            let query = try #require(problem.query)
            #expect(plan.description.contains("List all of them: tessera psql -- -c '\(query)'"))
            #expect(
                try await ground.text("SELECT string_agg(size || ' ' || cardinality(records), ',' ORDER BY size) FROM (\(query)) q")
                    == "0 2,1 3,2 3,4 3,5 3,6 3")
            #expect(plan.json.contains(#""examples":[{"values":["1","n1"],"records":3},"#))
            // A server's log holds no values.
            #expect(!problem.description.contains("n1"))
            await #expect {
                try await ground.applier.apply(plan.target)
            } throws: {
                ($0 as? SchemaError)?.details.contains(#""1", "n1" (3 records)"#) == true
            }
            try await ground.execute("DELETE FROM shop.thing WHERE size > 0")
            let long = try #require(try await ground.plan(plan.target).problems.first?.examples.first)
            #expect(long.description == "\"0\", \"\(String(repeating: "long ", count: 11))lo...\" (2 records)")
        }
    }

    @Test("a name that is too long and stored values in the way are told together")
    func together() async throws {
        try await Ground.with { ground in
            let long = String(repeating: "b", count: 64)
            try await ground.apply(type("thing", [field("name", .plainText)]))
            try await ground.insert("shop.thing", ["name": "n::text"], count: 2)
            let plan = try await ground.plan(
                type(
                    "thing", [field("name", .plainText), field(long, .plainText, required: true), field("more", .boolean, required: true)]))
            #expect(plan.problems.map(\.code) == [.nameTooLong, .valuesMissing])
            #expect(plan.problems.map(\.target) == ["shop.thing.\(long)", "shop.thing.more"])
            #expect(!plan.steps.contains { $0.sql.contains("more") })
        }
    }

    @Test("a field can't take over the column of another one that is gone")
    func takenOver() async throws {
        try await Ground.with { ground in
            try await ground.apply(type("thing", [field("mail", .emails(maxCount: 3)), field("boss", .link(to: "shop.thing"))]))
            let other = type("thing", [field("mails", .emails(maxCount: 3)), field("boss_id", .plainInteger)])
            let messages = [
                "shop.thing.mails: needs the column \"primary_email\", which holds the values of shop.thing.mail. "
                    + "Call the field mail as before, or give it a key that makes another column.",
                "shop.thing.boss_id: needs the column \"boss_id\", which holds the values of shop.thing.boss. "
                    + "Call the field boss as before, or give it a key that makes another column.",
            ]
            #expect(try await ground.plan(other).problems.map(\.description) == messages)
            try await ground.apply(type("thing", []))
            #expect(try await ground.plan(other).problems.map(\.description) == messages)
        }
    }

    @Test("tables and columns that others made are left alone")
    func foreign() async throws {
        try await Ground.with { ground in
            try await ground.apply(type("thing", []))
            try await ground.execute(
                "CREATE TABLE shop.other (id uuid); ALTER TABLE shop.thing ADD COLUMN mine text; CREATE INDEX by_hand ON shop.thing (version)"
            )
            #expect(try await ground.plan(type("thing", [])).isEmpty)
            let plan = try await ground.plan(type("thing", [field("mine", .plainText)]), type("other", []))
            #expect(plan.problems.map(\.code) == [.notOurs, .notOurs])
            #expect(Set(plan.problems.map(\.target)) == ["shop.thing.mine", "shop.other"])
        }
    }

    @Test("what was changed by hand is named with the statement that mends it, or mended")
    func drift() async throws {
        try await Ground.with { ground in
            let desired = schema(
                type("thing", [field("name", .plainText, required: true), field("size", .plainInteger)], indexes: [["name"]]))
            try await ground.applier.apply(desired)
            try await ground.execute(
                "ALTER TABLE shop.thing ALTER COLUMN size TYPE integer, ALTER COLUMN name TYPE text COLLATE \"en-x-icu\"")
            #expect(
                try await ground.plan(desired).problems.map(\.description) == [
                    "shop.thing.name: is compared by \"en-x-icu\"; Tessera compares by \"C\". Someone changed it by hand: change it back with "
                        + #"ALTER TABLE "shop"."thing" ALTER COLUMN "name" TYPE text COLLATE "C"."#,
                    "shop.thing.size: has the type integer in the database; Tessera made it as bigint. Someone changed it by hand: change it back "
                        + #"with ALTER TABLE "shop"."thing" ALTER COLUMN "size" TYPE bigint."#,
                ])
            try await ground.execute(
                """
                ALTER TABLE shop.thing ALTER COLUMN size TYPE bigint, ALTER COLUMN name TYPE text COLLATE "C", ALTER COLUMN name DROP NOT NULL;
                DROP INDEX shop.thing__name__idx; CREATE INDEX thing__name__idx ON shop.thing (size, name);
                ALTER TABLE shop.thing DROP CONSTRAINT thing__owner_id__fkey, ALTER COLUMN version DROP DEFAULT
                """)
            #expect(try await ground.plan(desired).steps.count == 5)
            try await ground.applier.apply(desired)
            #expect(try await ground.plan(desired).isEmpty)
        }
    }

    @Test("an order that PostgreSQL doesn't know is refused")
    func language() async throws {
        try await Ground.with { ground in
            let plan = try await ground.plan(type("thing", [field("name", .sorted("tlh-x"))]))
            #expect(plan.problems.map(\.code) == [.unknownLanguage])
            #expect(plan.problems.map(\.target) == ["shop.thing.name"])
        }
    }

    @Test("a database that a newer Tessera brought up is refused, and the status says so")
    func newer() async throws {
        try await Ground.with { ground in
            let catalog = Catalog(deployment: "test", currency: "EUR", timeZone: "UTC", modules: [], types: [type("thing", [])])
            let missing = try await ground.plan(type("thing", [])).steps.count
            let fresh = try await SchemaStatus.check(catalog, on: ground.client)
            #expect(
                fresh.message(arguments: "--deployment shop.yaml") == """
                    The database has not been set up yet: \(missing) statements are missing.
                    See them with:  tessera plan --deployment shop.yaml
                    Do it with:     tessera apply --deployment shop.yaml
                    """)
            try await ground.applier.apply(catalog)
            let after = try await SchemaStatus.check(catalog, on: ground.client)
            #expect(after.message(arguments: "--deployment shop.yaml") == nil)
            try await ground.execute("INSERT INTO tessera.system_step (version, title) VALUES (1000, 'from the future')")
            let newer = try await SchemaStatus.check(catalog, on: ground.client)
            #expect(
                newer.message(arguments: "--deployment shop.yaml")
                    == "The database was brought up by a newer Tessera (system step 1000, this one knows \(SystemSchema.latest)). Install that "
                    + "version, or restore a backup from before.")
            await #expect(throws: SchemaError.self) { try await ground.applier.apply(catalog) }
        }
    }
}
