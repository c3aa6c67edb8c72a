import Catalog
import QueryLanguage

/// Reads links to many: ids or unique keys of the targets, with the link's own columns.
struct LinksReader {
    let field: Field
    let links: Links

    /// - Parameters:
    ///   - joins: whether the links join those that are stored: their rows hold only the columns that are given.
    ///   - findsPrimary: whether the first link is the primary one where none is flagged; else that is found when all links are known.
    func read(_ value: Value, joins: Bool = false, findsPrimary: Bool = true, into draft: inout WriteDraft) throws(FieldChecker.Refusal) {
        var rows: [ListRow] = []
        let items: [Value]
        switch value {
        case .null: items = []
        case .collection(let given): items = given
        default: throw FieldChecker.wrongType(field.label, "a list of links", value)
        }
        for (position, item) in items.enumerated() {
            switch item {
            case .guid: rows.append(try row(["id": item], position, joins, into: &draft))
            case .complex(let members): rows.append(try row(members, position, joins, into: &draft))
            default: throw FieldChecker.wrongType(field.label, "ids or objects", item)
            }
        }
        let primaries = rows.indices.filter { rows[$0]["is_primary"] == .bool(true) }
        guard primaries.count <= 1 else {
            throw FieldChecker.Refusal(code: "records.two_primaries", message: "\(field.label) has two primary links; flag one.")
        }
        if links.primary != nil, primaries.isEmpty, !rows.isEmpty, !joins {
            if findsPrimary { rows[0]["is_primary"] = .bool(true) }
            draft.unflagged.insert(field.key)
        }
        draft.lists[field.key] = rows
    }

    private func row(
        _ members: [String: Value], _ position: Int, _ joins: Bool, into draft: inout WriteDraft
    ) throws(FieldChecker.Refusal) -> ListRow {
        // With the link's columns in an object of their own, a property of the target may be called like one of them.
        var own = members.filter { $0.key == "is_primary" }
        var keys = members.filter { $0.key != "is_primary" && $0.key != TypeShape.linkMember }
        if case .complex(let nested)? = members[TypeShape.linkMember] {
            own.merge(nested) { _, nested in nested }
        } else {
            let names = Set(links.columns.map(\.key))
            own.merge(keys.filter { names.contains($0.key) }) { _, column in column }
            keys = keys.filter { !names.contains($0.key) }
        }
        var row = try joins ? given(own) : columns(own)
        guard keys.count == 1, let (property, value) = keys.first, !value.isNull else {
            throw FieldChecker.Refusal(
                code: "records.wrong_type", message: "A link of \(field.label) names its target by id, or by one unique property.")
        }
        if property == "id" {
            row["target_id"] = try FieldChecker.guid(value, named: field.label)
        } else {
            draft.pendingLinks.append(
                PendingLink(field: field.key, target: links.target, property: property, value: value, row: position))
        }
        return row
    }

    /// The link's own columns with their defaults.
    func columns(_ members: [String: Value]) throws(FieldChecker.Refusal) -> ListRow { try completed(given(members)) }

    /// The link's own columns as far as they are given.
    private func given(_ members: [String: Value]) throws(FieldChecker.Refusal) -> ListRow {
        var row: ListRow = [:]
        if let primary = members["is_primary"], !primary.isNull {
            row["is_primary"] = try FieldChecker.boolean(primary, named: "is_primary")
        }
        for (name, value) in members where name != "is_primary" {
            guard let column = links.columns.first(where: { $0.key == name }) else {
                throw FieldChecker.Refusal(code: "records.unknown_property", message: "A link of \(field.label) has no column \(name).")
            }
            guard !value.isNull else {
                guard !column.required else { throw missing(column) }
                row[name] = column.type.emptyValue
                continue
            }
            row[name] = try InputReader.scalar(column, value)
        }
        return row
    }

    /// A link's row with the defaults of the columns that it doesn't have.
    func completed(_ row: ListRow) throws(FieldChecker.Refusal) -> ListRow {
        var row = row
        row["is_primary"] = row["is_primary"] ?? .bool(false)
        for column in links.columns where row[column.key] == nil {
            if case .value(let preset)? = column.defaultValue {
                row[column.key] = preset
            } else if column.required {
                throw missing(column)
            } else {
                row[column.key] = column.type.emptyValue
            }
        }
        return row
    }

    private func missing(_ column: Field) -> FieldChecker.Refusal {
        FieldChecker.Refusal(code: "records.required", message: "A link of \(field.label) needs \(column.label).")
    }
}
