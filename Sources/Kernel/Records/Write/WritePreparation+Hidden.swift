import Catalog
import QueryLanguage

/// Links to many that a writer doesn't see: those to deleted records, which come back with them, and to records that they may not read.
extension WritePreparation {
    /// A whole list takes the place of what its writer sees of the one that is stored; the other links stay.
    func keepHiddenLinks(in drafts: inout [WriteDraft], stored: [GUID: [String: Value]]) async throws {
        let resolver = LinkResolver(store: store, catalog: catalog, access: access, options: options)
        for field in type.fields {
            guard case .links(let links) = field.type else { continue }
            let concerned = drafts.indices.filter {
                drafts[$0].isUpdate && drafts[$0].lists[field.key] != nil && !drafts[$0].joining.contains(field.key)
            }
            let left = concerned.map { index -> [ListRow] in
                let given = Set((drafts[index].lists[field.key] ?? []).compactMap(\.target))
                return ListRow.rows(of: stored[drafts[index].id]?[field.key]).filter { $0.target.map(given.contains) == false }
            }
            let targets = Set(left.joined().compactMap(\.target))
            let seen = targets.isEmpty ? [] : try await resolver.existing(targets, of: links.target)
            for (index, rows) in zip(concerned, left) {
                let hidden = rows.filter { $0.target.map(seen.contains) == false }
                drafts[index].lists[field.key] = Self.joined(drafts[index].lists[field.key] ?? [], hidden, hasPrimary: links.primary != nil)
            }
        }
    }

    /// The primary link stays the primary one where the writer flags no other.
    private static func joined(_ given: [ListRow], _ hidden: [ListRow], hasPrimary: Bool) -> [ListRow] {
        var rows = given + hidden
        if given.contains(where: \.isPrimary) {
            for index in rows.indices.dropFirst(given.count) { rows[index]["is_primary"] = .bool(false) }
        } else if hasPrimary, !given.isEmpty, !rows.contains(where: \.isPrimary) {
            rows[0]["is_primary"] = .bool(true)
        }
        return rows
    }
}

extension ListRow {
    var isPrimary: Bool { self["is_primary"] == .bool(true) }

    /// The record that a link leads to.
    var target: GUID? { if case .guid(let id)? = self["target_id"] { id } else { nil } }

    /// The rows of a stored list.
    static func rows(of list: Value?) -> [ListRow] {
        guard case .collection(let items)? = list else { return [] }
        return items.compactMap { if case .complex(let row) = $0 { row } else { nil } }
    }
}
