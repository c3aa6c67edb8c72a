import Catalog
import QueryLanguage

/// What a record must fulfil once its values are complete.
extension WritePreparation {
    /// What an update needs to know of the stored record before it can be judged.
    func fieldsToLoad(for draft: WriteDraft) -> Set<String> {
        var needed: Set<String> = []
        if let interest = store.hooks.interest(in: type.id), !draft.fields.isDisjoint(with: interest.reads) {
            needed.formUnion(interest.reads)
        }
        for rule in type.rules where !draft.fields.isDisjoint(with: rule.condition.reads) { needed.formUnion(rule.condition.reads) }
        for field in type.fields {
            if let condition = field.requiredWhen, draft.fields.contains(field.key) || !draft.fields.isDisjoint(with: condition.reads) {
                needed.formUnion(condition.reads)
                needed.insert(field.key)
            }
            guard draft.fields.contains(field.key) else { continue }
            if let condition = field.readOnlyWhen { needed.formUnion(condition.reads.union([field.key])) }
            switch field.type {
            case .money: if draft.columns["\(field.key)_currency"] == nil || draft.columns[field.key] == nil { needed.insert(field.key) }
            case .link:
                for case (let key, .links(let links)) in type.fields.map({ ($0.key, $0.type) }) where links.primary == field.key {
                    needed.insert(key)
                }
            default: break
            }
        }
        needed.formUnion(draft.primaries)
        // What the draft brings whole needs no reading.
        if needed.isSubset(of: draft.fields.subtracting(draft.primaries)), draft.primaries.isEmpty { needed = [] }
        // A list lies in rows of its own, which the lock on the record doesn't keep still: it is compared and replaced at one version.
        if !draft.lists.isEmpty { needed.insert("version") }
        return needed
    }

    func checkRules(_ draft: inout WriteDraft, stored: [String: Value]?) {
        let image = AfterImage(stored: stored ?? [:], draft: draft, type: type)
        let isNew = !draft.isUpdate
        for field in type.fields {
            let touched = draft.fields.contains(field.key)
            if draft.problems.contains(where: { $0.property == field.key }) { continue }
            if field.required, isNew || touched, image.isEmpty(field), !field.isFilledByStore {
                draft.refuse("records.required", field.key, "\(field.label) is required.")
            } else if let condition = field.requiredWhen, isNew || touched || !draft.fields.isDisjoint(with: condition.reads),
                image.isEmpty(field), image.holds(condition)
            {
                draft.refuse("records.required", field.key, "\(field.label) is required when \(condition.text).")
            }
            if case .linkAny = field.type, touched {
                let pair = [image.values["\(field.key)_type"] ?? .null, image.values["\(field.key)_id"] ?? .null]
                if pair.count(where: \.isNull) == 1 {
                    draft.refuse("records.required", field.key, "\(field.label) needs both \(field.key)_type and \(field.key)_id.")
                }
            }
        }
        for rule in type.rules where isNew || !draft.fields.isDisjoint(with: rule.condition.reads) {
            if !image.meets(rule.condition, of: type) { draft.refuse("rule.\(rule.id)", rule.fields.first, rule.message) }
        }
    }

    func checkReadOnly(_ drafts: inout [WriteDraft], stored: [GUID: [String: Value]]) {
        let guarded = type.fields.filter { $0.readOnlyWhen != nil }
        guard !guarded.isEmpty else { return }
        for index in drafts.indices {
            guard let before = stored[drafts[index].id] else { continue }
            let image = AfterImage(stored: before, draft: WriteDraft(index: 0, id: drafts[index].id), type: type)
            for field in guarded where drafts[index].fields.contains(field.key) {
                guard let condition = field.readOnlyWhen, image.holds(condition),
                    field.columns.contains(where: { before[$0.name] != drafts[index].columns[$0.name] })
                else { continue }
                drafts[index].refuse("records.read_only", field.key, "\(field.label) can't be changed while \(condition.text).")
            }
        }
    }
}

extension Field {
    fileprivate var isFilledByStore: Bool { if case .autoNumber = type { true } else { false } }
}
