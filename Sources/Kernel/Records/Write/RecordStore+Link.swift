package import Catalog
import Permissions
package import QueryLanguage

/// A link to add, to change the columns of, or to take away.
package struct LinkChange: Sendable {
    /// The record that holds the link.
    package var key: RecordKey
    package var target: RecordKey
    /// The link's own columns, `is_primary` among them.
    package var columns: [String: Value]
    package var isRemoval: Bool
    /// Of the record that holds the link; as in `RecordUpdate`.
    package var expectedVersion: Int64?
    package var takesAnyVersion = false

    package init(key: RecordKey, target: RecordKey, columns: [String: Value] = [:], isRemoval: Bool = false) {
        self.key = key
        self.target = target
        self.columns = columns
        self.isRemoval = isRemoval
    }
}

extension RecordStore {
    /// Adds links to many, changes the columns of those that are there, or takes links away; for single links, sets or empties them. The
    /// records that hold the links get a new version each, whatever number of their links changes. Outcomes are in the order of the changes.
    ///
    /// Taking away a link that isn't there changes nothing. Changes of one record are made together, in their order: one that is refused
    /// refuses the others of that record.
    package func changeLinks(
        _ type: RecordType, field name: String, _ changes: [LinkChange], options: WriteOptions, access: Access
    ) async throws -> [WriteOutcome] {
        try await honouring(options, count: changes.count) {
            try await $0.changeEachLink(type, field: name, changes, options: $1, access: access)
        }
    }

    private func changeEachLink(
        _ type: RecordType, field name: String, _ changes: [LinkChange], options: WriteOptions, access: Access
    ) async throws -> [WriteOutcome] {
        let type = whole(type)
        let (field, target) = try linkField(name, of: type, access)
        let sources = try await RecordKeys(store: self, type: type, access: access).resolve(changes.map(\.key))
        let targets = try await RecordKeys(store: self, type: target, access: access).resolve(changes.map(\.target))
        var outcomes = [WriteOutcome?](repeating: nil, count: changes.count)
        var open: [GUID: [LinkEdit]] = [:]
        var order: [GUID] = []
        for (index, pair) in zip(sources, targets).enumerated() {
            switch pair {
            case (.success, _) where type.demandsVersion(changes[index].expectedVersion, orAny: changes[index].takesAnyVersion):
                outcomes[index] = .failed(.preconditionRequired(type))
            case (.success(let source), .success(let target)):
                if open[source] == nil { order.append(source) }
                open[source, default: []].append(LinkEdit(index: index, target: target, change: changes[index]))
            case (.failure(let error), _), (_, .failure(let error)): outcomes[index] = .failed(error)
            }
        }
        // Two callers who change the same list meet at its version; the later one starts again from what the other left, the last time with the
        // records held.
        let link = ChangedLink(type: type, field: field, target: target, edits: open)
        for attempt in 1...Self.linkings where !order.isEmpty {
            let ids = order
            let results =
                if attempt < Self.linkings {
                    try await changeLinksOnce(link, ids, options, access)
                } else {
                    try await holding(ids, of: type, access: access) { try await $0.changeLinksOnce(link, ids, options, access) }
                }
            order = []
            for (id, outcome) in results {
                guard let outcome else {
                    order.append(id)
                    continue
                }
                for edit in open[id] ?? [] { outcomes[edit.index] = outcome }
            }
        }
        let label = type.label.lowercased()
        let busy = RecordsError(.unavailable, "Others keep changing this \(label); try again.")
        return outcomes.map { $0 ?? .failed(busy) }
    }

    /// How often links of a record that others keep changing are put together anew.
    private static let linkings = 3

    /// The links of one field that are changed, by the record that holds them.
    private struct ChangedLink: Sendable {
        var type: RecordType
        var field: Field
        var target: RecordType
        var edits: [GUID: [LinkEdit]]
    }

    /// What became of each record; nil where somebody else changed it meanwhile.
    private func changeLinksOnce(
        _ link: ChangedLink, _ ids: [GUID], _ options: WriteOptions, _ access: Access
    ) async throws -> [(GUID, WriteOutcome?)] {
        let (type, field) = (link.type, link.field)
        var results: [(GUID, WriteOutcome?)] = []
        var stored = try await StoredValues(store: self, type: type, access: access).load(ids, fields: [field.key])
        if case .links = field.type { try await leaveHidden(out: &stored, of: field, to: link.target, options, access) }
        var updates: [RecordUpdate] = []
        func expected(_ id: GUID) -> Int64? { link.edits[id]?.lazy.compactMap(\.change.expectedVersion).first }
        for id in ids {
            guard let record = stored[id] else {
                results.append((id, .failed(.missing(type))))
                continue
            }
            let expected = expected(id)
            let input = LinkEdit.input(link.edits[id] ?? [], of: field, stored: record.values)
            if input == nil, expected ?? record.version == record.version {
                results.append((id, .unchanged(id: id, version: record.version)))
                continue
            }
            let version = expected ?? record.version
            updates.append(RecordUpdate(key: .id(id), expectedVersion: version, input: input ?? RecordInput([:])))
        }
        let written = try await update(type, updates, options: options, access: access)
        for (item, outcome) in zip(updates, written) {
            guard case .id(let id) = item.key else { continue }
            if expected(id) == nil, case .failed(let error) = outcome, error.code == .versionConflict {
                results.append((id, nil))
            } else {
                results.append((id, outcome))
            }
        }
        return results
    }

    /// Leaves out the links that nobody shows to the caller: they stay as they are.
    private func leaveHidden(
        out stored: inout [GUID: StoredValues.Record], of field: Field, to target: RecordType, _ options: WriteOptions, _ access: Access
    ) async throws {
        let targets = Set(stored.values.flatMap { ListRow.rows(of: $0.values[field.key]).compactMap(\.target) })
        guard !targets.isEmpty else { return }
        let resolver = LinkResolver(store: self, catalog: catalog, access: access, options: options)
        let seen = try await resolver.existing(targets, of: target.id)
        for id in stored.keys {
            let rows = ListRow.rows(of: stored[id]?.values[field.key]).filter { $0.target.map(seen.contains) == true }
            stored[id]?.values[field.key] = .collection(rows.map { .complex($0) })
        }
    }

    private func linkField(_ name: String, of type: RecordType, _ access: Access) throws -> (field: Field, target: RecordType) {
        guard let field = type.field(name), access.rights.mask(of: name, on: type.id) != .never else {
            throw RecordsError(.unknownProperty, "\(type.label) has no link \(name).", target: name)
        }
        let targetID: String? =
            switch field.type {
            case .link(let link): link.target
            case .links(let links): links.target
            default: nil
            }
        guard let target = targetID.flatMap({ catalog.type(id: $0) }) else {
            throw RecordsError(.notSupported, "\(name) is no link of \(type.label); write it as a property.", target: name)
        }
        return (field, target)
    }
}

/// One change of one record's links, its target found.
private struct LinkEdit: Sendable {
    var index: Int
    var target: GUID
    var change: LinkChange

    /// What the record's link becomes; nil when nothing changes.
    static func input(_ edits: [LinkEdit], of field: Field, stored: [String: Value]) -> RecordInput? {
        guard case .links = field.type else {
            let property = "\(field.key)_id"
            let before = stored[property] ?? .null
            let after = edits.reduce(before) { value, edit in
                edit.change.isRemoval ? (value == .guid(edit.target) ? .null : value) : .guid(edit.target)
            }
            return after == before ? nil : RecordInput([property: after])
        }
        var rows: [[String: Value]] = []
        if case .collection(let items)? = stored[field.key] {
            rows = items.compactMap { if case .complex(let row) = $0 { row } else { nil } }
        }
        var isChanged = false
        for edit in edits { isChanged = edit.apply(to: &rows) || isChanged }
        guard isChanged else { return nil }
        let items = rows.map { row in
            var row = row
            row["id"] = row.removeValue(forKey: "target_id")
            return Value.complex(row)
        }
        return RecordInput([field.key: .collection(items)])
    }

    private func apply(to rows: inout [[String: Value]]) -> Bool {
        let position = rows.firstIndex { $0["target_id"] == .guid(target) }
        if change.isRemoval {
            guard let position else { return false }
            rows.remove(at: position)
            return true
        }
        let before = position.map { rows.remove(at: $0) }
        let after = (before ?? ["target_id": .guid(target)]).merging(change.columns) { _, given in given }
        if change.columns["is_primary"] == .bool(true) { for index in rows.indices { rows[index]["is_primary"] = .bool(false) } }
        rows.append(after)
        return after != before
    }
}
