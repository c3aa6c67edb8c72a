import Catalog
import Manifests
import Postgres
import Testing

@testable import SchemaPlan

@Suite("Retirement", .timeLimit(.minutes(5)))
struct RetirementTests {
    @Test("a field that is removed and declared again has its values back")
    func fieldReturns() async throws {
        try await Ground.with { ground in
            let with = schema(type("thing", [field("name", .plainText), field("price", .plainMoney)]))
            let without = schema(type("thing", []))
            try await ground.applier.apply(with)
            try await ground.insert("shop.thing", ["name": "'kept'", "price": "12.5", "price_currency": "'EUR'"])
            try await ground.applier.apply(without)
            #expect(
                try await ground.text("SELECT string_agg(name, ' ' ORDER BY name) FROM tessera.artifact WHERE retired_at IS NOT NULL")
                    == """
                    shop.thing.name shop.thing.name shop.thing.price shop.thing.price shop.thing.price_currency
                    """)
            try await ground.insert("shop.thing", [:])
            try await ground.applier.apply(with)
            #expect(try await ground.plan(with).isEmpty)
            #expect(try await ground.text("SELECT count(*) FROM tessera.artifact WHERE retired_at IS NOT NULL") == "0")
            #expect(try await ground.text("SELECT string_agg(name || price || price_currency, '') FROM shop.thing") == "kept12.5000EUR")
        }
    }

    @Test("a type that is removed keeps its records, and they keep no others from being purged")
    func typeRetires() async throws {
        try await Ground.with { ground in
            let customer = type("customer", [])
            let note = type(
                "note",
                [
                    field("about", .link(to: "shop.customer", .restrict), required: true), field("mails", .emails(maxCount: 3)),
                    field("watchers", .links(to: "shop.customer")),
                ])
            try await ground.applier.apply(schema(customer, note))
            try await ground.insert("shop.customer", [:])
            try await ground.insert("shop.note", ["about_id": "(SELECT id FROM shop.customer)"])
            try await ground.execute(
                "INSERT INTO shop.note__watchers (source_id, target_id) SELECT n.id, c.id FROM shop.note n, shop.customer c")
            await #expect(throws: (any Error).self) { try await ground.execute("DELETE FROM shop.customer") }
            let retiring = try await ground.plan(schema(customer))
            #expect(
                retiring.steps.map(\.summary) == [
                    "RETIRE type shop.note", "ALTER TABLE shop.note ALTER COLUMN about_id DROP NOT NULL",
                    "ALTER TABLE shop.note DROP CONSTRAINT note__about_id__fkey, ADD CONSTRAINT note__about_id__fkey FOREIGN KEY (about_id) "
                        + "REFERENCES shop.customer (id) ON DELETE SET NULL NOT VALID",
                ])
            try await ground.applier.apply(schema(customer))
            #expect(try await ground.plan(schema(customer)).isEmpty)
            try await ground.execute("DELETE FROM shop.customer")
            #expect(try await ground.text("SELECT count(*) || '/' || count(about_id) FROM shop.note") == "1/0")
            #expect(try await ground.text("SELECT count(*) FROM shop.note__watchers") == "0")
            // It can't come back as it was: the record lost what it must have.
            #expect(try await ground.plan(schema(customer, note)).problems.map(\.code) == [.valuesMissing])
            try await ground.execute("DELETE FROM shop.note")
            try await ground.applier.apply(schema(customer, note))
            #expect(try await ground.plan(schema(customer, note)).isEmpty)
        }
    }

    @Test("a type that comes back with fewer fields asks for nothing that is gone")
    func fewerFields() async throws {
        try await Ground.with { ground in
            try await ground.apply(
                type("thing", [field("name", .plainText, required: true), field("size", .plainInteger, required: true)]))
            try await ground.insert("shop.thing", ["name": "'a'", "size": "1"])
            try await ground.applier.apply(DesiredSchema(types: []))
            #expect(try await ground.plan(DesiredSchema(types: [])).isEmpty)
            let fewer = schema(type("thing", [field("name", .plainText, required: true)]))
            #expect(try await ground.plan(fewer).steps.map(\.summary).contains("BRING BACK shop"))
            try await ground.applier.apply(fewer)
            #expect(try await ground.plan(fewer).isEmpty)
            try await ground.insert("shop.thing", ["name": "'b'"])
            #expect(
                try await ground.text("SELECT string_agg(name || coalesce(size::text, '-'), ' ' ORDER BY name) FROM shop.thing") == "a1 b-")
        }
    }
}
