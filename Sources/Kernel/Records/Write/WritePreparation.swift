import Catalog
import QueryLanguage

/// Brings a batch of inputs to the point where it can be stored: values read and checked, links found, numbers normalised, modules heard,
/// rules asked. Problems stay with their item.
struct WritePreparation {
    let store: RecordStore
    let catalog: Catalog
    let type: RecordType
    let access: Access
    let options: WriteOptions

    func creates(_ inputs: [RecordInput]) async throws -> [WriteDraft] {
        let reader = InputReader(type: type)
        var drafts = inputs.indices.map { WriteDraft(index: $0, id: Self.id(in: inputs[$0]) ?? .version7()) }
        for index in drafts.indices {
            reader.read(inputs[index], into: &drafts[index])
            addDefaults(to: &drafts[index])
        }
        try await complete(&drafts, stored: [:])
        return drafts
    }

    /// - Parameter drafts: with `id` and `expectedVersion` set. Those whose checks need stored values leave with the version that was checked.
    func updates(_ inputs: [RecordInput], into drafts: inout [WriteDraft]) async throws {
        let reader = InputReader(type: type)
        for index in drafts.indices { reader.read(inputs[drafts[index].index], into: &drafts[index]) }
        let needed = drafts.reduce(into: Set<String>()) { $0.formUnion(fieldsToLoad(for: $1)) }
        var stored: [GUID: StoredValues.Record] = [:]
        if !needed.isEmpty {
            stored = try await StoredValues(store: store, type: type, access: access).load(drafts.map(\.id), fields: needed)
            for index in drafts.indices {
                guard let record = stored[drafts[index].id] else { continue }
                drafts[index].checkedVersion = record.version
                mergeLists(in: &drafts[index], stored: record.values)
            }
        }
        try await complete(&drafts, stored: stored.mapValues(\.values))
        checkReadOnly(&drafts, stored: stored.mapValues(\.values))
    }

    private static func id(in input: RecordInput) -> GUID? {
        if case .guid(let id)? = input.values["id"] { id } else { nil }
    }

    private func complete(_ drafts: inout [WriteDraft], stored: [GUID: [String: Value]]) async throws {
        try await LinkResolver(store: store, catalog: catalog, access: access, options: options).resolve(&drafts, of: type)
        try await runHooks(&drafts, stored: stored)
        try normalisePhones(&drafts)
        for index in drafts.indices {
            keepPrimariesInStep(&drafts[index], stored: stored[drafts[index].id])
            completeMoney(&drafts[index], stored: stored[drafts[index].id])
            checkRules(&drafts[index], stored: stored[drafts[index].id])
        }
    }

    // MARK: Defaults and derived values

    private func addDefaults(to draft: inout WriteDraft) {
        for field in type.fields {
            if draft.fields.contains(field.key) { continue }
            switch field.defaultValue {
            case .value(let value)?: draft.columns[field.key] = value
            case .money(let amount, let currency)?:
                draft.columns[field.key] = .decimal(amount)
                draft.columns["\(field.key)_currency"] = .string(currency)
            case .today?: draft.columns[field.key] = .date(DateTime.now.date)
            case .now?: draft.columns[field.key] = .dateTime(.now)
            case nil:
                if case .collection = field.type.emptyValue { draft.columns[field.key] = .collection([]) }
            }
        }
    }

    /// The primary entry of a list is also a column, to sort and show; a list of links can drive a single link.
    private func keepPrimariesInStep(_ draft: inout WriteDraft, stored: [String: Value]?) {
        for field in type.fields {
            switch field.type {
            case .emails, .phones:
                guard let rows = draft.lists[field.key] else { continue }
                let row = rows.first { $0["is_primary"] == .bool(true) }
                if let column = field.primaryProperty { draft.columns[column] = row?["address"] ?? row?["number"] ?? .null }
            case .links(let links):
                guard let primary = links.primary else { continue }
                let column = "\(primary)_id"
                if let rows = draft.lists[field.key] {
                    draft.columns[column] = rows.first { $0["is_primary"] == .bool(true) }?["target_id"] ?? .null
                    draft.fields.insert(primary)
                } else if let target = draft.columns[column] {
                    draft.lists[field.key] = Self.links(of: stored?[field.key], primary: target, links: links, label: field)
                }
            default: continue
            }
        }
    }

    private static func links(of stored: Value?, primary: Value, links: Links, label: Field) -> [ListRow] {
        var rows: [ListRow] = []
        if case .collection(let items)? = stored {
            rows = items.compactMap { if case .complex(let row) = $0 { row } else { nil } }
        }
        for index in rows.indices { rows[index]["is_primary"] = .bool(rows[index]["target_id"] == primary) }
        if !primary.isNull, !rows.contains(where: { $0["target_id"] == primary }),
            var row = try? LinksReader(field: label, links: links).columns(["is_primary": .bool(true)])
        {
            row["target_id"] = primary
            rows.append(row)
        }
        return rows
    }

    private func completeMoney(_ draft: inout WriteDraft, stored: [String: Value]?) {
        for field in type.fields where draft.fields.contains(field.key) {
            guard case .money = field.type else { continue }
            let column = "\(field.key)_currency"
            let image = AfterImage(stored: stored ?? [:], draft: draft, type: type).values
            let amount = image[field.key] ?? .null
            let currency = image[column] ?? .null
            if !amount.isNull, currency.isNull { draft.columns[column] = .string(catalog.currency) }
            if amount.isNull, !currency.isNull { draft.columns[column] = .null }
        }
    }

    /// An entry given as the new primary joins the list that is stored; the others stay.
    private func mergeLists(in draft: inout WriteDraft, stored: [String: Value]) {
        for key in draft.primaries {
            guard let entry = draft.lists[key]?.first, case .collection(let items)? = stored[key] else { continue }
            let unique = entry["normalised"] == nil ? "number" : "normalised"
            var rows = items.compactMap { item -> ListRow? in if case .complex(let row) = item { row } else { nil } }
            for index in rows.indices { rows[index]["is_primary"] = .bool(false) }
            if let position = rows.firstIndex(where: { $0[unique] == entry[unique] }) {
                rows[position]["is_primary"] = .bool(true)
            } else {
                rows.insert(entry, at: 0)
            }
            draft.lists[key] = rows
        }
    }

    private func normalisePhones(_ drafts: inout [WriteDraft]) throws {
        let lists = type.fields.filter { if case .phones = $0.type { true } else { false } }.map(\.key)
        var places: [(draft: Int, list: String, row: Int)] = []
        var numbers: [String] = []
        for (position, draft) in drafts.enumerated() {
            for list in lists {
                for (row, values) in (draft.lists[list] ?? []).enumerated() {
                    guard case .string(let number)? = values["number"] else { continue }
                    places.append((position, list, row))
                    numbers.append(number)
                }
            }
        }
        guard !numbers.isEmpty else { return }
        for (place, phone) in zip(places, try store.hooks.normalisePhones(numbers)) {
            drafts[place.draft].lists[place.list]?[place.row]["normalised"] = .string(phone.normalised)
            if let ext = phone.extension { drafts[place.draft].lists[place.list]?[place.row]["extension"] = .string(ext) }
            if !phone.isValid { drafts[place.draft].lists[place.list]?[place.row]["invalid"] = .bool(true) }
        }
    }

    // MARK: Modules

    private func runHooks(_ drafts: inout [WriteDraft], stored: [GUID: [String: Value]]) async throws {
        guard let interest = store.hooks.interest(in: type.id) else { return }
        let concerned = drafts.indices.filter { index in
            drafts[index].problems.isEmpty && (!drafts[index].isUpdate || !drafts[index].fields.isDisjoint(with: interest.reads))
        }
        guard !concerned.isEmpty else { return }
        let seen = Set(type.fields.filter { interest.reads.contains($0.key) }.flatMap(\.hookProperties))
        let images = concerned.map { index -> HookImage in
            let draft = drafts[index]
            let image = AfterImage(stored: stored[draft.id] ?? [:], draft: draft, type: type).values
            return HookImage(
                id: draft.id, isNew: !draft.isUpdate, values: image.filter { seen.contains($0.key) }, changed: draft.fields)
        }
        let results = try await store.hooks.beforeWrite(recordType: type.id, images: images, access: access)
        guard results.count == images.count else {
            throw RecordsError(.moduleFailed, "The modules of \(type.id) answered for \(results.count) of \(images.count) records.")
        }
        let reader = InputReader(type: type, isModule: true)
        for (index, result) in zip(concerned, results) {
            switch result {
            case .patch(let values): reader.read(RecordInput(values), into: &drafts[index])
            case .refuse(let details): drafts[index].problems += details
            }
        }
    }

    // MARK: Rules

    /// What an update needs to know of the stored record before it can be judged.
    private func fieldsToLoad(for draft: WriteDraft) -> Set<String> {
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
        return needed.isSubset(of: draft.fields.subtracting(draft.primaries)) && draft.primaries.isEmpty ? [] : needed
    }

    private func checkRules(_ draft: inout WriteDraft, stored: [String: Value]?) {
        let image = AfterImage(stored: stored ?? [:], draft: draft, type: type)
        let isNew = !draft.isUpdate
        for field in type.fields {
            let touched = draft.fields.contains(field.key)
            if draft.problems.contains(where: { $0.target == field.key }) { continue }
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

    private func checkReadOnly(_ drafts: inout [WriteDraft], stored: [GUID: [String: Value]]) {
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
