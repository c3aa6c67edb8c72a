import Manifests
import QueryLanguage
import Testing

@testable import Catalog
@testable import SchemaPlan

@Suite("What a catalog asks for")
struct DesiredSchemaTests {
    @Test("every field of a type becomes columns of its table, after those that every record has")
    func columns() throws {
        let fields = try FieldType.everyKind().map { field($0.0, $0.1) }
        let desired = schema(type("customer", []), type("order", fields))
        #expect(desired.problems == [])
        let table = try #require(desired.table(TableName(schema: "shop", name: "order")))
        #expect(
            table.columns.map(\.definition) == [
                #""id" uuid NOT NULL"#, #""version" bigint NOT NULL DEFAULT 1"#,
                #""created_at" timestamp with time zone NOT NULL DEFAULT now()"#, #""created_by" uuid NOT NULL"#,
                #""updated_at" timestamp with time zone NOT NULL DEFAULT now()"#, #""updated_by" uuid NOT NULL"#,
                #""owner_id" uuid NOT NULL"#,
                #""deleted_at" timestamp with time zone"#,
                #""text" text COLLATE "C""#, #""sorted" text COLLATE "C""#, #""long" text COLLATE "C""#, #""integer" bigint"#,
                #""decimal" numeric(18,2)"#, #""money" numeric(19,4)"#, #""money_currency" text COLLATE "C""#, #""boolean" boolean"#,
                #""date" date"#, #""date_time" timestamp with time zone"#, #""duration" interval"#, #""choice" text COLLATE "C""#,
                #""multi" text[] COLLATE "C""#, #""primary_email" text COLLATE "C""#, #""primary_phone" text COLLATE "C""#,
                #""url" text COLLATE "C""#, #""address_street" text COLLATE "C""#, #""address_city" text COLLATE "C""#,
                #""address_region" text COLLATE "C""#, #""address_postal_code" text COLLATE "C""#, #""address_country" text COLLATE "C""#,
                #""tags" text[] COLLATE "C""#, #""link_id" uuid"#, #""any_type" text COLLATE "C""#, #""any_id" uuid"#, #""user_id" uuid"#,
                #""file_id" uuid"#, #""json" jsonb"#, #""number" text COLLATE "C""#,
            ])
    }

    @Test("lists lie in tables of their own with the indexes that matching and paging need")
    func childTables() throws {
        let customer = type(
            "customer",
            [field("emails", .emails(maxCount: 5)), field("partners", .links(to: "shop.customer", [field("since", .plainDate)]))])
        let desired = schema(customer)
        let emails = try #require(desired.table(TableName(schema: "shop", name: "customer__emails")))
        #expect(
            emails.indexes.map { $0.definition(on: emails.name) } == [
                #"CREATE INDEX "customer__emails__normalised__record_id__idx" ON "shop"."customer__emails" ("normalised", "record_id")"#,
                #"CREATE UNIQUE INDEX "customer__emails__record_id__normalised__key" ON "shop"."customer__emails" ("record_id", "normalised")"#,
                #"CREATE UNIQUE INDEX "customer__emails__record_id__primary__key" ON "shop"."customer__emails" ("record_id") WHERE is_primary"#,
            ])
        #expect(emails.primaryKey == .init(name: "customer__emails__pkey", columns: ["record_id", "position"]))
        let partners = try #require(desired.table(TableName(schema: "shop", name: "customer__partners")))
        #expect(
            partners.columns.map(\.definition) == [
                #""source_id" uuid NOT NULL"#, #""target_id" uuid NOT NULL"#, #""is_primary" boolean NOT NULL DEFAULT false"#,
                #""since" date"#,
            ])
        #expect(
            partners.indexes.map { $0.definition(on: partners.name) } == [
                #"CREATE INDEX "customer__partners__target_id__source_id__idx" ON "shop"."customer__partners" ("target_id", "source_id")"#,
                #"CREATE UNIQUE INDEX "customer__partners__source_id__primary__key" ON "shop"."customer__partners" ("source_id") WHERE is_primary"#,
            ])
        #expect(
            partners.foreignKeys.map(\.definition) == [
                #"CONSTRAINT "customer__partners__source_id__fkey" FOREIGN KEY ("source_id") REFERENCES "shop"."customer" ("id") ON DELETE CASCADE"#,
                #"CONSTRAINT "customer__partners__target_id__fkey" FOREIGN KEY ("target_id") REFERENCES "shop"."customer" ("id") ON DELETE CASCADE"#,
            ])
    }

    @Test("indexes end with the id, put nulls first, leave out deleted records, and follow the language of a field")
    func indexes() throws {
        let customer = type(
            "customer",
            [
                field("name", .sorted("en")), field("city", .plainText), field("code", .plainText, unique: true),
                field("tags", .tags(maxCount: 9)),
                field("boss", .link(to: "shop.customer")), field("agent", .user), field("about", .linkAny(targets: ["shop.customer"])),
            ],
            indexes: [["city", "name"], ["created_at"], ["tags"], ["city", "created_at"]], uniques: [["name", "city"]])
        let desired = schema(customer)
        #expect(desired.problems == [])
        let table = try #require(desired.tables.first)
        let common = #"ON "shop"."customer" "#
        let live = " WHERE deleted_at IS NULL"
        #expect(
            table.indexes.map { $0.definition(on: table.name) } == [
                #"CREATE INDEX "customer__boss_id__idx" "# + common + #"("boss_id" NULLS FIRST, "id")"#,
                #"CREATE INDEX "customer__agent_id__idx" "# + common + #"("agent_id" NULLS FIRST, "id")"# + live,
                #"CREATE INDEX "customer__about_id__idx" "# + common + #"("about_id" NULLS FIRST, "id")"#,
                #"CREATE INDEX "customer__owner_id__idx" "# + common + #"("owner_id" NULLS FIRST, "id")"# + live,
                #"CREATE UNIQUE INDEX "customer__name__city__key" "# + common + #"("name", "city")"# + live,
                #"CREATE UNIQUE INDEX "customer__code__key" "# + common + #"("code")"# + live,
                #"CREATE INDEX "customer__tags__gin" "# + common + #"USING gin ("tags")"# + live,
                #"CREATE INDEX "customer__created_at__idx" "# + common + #"("created_at", "id")"# + live,
                #"CREATE INDEX "customer__name__sort_en" "# + common + #"("name" COLLATE "en-x-icu" NULLS FIRST, "id")"# + live,
                #"CREATE INDEX "customer__city__name__idx" "# + common + #"("city" NULLS FIRST, "name" NULLS FIRST, "id")"# + live,
                #"CREATE INDEX "customer__city__name__sort_en" "# + common
                    + #"("city" NULLS FIRST, "name" COLLATE "en-x-icu" NULLS FIRST, "id")"# + live,
                #"CREATE INDEX "customer__city__created_at__idx" "# + common + #"("city" NULLS FIRST, "created_at", "id")"# + live,
            ])
    }

    @Test("pairs of columns are both there or both empty, and a required link can't be emptied")
    func constraints() throws {
        let customer = type(
            "customer",
            [
                field("price", .plainMoney, required: true), field("about", .linkAny(targets: ["shop.customer"])),
                field("boss", .link(to: "shop.customer"), required: true), field("twin", .link(to: "shop.customer", .restrict)),
                field("house", .link(to: "shop.customer", .cascade)), field("friend", .link(to: "shop.customer")),
            ])
        let table = try #require(schema(customer).tables.first)
        #expect(
            table.checks.map { "\($0.name): \($0.expression)" } == [
                #"customer__price__check: ("price" IS NULL) = ("price_currency" IS NULL) AND "price_currency" ~ '^[A-Z]{3}$'"#,
                #"customer__about__check: ("about_type" IS NULL) = ("about_id" IS NULL)"#,
            ])
        #expect(table.columns.filter { $0.isNotNull && $0.field != nil }.map(\.name) == ["price", "price_currency", "boss_id"])
        let actions = Dictionary(uniqueKeysWithValues: table.foreignKeys.map { ($0.column, $0.action) })
        #expect(
            actions == [
                "created_by": .noAction, "updated_by": .noAction, "owner_id": .noAction, "boss_id": .noAction, "twin_id": .noAction,
                "house_id": .cascade, "friend_id": .setNull,
            ])
    }

    @Test(
        "names that PostgreSQL would cut, refuse or confuse are refused first",
        arguments: [
            (
                type("\(String(repeating: "a", count: 40))", [field(String(repeating: "b", count: 40), .emails(maxCount: 1))]),
                SchemaProblem.Code.nameTooLong,
                "its table would be called \"\(String(repeating: "a", count: 40))__\(String(repeating: "b", count: 40))\", which has 82 bytes; "
                    + "PostgreSQL keeps 63.", "Shorten the key by 19, here or one level above."
            ),
            (
                type("customer", [field("xmin", .plainText)]), .nameReserved, "every PostgreSQL table has a column \"xmin\" of its own.",
                "Give the field another key."
            ),
            (
                type("customer", [field("version", .plainText)]), .nameTwice,
                "needs the column \"version\", which every record has already.",
                "Give the field another key."
            ),
            (
                type("customer", [field("price", .plainMoney), field("price_currency", .plainText)]), .nameTwice,
                "needs the column \"price_currency\", which shop.customer.price has already.", "Give the field another key."
            ),
            (
                type("customer", in: "pg_things", []), .nameReserved,
                "the schema \"pg_things\" belongs to PostgreSQL or to Tessera itself.",
                "Give the module another id."
            ),
            (
                type("customer", in: "tessera", []), .nameReserved, "the schema \"tessera\" belongs to PostgreSQL or to Tessera itself.",
                "Give the module another id."
            ),
            (
                type("customer", [field("note", .plainLongText)], indexes: [["note"]]), .notIndexable,
                "\"note\" is long text, which doesn't fit an index entry (2,700 bytes).", "Leave it out of the index, or change its type."
            ),
            (
                type("customer", [field("tags", .tags(maxCount: 3), unique: true)]), .notIndexable,
                "\"tags\" is a list of words, which can only be indexed alone and is never unique.",
                "Leave it out of the index, or change its type."
            ),
            (
                type("customer", [], indexes: [["nme"]]), .unknownField, "shop.customer has no stored field \"nme\".",
                "Name fields kept in the record itself; links to many have indexes of their own."
            ),
        ])
    func refusals(type: RecordType, code: SchemaProblem.Code, message: String, remedy: String) {
        let problems = schema(type).problems
        #expect(problems.map(\.code) == [code])
        #expect(problems.map(\.message) == [message])
        #expect(problems.map(\.remedy) == [remedy])
    }

    @Test("two relations of one schema can't share a name")
    func sharedNames() {
        let problems = schema(type("customer", [field("emails", .emails(maxCount: 1))]), type("customer__emails", [])).problems
        #expect(
            problems.contains {
                $0.code == .nameTwice && $0.message == "shop.customer__emails is what shop.customer.emails is called already."
            })
    }

    @Test("two indexes whose names come out the same are refused, both named; the same index twice is one")
    func indexesOfOneName() {
        let fields = ["q", "r__s", "q__r", "s"].map { field($0, .plainText) }
        let indexes = schema(type("thing", fields, indexes: [["q", "r__s"], ["q__r", "s"]])).problems
        #expect(indexes.map(\.code) == [.nameTwice])
        #expect(indexes.map(\.target) == ["shop.thing index (q__r, s)"])
        #expect(indexes.map(\.message) == ["shop.thing__q__r__s__idx is what shop.thing index (q, r__s) is called already."])
        let uniques = schema(type("thing", fields, uniques: [["q", "r__s"], ["q__r", "s"]])).problems
        #expect(uniques.map(\.target) == ["shop.thing unique (q__r, s)"])
        #expect(uniques.map(\.message) == ["shop.thing__q__r__s__key is what shop.thing unique (q, r__s) is called already."])
        let link = field("boss", .link(to: "shop.thing"))
        let twice = schema(type("thing", [link] + fields, indexes: [["q", "s"], ["boss"], ["q", "s"]]))
        #expect(twice.problems == [])
        #expect(twice.tables[0].indexes.map(\.name).filter { $0.hasPrefix("thing__q") || $0.hasPrefix("thing__boss") }.count == 2)
    }

    @Test("derived names keep to 63 bytes, say what they are for as long as they can, and never depend on the machine")
    func derivedNames() {
        #expect(StorageName.derived("person", ["last_name", "first_name"], "idx") == "person__last_name__first_name__idx")
        let long = StorageName.derived("organisation", ["a_rather_long_field_name", "and_another_long_field_name"], "idx")
        #expect(long == "organisation__a_rather_long_field_name____ecc2069c45c64497__idx")
        #expect(long.utf8.count == 63)
        #expect(StorageName.digest("") == "cbf29ce484222325")
        #expect(StorageName.digest("a") == "af63dc4c8601ec8c")
    }

    @Test("a type of more than 400 fields is refused")
    func tooManyFields() {
        let problems = schema(type("customer", (0..<401).map { field("f\($0)", .boolean) })).problems
        #expect(problems.map(\.code) == [.tooManyFields])
    }

    @Test("the digest tells schemas apart, and doesn't depend on the order of types and fields")
    func digest() {
        let (one, other) = (type("customer", [field("a", .boolean), field("b", .plainDate)]), type("order", []))
        #expect(schema(one, other).digest == schema(other, one).digest)
        #expect(schema(one).digest == schema(type("customer", [field("b", .plainDate), field("a", .boolean)])).digest)
        #expect(schema(one).digest != schema(one, other).digest)
        #expect(schema(type("customer", [field("a", .plainText)])).digest != schema(type("customer", [field("a", .colours)])).digest)
    }
}
