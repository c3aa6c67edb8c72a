import Catalog
import Manifests
import Postgres
import QueryLanguage
import Testing

@testable import SchemaPlan

@Suite("Any schema to any other", .timeLimit(.minutes(10)))
struct PropertyTests {
    @Test("after an apply nothing is left to do, whatever was there before", arguments: 0..<12)
    func pairs(round: Int) async throws {
        let seed = UInt64.random(in: 0...UInt64.max)
        print("schema property seed: \(seed)")
        var random = SplitMix(state: seed)
        try await Ground.with { ground in
            for step in 0..<6 {
                let desired = random.schema()
                let plan = try await ground.plan(desired)
                // Types that can't follow and values that don't fit are refused, and a refused plan does nothing; everything else goes through.
                guard plan.problems.isEmpty else {
                    let expected: [SchemaProblem.Code] = [.typeChanged, .valuesMissing, .valuesRepeated]
                    #expect(plan.problems.allSatisfy { expected.contains($0.code) }, "seed \(seed): \(plan.problems)")
                    let state = try await ground.state(desired)
                    await #expect(throws: SchemaError.self) { try await ground.applier.apply(desired) }
                    #expect(try await ground.state(desired) == state, "seed \(seed)")
                    continue
                }
                try await ground.applier.apply(desired, agreed: plan)
                #expect(try await ground.plan(desired).steps.map(\.sql) == [], "seed \(seed), step \(step)")
                #expect(try await ground.plan(desired).problems == [], "seed \(seed), step \(step)")
                if random.chance(50) { try await random.fill(desired, in: ground) }
            }
        }
    }
}

/// SplitMix64: small, and the same everywhere.
struct SplitMix: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9e37_79b9_7f4a_7c15
        var z = state
        z = (z ^ (z >> 30)) &* 0xbf58_476d_1ce4_e5b9
        z = (z ^ (z >> 27)) &* 0x94d0_49bb_1331_11eb
        return z ^ (z >> 31)
    }

    mutating func chance(_ percent: Int) -> Bool { Int.random(in: 0..<100, using: &self) < percent }

    /// Up to three types with up to eight fields out of a few keys, so that they meet again with other types, rules and owners.
    mutating func schema() -> DesiredSchema {
        let keys = ["alpha", "beta", "gamma"].filter { _ in chance(75) }
        return DesiredSchema(types: keys.map { key in recordType(key, among: keys) })
    }

    private mutating func recordType(_ key: String, among types: [String]) -> RecordType {
        let fields = ["a", "b", "c", "d", "e", "f", "g", "h"].filter { _ in chance(60) }.map { field($0, among: types) }
        let indexable = fields.filter { field in
            switch field.type {
            case .json, .longText, .tags, .multiChoice, .links: false
            default: true
            }
        }
        var indexes: [[String]] = []
        if let first = indexable.randomElement(using: &self), let second = indexable.randomElement(using: &self) {
            if chance(50) { indexes.append([first.key]) }
            if chance(50), first.key != second.key { indexes.append([first.key, second.key]) }
        }
        let uniques = chance(30) ? indexes.filter { $0.count == 2 } : []
        return SchemaPlanTests.type(key, fields, indexes: indexes, uniques: uniques)
    }

    private mutating func field(_ key: String, among types: [String]) -> Field {
        let target = "shop.\(types.randomElement(using: &self) ?? "alpha")"
        let policy = DeletePolicy.allCases.randomElement(using: &self) ?? .clear
        // A key has a few likely types, so that fields often come back as what they were or as something wider.
        let kinds: [FieldType]
        switch key {
        case "a": kinds = [.plainText, .plainLongText, .colours, .sorted("en"), .sorted("de")]
        case "b": kinds = [.plainInteger, .plainDecimal(20, 0), .plainDecimal(22, 2), .plainDecimal(26, 4)]
        case "c": kinds = [.link(to: target, policy), .plainMoney]
        case "d": kinds = [.emails(maxCount: 3), .phones(maxCount: 3)]
        case "e": kinds = [.links(to: target, chance(50) ? [SchemaPlanTests.field("role", .plainText)] : [])]
        case "f": kinds = [.tags(maxCount: 3), .manyColours, .address]
        case "g": kinds = [.plainDate, .plainDateTime, .boolean, .plainDuration, .json]
        default: kinds = [.user, .file, .linkAny(targets: types.map { "shop.\($0)" }), .plainURL]
        }
        let kind = kinds.randomElement(using: &self) ?? .boolean
        let value: FieldDefault? =
            switch kind {
            case .plainText where chance(50): .value(.string("it's"))
            case .plainInteger where chance(50): .value(.integer(-3))
            case .plainDate where chance(50): .today
            case .plainDateTime where chance(50): .now
            case .plainMoney where chance(50): .money(DecimalNumber("1.5") ?? .zero, currency: "EUR")
            case .boolean where chance(50): .value(.bool(true))
            case .plainDuration where chance(50): .value(.duration(DayTimeDuration(microseconds: -1_500_000)))
            case .tags where chance(50): .value(.collection(["a'b", "c"]))
            default: nil
            }
        return SchemaPlanTests.field(key, kind, required: chance(25), default: value, owner: chance(20) ? "custom" : "shop")
    }

    /// A record in each table that asks for no value we would have to make up.
    mutating func fill(_ desired: DesiredSchema, in ground: Ground) async throws {
        for table in desired.tables
        where !table.name.name.contains("__") && !table.columns.contains(where: { $0.field != nil && $0.isNotNull }) {
            try await ground.insert("shop.\(table.name.name)", [:], count: Int.random(in: 1...3, using: &self))
        }
    }
}
