import Catalog
import QueryLanguage
import Records

/// Holds what a body says of linked records against what is stored.
extension Call {
    /// Refuses a write whose body says of linked records what isn't so for its sender, each by its path.
    func requireAgreement(_ copies: [LinkedCopy]) async throws {
        var details: [APIError.Detail] = []
        for (_, alike) in Dictionary(grouping: copies, by: \.type.record.id) {
            let stored = try await store.records(alike[0].type.record, Array(Set(alike.map(\.id))), access: access)
            for copy in alike { details += try copy.differences(from: stored[copy.id]) }
        }
        guard !details.isEmpty else { return }
        throw RecordDecoder.refusal(details.sorted { ($0.target ?? "") < ($1.target ?? "") })
    }
}

extension LinkedCopy {
    /// What differs from the record as its reader sees it now. Whether one that isn't seen may be linked to is found out by the write.
    fileprivate func differences(from stored: StoredRecord?) throws -> [APIError.Detail] {
        guard let stored else { return [] }
        guard let values else {
            return [
                APIError.Detail(
                    code: "records.linked_twice",
                    message: "\(path) is null, and its id leads to a record: leave one out, or set both to null.", target: path)
            ]
        }
        let known = try RecordDecoder.record(type, stored.json).input.values
        return values.keys.sorted().filter { values[$0] != known[$0] }.map { name in
            let place = "\(path)/\(name)"
            return APIError.Detail(
                code: "records.linked_differs", message: "\(place) differs from what is stored; change that record itself.", target: place)
        }
    }
}
