package import Catalog
import Permissions
package import QueryLanguage

/// A record that a search over several types found.
package struct SearchHit: Sendable, Hashable {
    package var type: RecordType
    package var id: GUID
    /// One JSON object with the properties that were selected.
    package var json: [UInt8]
    /// The field whose word it was found by.
    package var field: String
    /// 0 to 1: by the field's weight, then whether the whole word was typed. Hits of misspelt words have at most half.
    package var score: Double
    /// False when a word was taken for a misspelt one.
    package var isAsTyped: Bool
    /// The record's name, folded.
    package var name: String
}

extension RecordStore {
    /// The best hits in several types at once: by score, then name.
    ///
    /// - Parameter requests: one for each type, with the search and what to show of each record.
    /// - Throws: `records.not_searchable` for a type without a searched field, `records.invalid` for a search without words, or with none that
    ///   records have to have.
    package func search(_ requests: [ListRequest], top: Int, access: Access) async throws -> [SearchHit] {
        let found = try await withThrowingTaskGroup(of: [SearchHit].self) { group in
            for request in requests where access.rights.allows(.read, on: request.type.id) {
                group.addTask { try await self.hits(request, top: top, access: access) }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        // What was typed comes before what may have been meant.
        let ordered = found.sorted { left, right in
            if left.isAsTyped != right.isAsTyped { return left.isAsTyped }
            if left.score != right.score { return left.score > right.score }
            if left.name != right.name { return left.name.unicodeScalars.lexicographicallyPrecedes(right.name.unicodeScalars) }
            return (left.id.high, left.id.low) < (right.id.high, right.id.low)
        }
        return Array(ordered.prefix(top))
    }

    private func hits(_ request: ListRequest, top: Int, access: Access) async throws -> [SearchHit] {
        guard let reader = try ListReader(store: self, request: request, access: access).search else {
            throw RecordsError(
                .invalid, "NOT alone says which records not to find: a search over several types needs a word that they have.", target: "q")
        }
        return try await reader.hits(top, after: nil).hits.map { hit in
            SearchHit(
                type: request.type, id: hit.id, json: hit.json, field: hit.rank.field.key, score: hit.rank.score, isAsTyped: hit.isAsTyped,
                name: hit.name)
        }
    }
}
