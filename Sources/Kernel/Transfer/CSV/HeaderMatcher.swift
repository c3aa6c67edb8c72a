/// A field that a column of a file may be meant for.
package struct HeaderTarget: Sendable {
    /// As the import names it: `last_name`, `address/city`.
    package var key: String
    package var label: String
    /// Names that are as good as its own.
    package var synonyms: [String]
    /// Other names that the manifest gives it.
    package var alsoCalled: [String]
    /// True for the field that names a record: a column called like the record type is meant for it.
    package var isTitle: Bool
    /// True for a link by a property of the other record: no part of its key says anything without the other. `display_name` is nobody's
    /// `reports_to/display_name`.
    package var isLink: Bool
    /// True for a field whose names are compared as a whole only: no word of them says enough.
    package var isWhole: Bool

    package init(
        key: String, label: String, synonyms: [String] = [], alsoCalled: [String] = [], isTitle: Bool = false, isLink: Bool = false,
        isWhole: Bool = false
    ) {
        self.key = key
        self.label = label
        self.synonyms = synonyms
        self.alsoCalled = alsoCalled
        self.isTitle = isTitle
        self.isLink = isLink
        self.isWhole = isWhole
    }
}

/// What a column is taken for.
package struct HeaderMatch: Equatable, Sendable {
    package enum Reason: String, Equatable, Sendable {
        /// The field's own key or label, but for case and punctuation.
        case name
        /// Another name for it, common or declared.
        case synonym
        /// Some words in common.
        case words
        /// Nearly the same letters.
        case spelling
        /// The record type's name, for the field that names a record.
        case typeName
        case none
    }

    /// Nil when no field is likely, or a column with a better claim has it.
    package var key: String?
    /// From 0 to 1; below 0.5 nothing is matched, and from 0.85 on hardly anybody would object.
    package var confidence: Double
    package var reason: Reason
}

/// Guesses from a file's headers which column belongs to which field: by name, by other names that manifests declare or that are common, by words
/// in common, by similar spelling.
package struct HeaderMatcher: Sendable {
    private struct Form: Sendable {
        let joined: String
        let words: [String]
        /// Less than 1 for a form that says less than the whole name.
        var weight = 1.0
        /// Compared as a whole only, not by words in common or similar letters.
        var isWhole = false
        /// Of a whole that is the same.
        var reason = HeaderMatch.Reason.name

        init(_ text: String) {
            let words = HeaderWords.split(text)
            joined = words.joined()
            self.words = HeaderWords.canonical(words)
        }
    }

    private struct Candidate: Sendable {
        let target: HeaderTarget
        let forms: [Form]
    }

    private struct Claim {
        let column: Int
        let target: Int
        let confidence: Double
        let reason: HeaderMatch.Reason
    }

    private static let leastConfidence = 0.5
    /// Longer headers are sentences, and not compared further than by name.
    private static let longestHeader = 80

    private let candidates: [Candidate]
    private let typeNames: [[String]]

    /// - Parameter typeNames: What the records are called: the type's id, its label, in one and in many, and what the manifest calls them besides.
    package init(_ targets: [HeaderTarget], typeNames: [String] = []) {
        candidates = targets.map { target in
            var forms = ([target.key, target.label] + target.synonyms).map { Form($0) }
            for index in forms.indices where target.isWhole || target.isLink && index == 0 { forms[index].isWhole = true }
            if !target.isLink, let part = target.key.split(separator: "/").dropFirst().last {
                var form = Form(String(part))
                form.weight = 0.9
                forms.append(form)
            }
            // Less than the own name of another field, and no reason to guess further from.
            forms += target.alsoCalled.map { name in
                var form = Form(name)
                (form.weight, form.isWhole, form.reason) = (0.9, true, .synonym)
                return form
            }
            return Candidate(target: target, forms: forms)
        }
        self.typeNames = typeNames.map { HeaderWords.canonical(HeaderWords.split($0)) }.filter { !$0.isEmpty }
    }

    /// One answer for each header. A field is given to one column only: the one with the best claim, the first of equals.
    package func match(_ headers: [String]) -> [HeaderMatch] {
        var claims: [Claim] = []
        for (column, header) in headers.enumerated() {
            for (target, candidate) in candidates.enumerated() {
                let (confidence, reason) = score(header, candidate)
                if confidence >= Self.leastConfidence {
                    claims.append(Claim(column: column, target: target, confidence: confidence, reason: reason))
                }
            }
        }
        claims.sort { ($1.confidence, $0.column, $0.target) < ($0.confidence, $1.column, $1.target) }
        var matches = headers.map { _ in HeaderMatch(key: nil, confidence: 0, reason: .none) }
        var taken: Set<Int> = []
        for claim in claims where matches[claim.column].key == nil && !taken.contains(claim.target) {
            taken.insert(claim.target)
            matches[claim.column] = HeaderMatch(
                key: candidates[claim.target].target.key, confidence: claim.confidence, reason: claim.reason)
        }
        return matches
    }

    // MARK: Scores

    private func score(_ header: String, _ candidate: Candidate) -> (Double, HeaderMatch.Reason) {
        let raw = HeaderWords.split(String(header.prefix(200)))
        guard !raw.isEmpty else { return (0, .none) }
        let joined = raw.joined()
        let words = HeaderWords.canonical(raw)
        var best: (confidence: Double, reason: HeaderMatch.Reason) = (0, .none)
        func offer(_ confidence: Double, _ reason: HeaderMatch.Reason) {
            if confidence > best.confidence { best = (confidence, reason) }
        }
        for form in candidate.forms where !form.words.isEmpty {
            if joined == form.joined { offer(form.weight, form.reason) }
            if words == form.words { offer(0.9 * form.weight, .synonym) }
            if let rest = withoutTypeName(words), rest == form.words { offer(0.87 * form.weight, .synonym) }
            guard joined.count <= Self.longestHeader, !form.isWhole else { continue }
            offer(Self.overlap(words, form.words) * form.weight, .words)
            offer(Self.similarity(joined, form.joined) * form.weight, .spelling)
        }
        if candidate.target.isTitle && typeNames.contains(words) { offer(0.7, .typeName) }
        return best
    }

    /// "Account name" is the name of an account.
    private func withoutTypeName(_ words: [String]) -> [String]? {
        typeNames.first { words.starts(with: $0) && words.count > $0.count }.map { Array(words.dropFirst($0.count)) }
    }

    /// 0.4 to 0.8 for the share of words in common, when it is half or more; else 0. Everything has a name and an id.
    private static func overlap(_ left: [String], _ right: [String]) -> Double {
        let (left, right) = (Set(left), Set(right))
        guard !left.intersection(right).isSubset(of: ["name", "id"]) else { return 0 }
        let share = Double(left.intersection(right).count) / Double(left.union(right).count)
        return share >= 0.5 ? 0.4 + 0.4 * share : 0
    }

    /// 0.55 to 0.8 for spellings that differ in up to a quarter of their letters; 0 for short words, of which one letter makes another.
    private static func similarity(_ left: String, _ right: String) -> Double {
        let (left, right) = (Array(left), Array(right))
        let longest = max(left.count, right.count)
        guard min(left.count, right.count) >= 4, longest <= longestHeader, abs(left.count - right.count) * 4 <= longest else { return 0 }
        let share = 1 - Double(HeaderWords.distance(left, right)) / Double(longest)
        return share >= 0.75 ? 0.55 + (share - 0.75) : 0
    }
}
