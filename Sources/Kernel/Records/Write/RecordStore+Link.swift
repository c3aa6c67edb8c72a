package import Catalog
package import QueryLanguage

extension RecordStore {
    /// Adds a link to many, or changes the columns of the one that is there; for a single link, sets it. The source gets a new version.
    ///
    /// - Parameter columns: the link's own columns, `is_primary` among them.
    package func link(
        _ type: RecordType, _ key: RecordKey, field name: String, target: RecordKey, columns: [String: Value] = [:], options: WriteOptions,
        access: Access
    ) async throws -> WriteOutcome {
        try await changeLink(type, key, field: name, target: target, options: options, access: access) { rows, id in
            var row: [String: Value] = rows.first { $0["target_id"] == .guid(id) } ?? [:]
            row.merge(columns) { _, given in given }
            row["target_id"] = nil
            row["id"] = .guid(id)
            var others = rows.filter { $0["target_id"] != .guid(id) }
            if columns["is_primary"] == .bool(true) { for index in others.indices { others[index]["is_primary"] = .bool(false) } }
            return others.map(Self.input) + [.complex(row)]
        }
    }

    /// Takes a link away; one that isn't there is nothing to take away.
    package func unlink(
        _ type: RecordType, _ key: RecordKey, field name: String, target: RecordKey, options: WriteOptions, access: Access
    ) async throws -> WriteOutcome {
        try await changeLink(type, key, field: name, target: target, options: options, access: access) { rows, id in
            rows.contains { $0["target_id"] == .guid(id) } ? rows.filter { $0["target_id"] != .guid(id) }.map(Self.input) : nil
        }
    }

    private static func input(_ row: [String: Value]) -> Value {
        var row = row
        row["id"] = row.removeValue(forKey: "target_id")
        return .complex(row)
    }

    private func changeLink(
        _ type: RecordType, _ key: RecordKey, field name: String, target: RecordKey, options: WriteOptions, access: Access,
        change: (_ rows: [[String: Value]], _ target: GUID) -> [Value]?
    ) async throws -> WriteOutcome {
        guard let field = type.field(name) else {
            throw RecordsError(.unknownProperty, "\(type.label) has no link \(name).", target: name)
        }
        let targetType: String
        switch field.type {
        case .link(let link): targetType = link.target
        case .links(let links): targetType = links.target
        default: throw RecordsError(.notSupported, "\(name) is no link of \(type.label); write it as a property.", target: name)
        }
        guard let other = catalog.type(id: targetType),
            case .success(let id)? = try await RecordKeys(store: self, type: type, access: access).resolve([key]).first
        else { return .failed(.missing(type)) }
        guard case .success(let targetID)? = try await RecordKeys(store: self, type: other, access: access).resolve([target]).first else {
            return .failed(.missing(other))
        }
        // Two callers who change the same list meet at its version; the later one starts again from what the other left.
        for _ in 1...10 {
            let stored = try await StoredValues(store: self, type: type, access: access).load([id], fields: [name])
            guard let record = stored[id] else { return .failed(.missing(type)) }
            let input: RecordInput
            if case .links = field.type {
                var rows: [[String: Value]] = []
                if case .collection(let items)? = record.values[name] {
                    rows = items.compactMap { if case .complex(let row) = $0 { row } else { nil } }
                }
                guard let changed = change(rows, targetID) else { return .unchanged(id: id, version: record.version) }
                input = RecordInput([name: .collection(changed)])
            } else {
                let isLinked = record.values["\(name)_id"] == .guid(targetID)
                let rows: [[String: Value]] = isLinked ? [["target_id": .guid(targetID)]] : []
                guard let changed = change(rows, targetID) else { return .unchanged(id: id, version: record.version) }
                input = RecordInput(["\(name)_id": changed.isEmpty ? .null : .guid(targetID)])
            }
            let item = RecordUpdate(key: .id(id), expectedVersion: record.version, input: input)
            guard let outcome = try await update(type, [item], options: options, access: access).first else { break }
            if case .failed(let error) = outcome, error.code == .versionConflict { continue }
            return outcome
        }
        throw RecordsError(.unavailable, "Others keep changing this \(type.label.lowercased()); try again.")
    }
}
