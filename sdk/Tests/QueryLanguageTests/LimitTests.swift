import QueryLanguage
import Testing

@Suite("Limits")
struct LimitTests {
    @Test("takes what is at a limit and refuses one more")
    func edges() throws {
        let parentheses = { (count: Int) in String(repeating: "(", count: count) + "a" + String(repeating: ")", count: count) }
        #expect(throws: Never.self) { try Expression.parse(parentheses(63)) }
        #expect(code(parentheses(64)) == .limit)
        let list = { (count: Int) in "a in (" + Array(repeating: "1", count: count).joined(separator: ",") + ")" }
        #expect(throws: Never.self) { try Expression.parse(list(1_000)) }
        #expect(code(list(1_001)) == .limit)
        let chain = { (count: Int) in Array(repeating: "a", count: count).joined(separator: " or ") }
        // Two nodes for each path, and one for the whole.
        #expect(throws: Never.self) { try Expression.parse(chain(999)) }
        #expect(code(chain(1_000)) == .limit)
        let text = { (count: Int) in "'" + String(repeating: "x", count: count - 2) + "'" }
        #expect(throws: Never.self) { try Expression.parse(text(16_384)) }
        #expect(code(text(16_385)) == .limit)
        #expect(throws: Never.self) { try Expression.parse(String(repeating: "9", count: 1_000)) }
        #expect(code(String(repeating: "9", count: 1_001)) == .limit)
        #expect(throws: Never.self) { try Expression.parse("1e999") }
        #expect(code("1e1000") == .limit)
        #expect(code("1e-1001") == .limit)
        #expect(code("1e99999999999") == .limit)
    }

    @Test("takes as many steps, keys and aggregates as the limits say, and no more")
    func groups() {
        let repeated = { (text: String, separator: String, count: Int) in Array(repeating: text, count: count).joined(separator: separator)
        }
        #expect(optionsCode("$apply=" + repeated("identity", "/", 16)) == nil)
        #expect(optionsCode("$apply=" + repeated("identity", "/", 17)) == .limit)
        #expect(optionsCode("$apply=groupby((\(repeated("a", ",", 32))))") == nil)
        #expect(optionsCode("$apply=groupby((\(repeated("a", ",", 33))))") == .limit)
        #expect(optionsCode("$apply=aggregate(\(repeated("$count as n", ",", 64)))") == nil)
        #expect(optionsCode("$apply=aggregate(\(repeated("$count as n", ",", 65)))") == .limit)
        #expect(optionsCode("$apply=" + repeated("groupby((a),", "", 100)) == .limit)
    }

    @Test("ends on computed names that double each other")
    func doubling() {
        var query = "$apply=compute(age as a0)"
        for index in 1..<16 { query += "/compute(a\(index - 1) add a\(index - 1) as a\(index))" }
        let error = #expect(throws: QueryError.self) {
            try SampleSchema.checker.check(QueryOptions.parse(urlQuery: query), on: SampleSchema.person)
        }
        #expect(error?.code == .limit)
    }

    @Test(
        "ends on whatever nests, without a trap",
        arguments: [
            "(", "not ", "-", "a/any(x:", "[", "{\"a\":", "case(", "contains(", "1 add ", "a in (", "isof(", "a/$count(filter=", "f(x=",
        ])
    func nesting(piece: String) {
        #expect(code(String(repeating: piece, count: 1_000)) != nil)
        #expect(optionsCode("$expand=" + String(repeating: "a(expand=", count: 1_000)) == .limit)
        #expect(optionsCode("$search=" + String(repeating: "NOT ", count: 1_000) + "a") == .limit)
        #expect(optionsCode("$search=" + String(repeating: "(", count: 1_000)) == .limit)
        #expect(optionsCode("$search=" + String(repeating: "a OR ", count: 1_000) + "a") == .limit)
    }

    @Test("walks the deepest trees that it takes")
    func depth() throws {
        var text = "age"
        for _ in 0..<60 { text = "case(active or true and (active eq (1 lt 2 add 3 mul -(\(text))))" + ":1,true:age)" }
        #expect(code(text + " eq 1") == .limit)
        text = "age"
        for _ in 0..<9 { text = "case(active or not active and (active eq (1 lt 2 add 3 mul -(\(text)))):1,true:age)" }
        let deep = text + String(repeating: " add 1", count: 50) + " gt 1"
        let checked = try SampleSchema.checker.check(Expression.parse(deep), on: SampleSchema.person)
        #expect(Evaluator().evaluate(checked, on: SampleSchema.ada) == true)
        #expect(code("1" + String(repeating: " add 1", count: 63)) == nil)
        #expect(code("1" + String(repeating: " add 1", count: 64)) == .limit)
    }

    @Test("ends on aliases that double each other")
    func aliases() {
        var query = "$filter=@a0&@a24=x"
        for index in 0..<24 { query += "&@a\(index)=@a\(index + 1) eq @a\(index + 1)" }
        #expect(optionsCode(query) == .limit)
    }

    private func code(_ text: String) -> QueryError.Code? {
        do throws(QueryError) {
            _ = try Expression.parse(text)
            return nil
        } catch {
            return error.code
        }
    }

    private func optionsCode(_ text: String) -> QueryError.Code? {
        do throws(QueryError) {
            _ = try QueryOptions.parse(urlQuery: text)
            return nil
        } catch {
            return error.code
        }
    }
}
