import Catalog
import Permissions
import QueryLanguage

/// Values that records are looked for by, in the form they would be stored in.
///
/// A web address gets its scheme, mail addresses are found by their lower-case form and numbers by their E.164 form; what a module tidies when a
/// record is written, it tidies here.
struct StoredKeys {
    let store: RecordStore
    let type: RecordType
    let access: Access

    /// Values of one property, by which records are looked for and nothing else.
    func values(_ given: [Value], of property: String) async throws -> [Value] {
        let kept = try checked(given, of: property)
        guard let field = fieldOfModules(property) else { return kept }
        // A name that modules put together is what they would put together of its parts.
        let parts = field.readOnly && type.displayField == property ? type.nameParts : nil
        guard parts != nil || !field.readOnly else { return kept }
        let drafts = kept.enumerated().map { index, value -> WriteDraft in
            var draft = WriteDraft(index: index, id: .version7())
            if let parts, case .string(let name) = value {
                for (key, part) in parts.values(of: name) { draft.columns[key] = .string(part) }
            } else {
                draft.columns[property] = value
            }
            draft.fields = Set(draft.columns.keys)
            return draft
        }
        return try await tidied(drafts).enumerated().map { index, draft in
            guard !kept[index].isNull, draft.problems.isEmpty else { return kept[index] }
            return draft.columns[property] ?? kept[index]
        }
    }

    /// Values of several properties of records that are about to be written: modules see the whole records.
    ///
    /// - Parameter keys: values of the properties in checked form, one list for each input.
    func values(_ keys: [[Value]], of properties: [String], in inputs: [RecordInput]) async throws -> [[Value]] {
        let positions = properties.indices.filter { fieldOfModules(properties[$0])?.readOnly == false }
        guard !positions.isEmpty else { return keys }
        let reader = InputReader(type: type)
        let drafts = inputs.enumerated().map { index, input -> WriteDraft in
            var draft = WriteDraft(index: index, id: .version7())
            reader.read(input, into: &draft)
            // What is wrong with the record is told when it is written.
            draft.problems = []
            return draft
        }
        let tidied = try await tidied(drafts)
        return keys.enumerated().map { index, key in
            var key = key
            for position in positions where drafts[index].columns[properties[position]] != nil && tidied[index].problems.isEmpty {
                key[position] = tidied[index].columns[properties[position]] ?? key[position]
            }
            return key
        }
    }

    /// Values of a property as their field stores them; those that it wouldn't take stay as they are, and find nothing.
    func checked(_ values: [Value], of property: String) throws -> [Value] {
        let field = type.fields.first { $0.key == property || $0.primaryProperty == property }
        switch field?.type {
        case .emails:
            return values.map { if case .string(let text) = $0 { .string(CaseMapping.lowercased(text.trimmingSpaces())) } else { $0 } }
        case .phones:
            let numbers = values.compactMap { if case .string(let text) = $0 { text } else { nil } }
            var normalised = try store.hooks.normalisePhones(numbers)[...]
            return values.map { value in
                guard case .string = value else { return value }
                return normalised.popFirst().map { .string($0.normalised) } ?? value
            }
        default:
            return values.map { value in
                if let field, field.columns.first?.name == property, let stored = try? InputReader.scalar(field, value) { return stored }
                if case .string(let text) = value { return .string(normalizedNFC(text)) }
                return value
            }
        }
    }

    /// The field of a property that modules write; nil for all others, and for those that lie in several columns or rows.
    private func fieldOfModules(_ property: String) -> Field? {
        guard let interest = store.hooks.interest(in: type.id), interest.writes.contains(property), let field = type.field(property),
            field.columns.count == 1, field.columns.first?.name == property
        else { return nil }
        return field
    }

    private func tidied(_ drafts: [WriteDraft]) async throws -> [WriteDraft] {
        var drafts = drafts
        try await HookRun(store: store, type: type, access: access).run(&drafts, stored: [:])
        return drafts
    }
}
