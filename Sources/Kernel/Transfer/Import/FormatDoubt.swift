/// A column that several formats of dates or numbers fit equally well, with different values: somebody has to say which it is.
package struct FormatDoubt: Sendable, Hashable, CustomStringConvertible {
    package let header: String
    /// As a mapping has them, day first before month first.
    package let candidates: [String]

    package init(header: String, candidates: [String]) {
        self.header = header
        self.candidates = candidates
    }

    package var description: String { "the column '\(header)' can be read in several ways: \(candidates.joined(separator: " or "))" }
}

extension ImportPlan {
    /// Refuses an import while it can't be told how a column is written.
    ///
    /// - Throws: `import.ambiguous` with all such columns and the formats to choose from.
    package func requireClearFormats() throws(ImportError) {
        guard !doubts.isEmpty else { return }
        let columns = doubts.map(\.description).joined(separator: "; ")
        throw ImportError(.ambiguous, "\(columns). Set `format` of the column in the mapping")
    }
}
