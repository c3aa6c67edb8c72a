import Foundation

/// An answer as a page shows it: white space doesn't matter, `…` stands for anything, and ids and moments may be others.
struct ShownAnswer {
    private static let varying = [
        #"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"#,
        #"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?(?:Z|[+-][0-9]{2}:[0-9]{2})"#,
    ]

    private let expression: NSRegularExpression

    init(_ text: String) throws {
        let stripped = Self.stripped(text)
        let whole = NSRange(stripped.startIndex..., in: stripped)
        let tokens = try NSRegularExpression(pattern: (Self.varying.map { "(\($0))" } + ["(…)"]).joined(separator: "|"))
        var pattern = ""
        var end = stripped.startIndex
        tokens.enumerateMatches(in: stripped, range: whole) { match, _, _ in
            guard let match, let range = Range(match.range, in: stripped) else { return }
            pattern += NSRegularExpression.escapedPattern(for: String(stripped[end..<range.lowerBound]))
            let kind = (1...3).first { match.range(at: $0).location != NSNotFound } ?? 3
            pattern += kind == 3 ? ".*?" : Self.varying[kind - 1]
            end = range.upperBound
        }
        pattern += NSRegularExpression.escapedPattern(for: String(stripped[end...]))
        expression = try NSRegularExpression(pattern: "^\(pattern)$", options: .dotMatchesLineSeparators)
    }

    func fits(_ output: String) -> Bool {
        let stripped = Self.stripped(output)
        return expression.firstMatch(in: stripped, range: NSRange(stripped.startIndex..., in: stripped)) != nil
    }

    private static func stripped(_ text: String) -> String { String(text.filter { !$0.isWhitespace }) }
}
