import Catalog
import QueryLanguage

/// A record as it will be: what is stored with the draft's values on top, by property name, in the shapes of `RecordInput`.
struct AfterImage {
    private(set) var values: [String: Value]

    /// - Parameter stored: what is stored, by property name; empty for a new record.
    init(stored: [String: Value], draft: WriteDraft, type: RecordType) {
        values = stored
        values["id"] = .guid(draft.id)
        for (key, rows) in draft.lists {
            values[key] = .collection(rows.map { .complex($0) })
            if let primary = type.field(key)?.primaryProperty { values[primary] = Self.primary(of: rows) }
        }
        for field in type.fields(of: draft.fields) {
            guard case .address = field.type else { continue }
            values[field.key] = Self.address(field, draft.columns, over: stored[field.key])
        }
        for (column, value) in draft.columns {
            guard let field = type.field(ofColumn: column), draft.lists[field.key] == nil else { continue }
            if case .address = field.type { continue }
            values[column] = value
        }
        if let owner = draft.columns["owner_id"] { values["owner_id"] = owner }
    }

    /// Whether a field is empty: no value, a text of nothing but blanks, an empty list.
    func isEmpty(_ field: Field) -> Bool {
        let name: String =
            switch field.type {
            case .link, .user, .file, .linkAny: "\(field.key)_id"
            default: field.key
            }
        switch values[name] ?? .null {
        case .null: return true
        case .string(let text): return text.unicodeScalars.allSatisfy(\.properties.isWhitespace)
        case .collection(let items): return items.isEmpty
        default: return false
        }
    }

    /// Whether the condition is met. One that reads an empty field is, unless it asks for null itself.
    func meets(_ condition: Condition, of type: RecordType) -> Bool {
        if !condition.mentionsNull {
            for key in condition.reads {
                let isMissing = type.field(key).map { isEmpty($0) } ?? (values[key] ?? .null).isNull
                if isMissing { return true }
            }
        }
        return holds(condition)
    }

    /// Whether the condition is true.
    func holds(_ condition: Condition) -> Bool {
        Evaluator(now: .now).isTrue(condition.expression, on: RecordValues(values))
    }

    private static func primary(of rows: [ListRow]) -> Value {
        let row = rows.first { $0["is_primary"] == .bool(true) }
        return row?["address"] ?? row?["number"] ?? .null
    }

    private static func address(_ field: Field, _ columns: [String: Value], over stored: Value?) -> Value {
        var members: [String: Value] = [:]
        if case .complex(let stored)? = stored { members = stored }
        for member in AddressMember.allCases {
            let given = columns["\(field.key)_\(member.rawValue)"]
            members[member.rawValue] = given ?? members[member.rawValue] ?? .null
        }
        return members.values.allSatisfy(\.isNull) ? .null : .complex(members)
    }
}
