import Catalog
import Manifests
import TestPostgres
import Testing

@testable import SchemaPlan

@Suite("What lists of shared records need", .timeLimit(.minutes(5)))
struct SharesSchemaTests {
    private static func order(_ more: [Field] = [], indexes: [[String]] = [["name"], ["size"]], size: FieldType = .plainInteger)
        -> RecordType
    {
        type("order", [field("name", .plainText), field("size", size)] + more, indexes: indexes)
    }

    private static func shared(_ type: RecordType) -> DesiredSchema { DesiredSchema(types: [type], shared: [type.id]) }

    private static let rows = """
        SELECT string_agg(concat_ws(':', s.name, s.size, s.created_at = t.created_at), ' ' ORDER BY s.name)
        FROM shop.order__shares AS s JOIN shop."order" AS t ON t.id = s.record_id
        """

    private static func share(_ condition: String = "true") -> String {
        """
        INSERT INTO tessera.share (record_id, grantee_id, record_type, level, cause, created_by)
        SELECT id, created_by, 'shop.order', 1, 'a test', created_by FROM shop."order" WHERE \(condition)
        """
    }

    @Test("is kept while records are shared, changed, no longer shared, and purged")
    func kept() async throws {
        try await Ground.with { ground in
            try await ground.applier.apply(Self.shared(Self.order()))
            #expect(try await ground.plan(Self.shared(Self.order())).isEmpty)
            try await ground.insert("shop.\"order\"", ["name": "'n' || n", "size": "n"], count: 4)
            try await ground.execute(Self.share("size < 4"))
            #expect(try await ground.text(Self.rows) == "n1:1:t n2:2:t n3:3:t")
            try await ground.execute("UPDATE shop.\"order\" SET name = 'x' || name, size = NULL WHERE size = 1")
            #expect(try await ground.text(Self.rows) == "n2:2:t n3:3:t xn1:t")
            try await ground.execute("DELETE FROM tessera.share WHERE record_id = (SELECT id FROM shop.\"order\" WHERE size = 2)")
            try await ground.execute("DELETE FROM shop.\"order\" WHERE size = 3")
            #expect(try await ground.text(Self.rows) == "xn1:t")
        }
    }

    @Test("is copied for shares that are there, and once more after some time without such a role")
    func filled() async throws {
        try await Ground.with { ground in
            let (without, with) = (DesiredSchema(types: [Self.order()]), Self.shared(Self.order()))
            try await ground.applier.apply(without)
            try await ground.insert("shop.\"order\"", ["name": "'n'", "size": "n"], count: 12_000)
            try await ground.execute(Self.share())
            let plan = try await ground.plan(with)
            #expect(plan.steps(in: .concurrent).map(\.summary).contains("COLLECT shares of shop.order"))
            try await ground.applier.apply(with)
            #expect(try await ground.plan(with).isEmpty)
            let sum = "SELECT concat_ws(':', count(*), sum(size)) FROM shop.order__shares"
            #expect(try await ground.text(sum) == "12000:72006000")
            try await ground.applier.apply(without)
            #expect(try await ground.plan(without).isEmpty)
            #expect(try await ground.text("SELECT count(*)::text FROM pg_trigger WHERE tgname LIKE '%order__shares%'") == "0")
            try await ground.execute(
                "UPDATE shop.\"order\" SET size = size + 1; DELETE FROM tessera.share WHERE record_id IN (SELECT id FROM shop.\"order\" WHERE size = 2)"
            )
            try await ground.applier.apply(with)
            #expect(try await ground.plan(with).isEmpty)
            #expect(
                try await ground.text("\(sum) AS s WHERE EXISTS (SELECT FROM tessera.share AS h WHERE h.record_id = s.record_id)")
                    == "11999:72017998")
        }
    }

    @Test("follows its type: another order, a wider type, a field that goes")
    func follows() async throws {
        try await Ground.with { ground in
            try await ground.applier.apply(Self.shared(Self.order()))
            try await ground.insert("shop.\"order\"", ["name": "'n'", "size": "7"])
            try await ground.execute(Self.share())
            let wider = Self.shared(
                Self.order(
                    [field("town", .plainText)], indexes: [["name"], ["size"], ["town", "name"]],
                    size: .plainDecimal(25, 2)))
            try await ground.applier.apply(wider)
            #expect(try await ground.plan(wider).isEmpty)
            try await ground.execute("UPDATE shop.\"order\" SET town = 'Oslo', size = 7.25")
            #expect(try await ground.text("SELECT concat_ws(':', town, size) FROM shop.order__shares") == "Oslo:7.25")
            let fewer = Self.shared(type("order", [field("name", .plainText)], indexes: [["name"]]))
            try await ground.applier.apply(fewer)
            #expect(try await ground.plan(fewer).isEmpty)
            try await ground.execute("UPDATE shop.\"order\" SET name = 'm'")
            #expect(try await ground.text("SELECT name FROM shop.order__shares") == "m")
        }
    }
}
