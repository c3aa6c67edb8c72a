import Catalog
import Postgres
import QueryLanguage

/// Values that the store adds: defaults, primaries and links kept in step, currencies, numbers in their normal form.
extension WritePreparation {
    /// The day it is in the deployment's time zone, if a default of the type asks for it. PostgreSQL knows the zones, as it does for automatic
    /// numbers.
    func today() async throws -> CalendarDate? {
        guard type.fields.contains(where: { $0.defaultValue == .today }) else { return nil }
        let result = try await store.statements.pipelined("SELECT (now() AT TIME ZONE \(bind: catalog.timeZone))::date")
        guard case .date(let today)? = try result.first?.value(0, .date) else { return nil }
        return today
    }

    /// - Parameter today: nil where no default asks for it.
    func addDefaults(to draft: inout WriteDraft, today: CalendarDate?) {
        for field in type.fields where !draft.fields.contains(field.key) {
            draft.columns.merge(defaults(of: field, today: today)) { _, value in value }
        }
    }

    /// The columns of a field that nothing is said about.
    func defaults(of field: Field, today: CalendarDate?) -> [String: Value] {
        switch field.defaultValue {
        case .value(let value)?: [field.key: value]
        case .money(let amount, let currency)?: [field.key: .decimal(amount), "\(field.key)_currency": .string(currency)]
        case .today?: [field.key: today.map(Value.date) ?? .null]
        case .now?: [field.key: .dateTime(.now)]
        case nil: if case .collection = field.type.emptyValue { [field.key: .collection([])] } else { [:] }
        }
    }

    /// The primary entry of a list is also a column, to sort and show; a list of links can drive a single link.
    func keepPrimariesInStep(_ draft: inout WriteDraft, stored: [String: Value]?) {
        for field in type.listFields {
            switch field.type {
            case .emails, .phones:
                guard let rows = draft.lists[field.key] else { continue }
                if let given = draft.primaries[field.key], !settlePrimary(field, given.entry, isFlagged: given.isFlagged, &draft) {
                    continue
                }
                let row = (draft.lists[field.key] ?? rows).first(where: \.isPrimary)
                if let column = field.primaryProperty { draft.columns[column] = row?["address"] ?? row?["number"] ?? .null }
            case .links(let links):
                guard let primary = links.primary else { continue }
                let column = "\(primary)_id"
                if draft.lists[field.key] != nil {
                    settlePrimary(field, links, primary, &draft)
                    let rows = draft.lists[field.key] ?? []
                    draft.columns[column] = rows.first { $0["is_primary"] == .bool(true) }?["target_id"] ?? .null
                    draft.fields.insert(primary)
                } else if let target = draft.columns[column] {
                    draft.lists[field.key] = Self.links(of: stored?[field.key], primary: target, links: links, label: field)
                }
            default: continue
            }
        }
    }

    /// A list and its primary entry, given together: a list that flags none takes the entry's word; else both have to mean the same entry.
    private func settlePrimary(_ field: Field, _ entry: Value, isFlagged: Bool, _ draft: inout WriteDraft) -> Bool {
        guard let primary = field.primaryProperty, let rows = draft.lists[field.key] else { return true }
        func main(_ row: [String: Value]) -> Value { row["address"] ?? row["number"] ?? .null }
        func plain(_ value: Value) -> String? {
            guard case .string(let text) = value else { return nil }
            return CaseMapping.lowercased(text.filter { $0 != " " })
        }
        var given = entry
        if case .complex(let members) = entry { given = main(members) }
        guard let wanted = plain(given), rows.first(where: \.isPrimary).map({ plain(main($0)) }) != wanted else { return true }
        guard !isFlagged, let index = rows.firstIndex(where: { plain(main($0)) == wanted }) else {
            draft.refuse(
                "records.contradiction", primary,
                "\(primary) and the primary entry of \(field.key) are different: leave one of the two out, or let them agree.")
            return false
        }
        for position in rows.indices { draft.lists[field.key]?[position]["is_primary"] = .bool(position == index) }
        return true
    }

    /// A list and the single link that follows it, given together: a list without a primary entry takes the link's word, and so does a row of a file,
    /// which adds to lists; else both have to mean the same record.
    private func settlePrimary(_ field: Field, _ links: Links, _ primary: String, _ draft: inout WriteDraft) {
        guard draft.linked.contains(primary), let target = draft.columns["\(primary)_id"], let rows = draft.lists[field.key],
            !draft.problems.contains(where: { [field.key, primary, "\(primary)_id"].contains($0.property) })
        else { return }
        guard rows.first(where: { $0["is_primary"] == .bool(true) })?["target_id"] ?? .null != target else { return }
        let isAmong = rows.contains { $0["target_id"] == target }
        guard isAmong && draft.unflagged.contains(field.key) || access.channel == .importing && !target.isNull else {
            draft.refuse(
                "records.contradiction", "\(primary)_id",
                "\(primary)_id and the primary entry of \(field.key) are different records: leave one of the two out, or let them agree.")
            return
        }
        draft.lists[field.key] = Self.links(of: .collection(rows.map { .complex($0) }), primary: target, links: links, label: field)
    }

    static func links(of stored: Value?, primary: Value, links: Links, label: Field) -> [ListRow] {
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

    /// An amount without a currency keeps the one that is stored, and has the deployment's where there is none. A currency alone is no amount.
    /// In a file it stands beside an empty cell, where it says nothing.
    func completeMoney(_ draft: inout WriteDraft, stored: [String: Value]?) {
        for field in type.fields(of: draft.fields) {
            guard case .money = field.type else { continue }
            let column = "\(field.key)_currency"
            let image = AfterImage(stored: stored ?? [:], draft: draft, type: type).values
            let amount = image[field.key] ?? .null
            let currency = image[column] ?? .null
            if !amount.isNull, currency.isNull {
                let kept = stored?[column] ?? .null
                draft.columns[column] = kept.isNull ? .string(catalog.currency) : kept
            }
            guard amount.isNull, !currency.isNull else { continue }
            let isGiven = draft.columns[column].map(\.isNull) == false
            let isRefused = draft.problems.contains { $0.property == field.key || $0.property == column }
            if isGiven, !isRefused, access.channel != .importing {
                draft.refuse(
                    "records.required", column, "An amount of \(field.label) is missing: give \(field.key) too, or leave \(column) out.")
            }
            draft.columns[column] = .null
        }
    }

    func normalisePhones(_ drafts: inout [WriteDraft]) throws {
        let lists = type.listFields.filter { if case .phones = $0.type { true } else { false } }.map(\.key)
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
}
