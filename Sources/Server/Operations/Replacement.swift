import Catalog
import QueryLanguage
import Records

/// PUT: what a body leaves out goes back to its default, or to nothing (OData Protocol 4.01 section 11.4.3). Links to many, which are shown only
/// where they are expanded, stay as they are, and with them the single links that follow them.
enum Replacement {
    static func complete(_ input: RecordInput, of type: ApiType) -> RecordInput {
        var completed = input
        completed.yielding = Set(type.record.fields.filter { !$0.readOnly && isEmpty($0, in: input.values) }.map(\.key))
        for field in type.record.fields where field.type == .address {
            guard case .complex(let given)? = input.values[field.key] else { continue }
            let emptied = Dictionary(uniqueKeysWithValues: AddressMember.allCases.map { ($0.rawValue, Value.null) })
            completed.values[field.key] = .complex(emptied.merging(given) { _, given in given })
        }
        // The primary entry may be given by itself: the others are left out then.
        completed.alone = Set(type.record.fields.filter { $0.primaryProperty != nil }.map(\.key))
        for field in type.record.fields where !field.readOnly && !isGiven(field, in: input.values, type) {
            switch field.defaultValue {
            case .today?, .now?: completed.momentary.insert(field.key)
            case .value?, .money?, nil: for (name, value) in emptied(field) { completed.values[name] = value }
            }
        }
        return completed
    }

    /// Whether a body says of a field no more than that it is empty, as one is shown that isn't seen.
    private static func isEmpty(_ field: Field, in values: [String: Value]) -> Bool {
        ([field.key] + field.columns.map(\.name) + [field.primaryProperty].compactMap(\.self)).allSatisfy { name in
            let value = values[name] ?? .null
            return value.isNull || value == .collection([])
        }
    }

    private static func isGiven(_ field: Field, in values: [String: Value], _ type: ApiType) -> Bool {
        if values[field.key] != nil { return true }
        // No primary entry is what a list without entries has.
        if field.columns.contains(where: { values[$0.name].map { !$0.isNull } ?? false }) { return true }
        if field.primaryProperty == nil, field.columns.contains(where: { values[$0.name] != nil }) { return true }
        // A single link that follows a list of links is that list's to say.
        return type.record.fields.contains { other in
            if case .links(let links) = other.type { links.primary == field.key } else { false }
        }
    }

    private static func emptied(_ field: Field) -> [(String, Value)] {
        switch field.type {
        case .autoNumber, .links: return []
        case .emails, .phones, .tags, .multiChoice: return [(field.key, defaultValue(field) ?? .collection([]))]
        case .link, .user, .file: return [("\(field.key)_id", .null)]
        case .linkAny: return [("\(field.key)_type", .null), ("\(field.key)_id", .null)]
        case .money:
            if case .money(let amount, let currency)? = field.defaultValue {
                return [(field.key, .decimal(amount)), ("\(field.key)_currency", .string(currency))]
            }
            return [(field.key, .null), ("\(field.key)_currency", .null)]
        default: return [(field.key, defaultValue(field) ?? .null)]
        }
    }

    private static func defaultValue(_ field: Field) -> Value? {
        if case .value(let value)? = field.defaultValue { return value }
        return nil
    }
}
