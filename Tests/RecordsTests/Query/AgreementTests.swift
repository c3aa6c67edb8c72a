import Catalog
import Postgres
import QueryLanguage
import Testing

@testable import Records

/// PostgreSQL and the evaluator in memory give the same answer, for generated expressions over generated records.
@Suite("Agreement of SQL and memory")
struct AgreementTests {
    /// Set `TESSERA_TEST_SEED` to run a failing case again.
    static let seed: UInt64 = TestEnvironment.seed
    static let cases = TestEnvironment.count("TESSERA_TEST_CASES", otherwise: 1_000)

    @Test("filters keep the records for which the condition is true in memory")
    func filters() async throws {
        print("seed \(Self.seed)")
        try await Lab.with { lab in
            var random = SeededRandom(seed: Self.seed)
            let world = LabWorld(things: 80, groups: 8, random: &random)
            try await world.store(in: lab)
            let images = world.images(depth: 4)
            var generator = ExpressionGenerator(random: random)
            var tally = Tally()
            // Chance may leave a function out. Further expressions are written until each has its case, which costs little, and only those that bring
            // a new one are asked of the database.
            for number in 0..<Self.cases * 50 where number < Self.cases || tally.functions.count < CanonicalFunction.allCases.count {
                let text = generator.expression(.boolean, depth: 1 + number % 4)
                guard let filter = tally.checked(text, .boolean, onlyNew: number >= Self.cases) else { continue }
                let expected = images.filter { Evaluator(now: .now).isTrue(filter, on: $0.values) }.map(\.id)
                guard let found = try await tally.answered({ try await ids(filter, lab) }) else { continue }
                if Set(expected) != Set(found) {
                    let differing = Set(expected).symmetricDifference(found).sorted().prefix(3)
                    Issue.record(
                        "seed \(Self.seed), case \(number): \(text)\n\(expected.count) in memory, \(found.count) in SQL: \(differing)")
                    if tally.failed() > 5 { break }
                }
            }
            tally.expectEnough(of: Self.cases)
            #expect(Set(CanonicalFunction.allCases).subtracting(tally.functions).isEmpty)
        }
    }

    @Test("values come out the same, digits and null included")
    func values() async throws {
        print("seed \(Self.seed)")
        try await Lab.with { lab in
            var random = SeededRandom(seed: Self.seed &+ 1)
            let world = LabWorld(things: 60, groups: 6, random: &random)
            try await world.store(in: lab)
            let images = Dictionary(uniqueKeysWithValues: world.images(depth: 4).map { ($0.id, $0.values) })
            var generator = ExpressionGenerator(random: random)
            var tally = Tally()
            for number in 0..<Self.cases {
                let kind = ExpressionGenerator.Kind.allCases[number % ExpressionGenerator.Kind.allCases.count]
                let text = generator.expression(kind, depth: 1 + number % 4)
                guard let expression = tally.checked(text, nil) else { continue }
                guard let found = try await tally.answered({ try await values(of: expression, lab) }) else { continue }
                for (id, value) in found {
                    let expected = images[id].map { Evaluator(now: .now).evaluate(expression, on: $0) } ?? .null
                    guard value != expected || value.text.utf8.elementsEqual(expected.text.utf8) == false else { continue }
                    if case .dateTime(let a) = value, case .dateTime(let b) = expected, a == b { continue }
                    Issue.record("seed \(Self.seed), case \(number): \(text) of \(id)\nmemory \(expected)\nSQL    \(value)")
                    break
                }
                #expect(found.count == images.count)
                if tally.issues > 5 { break }
            }
            tally.expectEnough(of: Self.cases)
        }
    }

    private func ids(_ filter: TypedExpression, _ lab: Lab) async throws -> [GUID] {
        var query = try Lab.query("", shape: "lab.thing")
        query.filter = filter
        let shape = try #require(LabTypes.catalog.typeShape(named: "lab.thing"))
        let key = QueryKey("", of: query)
        let compiled = try ListCompiler(
            catalog: LabTypes.catalog, access: Lab.access, format: ReadFormat(), shape: shape, includeDeleted: false
        ).list(query, range: nil, limit: .all(isLimited: false, skips: false), literals: key.literals)
        let result = try await ReadFailure.translating {
            try await lab.client.query(compiled.bound(ReadValues(literals: key.literals), access: Lab.access))
        }
        return try result.rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 1)) }
    }

    private func values(of expression: TypedExpression, _ lab: Lab) async throws -> [(GUID, Value)] {
        let shape = try #require(LabTypes.catalog.typeShape(named: "lab.thing"))
        let compiler = try QueryCompiler(catalog: LabTypes.catalog, access: Lab.access, shape: shape)
        let piece = try compiler.value(expression)
        let text = "SELECT t.\"id\", \(piece.text) FROM \(compiler.record.from.text) WHERE t.deleted_at IS NULL"
        let compiled = CompiledRead(text: text, compiler: compiler)
        let result = try await ReadFailure.translating {
            try await lab.client.query(compiled.bound(ReadValues(literals: compiler.consumedLiterals), access: Lab.access))
        }
        return try result.rows.map { row in
            (GUID(postgres: try row.decode(PostgresUUID.self, 0)), try row.value(1, as: expression.type))
        }
    }

    /// What became of the generated cases.
    private struct Tally {
        private var refused = 0
        private var unanswered = 0
        private var compared = 0
        private(set) var issues = 0
        /// Those that the checked cases call.
        private(set) var functions: Set<CanonicalFunction> = []

        /// - Parameter onlyNew: passes over what calls no function that hasn't had its case.
        mutating func checked(_ text: String, _ type: PropertyType?, onlyNew: Bool = false) -> TypedExpression? {
            guard let expression = try? Lab.expression(text, expecting: type) else {
                refused += 1
                return nil
            }
            var called: Set<CanonicalFunction> = []
            expression.visit { if case .call(let function, _) = $0.kind { called.insert(function) } }
            if onlyNew, called.isSubset(of: functions) { return nil }
            functions.formUnion(called)
            return expression
        }

        /// Nil where the database refuses what cannot be represented, which the language allows it to for durations.
        mutating func answered<R>(_ body: () async throws -> R) async throws -> R? {
            do {
                let result = try await body()
                compared += 1
                return result
            } catch let error as RecordsError where error.code == .evaluation {
                unanswered += 1
                return nil
            }
        }

        mutating func failed() -> Int {
            issues += 1
            return issues
        }

        func expectEnough(of cases: Int) {
            print("\(compared) compared, \(refused) refused by the checker, \(unanswered) beyond the database's numbers")
            #expect(compared > cases / 2)
            #expect(unanswered <= cases / 100)
        }
    }
}
