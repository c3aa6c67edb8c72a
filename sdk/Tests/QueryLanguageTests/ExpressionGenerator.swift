import QueryLanguage

/// A generator with a printed seed, so that a failure can be repeated.
struct SeededGenerator: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) {
        state = seed
    }

    /// SplitMix64 (Steele, Lea, Flood 2014).
    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Makes random trees of every kind that the grammar has.
struct ExpressionGenerator {
    var random: SeededGenerator

    init(seed: UInt64) {
        random = SeededGenerator(seed: seed)
    }

    mutating func pick<T>(_ items: [T]) -> T {
        items[Int.random(in: 0..<items.count, using: &random)]
    }

    mutating func name() -> String {
        pick(["a", "name", "last_name", "größe", "nota", "inn", "INF1", "eqx", "n1", "_x", "orders", "null1", "trueish"])
    }

    mutating func expression(depth: Int) -> Expression {
        guard depth > 0 else { return leaf() }
        switch Int.random(in: 0..<13, using: &random) {
        case 0: return leaf()
        case 1: return Expression(.and(operands(depth)))
        case 2: return Expression(.or(operands(depth)))
        case 3: return Expression(.not(expression(depth: depth - 1)))
        case 4: return Expression(.negate(expression(depth: depth - 1)))
        case 5: return Expression(.call(call(depth)))
        case 6: return Expression(.path(path(depth)))
        case 7: return Expression(.conditional([branch(depth), branch(depth)]))
        case 8: return Expression(.array([expression(depth: depth - 1), expression(depth: depth - 1)]))
        case 9: return Expression(.binary(.isIn, expression(depth: depth - 1), list(depth)))
        case 10: return Expression(.object([.init(name: "k\"\n", value: expression(depth: depth - 1))]))
        case 11:
            let type = TypeName(name: pick(["Edm.String", "Ns.Type"]), isCollection: Bool.random(using: &random))
            let operand = Bool.random(using: &random) ? expression(depth: depth - 1) : nil
            return Expression(Bool.random(using: &random) ? .cast(operand, type) : .typeTest(operand, type))
        default:
            let operation = pick(Expression.BinaryOperator.allCases.filter { $0 != .has && $0 != .isIn })
            return Expression(.binary(operation, expression(depth: depth - 1), expression(depth: depth - 1)))
        }
    }

    private mutating func operands(_ depth: Int) -> [Expression] {
        (0..<Int.random(in: 2...4, using: &random)).map { _ in expression(depth: depth - 1) }
    }

    private mutating func branch(_ depth: Int) -> Expression.ConditionalBranch {
        .init(condition: expression(depth: depth - 1), value: expression(depth: depth - 1))
    }

    private mutating func list(_ depth: Int) -> Expression {
        if Bool.random(using: &random) { return Expression(.path(path(0))) }
        return Expression(.list((0..<Int.random(in: 0...3, using: &random)).map { _ in Expression(.literal(literal())) }))
    }

    private mutating func call(_ depth: Int) -> FunctionCall {
        let name = pick(["contains", "concat", "indexof", "geo.distance"])
        return FunctionCall(
            name: name, arguments: [.init(value: expression(depth: depth - 1)), .init(value: expression(depth: depth - 1))])
    }

    private mutating func path(_ depth: Int) -> Path {
        var path = Path(root: pick([.implicit, .implicit, .it, .this, .alias("p1")]), steps: [Path.Step(.name(name()))])
        if Bool.random(using: &random) { path.steps.append(Path.Step(.name(name()))) }
        guard depth > 0 else { return path }
        switch Int.random(in: 0..<7, using: &random) {
        case 0: path.steps.append(Path.Step(.any(variable: "x", condition: expression(depth: depth - 1))))
        case 1: path.steps.append(Path.Step(.all(variable: "x", condition: expression(depth: depth - 1))))
        case 2: path.steps.append(Path.Step(.any(variable: nil, condition: nil)))
        case 3:
            var options = QueryOptions()
            options.filter = expression(depth: depth - 1)
            path.steps.append(Path.Step(.count(options)))
        case 4: path.steps.append(Path.Step(.count(nil)))
        case 5: path.steps.append(Path.Step(.annotation("Core.Term#q")))
        default:
            path.steps.append(
                Path.Step(.call(FunctionCall(name: "Ns.Fn", arguments: [.init(name: "p", value: expression(depth: depth - 1))]))))
        }
        return path
    }

    private mutating func leaf() -> Expression {
        Bool.random(using: &random) ? Expression(.literal(literal())) : Expression(.path(path(0)))
    }

    mutating func literal() -> Literal {
        switch Int.random(in: 0..<14, using: &random) {
        case 0: return .value(.null)
        case 1: return .value(.bool(Bool.random(using: &random)))
        case 2: return .value(.integer(pick([0, 1, -1, .max, .min, Int64.random(in: -1000...1000, using: &random)])))
        case 3:
            return .value(
                .decimal(DecimalNumber(pick(["0.5", "-1.50", "1e3", "0.000", "-12345678901234567890.123", "99999999999999999999"]))!))
        case 4: return .value(.string(pick(["", "it's", "ä\n'", "a & b", "(", "x eq 1", "\u{1F600}"])))
        case 5: return .value(.date(CalendarDate(daysSinceEpoch: Int32.random(in: -700_000...2_900_000, using: &random))))
        case 6: return .value(.timeOfDay(TimeOfDay(microseconds: Int64.random(in: 0..<86_400_000_000, using: &random))!))
        case 7:
            let microseconds = Int64.random(in: -62_000_000_000_000_000...250_000_000_000_000_000, using: &random)
            return .value(.dateTime(DateTime(microseconds: microseconds, offsetMinutes: Int16.random(in: -840...840, using: &random))))
        case 8: return .value(.duration(DayTimeDuration(microseconds: Int64.random(in: -.max ... .max, using: &random))))
        case 9: return .value(.guid(GUID(high: random.next(), low: random.next())))
        case 10: return .notFinite(pick(["NaN", "INF", "-INF"]))
        case 11: return .binary("T0RhdGE")
        case 12: return .geo(prefix: "geometry", text: "SRID=0;Point(1 2)")
        default: return .enumeration(type: "Ns.Color", members: "red,blue")
        }
    }
}
