/// The versions that will do: comparisons joined by spaces (all must hold), alternatives joined by `||`.
///
/// - `1.2.3` or `=1.2.3`: that version. `>1.2`, `>=1.2`, `<2`, `<=1.4.0`: missing parts are zero.
/// - `^1.2`: up to the next change that may break (below 2.0.0; `^0.2` below 0.3.0; `^0.0.3` below 0.0.4).
/// - `~1.2`: up to the next minor version (below 1.3.0; `~1` below 2.0.0).
/// - `1.x`, `1.2.*`, `1`, `1.2`: any version that begins so. `*`: any.
///
/// A prerelease satisfies a range only when a comparison of the same alternative names a prerelease of the same three numbers, so that
/// nobody gets `2.0.0-rc.1` by asking for `>=1.0`.
public struct VersionRange: Sendable, Hashable, CustomStringConvertible {
    private enum Relation: Sendable, Hashable {
        case less, lessOrEqual, equal, greaterOrEqual, greater
    }

    private struct Bound: Sendable, Hashable {
        let relation: Relation
        let version: SemanticVersion

        func allows(_ candidate: SemanticVersion) -> Bool {
            switch relation {
            case .less: candidate < version
            case .lessOrEqual: candidate <= version
            case .equal: candidate == version
            case .greaterOrEqual: candidate >= version
            case .greater: candidate > version
            }
        }
    }

    /// The range as written.
    public let text: String
    private let alternatives: [[Bound]]

    /// Any release.
    public static let any = VersionRange(text: "*", alternatives: [[]])

    /// Reads a range of at most 200 characters; nil when it has another form.
    public init?(_ text: String) {
        guard text.utf8.count <= 200 else { return nil }
        var alternatives: [[Bound]] = []
        for alternative in Self.split(text) {
            let words = alternative.split(separator: " ")
            guard !words.isEmpty else { return nil }
            var bounds: [Bound] = []
            for word in words {
                guard let parsed = Self.bounds(word) else { return nil }
                bounds += parsed
            }
            alternatives.append(bounds)
        }
        self.init(text: text, alternatives: alternatives)
    }

    private init(text: String, alternatives: [[Bound]]) {
        self.text = text
        self.alternatives = alternatives
    }

    /// Whether a version will do.
    public func contains(_ version: SemanticVersion) -> Bool {
        alternatives.contains { bounds in
            guard bounds.allSatisfy({ $0.allows(version) }) else { return false }
            return version.prerelease.isEmpty
                || bounds.contains {
                    !$0.version.prerelease.isEmpty && $0.version.major == version.major && $0.version.minor == version.minor
                        && $0.version.patch == version.patch
                }
        }
    }

    /// The range as written.
    public var description: String { text }

    private static func split(_ text: String) -> [Substring] {
        var parts: [Substring] = []
        var rest = text[...]
        while let bar = rest.firstIndex(of: "|") {
            let after = rest.index(after: bar)
            guard after < rest.endIndex, rest[after] == "|" else { return [""] }
            parts.append(rest[..<bar])
            rest = rest[rest.index(after: after)...]
        }
        return parts + [rest]
    }

    private static func bounds(_ word: Substring) -> [Bound]? {
        let symbol = word.prefix { "<>=^~".contains($0) }
        guard let version = PartialVersion(word.dropFirst(symbol.count)) else { return nil }
        switch symbol {
        case "", "=": return version.isComplete ? [Bound(relation: .equal, version: version.floor)] : within(version, below: version.next)
        case "^": return version.count == 0 ? nil : within(version, below: version.nextBreaking)
        case "~": return version.count == 0 ? nil : within(version, below: version.nextMinor)
        case "<": return version.hasWildcard ? nil : [Bound(relation: .less, version: version.floor)]
        case "<=": return version.hasWildcard ? nil : [Bound(relation: .lessOrEqual, version: version.floor)]
        case ">": return version.hasWildcard ? nil : [Bound(relation: .greater, version: version.floor)]
        case ">=": return version.hasWildcard ? nil : [Bound(relation: .greaterOrEqual, version: version.floor)]
        default: return nil
        }
    }

    private static func within(_ version: PartialVersion, below end: SemanticVersion?) -> [Bound] {
        var bounds = [Bound(relation: .greaterOrEqual, version: version.floor)]
        if let end { bounds.append(Bound(relation: .less, version: end)) }
        return bounds
    }
}

/// A version whose last numbers may be missing or `x`.
private struct PartialVersion {
    /// The numbers that are given, at most three.
    let numbers: [Int]
    let hasWildcard: Bool
    /// The version with zeros for what is missing.
    let floor: SemanticVersion

    var count: Int { numbers.count }
    var isComplete: Bool { numbers.count == 3 }

    init?(_ text: Substring) {
        if let version = SemanticVersion(String(text)) {
            numbers = [version.major, version.minor, version.patch]
            hasWildcard = false
            floor = version
            return
        }
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard (1...3).contains(parts.count) else { return nil }
        let given = parts.prefix { !["x", "X", "*"].contains($0) }
        guard parts.dropFirst(given.count).allSatisfy({ ["x", "X", "*"].contains($0) }) else { return nil }
        let numbers = given.compactMap { SemanticVersion.number($0) }
        guard numbers.count == given.count, numbers.count < 3 else { return nil }
        self.numbers = numbers
        hasWildcard = given.count < parts.count
        floor = SemanticVersion(numbers.first ?? 0, numbers.count > 1 ? numbers[1] : 0, 0)
    }

    /// The first version that doesn't begin with the given numbers; nil when none is given.
    var next: SemanticVersion? {
        switch numbers.count {
        case 0: nil
        case 1: SemanticVersion(floor.major + 1, 0, 0)
        default: SemanticVersion(floor.major, floor.minor + 1, 0)
        }
    }

    var nextMinor: SemanticVersion {
        numbers.count == 1 ? SemanticVersion(floor.major + 1, 0, 0) : SemanticVersion(floor.major, floor.minor + 1, 0)
    }

    var nextBreaking: SemanticVersion {
        if floor.major > 0 || numbers.count == 1 { return SemanticVersion(floor.major + 1, 0, 0) }
        if floor.minor > 0 || numbers.count == 2 { return SemanticVersion(0, floor.minor + 1, 0) }
        return SemanticVersion(0, 0, floor.patch + 1)
    }
}
