import Catalog
import Postgres
import QueryLanguage
import Testing

@testable import SchemaPlan

@Suite("Functions of the kernel", .timeLimit(.minutes(5)))
struct SystemFunctionTests {
    @Test("iso_duration writes what DayTimeDuration writes, to the microsecond")
    func isoDuration() async throws {
        try await Ground.with { ground in
            try await ground.applier.apply(DesiredSchema(types: []))
            let seed = UInt64.random(in: 0...UInt64.max)
            print("iso_duration seed: \(seed)")
            var random = SplitMix(state: seed)
            var lengths: [Int64] = [
                0, 1, -1, 999_999, 1_000_000, 60_000_000, -60_000_000, 3_600_000_000, 86_399_999_999, 86_400_000_000, -86_400_000_001,
                90_061_500_000, 9_000_000_000_000_000_000, -9_000_000_000_000_000_000,
            ]
            for bits in 1...62 {
                lengths += [
                    Int64.random(in: -(1 << bits)...(1 << bits), using: &random) / 1_000 * [1, 1_000].randomElement(using: &random)!
                ]
            }
            for step in [60_000_000, 3_600_000_000, 86_400_000_000] as [Int64] {
                for _ in 0..<50 { lengths.append(Int64.random(in: -10_000...10_000, using: &random) * step) }
            }
            // As the time of day alone, and with whole days apart, as PostgreSQL may hold it.
            let rows = try await ground.client.query(
                """
                SELECT tessera.iso_duration(us * interval '1 microsecond'),
                    tessera.iso_duration(make_interval(days => (us / 86400000000)::int) + (us % 86400000000) * interval '1 microsecond')
                FROM unnest(\(bind: lengths)::bigint[]) WITH ORDINALITY AS u(us, place) WHERE abs(us) < 9000000000000000 ORDER BY place
                """
            ).rows
            let expected = lengths.filter { $0.magnitude < 9_000_000_000_000_000 }.map { DayTimeDuration(microseconds: $0).description }
            #expect(try rows.map { try $0.decode(String.self, 0) } == expected, "seed \(seed)")
            #expect(try rows.map { try $0.decode(String.self, 1) } == expected, "seed \(seed)")
            #expect(try await ground.text("SELECT tessera.iso_duration(NULL)") == nil)
            #expect(
                try await ground.text(
                    "SELECT provolatile::text || proparallel::text FROM pg_proc WHERE oid = 'tessera.iso_duration(interval)'::regprocedure")
                    == "is")
        }
    }

    @Test("PostgreSQL puts it in the place of the call")
    func inlined() async throws {
        try await Ground.with { ground in
            try await ground.applier.apply(DesiredSchema(types: []))
            let plan = try await ground.client.query(
                "EXPLAIN (VERBOSE) SELECT tessera.iso_duration(n * interval '1s') FROM generate_series(1, 3) n"
            ).rows
            let text = try plan.map { try $0.decode(String.self, 0) }.joined(separator: "\n")
            #expect(!text.contains("iso_duration"))
            #expect(text.contains("div("))
        }
    }

    @Test("a function whose text changed is made again")
    func changed() async throws {
        try await Ground.with { ground in
            let nothing = DesiredSchema(types: [])
            try await ground.applier.apply(nothing)
            try await ground.execute("UPDATE tessera.artifact SET definition = 'older' WHERE kind = 'function'")
            #expect(
                try await ground.plan(nothing).steps.map(\.summary)
                    == SystemFunctions.all.map { "CREATE OR REPLACE FUNCTION \($0.signature)" })
            try await ground.applier.apply(nothing)
            #expect(try await ground.plan(nothing).isEmpty)
        }
    }
}
