/// Translates a pattern into steps for ``TextPatternMatcher``.
struct TextPatternCompiler {
    private static let maxLength = 500
    private static let maxDepth = 20
    private static let maxSteps = 5000
    private static let maxRepetition = 1000

    private indirect enum Node {
        case empty
        case set(ScalarSet)
        case sequence([Node])
        case alternatives([Node])
        case repetition(Node, least: Int, most: Int?)
    }

    private let scalars: [Unicode.Scalar]
    private var position = 0
    private var program: [TextPatternInstruction] = []

    init(_ text: String) { scalars = Array(text.unicodeScalars.prefix(Self.maxLength + 1)) }

    mutating func compile() throws(TextPattern.Flaw) -> [TextPatternInstruction] {
        guard scalars.count <= Self.maxLength else { throw flaw("is longer than \(Self.maxLength) characters") }
        let node = try alternatives(depth: 0)
        if position < scalars.count { throw flaw("has a ')' without its '('; write \\) for the character") }
        try emit(node)
        try append(.accept)
        return program
    }

    // MARK: Reading

    private var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private func flaw(_ message: String) -> TextPattern.Flaw { TextPattern.Flaw(offset: position, description: message) }

    private mutating func alternatives(depth: Int) throws(TextPattern.Flaw) -> Node {
        guard depth <= Self.maxDepth else { throw flaw("has groups deeper than \(Self.maxDepth)") }
        var all = [try sequence(depth: depth)]
        while next == "|" {
            position += 1
            all.append(try sequence(depth: depth))
        }
        return all.count == 1 ? all[0] : .alternatives(all)
    }

    private mutating func sequence(depth: Int) throws(TextPattern.Flaw) -> Node {
        var items: [Node] = []
        while let scalar = next, scalar != "|", scalar != ")" { items.append(try repeated(depth: depth)) }
        return items.isEmpty ? .empty : items.count == 1 ? items[0] : .sequence(items)
    }

    private mutating func repeated(depth: Int) throws(TextPattern.Flaw) -> Node {
        let item = try atom(depth: depth)
        guard let bounds = try repetition() else { return item }
        if let again = next, again == "*" || again == "+" || again == "?" || again == "{" {
            throw flaw("repeats a repetition; put the first into a group, lazy repetition is not known")
        }
        return .repetition(item, least: bounds.least, most: bounds.most)
    }

    private mutating func repetition() throws(TextPattern.Flaw) -> (least: Int, most: Int?)? {
        switch next {
        case "*":
            position += 1
            return (0, nil)
        case "+":
            position += 1
            return (1, nil)
        case "?":
            position += 1
            return (0, 1)
        case "{":
            position += 1
            return try counts()
        default: return nil
        }
    }

    private mutating func counts() throws(TextPattern.Flaw) -> (least: Int, most: Int?) {
        guard let least = number() else { throw flaw("needs a number after '{'; write \\{ for the character") }
        var most: Int? = least
        if next == "," {
            position += 1
            most = number()
        }
        guard next == "}" else { throw flaw("has a '{' without its '}'") }
        position += 1
        if least > Self.maxRepetition || (most ?? 0) > Self.maxRepetition { throw flaw("repeats more than \(Self.maxRepetition) times") }
        if let most, most < least { throw flaw("has a repetition whose greatest number is below its least") }
        return (least, most)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let scalar = next, let digit = Int(String(scalar)), scalar.isASCII {
            value = min((value ?? 0) * 10 + digit, Self.maxRepetition + 1)
            position += 1
        }
        return value
    }

    private mutating func atom(depth: Int) throws(TextPattern.Flaw) -> Node {
        guard let scalar = next else { return .empty }
        switch scalar {
        case "(": return try group(depth: depth)
        case "[": return .set(try bracket())
        case "\\": return .set(try escape())
        case ".":
            position += 1
            return .set(ScalarSet(ranges: ["\n"..."\n"], isInverted: true))
        case "*", "+", "?", "{": throw flaw("has a '\(scalar)' with nothing to repeat; write \\\(scalar) for the character")
        case "^", "$":
            throw flaw("has '\(scalar)', but a pattern always covers the whole text; leave it out, or write \\\(scalar) for the character")
        case "]", "}": throw flaw("has a '\(scalar)' without its partner; write \\\(scalar) for the character")
        default:
            position += 1
            return .set(ScalarSet(ranges: [scalar...scalar]))
        }
    }

    private mutating func group(depth: Int) throws(TextPattern.Flaw) -> Node {
        position += 1
        if next == "?" {
            guard position + 1 < scalars.count, scalars[position + 1] == ":" else {
                throw flaw("has a group that begins with '?'; of these only (?:…) is known")
            }
            position += 2
        }
        let inner = try alternatives(depth: depth + 1)
        guard next == ")" else { throw flaw("has a '(' without its ')'") }
        position += 1
        return inner
    }

    private mutating func bracket() throws(TextPattern.Flaw) -> ScalarSet {
        position += 1
        var set = ScalarSet(ranges: [])
        if next == "^" {
            set.isInverted = true
            position += 1
        }
        while let scalar = next, scalar != "]" {
            let first = try bracketItem()
            guard next == "-", position + 1 < scalars.count, scalars[position + 1] != "]" else {
                set.ranges += first.ranges
                continue
            }
            position += 1
            let last = try bracketItem()
            guard let low = first.single, let high = last.single, low <= high else { throw flaw("has a range in […] that runs backwards") }
            set.ranges.append(low...high)
        }
        guard next == "]" else { throw flaw("has a '[' without its ']'") }
        guard !set.ranges.isEmpty else { throw flaw("has an empty […]") }
        position += 1
        return set
    }

    private mutating func bracketItem() throws(TextPattern.Flaw) -> ScalarSet {
        guard let scalar = next else { return ScalarSet(ranges: []) }
        if scalar == "\\" {
            let set = try escape()
            if set.isInverted { throw flaw("has \\D, \\W or \\S inside […]; use [^…] instead") }
            return set
        }
        if scalar == "[" { throw flaw("has a '[' inside […]; write \\[ for the character") }
        position += 1
        return ScalarSet(ranges: [scalar...scalar])
    }

    private mutating func escape() throws(TextPattern.Flaw) -> ScalarSet {
        position += 1
        guard let scalar = next else { throw flaw("ends with a '\\'") }
        position += 1
        switch scalar {
        case "d", "D": return ScalarSet(ranges: ["0"..."9"], isInverted: scalar == "D")
        case "w", "W": return ScalarSet(ranges: ["0"..."9", "A"..."Z", "_"..."_", "a"..."z"], isInverted: scalar == "W")
        case "s", "S": return ScalarSet(ranges: ["\t"..."\r", " "..." "], isInverted: scalar == "S")
        case "t": return ScalarSet(ranges: ["\t"..."\t"])
        case "n": return ScalarSet(ranges: ["\n"..."\n"])
        default:
            let isPunctuation =
                ("!"..."/").contains(scalar) || (":"..."@").contains(scalar) || ("["..."`").contains(scalar) || ("{"..."~").contains(scalar)
            guard isPunctuation, scalar != "_" else { throw flaw("has \\\(scalar), which is not known") }
            return ScalarSet(ranges: [scalar...scalar])
        }
    }

    // MARK: Writing

    private mutating func append(_ instruction: TextPatternInstruction) throws(TextPattern.Flaw) {
        guard program.count < Self.maxSteps else { throw flaw("is too large once its repetitions are written out") }
        program.append(instruction)
    }

    private mutating func emit(_ node: Node) throws(TextPattern.Flaw) {
        switch node {
        case .empty: break
        case .set(let set): try append(.take(set))
        case .sequence(let items): for item in items { try emit(item) }
        case .alternatives(let all): try emitAlternatives(all)
        case .repetition(let item, let least, let most): try emitRepetition(item, least: least, most: most)
        }
    }

    private mutating func emitAlternatives(_ all: [Node]) throws(TextPattern.Flaw) {
        var exits: [Int] = []
        for (index, node) in all.enumerated() {
            guard index < all.count - 1 else {
                try emit(node)
                break
            }
            let fork = program.count
            try append(.fork(0, 0))
            try emit(node)
            exits.append(program.count)
            try append(.jump(0))
            program[fork] = .fork(fork + 1, program.count)
        }
        for exit in exits { program[exit] = .jump(program.count) }
    }

    private mutating func emitRepetition(_ item: Node, least: Int, most: Int?) throws(TextPattern.Flaw) {
        for _ in 0..<least { try emit(item) }
        guard let most else {
            let fork = program.count
            try append(.fork(0, 0))
            try emit(item)
            try append(.jump(fork))
            program[fork] = .fork(fork + 1, program.count)
            return
        }
        var forks: [Int] = []
        for _ in least..<most {
            forks.append(program.count)
            try append(.fork(0, 0))
            try emit(item)
        }
        for fork in forks { program[fork] = .fork(fork + 1, program.count) }
    }
}

extension ScalarSet {
    /// The only character of the set, if it has one.
    fileprivate var single: Unicode.Scalar? {
        guard !isInverted, ranges.count == 1, let range = ranges.first, range.lowerBound == range.upperBound else { return nil }
        return range.lowerBound
    }
}
