import Catalog
import QueryLanguage

extension QueryCompiler {
    /// Follows a path from its root, joining the targets of links to one on the way.
    func resolve(_ path: PropertyPath) throws -> QueryPlace {
        if path.root == .user { return try userValue(path) }
        // Statements are about records; what happened to them is asked in memory.
        if path.root == .event { throw Self.gone(path.displayName) }
        var row = record
        if case .variable(let number) = path.root {
            guard let variable = variables[number] else {
                throw RecordsError(.internalFault, "A variable of any, all or $count is used outside of it.")
            }
            row = variable
        }
        if case .group(let columns) = row.kind { return try place(of: path, in: columns, alias: row.alias) }
        guard !path.segments.isEmpty else {
            if case .value = row.kind { return .value(.column("value", of: row.alias, isNullable: true)) }
            return .record(row)
        }
        var place = QueryPlace.record(row)
        var index = 0
        while index < path.segments.count {
            let segment = path.segments[index]
            guard case .record(let row) = place else { throw Self.gone(path.displayName) }
            let member = index + 1 < path.segments.count ? path.segments[index + 1].property : nil
            let (next, usesMember) = try follow(segment, member: member, from: row)
            place = next
            index += usesMember ? 2 : 1
        }
        return place
    }

    /// What a condition of rights asks about the principal.
    private func userValue(_ path: PropertyPath) throws -> QueryPlace {
        guard let member = path.property.flatMap({ UserValue(rawValue: $0.name) }), path.segments.count == 1 else {
            throw Self.gone(path.displayName)
        }
        let value = SQLFragment(placeholder(.actor(.user(member))), isNullable: false)
        return member == .id ? .value(value) : .members(.array(value))
    }

    /// A property of a group, or a structure of several.
    private func place(of path: PropertyPath, in columns: [String: String], alias: String) throws -> QueryPlace {
        let name = path.displayName
        if let column = columns[name] { return .value(SQLFragment("\(alias).\(column)", isNullable: true)) }
        let members = columns.filter { $0.key.utf8.starts(with: "\(name)/".utf8) }.map(\.value).sorted()
        guard !members.isEmpty else { throw Self.gone(name) }
        return .complex(members.map { SQLFragment("\(alias).\($0)", isNullable: true) })
    }

    /// One step; structured values take the step behind them along.
    private func follow(_ segment: PathSegment, member: Property?, from row: QueryRow) throws -> (QueryPlace, usesMember: Bool) {
        let property = segment.property
        switch row.kind {
        case .value, .group: throw Self.gone(property.name)
        case .channel: return (.value(.column(property.name, of: row.alias, isNullable: property.isNullable)), false)
        case .record(let shape, let type):
            guard let binding = shape.binding(property.name) else { throw Self.gone(property.name) }
            return try follow(binding, segment: segment, member: member, from: row, shape: shape, type: type)
        }
    }

    private func follow(
        _ binding: PropertyBinding, segment: PathSegment, member: Property?, from row: QueryRow, shape: TypeShape, type: RecordType
    ) throws -> (QueryPlace, usesMember: Bool) {
        switch binding {
        case .system(let column):
            return (.value(.column(column.name, of: row.alias, isNullable: segment.property.isNullable || row.isOptional)), false)
        case .column(let column, let field):
            var value = SQLFragment.column(column.name, of: row.alias, isNullable: segment.property.isNullable || row.isOptional)
            if let mask = mask(field, of: type, alias: row.alias) { value = value.shown(where: mask) }
            if case .collection = segment.property.type { return (.members(.array(value)), false) }
            return (.value(value), false)
        case .address(let field):
            let mask = mask(field, of: type, alias: row.alias)
            func part(_ name: String) -> SQLFragment {
                let value = SQLFragment.column("\(field)_\(name)", of: row.alias, isNullable: true)
                return mask.map { value.shown(where: $0) } ?? value
            }
            guard let member else { return (.complex(AddressMember.allCases.map { part($0.rawValue) }), false) }
            return (.value(part(member.name)), true)
        // Conditions read the id beside it: the checker lets no path come here.
        case .file: throw Self.gone(segment.property.name)
        case .linkColumns:
            guard let alias = row.linkAlias, let member else { throw Self.gone(segment.property.name) }
            return (.value(.column(member.name, of: alias, isNullable: member.isNullable)), true)
        case .channels(let table): return (.members(.channels(table, owner: row)), false)
        case .toOne(let column, let target): return (.record(try join(target, column: column, typeColumn: nil, from: row)), false)
        case .toAny(let field, let targets): return (try followAny(field, targets: targets, segment: segment, from: row), false)
        case .toMany(let table, _):
            return (.members(.linked(table, shape: try target(of: segment), isInverse: false, owner: row)), false)
        case .inverseOfMany(_, let table):
            return (.members(.linked(table, shape: try target(of: segment), isInverse: true, owner: row)), false)
        case .inverseOfOne(_, let column):
            return (.members(.inverse(column: column, shape: try target(of: segment), owner: row)), false)
        }
    }

    private func followAny(_ field: String, targets: [String], segment: PathSegment, from row: QueryRow) throws -> QueryPlace {
        if let target = segment.target {
            return .record(try join(target.name, column: "\(field)_id", typeColumn: "\(field)_type", from: row))
        }
        return .anyRecord(
            try targets.map { target in
                .column("id", of: try join(target, column: "\(field)_id", typeColumn: "\(field)_type", from: row).alias, isNullable: true)
            })
    }

    private func target(of segment: PathSegment) throws -> TypeShape {
        guard let target = segment.target else { throw Self.gone(segment.property.name) }
        return try typeShape(target)
    }

    /// The record a link points at, as far as it may be read; all of its columns are null where there is none.
    private func join(_ target: String, column: String, typeColumn: String?, from row: QueryRow) throws -> QueryRow {
        guard let shape = catalog.typeShape(named: target) else { throw Self.gone(target) }
        let type = try recordType(of: shape)
        let alias = row.from.alias(of: "\(row.alias).\(column):\(target)") {
            let alias = newAlias("j")
            var conditions = ["\(alias).\"id\" = \(row.alias).\"\(column)\""]
            // The id of a type is part of the schema, not of the request.
            if let typeColumn { conditions.append("\(row.alias).\"\(typeColumn)\" = '\(type.id)'") }
            if let condition = guardCondition(type, alias: alias) { conditions.append(condition) }
            if case .record(_, let source) = row.kind, let mask = mask(column: column, of: source, alias: row.alias) {
                conditions.append(mask)
            }
            return (alias, "LEFT JOIN \(type.table.sql) AS \(alias) ON \(conditions.joined(separator: " AND "))")
        }
        return QueryRow(alias: alias, kind: .record(shape, type), from: row.from, isOptional: true)
    }

    /// The members of a collection as rows of a SELECT of their own, and what connects them with their owner.
    func open(_ members: QueryMembers) throws -> (row: QueryRow, conditions: [String]) {
        switch members {
        case .array(let array):
            let alias = newAlias("v")
            return (QueryRow(alias: alias, kind: .value, from: FromClause("unnest(\(array.text)) AS \(alias)(value)")), [])
        case .channels(let table, let owner):
            let alias = newAlias("v")
            let row = QueryRow(alias: alias, kind: .channel(table), from: FromClause("\(table.name.sql) AS \(alias)"))
            return (row, ["\(alias).\"\(table.recordColumn)\" = \(owner.alias).\"id\"", mask(table, of: owner)].compactMap { $0 })
        case .inverse(let column, let shape, let owner):
            let type = try recordType(of: shape)
            let alias = newAlias("v")
            let row = QueryRow(alias: alias, kind: .record(shape, type), from: FromClause("\(type.table.sql) AS \(alias)"))
            let conditions = [
                "\(alias).\"\(column)\" = \(owner.alias).\"id\"", guardCondition(type, alias: alias),
                mask(column: column, of: type, alias: alias),
            ]
            return (row, conditions.compactMap { $0 })
        case .linked(let table, let shape, let isInverse, let owner):
            let type = try recordType(of: shape)
            let (alias, link) = (newAlias("v"), newAlias("l"))
            let (here, there) = isInverse ? ("target_id", "source_id") : ("source_id", "target_id")
            let from = "\(table.name.sql) AS \(link) JOIN \(type.table.sql) AS \(alias) ON \(alias).\"id\" = \(link).\"\(there)\""
            let row = QueryRow(alias: alias, kind: .record(shape, type), linkAlias: link, from: FromClause(from))
            // The link is a field of the record at its source.
            let conditions = [
                "\(link).\"\(here)\" = \(owner.alias).\"id\"", guardCondition(type, alias: alias),
                mask(table, of: isInverse ? row : owner),
            ]
            return (row, conditions.compactMap { $0 })
        }
    }

    /// The condition under which a list of the record in `row` is seen.
    func mask(_ table: ChildTable, of row: QueryRow) -> String? {
        guard case .record(_, let type) = row.kind else { return nil }
        return mask(table.field, of: type, alias: row.alias)
    }
}

extension SQLFragment {
    /// The same where a condition holds, and nothing elsewhere.
    func shown(where condition: String) -> SQLFragment {
        SQLFragment("CASE WHEN \(condition) THEN \(text) END", isNullable: true, offset: offset)
    }
}
