/// Finding the name that was probably meant.
public enum Spelling {
    /// The candidate with the least edit distance (insertions, deletions, replacements, swaps of neighbours), or nil when none is
    /// close: at most one change in four characters, at least one, and never a wholly different word. When none is close, the shortest name
    /// that the word begins will do: `agent` means `agent_id`.
    ///
    /// Of equally close candidates the first by code point is taken, so that messages don't change from run to run.
    public static func closest(to word: String, in candidates: some Sequence<String>) -> String? {
        let wanted = Array(CaseMapping.lowercased(String(word.prefix(64))).unicodeScalars)
        guard !wanted.isEmpty else { return nil }
        var best: (name: String, distance: Int)?
        var longer: String?
        let beginning = CaseMapping.lowercased(word) + "_"
        for candidate in candidates {
            let lowered = CaseMapping.lowercased(candidate)
            if lowered.hasPrefix(beginning), longer.map({ (candidate.utf8.count, candidate) < ($0.utf8.count, $0) }) ?? true {
                longer = candidate
            }
            let other = Array(lowered.unicodeScalars)
            guard abs(other.count - wanted.count) <= 3, other.count <= 64 else { continue }
            let limit = max(1, min(3, max(wanted.count, other.count) / 4 + (wanted.count > 4 ? 1 : 0)))
            let distance = distance(wanted, other)
            guard distance <= limit, distance < max(wanted.count, other.count) else { continue }
            if let found = best, found.distance < distance || (found.distance == distance && found.name <= candidate) { continue }
            best = (candidate, distance)
        }
        return best?.name ?? longer
    }

    /// Optimal string alignment distance.
    private static func distance(_ left: [Unicode.Scalar], _ right: [Unicode.Scalar]) -> Int {
        var beforeLast: [Int] = []
        var last = Array(0...right.count)
        for i in left.indices {
            var row = [i + 1]
            for j in right.indices {
                let cost = left[i] == right[j] ? 0 : 1
                var value = min(row[j] + 1, last[j + 1] + 1, last[j] + cost)
                if i > 0, j > 0, left[i] == right[j - 1], left[i - 1] == right[j] { value = min(value, beforeLast[j - 1] + 1) }
                row.append(value)
            }
            (beforeLast, last) = (last, row)
        }
        return last[right.count]
    }
}
