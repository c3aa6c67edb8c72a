import Catalog
import QueryLanguage

/// Whether a write leaves a field as it is stored: what was read can be sent back, also where it couldn't be changed.
struct Unchanged {
    /// What is stored, by property name.
    let stored: [String: Value]
    let draft: WriteDraft
    let type: RecordType

    func holds(for field: Field) -> Bool {
        if let rows = draft.lists[field.key] { return Self.rows(of: stored[field.key], field) == Self.ordered(rows, field) }
        let image = AfterImage(stored: stored, draft: draft, type: type).values
        if field.type == .json { return SameJSON.holds(image[field.key] ?? .null, stored: stored[field.key] ?? .null) }
        if field.type == .address { return image[field.key] ?? .null == stored[field.key] ?? .null }
        return field.columns.allSatisfy { image[$0.name] ?? .null == stored[$0.name] ?? .null }
    }

    private static func rows(of list: Value?, _ field: Field) -> [ListRow] {
        guard case .collection(let items)? = list else { return [] }
        return ordered(items.compactMap { if case .complex(let row) = $0 { row } else { nil } }, field)
    }

    /// Without what is empty or false, which a row may also leave out. Links are a set.
    private static func ordered(_ rows: [ListRow], _ field: Field) -> [ListRow] {
        let rows = rows.map { row in row.filter { !$0.value.isNull && $0.value != .bool(false) && $0.value != .collection([]) } }
        guard case .links = field.type else { return rows }
        func target(_ row: ListRow) -> GUID? { if case .guid(let id)? = row["target_id"] { id } else { nil } }
        return rows.sorted { left, right in
            guard let left = target(left), let right = target(right) else { return false }
            return left < right
        }
    }
}
