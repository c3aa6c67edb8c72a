import Catalog
import Manifests
import QueryLanguage
import Records

/// The query parser, the type checker against the contacts module, and the evaluation in memory.
struct QueryFront: Front {
    static let name = "query"
    static let longestInput = 20_000
    static let dictionary = [
        " and ", " or ", "not ", " eq ", " ne ", " gt ", " ge ", " lt ", " le ", " in ", " has ", " add ", " sub ", " mul ", " div ",
        " divby ", " mod ", "(", ")", ",", "/",
        "any(", "all(", "x:", "x/", "$it", "$this", "$root", "$count", "$filter=", "$orderby=", "$select=", "$expand=", "$compute=",
        "$search=", "$apply=", "$top=", "$skip=",
        "$skiptoken=", "$format=json", "$levels=max", "filter=", "orderby=", "select=", "expand=", "top=", "count=true", "search=",
        "compute=", "&", ";", "=", "@a", "@a=",
        "contains(", "startswith(", "endswith(", "length(", "indexof(", "substring(", "tolower(", "toupper(", "trim(", "concat(",
        "matchesPattern(", "year(", "month(",
        "day(", "hour(", "minute(", "second(", "fractionalseconds(", "date(", "time(", "now()", "maxdatetime()", "mindatetime()",
        "totaloffsetminutes(",
        "totalseconds(", "round(", "floor(", "ceiling(", "cast(", "isof(", "case(", "hassubset(", "hassubsequence(", "geo.distance(",
        "Edm.String", "Edm.Int64",
        "Edm.Decimal", "first_name", "last_name", "display_name", "birthday", "emails", "phones", "address", "address/city", "organisation",
        "organisation/name",
        "organisation/revenue", "organisation_id", "lifecycle", "tags", "do_not_email", "id", "version", "created_at", "number",
        "is_primary", "people", "parent",
        "primary_email", "null", "true", "false", "'a'", "''", "'", "''''", "1", "-1", "1.5", "1e10", "INF", "NaN", "9223372036854775807",
        "2024-02-29",
        "2024-02-29T23:30:00.5Z", "2024-01-01T00:00:00-14:00", "12:30:15.25", "duration'P1DT2H'", "binary'AA=='", "geography'POINT(1 2)'",
        "018bcfe5-6800-7000-8000-000000000001", "[\"a\",1]", "{\"a\":null}", " asc", " desc", "*", "%27", "%2", "%C3%28", "%00", "+", "AND",
        "NOT", "OR", "\"a b\"",
        "/$ref", "/$value", "contacts.person", "groupby((", "aggregate(", " as total", "apply=", "filter(", "compute(", "identity",
        "rollup(", "concat(", "topcount(",
        " with sum as s", " with average as a", " with countdistinct as d", " with min", " from ", "$count as n", "))/", "),", " as ",
        "/$count with max as m",
        "Edm.Date", "Edm.DateTimeOffset", "Edm.TimeOfDay", "'ADA@Example.org'", "primary_phone", "'+47 22 22 22 22'",
        "organisation/industry",
        "organisation/revenue_currency", "preferred_channel", " has 'vip'",
    ]

    private let checker: QueryChecker?
    private let shape: EntityShape?
    private let evaluator = Evaluator(now: DateTime("2024-02-29T12:00:00Z"))
    private let record: RecordValues

    init() {
        let deployment = "deployment: 1\nname: d\nmodules: { contacts: {} }\n"
        let contacts = FuzzFiles.read("manifests/contacts.yaml").map { String(decoding: $0, as: UTF8.self) } ?? ""
        let result = Composer(files: .memory(["d.yaml": deployment, "manifests/contacts.yaml": contacts])).compose("d.yaml")
        let catalog = result.composition.flatMap { try? Catalog(composition: $0) }
        checker = catalog.map { QueryChecker(schema: DeploymentSchema(catalog: $0, hooks: NoHooks())) }
        shape = catalog?.entityShape(named: "contacts.person")
        let email: Value = .complex(["address": .string("ada@example.org"), "kind": .string("work"), "is_primary": .bool(true)])
        record = RecordValues([
            "id": .guid(GUID(high: 1, low: 2)), "first_name": .string("Ada"), "last_name": .string("Łovelace\u{1F680}"),
            "display_name": .string("Ada Lovelace"), "birthday": CalendarDate("1815-12-10").map { .date($0) } ?? .null,
            "created_at": DateTime("2024-02-29T23:30:00.5Z").map { .dateTime($0) } ?? .null, "version": .integer(.max),
            "emails": .collection([email, email]), "tags": .collection([.string("a"), .string("")]), "lifecycle": .string("customer"),
            "do_not_email": .bool(false), "address": .complex(["city": .string("London"), "street": .null]),
            "organisation": .complex([
                "name": .string("Engines"), "revenue": .decimal(DecimalNumber(Int64.min)), "employees": .integer(.min),
            ]),
        ])
    }

    func run(_ input: [UInt8]) -> Outcome {
        guard let checker, let shape else {
            return Outcome("no catalog", finding: "manifests/contacts.yaml gives no catalog; run in the repository")
        }
        let text = String(decoding: input, as: UTF8.self)
        var finding: String?
        let expression = check(text) { () throws(QueryError) in
            let tree = try Expression.parse(text)
            finding = finding ?? reparse(tree)
            let typed = try checker.check(tree, on: shape, expecting: nil)
            return "expression \(kind(evaluator.evaluate(typed, on: record)))"
        } finding: {
            finding = $0
        }
        let options = check(text) { () throws(QueryError) in
            let options = try QueryOptions.parse(urlQuery: text)
            let checked = try checker.check(options, on: shape)
            let truth = checked.filter.map { evaluator.evaluate($0, on: record) }
            let keys = checked.orderBy.map { kind(evaluator.evaluate($0.expression, on: record)) }
            let computed = checked.computed.map { kind(evaluator.evaluate($0.expression, on: record)) }
            let groups = checked.apply.map { "\($0.steps.count) \($0.rowKeys.count) \($0.result.properties.count)" }
            finding = finding ?? reparse(options)
            return
                "options \(computed.count) \(groups ?? "-") \(truth.map(kind) ?? "-") \(keys.count) \(checked.expand.count) \(options.custom.count)"
        } finding: {
            finding = $0
        }
        return Outcome("\(expression) | \(options)", finding: finding)
    }

    private func check(_ text: String, _ body: () throws(QueryError) -> String, finding: (String) -> Void) -> String {
        do throws(QueryError) {
            return try body()
        } catch {
            if error.message.isEmpty { finding("an error without words: \(error.code)") }
            if error.column < 0 || error.column > text.utf8.count + 1 { finding("\(error.code) at a column beyond the text") }
            return "\(error.code) \(error.message.withoutDetails)"
        }
    }

    /// What is printed must be read as the same tree, unless it grew over the limits.
    private func reparse(_ tree: Expression) -> String? {
        let printed = tree.text
        do throws(QueryError) {
            let again = try Expression.parse(printed)
            return again.text == printed ? nil : "an expression prints differently when read again"
        } catch {
            return error.code == .limit ? nil : "an expression's printed form is refused: \(error.code)"
        }
    }

    private func reparse(_ options: QueryOptions) -> String? {
        guard !options.apply.isEmpty else { return nil }
        var part = QueryOptions()
        part.apply = options.apply
        let printed = part.text
        let encoded = printed.utf8.map { byte in
            let scalar = Unicode.Scalar(byte)
            let isPlain = scalar.isASCII && (scalar.properties.isAlphabetic || byte == UInt8(ascii: "$") || byte == UInt8(ascii: "="))
            return isPlain ? String(scalar) : "%" + (byte < 16 ? "0" : "") + String(byte, radix: 16)
        }.joined()
        do throws(QueryError) {
            let again = try QueryOptions.parse(urlQuery: encoded)
            return again.text == printed ? nil : "$apply prints differently when read again"
        } catch {
            return error.code == .limit ? nil : "the printed form of $apply is refused: \(error.code)"
        }
    }

    private func kind(_ value: Value) -> String {
        switch value {
        case .null: "null"
        case .bool(let truth): "\(truth)"
        case .integer: "integer"
        case .decimal: "decimal"
        case .string: "string"
        case .collection: "collection"
        default: "value"
        }
    }
}
