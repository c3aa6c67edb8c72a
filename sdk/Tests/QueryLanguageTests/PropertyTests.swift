import QueryLanguage
import Testing

@Suite("Properties of parser, checker and evaluator")
struct PropertyTests {
    @Test("a printed tree parses to the same tree")
    func roundTrip() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var generator = ExpressionGenerator(seed: seed)
        for round in 0..<3_000 {
            let tree = generator.expression(depth: round % 5)
            let text = tree.text
            do throws(QueryError) {
                let parsed = try Expression.parse(text)
                guard parsed == tree else {
                    Issue.record("seed \(seed), round \(round): \(text) came back as \(parsed.text)")
                    return
                }
                #expect(parsed.text == text)
            } catch {
                // Large trees may exceed a limit, nothing else.
                guard error.code != .limit else { continue }
                Issue.record("seed \(seed), round \(round): \(text): \(error.debugDescription)")
                return
            }
        }
    }

    @Test("no bytes make the parser or the checker trap, and every error has a place in the text")
    func mutations() {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var generator = ExpressionGenerator(seed: seed)
        let corpus = [
            "$filter=startswith(name,'Sm') and address/city eq 'Oslo'&$orderby=a desc,b&$top=5",
            "$expand=organisation($filter=employees gt 3;$orderby=name;$expand=parent),reports&$select=*,address/city",
            "$filter=emails/any(e:e/kind eq 'work' and not contains(e/address,@x)) or age in (1,2,3)&@x='%C3%A9+a'",
            "$filter=case(age gt 3:1,true:2.50) add -5e3 eq totalseconds(duration'P1DT2H3.5S')&$search=\"a b\" AND NOT (c OR d)",
            "$filter=created_at ge 2024-02-29T08:30:00%2B01:00 and id eq 0190a1b2-c3d4-7e5f-8a9b-0c1d2e3f4a5b and x in [\"a\",{\"b\":1}]",
            "$apply=groupby((a))&$compute=a mul 2 as b&$skiptoken=x&$format=text/html&$filter=a/$count($filter=b) gt 0",
        ].map { Array($0.utf8) }
        let spice = Array("'\"()[]{}/%,;:=&$@+-.*#\\ 0aeTZP\u{0}\u{80}é".utf8) + [0xFF, 0xC3, 0xF0]
        for _ in 0..<20_000 {
            var bytes = generator.pick(corpus)
            for _ in 0..<Int.random(in: 1...6, using: &generator.random) {
                let index = Int.random(in: 0..<bytes.count, using: &generator.random)
                switch Int.random(in: 0..<5, using: &generator.random) {
                case 0: bytes[index] = generator.pick(spice)
                case 1: bytes.insert(generator.pick(spice), at: index)
                case 2 where bytes.count > 1: bytes.remove(at: index)
                case 3:
                    let other = generator.pick(corpus)
                    bytes.insert(contentsOf: other[Int.random(in: 0..<other.count, using: &generator.random)...].prefix(20), at: index)
                default: bytes[index] = UInt8.random(in: 0...255, using: &generator.random)
                }
            }
            let text = String(decoding: bytes, as: UTF8.self)
            guard let error = failure(of: text) else { continue }
            guard error.column >= 1, error.column <= text.utf8.count + 1 else {
                Issue.record("seed \(seed): column \(error.column) of \(text): \(error.message)")
                return
            }
        }
    }

    private func failure(of text: String) -> QueryError? {
        do throws(QueryError) {
            let options = try QueryOptions.parse(urlQuery: text)
            _ = options.text
            _ = options.jsonDescription()
            let query = try SampleSchema.checker.check(options, on: SampleSchema.person)
            if let filter = query.filter { _ = Evaluator().isTrue(filter, on: SampleSchema.ada) }
            return nil
        } catch {
            return error
        }
    }

    @Test("evaluation takes any well-typed condition, null or not")
    func evaluation() throws {
        let seed = UInt64.random(in: 0 ... .max)
        print("seed \(seed)")
        var generator = ExpressionGenerator(seed: seed)
        let pieces = [
            "age gt 3", "score lt age", "contains(last_name,first_name)", "bonus eq null", "emails/any(e:e/is_primary)", "active", "null",
            "startswith(bonus_currency,'x')", "age div (age sub 36) gt 1", "tags/$count gt 1",
        ]
        for _ in 0..<500 {
            let (a, b) = (generator.pick(pieces), generator.pick(pieces))
            let values = try [
                a, b, "(\(a)) and (\(b))", "(\(a)) or (\(b))", "not (\(a))", "not ((\(a)) or (\(b)))", "not (\(a)) and not (\(b))",
            ].map {
                try evaluate($0)
            }
            let (x, y) = (values[0], values[1])
            #expect(values[2] == (x == false || y == false ? false : x == true && y == true ? true : .null))
            #expect(values[3] == (x == true || y == true ? true : x == false && y == false ? false : .null))
            #expect(values[4] == (x == .null ? .null : .bool(x == false)))
            #expect(values[5] == values[6])
        }
    }

    private func evaluate(_ text: String) throws -> Value {
        let checked = try SampleSchema.checker.check(Expression.parse(text), on: SampleSchema.person)
        return Evaluator().evaluate(checked, on: SampleSchema.ada)
    }
}
