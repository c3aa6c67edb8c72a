import Catalog
import QueryLanguage

/// Expanded links: subqueries in the record's own select list, so that one statement brings everything.
extension QueryCompiler {
    /// The members that one item of `$expand` adds.
    func expansion(_ item: CheckedExpand, of row: QueryRow, shape: TypeShape, type: RecordType) throws -> [String] {
        let name = item.link.name
        guard let binding = shape.binding(name) else { throw Self.gone(name) }
        switch binding {
        case .toOne(let column, let target):
            let value = try single(target, query: item.query) { "\($0).\"id\" = \(row.alias).\"\(column)\"" }
            return ["\(value) AS \"\(name)\""]
        case .toAny(let field, let targets):
            return ["\(try anyOf(targets, field: field, query: item.query, row: row)) AS \"\(name)\""]
        case .toMany(let table, _):
            return try collection(.linked(table, shape: typeShape(item.query.shape), isInverse: false, owner: row), item, type: type)
        case .inverseOfMany(_, let table):
            return try collection(.linked(table, shape: typeShape(item.query.shape), isInverse: true, owner: row), item, type: type)
        case .inverseOfOne(_, let column):
            return try collection(.inverse(column: column, shape: typeShape(item.query.shape), owner: row), item, type: type)
        case .system, .column, .address, .channels, .linkColumns:
            throw RecordsError(.notSupported, "\(name) is no link and is shown without being expanded.", target: name)
        }
    }

    /// The record a link points at as an object, or NULL where there is none that may be read.
    private func single(_ target: String, query: CheckedQuery?, showsType: Bool = false, on condition: (String) -> String) throws -> String
    {
        guard let shape = catalog.typeShape(named: target) else { throw Self.gone(target) }
        let type = try recordType(of: shape)
        let alias = newAlias("e")
        let row = QueryRow(alias: alias, kind: .record(shape, type), from: FromClause("\(type.table.sql) AS \(alias)"))
        let conditions = [condition(alias), guardCondition(type, alias: alias)].compactMap { $0 }
        let list = try within(row) { try members(of: row, query: query, showsType: showsType) }
        return "(SELECT row_to_json(r) FROM (SELECT \(list) FROM \(row.from.text) WHERE \(conditions.joined(separator: " AND "))) AS r)"
    }

    private func anyOf(_ targets: [String], field: String, query: CheckedQuery, row: QueryRow) throws -> String {
        let values = try targets.map { target in
            let options = query.shape.name == target ? query : nil
            let value = try single(target, query: options, showsType: true) { "\($0).\"id\" = \(row.alias).\"\(field)_id\"" }
            return "WHEN '\(target)' THEN \(value)"
        }
        return "CASE \(row.alias).\"\(field)_type\" \(values.joined(separator: " ")) END"
    }

    private func collection(_ place: QueryMembers, _ item: CheckedExpand, type: RecordType) throws -> [String] {
        let query = item.query
        let (row, conditions) = try open(place)
        return try within(row) {
            // In the order of `QueryKey`: filter, order, select and expand, top, skip.
            var filters = conditions
            if let filter = query.filter {
                filters.append(try condition(filter, .lenient).operand)
            }
            let order = try SortKey.keys(of: query, compiler: self).map(\.ordering).joined(separator: ", ")
            let list = try members(of: row, query: query)
            var paging =
                query.top.map { " LIMIT \(placeholder(.literal(take(.number($0)), .value)))" } ?? " LIMIT \(ReadLimits.expandedItems)"
            if let skip = query.skip { paging += " OFFSET \(placeholder(.literal(take(.number(skip)), .value)))" }
            let source = "FROM \(row.from.text) WHERE \(filters.joined(separator: " AND "))"
            let array =
                "array_to_json(ARRAY(SELECT (SELECT row_to_json(r) FROM (SELECT \(list)) AS r) \(source) ORDER BY \(order)\(paging)))"
            var members = ["\(array) AS \"\(item.link.name)\""]
            if query.count {
                members.insert("(SELECT count(*) \(source)) AS \"\(item.link.name)\(controlName("count"))\"", at: 0)
            }
            return members
        }
    }

    /// Compiles with another row as the one that paths start from.
    private func within<R>(_ row: QueryRow, _ body: () throws -> R) rethrows -> R {
        let outer = record
        record = row
        defer { record = outer }
        return try body()
    }
}
