/// A pattern that a text must match as a whole, in the part of regular expressions that PostgreSQL, ECMAScript and this type read alike.
///
/// Literals, `.`, classes `[a-z0-9]` and `[^…]`, `\d \w \s` (ASCII) and their opposites, escaped punctuation, groups `(…)` and `(?:…)`,
/// alternatives `|`, repetition `*` `+` `?` `{n}` `{n,}` `{n,m}` up to 1000. No anchors (a pattern always covers the whole text),
/// look-around, back references or lazy repetition. Matching takes time linear in the text.
public struct TextPattern: Sendable, Hashable, CustomStringConvertible {
    /// What is wrong with a pattern.
    public struct Flaw: Error, Sendable, Hashable, CustomStringConvertible {
        /// Where, in characters from the start of the pattern, from 0.
        public let offset: Int
        /// What is wrong and what would be right.
        public let description: String
    }

    /// The pattern as written.
    public let text: String
    let program: [TextPatternInstruction]

    /// Reads a pattern of at most 500 characters.
    public init(_ text: String) throws(Flaw) {
        self.text = text
        var compiler = TextPatternCompiler(text)
        program = try compiler.compile()
    }

    /// The pattern as written.
    public var description: String { text }

    /// The same for regular expressions that look for a match within a text: `^(?:…)$`.
    public var anchored: String { "^(?:\(text))$" }

    /// Whether a text as a whole has this form.
    public func matches(_ candidate: String) -> Bool {
        var matcher = TextPatternMatcher(program: program)
        return matcher.matches(candidate)
    }

    /// Patterns with the same text are the same.
    public static func == (left: TextPattern, right: TextPattern) -> Bool { left.text == right.text }

    /// Hashes the text.
    public func hash(into hasher: inout Hasher) { hasher.combine(text) }
}

/// One step of a compiled pattern.
enum TextPatternInstruction: Sendable {
    /// Takes a character of the set.
    case take(ScalarSet)
    /// Goes on at both places.
    case fork(Int, Int)
    /// Goes on at another place.
    case jump(Int)
    /// The text fits.
    case accept
}

/// Characters, as ranges or as what the ranges leave out.
struct ScalarSet: Sendable {
    var ranges: [ClosedRange<Unicode.Scalar>]
    var isInverted = false

    func contains(_ scalar: Unicode.Scalar) -> Bool { ranges.contains { $0.contains(scalar) } != isInverted }
}

/// Runs a compiled pattern over a text, all ways at once.
struct TextPatternMatcher {
    private let program: [TextPatternInstruction]
    private var visited: [Int]
    private var step = 0

    init(program: [TextPatternInstruction]) {
        self.program = program
        visited = Array(repeating: 0, count: program.count)
    }

    mutating func matches(_ text: String) -> Bool {
        step = 1
        var places = reach([0])
        for scalar in text.unicodeScalars {
            var next: [Int] = []
            for place in places {
                if case .take(let set) = program[place], set.contains(scalar) { next.append(place + 1) }
            }
            step += 1
            places = reach(next)
            if places.isEmpty { return false }
        }
        return places.contains { if case .accept = program[$0] { true } else { false } }
    }

    /// All places that can be reached without taking a character.
    private mutating func reach(_ starts: [Int]) -> [Int] {
        var pending = starts
        var reached: [Int] = []
        while let place = pending.popLast() {
            guard visited[place] != step else { continue }
            visited[place] = step
            switch program[place] {
            case .take, .accept: reached.append(place)
            case .jump(let target): pending.append(target)
            case .fork(let first, let second): pending += [second, first]
            }
        }
        return reached
    }
}
