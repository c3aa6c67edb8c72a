import Catalog
import QueryLanguage

/// Turns the keys that callers use into ids.
struct RecordKeys {
    let store: RecordStore
    let type: RecordType
    let access: Access
    var includeDeleted = false

    /// In the order of `keys`. Ids are taken as they are: whether they exist shows when they are used.
    func resolve(_ keys: [RecordKey]) async throws -> [Result<GUID, RecordsError>] {
        var byProperties: [[String]: [Int]] = [:]
        for (index, key) in keys.enumerated() {
            if case .unique(let values) = key { byProperties[values.keys.sorted(), default: []].append(index) }
        }
        var found: [Int: Result<GUID, RecordsError>] = [:]
        for (properties, indices) in byProperties {
            let wanted = indices.map { index -> [Value] in
                guard case .unique(let values) = keys[index] else { return [] }
                return properties.map { values[$0] ?? .null }
            }
            var lookup = KeyLookup(store: store, type: type, access: access)
            lookup.includeDeleted = includeDeleted
            let ids = try await lookup.ids(of: properties, keys: wanted)
            for (index, key) in zip(indices, wanted) {
                let matches = ids[key] ?? []
                switch (matches.first, matches.count) {
                case (let id?, 1): found[index] = .success(id)
                case (nil, _): found[index] = .failure(.missing(type))
                default:
                    found[index] = .failure(
                        RecordsError(
                            .notUnique,
                            "More than one \(type.label.lowercased()) has that \(properties.joined(separator: ", ")); use the id."))
                }
            }
        }
        return keys.enumerated().map { index, key in
            if case .id(let id) = key { .success(id) } else { found[index] ?? .failure(.missing(type)) }
        }
    }
}
