import Catalog
import QueryLanguage

/// Lists that join what is stored, and entries that are there twice.
extension WritePreparation {
    /// Entries that are given join the list that is stored; the others stay. An entry that is there already gets what is given of it.
    func joinLists(of draft: inout WriteDraft, stored: [String: Value]) {
        for key in draft.joining.sorted() {
            guard let field = type.field(key), let given = draft.lists[key] else { continue }
            var rows: [ListRow] = []
            if case .collection(let items)? = stored[key] {
                rows = items.compactMap { if case .complex(let row) = $0 { row } else { nil } }
            }
            if draft.emptied.contains(key) {
                if rows.count > 1 { refuseEmptying(field, &draft) }
                continue
            }
            if given.contains(where: \.isPrimary) {
                for index in rows.indices { rows[index]["is_primary"] = .bool(false) }
            }
            refuseOtherExtensions(given, field, &draft)
            do throws(FieldChecker.Refusal) {
                for entry in given { try Self.join(entry, to: &rows, of: field) }
                try Self.requirePlace(rows, field)
            } catch {
                draft.refuse(error.code, key, error.message)
            }
            draft.lists[key] = Self.withPrimary(rows, field, draft)
        }
        draft.joining = []
    }

    /// Of several entries one is always the primary one.
    private func refuseEmptying(_ field: Field, _ draft: inout WriteDraft) {
        let property = field.primaryProperty ?? field.key
        draft.refuse(
            "records.primary_of_several", property,
            "\(field.label) has several entries, of which one is the primary one: change \(field.key), or give \(property) another value than null."
        )
    }

    /// As it was written when it was stored.
    private static let entryText: Set<String> = ["address", "number", "normalised"]

    private static func join(_ entry: ListRow, to rows: inout [ListRow], of field: Field) throws(FieldChecker.Refusal) {
        let identity = field.entryIdentity
        if let known = rows.firstIndex(where: { $0[identity] == entry[identity] }) {
            if case .links = field.type {
                rows[known].merge(entry) { _, given in given }
            } else {
                // What is given of an entry holds; what isn't stays.
                let given = entry.filter { name, value in !value.isNull && !entryText.contains(name) && value != .bool(false) }
                rows[known].merge(given) { _, given in given }
            }
            return
        }
        var entry = entry
        if case .links(let links) = field.type { entry = try LinksReader(field: field, links: links).completed(entry) }
        rows.insert(entry, at: entry.isPrimary ? 0 : rows.count)
    }

    private static func requirePlace(_ rows: [ListRow], _ field: Field) throws(FieldChecker.Refusal) {
        switch field.type {
        case .emails(let limit), .phones(let limit):
            guard rows.count > limit else { return }
            throw FieldChecker.Refusal(
                code: "records.too_many", message: "\(field.label) may have at most \(limit) entries; it would have \(rows.count).")
        default: return
        }
    }

    /// The first entry is primary where none is; of links the one that the single link beside them is set to, where it is.
    private static func withPrimary(_ rows: [ListRow], _ field: Field, _ draft: WriteDraft) -> [ListRow] {
        var rows = rows
        if case .links(let links) = field.type {
            guard let primary = links.primary else { return rows }
            if let target = draft.columns["\(primary)_id"] {
                return Self.links(of: .collection(rows.map { .complex($0) }), primary: target, links: links, label: field)
            }
        }
        if !rows.isEmpty, !rows.contains(where: \.isPrimary) { rows[0]["is_primary"] = .bool(true) }
        return rows
    }

    /// The same entry twice in one record: of a file one is kept, with what both say; anywhere else it is refused.
    func settleRepeats(in draft: inout WriteDraft) {
        for field in type.listFields {
            guard let rows = draft.lists[field.key], rows.count > 1 else { continue }
            var kept: [ListRow] = []
            var places: [Value: (row: Int, kept: Int)] = [:]
            for (index, row) in rows.enumerated() {
                let identity = row[field.entryIdentity] ?? .null
                guard !identity.isNull, let first = places[identity] else {
                    if !identity.isNull { places[identity] = (index, kept.count) }
                    kept.append(row)
                    continue
                }
                if kept[first.kept].contradicts(row) {
                    refuse(index, first.row, of: field, &draft)
                } else if options.mergesRepeats {
                    kept[first.kept].take(row)
                } else {
                    draft.refuse(
                        "records.duplicate_entry", "\(field.key)/\(index)",
                        "Entry \(index + 1) of \(field.label) is the same as entry \(first.row + 1); leave one of them out.")
                }
            }
            if kept.count < rows.count { draft.lists[field.key] = kept }
        }
    }

    /// A record has each number once, so that the second of two extensions would be lost.
    private func refuseOtherExtensions(_ rows: [ListRow], _ field: Field, _ draft: inout WriteDraft) {
        for (index, row) in rows.enumerated() {
            guard
                let first = rows[..<index].firstIndex(where: { $0[field.entryIdentity] == row[field.entryIdentity] && $0.contradicts(row) })
            else { continue }
            refuse(index, first, of: field, &draft)
        }
    }

    private func refuse(_ index: Int, _ first: Int, of field: Field, _ draft: inout WriteDraft) {
        draft.refuse(
            "records.duplicate_entry", "\(field.key)/\(index)",
            "Entry \(index + 1) of \(field.label) has the number of entry \(first + 1) with another extension, and a record has each number once; "
                + "leave one of them out.")
    }
}

extension Field {
    /// What two entries of a list may not share: the normal form of an address or number, the record that a link leads to.
    fileprivate var entryIdentity: String { if case .links = type { "target_id" } else { "normalised" } }
}

extension ListRow {
    /// Whether another writing of the same number has another extension.
    fileprivate func contradicts(_ other: ListRow) -> Bool {
        guard let own = self["extension"], let others = other["extension"], !own.isNull, !others.isNull else { return false }
        return own != others
    }

    /// Takes over what another writing of the same entry says and this one doesn't: members without a value here, flags that are set there.
    fileprivate mutating func take(_ other: ListRow) {
        for (name, value) in other where !value.isNull {
            let isFlag = ["is_primary", "opted_out", "invalid"].contains(name)
            if (self[name] ?? .null).isNull || isFlag && value == .bool(true) { self[name] = value }
        }
    }
}
