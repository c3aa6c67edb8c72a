import QueryLanguage

/// Writes random expressions about `LabTypes.thing`, as text. Most of them are well typed; the checker refuses the rest.
struct ExpressionGenerator {
    enum Kind: CaseIterable { case boolean, text, integer, decimal, day, moment, time, span }
    private enum Place { case thing, group, email, phone, tag }
    private typealias Scope = (prefix: String, place: Place, hops: Int)

    var random: SeededRandom
    private var variables = 0

    init(random: SeededRandom) { self.random = random }

    mutating func expression(_ kind: Kind, depth: Int) -> String {
        variables = 0
        return make(kind, [("", .thing, 0)], depth)
    }

    private mutating func make(_ kind: Kind, _ scopes: [Scope], _ depth: Int) -> String {
        if depth > 0, kind != .boolean, random.oneIn(9) {
            return "case(\(make(.boolean, scopes, depth - 1)):\(make(kind, scopes, depth - 1)),true:\(make(kind, scopes, depth - 1)))"
        }
        switch kind {
        case .boolean: return boolean(scopes, depth)
        case .text: return text(scopes, depth)
        case .integer: return integer(scopes, depth)
        case .decimal: return decimal(scopes, depth)
        case .day: return day(scopes, depth)
        case .moment: return moment(scopes, depth)
        case .time:
            return depth > 0 ? "time(\(make(.moment, scopes, depth - 1)))" : random.pick(["08:30:00", "23:59:59.999999", "00:00:00"])
        case .span: return span(scopes, depth)
        }
    }

    // MARK: Conditions

    private mutating func boolean(_ scopes: [Scope], _ depth: Int) -> String {
        guard depth > 0 else { return atom(scopes) }
        switch Int.random(in: 0..<14, using: &random) {
        case 0, 1: return "(\(make(.boolean, scopes, depth - 1)) and \(make(.boolean, scopes, depth - 1)))"
        case 2, 3: return "(\(make(.boolean, scopes, depth - 1)) or \(make(.boolean, scopes, depth - 1)))"
        case 4: return "not (\(make(.boolean, scopes, depth - 1)))"
        case 5: return "case(\(make(.boolean, scopes, depth - 1)):\(make(.boolean, scopes, depth - 1)))"
        case 6: return list(scopes)
        case 7, 8: return lambda(scopes, depth)
        case 9:
            let function = random.pick(["contains", "startswith", "endswith"])
            return
                "\(function)(\(make(.text, scopes, depth - 1)),\(random.oneIn(3) ? make(.text, scopes, 0) : Self.quoted(random.pick(LabWorld.texts))))"
        case 10: return "(\(make(.boolean, scopes, depth - 1)) eq \(make(.boolean, scopes, depth - 1)))"
        default:
            let kind = random.pick(Kind.allCases.filter { $0 != .boolean })
            let symbol = random.pick(["eq", "ne", "gt", "ge", "lt", "le"])
            return "\(make(kind, scopes, depth - 1)) \(symbol) \(make(kind, scopes, depth - 1))"
        }
    }

    private mutating func atom(_ scopes: [Scope]) -> String {
        let scope = random.pick(scopes)
        switch scope.place {
        case .email:
            return random.pick([
                "\(scope.prefix)opted_out", "\(scope.prefix)kind eq 'work'", "\(scope.prefix)invalid eq false",
                "\(scope.prefix)address \(random.pick(["eq", "ne"])) 'ANN\(random.pick([0, 1, 2]))@X0.org'",
                "\(scope.prefix)address eq primary_email",
                "contains(\(scope.prefix)address,'NN')",
            ])
        case .phone:
            return random.pick([
                "\(scope.prefix)is_primary", "\(scope.prefix)extension eq null",
                "\(scope.prefix)number eq '+47 0 \(random.pick([1, 2, 3]))'",
                "\(scope.prefix)number ne primary_phone",
            ])
        case .tag: return "\(scope.prefix.dropLast()) ne \(Self.quoted(random.pick(LabWorld.texts)))"
        case .group:
            return random.pick([
                "\(scope.prefix)size \(random.pick(["gt", "eq", "ne"])) \(random.pick(LabWorld.integers))",
                "\(scope.prefix)_link/role ne \(Self.quoted(random.pick(LabWorld.texts)))", "\(scope.prefix)_link/since eq null",
            ])
        case .thing:
            let path = thing(scope)
            return random.pick([
                "\(path)moment lt now()", "now() ge \(path)created_at", "\(path)moment le maxdatetime()",
                "\(path)created_at gt mindatetime()",
                "\(path)active", "\(path)active eq null", "\(path)place \(random.pick(["eq", "ne"])) null", "\(path)parent eq null",
                "\(path)subject ne null", "\(path)colour eq 'red'", "\(path)colour ne 'blue'", "\(path)extra eq null",
                "\(path)colour in ('red','green')", "\(path)colour/category \(random.pick(["eq", "ne"])) 'warm'",
                "\(path)colour/category in ('cold',null)", "\(path)colours/any(c:c/category eq 'cold')", "\(path)colours has 'red'",
                "\(path)colours has 'red,blue'", "\(path)tags has 'vip'",
                "\(path)name in \(path)tags", "true", "\(path)group ne null", "\(path)span eq null",
                "\(path)primary_email \(random.pick(["eq", "ne"])) 'ANN\(random.pick([0, 1, 2]))@X0.org'",
                "\(path)primary_phone in ('+4701','47-0-2',null)", "endswith(\(path)primary_email,'@X0.ORG')",
                "\(path)primary_phone ne '+47 0 3'", "\(path)subject/lab.thing/active", "\(path)parent_id ne \(path)subject_id",
            ])
        }
    }

    private mutating func list(_ scopes: [Scope]) -> String {
        switch random.pick([0, 1, 2]) {
        case 0:
            return "\(make(.text, scopes, 0)) in (\(Self.quoted(random.pick(LabWorld.texts))),\(Self.quoted(random.pick(LabWorld.texts))))"
        case 1: return "\(make(.integer, scopes, 1)) in (\(random.pick(LabWorld.integers)),null,7)"
        default: return "\(make(.day, scopes, 0)) in (2024-02-29,1970-01-01)"
        }
    }

    private mutating func lambda(_ scopes: [Scope], _ depth: Int) -> String {
        let scope = random.pick(scopes)
        guard scope.hops < 3, scope.place == .thing || scope.place == .group else { return atom(scopes) }
        let (collection, place) = members(of: scope.place)
        if random.oneIn(8) { return "\(scope.prefix)\(collection)/any()" }
        variables += 1
        let name = "v\(variables)"
        let inner: Scope = ("\(name)/", place, scope.hops + 1)
        return "\(scope.prefix)\(collection)/\(random.pick(["any", "all"]))(\(name):\(make(.boolean, scopes + [inner, inner], depth - 1)))"
    }

    private mutating func members(of place: Place) -> (String, Place) {
        guard place == .thing else { return random.pick([("things", .thing), ("members", .thing)]) }
        return random.pick([
            ("emails", .email), ("phones", .phone), ("tags", .tag), ("tags", .tag), ("colours", .tag), ("children", .thing),
            ("groups", .group),
        ])
    }

    // MARK: Values

    /// A thing reached from a scope, perhaps over a link.
    private mutating func thing(_ scope: Scope) -> String {
        guard scope.hops < 2 else { return scope.prefix }
        return scope.prefix
            + random.pick(
                ["", "", "", "parent/", "parent/parent/", "group/head/", "subject/lab.thing/"].filter { scope.hops == 0 || $0.count < 8 })
    }

    private mutating func text(_ scopes: [Scope], _ depth: Int) -> String {
        if depth > 0, random.oneIn(2) {
            switch Int.random(in: 0..<6, using: &random) {
            case 0: return "tolower(\(make(.text, scopes, depth - 1)))"
            case 1: return "toupper(\(make(.text, scopes, depth - 1)))"
            case 2: return "trim(\(make(.text, scopes, depth - 1)))"
            case 3 where random.oneIn(3):
                let kind = random.pick([Kind.integer, .decimal, .day, .moment, .time, .span, .boolean])
                return "cast(\(make(kind, scopes, depth - 1)),Edm.String)"
            case 3: return "concat(\(make(.text, scopes, depth - 1)),\(make(.text, scopes, depth - 1)))"
            case 4: return "substring(\(make(.text, scopes, depth - 1)),\(make(.integer, scopes, depth - 1)))"
            default: return "substring(\(make(.text, scopes, depth - 1)),\(random.pick([-3, -1, 0, 1, 2])),\(make(.integer, scopes, 0)))"
            }
        }
        if random.oneIn(4) { return Self.quoted(random.pick(LabWorld.texts)) }
        let scope = random.pick(scopes)
        switch scope.place {
        case .email: return scope.prefix + random.pick(["address", "normalised", "kind"])
        case .phone: return scope.prefix + random.pick(["number", "extension"])
        case .tag: return String(scope.prefix.dropLast())
        case .group: return scope.prefix + "label"
        case .thing:
            return thing(scope)
                + random.pick(["name", "title", "note", "place/city", "place/street", "primary_email", "amount_currency", "group/label"])
        }
    }

    private mutating func integer(_ scopes: [Scope], _ depth: Int) -> String {
        if depth > 0, random.oneIn(2) {
            switch Int.random(in: 0..<8, using: &random) {
            case 0: return "length(\(make(.text, scopes, depth - 1)))"
            case 1: return "indexof(\(make(.text, scopes, depth - 1)),\(make(.text, scopes, depth - 1)))"
            case 2: return "\(random.pick(["year", "month", "day"]))(\(make(random.oneIn(2) ? .day : .moment, scopes, depth - 1)))"
            case 3: return "\(random.pick(["hour", "minute", "second"]))(\(make(random.oneIn(2) ? .time : .moment, scopes, depth - 1)))"
            case 4: return "totaloffsetminutes(\(make(.moment, scopes, depth - 1)))"
            case 5: return count(scopes)
            case 6 where random.oneIn(2): return "cast(\(make(random.oneIn(2) ? .decimal : .text, scopes, depth - 1)),Edm.Int64)"
            case 6: return "-(\(make(.integer, scopes, depth - 1)))"
            default:
                return
                    "(\(make(.integer, scopes, depth - 1)) \(random.pick(["add", "sub", "mul", "div", "mod"])) \(make(.integer, scopes, depth - 1)))"
            }
        }
        if random.oneIn(3) { return "\(random.pick(LabWorld.integers))" }
        let scope = random.pick(scopes)
        switch scope.place {
        case .thing: return thing(scope) + random.pick(["count", "version"])
        case .group: return scope.prefix + "size"
        default: return "count"
        }
    }

    private mutating func count(_ scopes: [Scope]) -> String {
        let scope = scopes[0]
        let (collection, place) = members(of: scope.place)
        guard random.oneIn(2), place != .tag else { return "\(scope.prefix)\(collection)/$count" }
        let condition = place == .thing ? "active" : place == .group ? "size gt 2" : "is_primary"
        return "\(scope.prefix)\(collection)/$count(filter=\(condition))"
    }

    private mutating func decimal(_ scopes: [Scope], _ depth: Int) -> String {
        if depth > 0, random.oneIn(2) {
            switch Int.random(in: 0..<7, using: &random) {
            case 0: return "\(random.pick(["round", "floor", "ceiling"]))(\(make(.decimal, scopes, depth - 1)))"
            case 1: return "totalseconds(\(make(.span, scopes, depth - 1)))"
            case 2: return "fractionalseconds(\(make(random.oneIn(2) ? .time : .moment, scopes, depth - 1)))"
            case 3 where random.oneIn(2): return "cast(\(make(random.oneIn(2) ? .text : .integer, scopes, depth - 1)),Edm.Decimal)"
            case 3: return "-(\(make(.decimal, scopes, depth - 1)))"
            case 4: return "(\(make(.integer, scopes, depth - 1)) divby \(make(.integer, scopes, depth - 1)))"
            default:
                let symbol = random.pick(["add", "sub", "mul", "div", "mod"])
                return "(\(make(.decimal, scopes, depth - 1)) \(symbol) \(make(random.oneIn(3) ? .integer : .decimal, scopes, depth - 1)))"
            }
        }
        if random.oneIn(3) {
            return DecimalNumber(coefficient: random.pick(LabWorld.decimals), scale: random.pick([1, 2, 4]))!.description
        }
        let scope = random.pick(scopes)
        return scope.place == .thing ? thing(scope) + random.pick(["ratio", "amount"]) : "amount"
    }

    private mutating func day(_ scopes: [Scope], _ depth: Int) -> String {
        if depth > 0, random.oneIn(2) {
            if random.oneIn(2) { return "date(\(make(.moment, scopes, depth - 1)))" }
            return "(\(make(.day, scopes, depth - 1)) \(random.pick(["add", "sub"])) \(make(.span, scopes, depth - 1)))"
        }
        if random.oneIn(3) { return CalendarDate(daysSinceEpoch: random.pick(LabWorld.days)).description }
        return thing(scopes[0]) + "day"
    }

    private mutating func moment(_ scopes: [Scope], _ depth: Int) -> String {
        if depth > 0, random.oneIn(8) { return "cast(\(make(.day, scopes, depth - 1)),Edm.DateTimeOffset)" }
        if depth > 0, random.oneIn(3) {
            return "(\(make(.moment, scopes, depth - 1)) \(random.pick(["add", "sub"])) \(make(.span, scopes, depth - 1)))"
        }
        if random.oneIn(3) {
            return random.pick(["2024-02-29T23:30:00+02:00", "1970-01-01T00:00:00Z", "2000-02-29T01:02:03.123456-05:30"])
        }
        return thing(scopes[0]) + random.pick(["moment", "created_at", "updated_at"])
    }

    private mutating func span(_ scopes: [Scope], _ depth: Int) -> String {
        if depth > 0, random.oneIn(2) {
            switch Int.random(in: 0..<5, using: &random) {
            case 0: return "(\(make(.day, scopes, depth - 1)) sub \(make(.day, scopes, depth - 1)))"
            case 1: return "(\(make(.moment, scopes, depth - 1)) sub \(make(.moment, scopes, depth - 1)))"
            case 2: return "(\(make(.span, scopes, depth - 1)) \(random.pick(["mul", "div"])) \(make(.decimal, scopes, depth - 1)))"
            case 3: return "-(\(make(.span, scopes, depth - 1)))"
            default: return "(\(make(.span, scopes, depth - 1)) \(random.pick(["add", "sub"])) \(make(.span, scopes, depth - 1)))"
            }
        }
        if random.oneIn(3) { return "duration'\(DayTimeDuration(microseconds: random.pick(LabWorld.spans)))'" }
        return thing(scopes[0]) + "span"
    }

    private static func quoted(_ text: String) -> String { Value.string(text).literal }
}
