import Catalog
import QueryLanguage

/// The JSON of a row, made by PostgreSQL: a SELECT whose column names are the member names, turned into an object by `row_to_json`.
extension QueryCompiler {
    /// A record's JSON, in this order: control information, properties, expanded links.
    func object(of row: QueryRow, query: CheckedQuery?, showsType: Bool = false) throws -> RecordObject {
        guard case .record(let shape, let type) = row.kind else {
            throw RecordsError(.internalFault, "Only records have members of their own.")
        }
        let selection = try selection(of: shape, query: query)
        let showsKey = selection.contains { $0.property.name == "id" }
        var object = RecordObject(members: controlMembers(of: row, shape: shape, type: type, showsType: showsType, showsKey: showsKey))
        for selected in selection {
            object.members += typeMember(of: selected.property)
            object.members.append("\(try member(selected, of: row)) AS \"\(selected.property.name)\"")
        }
        for computed in query?.computed ?? [] { object.members += try members(computed) }
        for item in query?.expand ?? [] { try expand(item, of: row, shape: shape, type: type, into: &object) }
        let expanded = Set((query?.expand ?? []).map(\.link.name))
        for link in links(of: shape, query: query) where !expanded.contains(link.name) {
            object.members += linkMembers(of: link, row: row, type: type)
        }
        return object
    }

    /// A group's JSON: keys and aggregates in the order of the result or, when selected, as written; then what is computed of them.
    func groupObject(_ query: CheckedQuery) throws -> RecordObject {
        var selected = query.rowShape.properties.values.sorted { $0.ordinal < $1.ordinal }.map {
            CheckedSelect.SelectedProperty(property: $0)
        }
        if case .properties(let wanted) = query.select { selected = wanted }
        var object = RecordObject()
        // A group can't be read again, and 4.0 has to say so (OData JSON 4.01 section 4.5.8).
        if format.version == .v4_0, format.metadata != .none { object.members.append("NULL::text AS \"\(controlName("id"))\"") }
        for item in selected {
            let name = item.property.name
            object.members += typeMember(of: item.property, isDeclared: query.shape.properties[name] != nil)
            object.members.append("\(try groupMember(item.property, [name], only: item.members)) AS \"\(name)\"")
        }
        for computed in query.computed { object.members += try members(computed) }
        return object
    }

    private func groupMember(_ property: Property, _ path: [String], only members: [Property] = []) throws -> String {
        guard case .group(let columns) = record.kind else { throw Self.gone(property.name) }
        if let column = columns[path.joined(separator: "/")] {
            return json(of: SQLFragment("\(record.alias).\(column)", isNullable: true), property.type)
        }
        guard case .complex(let shape) = property.type else { throw Self.gone(property.name) }
        let all = shape.properties.values.sorted { ($0.ordinal, $0.name) < ($1.ordinal, $1.name) }
        return self.object(
            try (members.isEmpty ? all : members).flatMap {
                typeMember(of: $0) + ["\(try groupMember($0, path + [$0.name])) AS \"\($0.name)\""]
            })
    }

    private func members(_ computed: ComputedProperty) throws -> [String] {
        let type = computed.expression.type
        let value = "\(json(of: try value(computed.expression), type)) AS \"\(computed.name)\""
        return typeMember(of: Property(name: computed.name, type: type), isDeclared: false) + [value]
    }

    /// A value that no column holds, as `row_to_json` has to see it. Decimals have the digits that count.
    private func json(of piece: SQLFragment, _ type: PropertyType) -> String {
        switch type {
        case .dateTimeOffset: "replace((\(piece.operand) AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z'"
        case .duration: "tessera.iso_duration(\(piece.text))"
        case .decimal: "trim_scale(\(piece.text))\(format.ieee754Compatible ? "::text" : "")"
        case .int64 where format.ieee754Compatible: "\(piece.operand)::text"
        default: piece.text
        }
    }

    /// The properties that JSON shows, in the order of the catalog or, when selected, as written.
    private func selection(of shape: TypeShape, query: CheckedQuery?) throws -> [CheckedSelect.SelectedProperty] {
        guard case .properties(let selected) = query?.select else {
            return Self.ordered(shape).filter { !$0.1.isNavigation }.map { .init(property: $0.0) }
        }
        return try selected.filter { item in
            guard let binding = shape.binding(item.property.name) else { throw Self.gone(item.property.name) }
            return !binding.isNavigation
        }
    }

    private func member(_ selected: CheckedSelect.SelectedProperty, of row: QueryRow) throws -> String {
        guard case .record(let shape, let type) = row.kind, let binding = shape.binding(selected.property.name) else {
            throw Self.gone(selected.property.name)
        }
        switch binding {
        case .system(let column): return json(of: column, alias: row.alias)
        case .column(let column, let field):
            let value = json(of: column, alias: row.alias, isAmount: type.field(field)?.isMoney ?? false)
            return shown(value, mask(field, of: type, alias: row.alias), otherwise: column.type == .textArray ? "'{}'" : nil)
        case .address(let field):
            return shown(address(field, members: selected.members, alias: row.alias), mask(field, of: type, alias: row.alias))
        case .file(let field):
            return shown(file("\(field)_id", members: selected.members, alias: row.alias), mask(field, of: type, alias: row.alias))
        case .channels(let table): return channels(table, members: selected.members, owner: row)
        case .linkColumns(let table):
            guard let alias = row.linkAlias else { throw Self.gone(selected.property.name) }
            let columns = linkColumns(table, recordTable: type.table, members: selected.members)
            return object(
                typeMember("\(shape.entityTypeName)_link")
                    + columns.flatMap { column in
                        typeMember(of: selected.property.member(column.name))
                            + ["\(json(of: column, alias: alias, isAmount: table.isAmount(column))) AS \"\(column.name)\""]
                    })
        case .toOne, .toMany, .inverseOfOne, .inverseOfMany, .toAny: throw Self.gone(selected.property.name)
        }
    }

    private func shown(_ value: String, _ mask: String?, otherwise empty: String? = nil) -> String {
        mask.map { "CASE WHEN \($0) THEN \(value)\(empty.map { " ELSE \($0)" } ?? "") END" } ?? value
    }

    /// A column as `row_to_json` has to see it, so that the JSON is OData's.
    private func json(of column: Column, alias: String, isAmount: Bool = false) -> String {
        if isAmount, case .numeric = column.type {
            // Amounts are kept with four digits after the point; people and clients want those that count.
            let amount = "trim_scale(\(alias).\"\(column.name)\")"
            return format.ieee754Compatible ? "\(amount)::text" : amount
        }
        let name = "\(alias).\"\(column.name)\""
        switch column.type {
        case .timestamptz: return "replace((\(name) AT TIME ZONE 'UTC')::text, ' ', 'T') || 'Z'"
        case .interval: return "tessera.iso_duration(\(name))"
        case .textArray: return "coalesce(\(name), '{}')"
        case .bigint where format.ieee754Compatible, .numeric where format.ieee754Compatible: return "\(name)::text"
        case .uuid, .text, .bigint, .boolean, .date, .jsonb, .smallint, .numeric: return name
        }
    }

    private func address(_ field: String, members: [Property], alias: String) -> String {
        let names = members.isEmpty ? AddressMember.allCases.map(\.rawValue) : members.map(\.name)
        let all = AddressMember.allCases.map { "\(alias).\"\(field)_\($0.rawValue)\"" }.joined(separator: ", ")
        let value = object(typeMember("tessera.address") + names.map { "\(alias).\"\(field)_\($0)\" AS \"\($0)\"" })
        return "CASE WHEN num_nonnulls(\(all)) > 0 THEN \(value) END"
    }

    private func file(_ column: String, members: [Property], alias: String) -> String {
        let file = newAlias("f")
        let properties = members.isEmpty ? FileMember.allCases.map(\.property) : members
        let list =
            typeMember("tessera.file")
            + properties.flatMap { property in
                let value = "\(file).\"\(property.name)\""
                let isText = property.type == .int64 && format.ieee754Compatible
                return typeMember(of: property) + [isText ? "\(value)::text AS \"\(property.name)\"" : value]
            }
        return "CASE WHEN \(alias).\"\(column)\" IS NOT NULL THEN (SELECT row_to_json(r.*) FROM (SELECT \(list.joined(separator: ", ")) "
            + "FROM \(TableName.files.sql) AS \(file) WHERE \(file).\"id\" = \(alias).\"\(column)\") AS r) END"
    }

    private func channels(_ table: ChildTable, members: [Property], owner: QueryRow) -> String {
        let alias = newAlias("c")
        let known = table.columns(recordTable: table.name).filter { $0.name != table.recordColumn && $0.name != "position" }
        let columns = members.isEmpty ? known.map(\.name) : members.map(\.name)
        let list = columns.map { "\(alias).\"\($0)\"" }.joined(separator: ", ")
        return "array_to_json(ARRAY(SELECT r FROM (SELECT \(list) FROM \(table.name.sql) AS \(alias) "
            + "WHERE \(alias).\"\(table.recordColumn)\" = \(owner.alias).\"id\"\(mask(table, of: owner).map { " AND \($0)" } ?? "") "
            + "ORDER BY \(alias).\"position\") AS r))"
    }

    /// `is_primary` and what the manifest declares on the link.
    private func linkColumns(_ table: ChildTable, recordTable: TableName, members: [Property]) -> [Column] {
        let own = table.columns(recordTable: recordTable).filter { !["source_id", "target_id"].contains($0.name) }
        return members.isEmpty ? own : own.filter { column in members.contains { $0.name == column.name } }
    }

    /// An object of items of a select list.
    private func object(_ members: [String]) -> String {
        "(SELECT row_to_json(r.*) FROM (SELECT \(members.joined(separator: ", "))) AS r)"
    }
}

extension PropertyBinding {
    /// Links, which JSON shows only when they are expanded.
    var isNavigation: Bool {
        switch self {
        case .system, .column, .address, .file, .channels, .linkColumns: false
        case .toOne, .toMany, .inverseOfOne, .inverseOfMany, .toAny: true
        }
    }
}

extension Field {
    fileprivate var isMoney: Bool { if case .money = type { true } else { false } }
}

extension ChildTable {
    /// Whether a column is the amount of one of the link's own money fields.
    fileprivate func isAmount(_ column: Column) -> Bool {
        guard case .links(let links) = kind else { return false }
        return links.columns.contains { $0.isMoney && $0.key == column.name }
    }
}
