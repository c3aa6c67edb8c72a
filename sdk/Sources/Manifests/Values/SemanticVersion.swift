/// A version by Semantic Versioning 2.0.0: `1.4.0`, `2.0.0-rc.1`, `1.0.0+build.5`.
///
/// Build metadata is kept but takes no part in comparison and equality.
public struct SemanticVersion: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// Changes that break.
    public let major: Int
    /// Additions.
    public let minor: Int
    /// Corrections.
    public let patch: Int
    /// The parts after `-`; empty for a release.
    public let prerelease: [String]
    /// The parts after `+`.
    public let build: [String]

    /// Reads a version; nil when it doesn't follow the standard or has a number of more than nine digits.
    public init?(_ text: String) {
        guard text.utf8.count <= 100, text.utf8.allSatisfy({ $0 < 0x80 }) else { return nil }
        let withoutBuild = text.split(separator: "+", maxSplits: 1, omittingEmptySubsequences: false)
        let core = withoutBuild[0].split(separator: "-", maxSplits: 1, omittingEmptySubsequences: false)
        let numbers = core[0].split(separator: ".", omittingEmptySubsequences: false).map { Self.number($0) }
        guard numbers.count == 3, let major = numbers[0], let minor = numbers[1], let patch = numbers[2] else { return nil }
        guard let prerelease = core.count == 2 ? Self.identifiers(core[1], zeroPaddedNumbers: false) : [],
            let build = withoutBuild.count == 2 ? Self.identifiers(withoutBuild[1], zeroPaddedNumbers: true) : []
        else { return nil }
        self.init(major, minor, patch, prerelease: prerelease, build: build)
    }

    init(_ major: Int, _ minor: Int, _ patch: Int, prerelease: [String] = [], build: [String] = []) {
        self.major = major
        self.minor = minor
        self.patch = patch
        self.prerelease = prerelease
        self.build = build
    }

    /// The version as the standard writes it.
    public var description: String {
        var text = "\(major).\(minor).\(patch)"
        if !prerelease.isEmpty { text += "-" + prerelease.joined(separator: ".") }
        if !build.isEmpty { text += "+" + build.joined(separator: ".") }
        return text
    }

    /// By precedence (section 11 of the standard).
    public static func < (left: SemanticVersion, right: SemanticVersion) -> Bool {
        let (a, b) = ((left.major, left.minor, left.patch), (right.major, right.minor, right.patch))
        if a != b { return a < b }
        if left.prerelease.isEmpty || right.prerelease.isEmpty { return !left.prerelease.isEmpty && right.prerelease.isEmpty }
        for (one, other) in zip(left.prerelease, right.prerelease) where one != other { return precedes(one, other) }
        return left.prerelease.count < right.prerelease.count
    }

    /// Whether two versions have the same precedence.
    public static func == (left: SemanticVersion, right: SemanticVersion) -> Bool {
        left.major == right.major && left.minor == right.minor && left.patch == right.patch && left.prerelease == right.prerelease
    }

    /// Hashes what equality compares.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(major)
        hasher.combine(minor)
        hasher.combine(patch)
        hasher.combine(prerelease)
    }

    /// Numbers by value and before words; words by ASCII order. Numbers may be longer than an Int, so they are compared as digits.
    private static func precedes(_ left: String, _ right: String) -> Bool {
        switch (isNumeric(left), isNumeric(right)) {
        case (true, true): left.utf8.count != right.utf8.count ? left.utf8.count < right.utf8.count : left < right
        case (true, false): true
        case (false, true): false
        case (false, false): left.utf8.lexicographicallyPrecedes(right.utf8)
        }
    }

    private static func isNumeric(_ text: some StringProtocol) -> Bool {
        !text.isEmpty && text.utf8.allSatisfy { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
    }

    /// A number without leading zeros, at most nine digits.
    static func number(_ text: Substring) -> Int? {
        guard isNumeric(text), text.utf8.count <= 9, text.utf8.count == 1 || text.utf8.first != UInt8(ascii: "0") else { return nil }
        return Int(text)
    }

    private static func identifiers(_ text: Substring, zeroPaddedNumbers: Bool) -> [String]? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        for part in parts {
            let isWord = !part.isEmpty && part.unicodeScalars.allSatisfy { $0.properties.isASCIIHexDigit || $0 == "-" || isLetter($0) }
            guard isWord else { return nil }
            if !zeroPaddedNumbers, isNumeric(part), part.utf8.count > 1, part.utf8.first == UInt8(ascii: "0") { return nil }
        }
        return parts.map { String($0) }
    }

    private static func isLetter(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
    }
}
