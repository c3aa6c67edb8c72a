import Catalog
import QueryLanguage

/// What a record must fulfil once its values are complete.
extension WritePreparation {
    /// What an update needs to know of the stored record before it can be judged.
    func fieldsToLoad(for draft: WriteDraft) -> Set<String> {
        // What is judged as it will be, and what is looked at as it was.
        var after: Set<String> = []
        var before = draft.joining.union(draft.retired.keys)
        if let interest = store.hooks.interest(in: type.id), !draft.fields.isDisjoint(with: interest.reads) {
            after.formUnion(interest.reads)
        }
        for rule in type.rules where !draft.fields.isDisjoint(with: rule.condition.reads) { after.formUnion(rule.condition.reads) }
        for field in type.fields(of: type.requiredSometimes) {
            guard let condition = field.requiredWhen, draft.fields.contains(field.key) || !draft.fields.isDisjoint(with: condition.reads)
            else { continue }
            after.formUnion(condition.reads)
            after.insert(field.key)
        }
        for field in type.fields(of: draft.fields) {
            if field.required { after.insert(field.key) }
            if let condition = field.readOnlyWhen { before.formUnion(condition.reads.union([field.key])) }
            switch field.type {
            case .money where !draft.isWhole(field) || draft.leavesCurrencyOut(of: field): before.insert(field.key)
            case .links where draft.lists[field.key] != nil: before.insert(field.key)
            case .link:
                for case (let key, .links(let links)) in type.listFields.map({ ($0.key, $0.type) }) where links.primary == field.key {
                    before.insert(key)
                }
            default: break
            }
        }
        // What the draft brings whole needs no reading.
        let isWhole = after.allSatisfy { key in type.field(key).map(draft.isWhole) == true }
        var needed = isWhole ? before : before.union(after)
        // A list lies in rows of its own, which the lock on the record doesn't keep still: it is compared and replaced at one version.
        if !draft.lists.isEmpty { needed.insert("version") }
        return needed
    }

    func checkRules(_ draft: inout WriteDraft, stored: [String: Value]?) {
        let image = AfterImage(stored: stored ?? [:], draft: draft, type: type)
        let isNew = !draft.isUpdate
        for field in isNew ? type.fields : type.fields(of: draft.fields.union(type.requiredSometimes)) {
            let touched = draft.fields.contains(field.key)
            if draft.problems.contains(where: { $0.property == field.key }) { continue }
            if field.required, isNew || touched, image.isEmpty(field), !field.isNumbered {
                draft.refuse("records.required", field.key, "\(field.label) is required.")
            } else if let condition = field.requiredWhen, isNew || touched || !draft.fields.isDisjoint(with: condition.reads),
                image.isEmpty(field), image.holds(condition)
            {
                draft.refuse("records.required", field.key, "\(field.label) is required when \(condition.text).", asking: condition.reads)
            }
            if case .linkAny = field.type, touched {
                let pair = [image.values["\(field.key)_type"] ?? .null, image.values["\(field.key)_id"] ?? .null]
                if pair.count(where: \.isNull) == 1 {
                    draft.refuse("records.required", field.key, "\(field.label) needs both \(field.key)_type and \(field.key)_id.")
                }
            }
        }
        for (key, asked) in draft.retired.sorted(by: { $0.key < $1.key }) {
            guard let field = type.field(key) else { continue }
            let held = Self.words(stored?[key])
            for choice in asked where !held.contains(choice) {
                let refusal = FieldChecker.retired(choice, named: field.label)
                draft.refuse(refusal.code, key, refusal.message)
            }
        }
        for rule in type.rules where isNew || !draft.fields.isDisjoint(with: rule.condition.reads) {
            if !image.meets(rule.condition, of: type) {
                draft.refuse("rule.\(rule.id)", rule.fields.first, rule.message, asking: rule.condition.reads)
            }
        }
    }

    private static func words(_ value: Value?) -> [String] {
        switch value {
        case .string(let word)?: [word]
        case .collection(let items)?: items.compactMap { if case .string(let word) = $0 { word } else { nil } }
        default: []
        }
    }

    /// Refuses to change what can't be changed as long as the stored record meets a condition. What is sent back as it is passes.
    func checkReadOnly(_ drafts: inout [WriteDraft], stored: [GUID: [String: Value]]) {
        let guarded = type.fields.filter { $0.readOnlyWhen != nil }
        guard !guarded.isEmpty else { return }
        for index in drafts.indices {
            guard let before = stored[drafts[index].id] else { continue }
            let image = AfterImage(stored: before, draft: WriteDraft(index: 0, id: drafts[index].id), type: type)
            for field in guarded where drafts[index].fields.contains(field.key) {
                guard let condition = field.readOnlyWhen, image.holds(condition),
                    // Whether a value that isn't seen is the same as this one isn't told.
                    drafts[index].unseen.contains(field.key)
                        || !Unchanged(stored: before, draft: drafts[index], type: type).holds(for: field)
                else { continue }
                drafts[index].refuse(
                    "records.read_only", field.key, "\(field.label) can't be changed while \(condition.text).", asking: condition.reads)
            }
        }
    }
}

extension WriteDraft {
    /// Whether it sets an amount and says of its currency that there is none.
    fileprivate func leavesCurrencyOut(of field: Field) -> Bool {
        columns[field.key].map(\.isNull) == false && columns["\(field.key)_currency"] == .null
    }
}
