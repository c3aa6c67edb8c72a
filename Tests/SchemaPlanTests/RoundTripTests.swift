import Catalog
import Postgres
import Testing

@testable import SchemaPlan

@Suite("Round trips", .timeLimit(.minutes(5)))
struct RoundTripTests {
    @Test("after an apply PostgreSQL holds exactly what was asked for, and there is nothing left to do")
    func everyKind() async throws {
        try await Ground.with { ground in
            let fields = try FieldType.everyKind().map { field($0.0, $0.1) }
            let order = type(
                "order", fields, indexes: [["text", "sorted"], ["tags"], ["integer"], ["created_at"]], uniques: [["text", "date"]])
            let desired = schema(type("customer", []), order)
            let first = try await ground.plan(desired)
            #expect(first.problems == [])
            #expect(Set(first.steps.map(\.phase)) == [.system, .transaction])
            let report = try await ground.applier.apply(desired)
            #expect(report.steps == first.steps.count)
            let second = try await ground.plan(desired)
            #expect(second.steps.map(\.sql) == [])
            #expect(second.isEmpty)
            #expect(try await ground.applier.apply(desired) == ApplyReport(steps: 0, digest: desired.digest))
        }
    }

    @Test("each kind of field comes and is found again by itself", arguments: try FieldType.everyKind().map(\.0))
    func oneKind(key: String) async throws {
        let kind = try #require(try FieldType.everyKind().first { $0.0 == key })
        try await Ground.with { ground in
            let empty = schema(type("customer", []), type("order", []))
            try await ground.applier.apply(empty)
            try await ground.insert("shop.order", [:], count: 3)
            let one = schema(type("customer", []), type("order", [field(key, kind.1)]))
            #expect(try await ground.plan(one).isEmpty == false)
            try await ground.applier.apply(one)
            #expect(try await ground.plan(one).steps.map(\.sql) == [])
            let retiring = try await ground.plan(empty).steps.map(\.summary).filter { !$0.hasPrefix("DROP INDEX") }
            #expect(retiring == ["RETIRE field shop.order.\(key)"])
            try await ground.applier.apply(empty)
            #expect(try await ground.plan(empty).steps.map(\.sql) == [])
            #expect(try await ground.plan(one).steps.map(\.summary).first == "BRING BACK shop.order.\(key)")
        }
    }
}
