import Catalog
import QueryLanguage

/// Expanded links: subqueries in the record's own select list, so that one statement brings everything.
extension QueryCompiler {
    /// Adds the members of one item of `$expand`.
    func expand(_ item: CheckedExpand, of row: QueryRow, shape: TypeShape, type: RecordType, into object: inout RecordObject) throws {
        let name = item.link.name
        guard let binding = shape.binding(name) else { throw Self.gone(name) }
        switch binding {
        case .toOne(let column, let target):
            let mask = mask(column: column, of: type, alias: row.alias).map { " AND \($0)" } ?? ""
            let value = try single(target, query: item.query) { "\($0).\"id\" = \(row.alias).\"\(column)\"\(mask)" }
            object.members += linkMembers(of: item.link, row: row, type: type)
            object.members.append("\(value) AS \"\(name)\"")
        case .toAny(let field, let targets):
            let value = try anyOf(targets, field: field, query: item.query, row: row)
            let shown = mask(field, of: type, alias: row.alias).map { "CASE WHEN \($0) THEN \(value) END" } ?? value
            object.members += linkMembers(of: item.link, row: row, type: type)
            object.members.append("\(shown) AS \"\(name)\"")
        case .toMany(let table, _):
            let place = QueryMembers.linked(table, shape: try typeShape(item.query.shape), isInverse: false, owner: row)
            try expand(place, item, of: row, type: type, into: &object)
        case .inverseOfMany(_, let table):
            let place = QueryMembers.linked(table, shape: try typeShape(item.query.shape), isInverse: true, owner: row)
            try expand(place, item, of: row, type: type, into: &object)
        case .inverseOfOne(_, let column):
            let place = QueryMembers.inverse(column: column, shape: try typeShape(item.query.shape), owner: row)
            try expand(place, item, of: row, type: type, into: &object)
        case .system, .column, .address, .file, .channels, .linkColumns:
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
        let (value, join) = try within(row) { try object(of: row, query: query, showsType: showsType) }.joined()
        return "(SELECT \(value) FROM \(row.from.text)\(join) WHERE \(conditions.joined(separator: " AND ")))"
    }

    private func anyOf(_ targets: [String], field: String, query: CheckedQuery, row: QueryRow) throws -> String {
        let values = try targets.map { target in
            let options = query.shape.name == target ? query : nil
            let value = try single(target, query: options, showsType: true) { "\($0).\"id\" = \(row.alias).\"\(field)_id\"" }
            return "WHEN '\(target)' THEN \(value)"
        }
        return "CASE \(row.alias).\"\(field)_type\" \(values.joined(separator: " ")) END"
    }

    private func expand(
        _ place: QueryMembers, _ item: CheckedExpand, of owner: QueryRow, type: RecordType, into object: inout RecordObject
    ) throws {
        let (query, name) = (item.query, item.link.name)
        let (row, conditions) = try open(place)
        let most = ReadLimits.expandedItems(at: expansionDepth)
        let exactTop = item.exactTop(upTo: most)
        // In the order of `QueryKey`: filter, order, select and expand, top, skip, the options of the next link.
        let (source, array, rows) = try within(row) {
            let filter = try query.filter.map { try condition($0, .lenient).operand }
            let keys = try SortKey.keys(of: query, compiler: self)
            expansionDepth += 1
            defer { expansionDepth -= 1 }
            let members = try self.object(of: row, query: query)
            let top = exactTop.map { placeholder(.literal(take(.number($0)), .value)) } ?? "\(most + 1)"
            let skip = query.skip.map { " OFFSET \(placeholder(.literal(take(.number($0)), .value)))" } ?? ""
            let filters = (conditions + [filter].compactMap { $0 }).joined(separator: " AND ")
            let source = "FROM \(row.from.text) WHERE \(filters)"
            let part = "\(source) ORDER BY \(keys.map(\.ordering).joined(separator: ", ")) LIMIT \(top)\(skip)"
            let object = members.subquery()
            let place = ExpansionToken.keys(keys, owner: owner.alias)
            return (source, "ARRAY(SELECT \(object) \(part))", "SELECT \(object) AS j, \(place) AS k \(part)")
        }
        if query.count {
            object.members.append("(SELECT count(*) \(source)) AS \"\(name)\(controlName("count"))\"")
        }
        object.members += linkMembers(of: item.link, row: owner, type: type)
        guard exactTop == nil else {
            object.members.append("array_to_json(\(array)) AS \"\(name)\"")
            return
        }
        let options = placeholder(.literal(take(.value(.string(item.nextOptions(after: most)))), .value))
        let link = RecordObject.PartialLink(
            name: name, most: most, alias: newAlias("x"), rows: rows,
            nextLink: "'\(type.collection)(' || \(owner.alias).\"id\" || ')/\(name)?' || \(options)",
            nextLinkName: name + controlName("nextLink"))
        object.members.append(link.member)
        object.partial.append(link)
    }

    /// Compiles with another row as the one that paths start from.
    private func within<R>(_ row: QueryRow, _ body: () throws -> R) rethrows -> R {
        let outer = record
        record = row
        defer { record = outer }
        return try body()
    }
}

extension CheckedExpand {
    /// `top`, when it is no more than an expansion brings at most.
    func exactTop(upTo most: Int) -> Int64? { query.top.flatMap { $0 <= Int64(most) ? $0 : nil } }

    /// The options of the link that continues where the expansion was cut: the same, and the beginning of the token that says where.
    func nextOptions(after most: Int) -> String {
        var parts: [QueryOptions] = []
        func add(_ set: (inout QueryOptions) -> Void) {
            var part = QueryOptions()
            set(&part)
            parts.append(part)
        }
        if let filter = options?.filter { add { $0.filter = filter } }
        if let order = options?.orderBy, !order.isEmpty { add { $0.orderBy = order } }
        if let compute = options?.compute, !compute.isEmpty { add { $0.compute = compute } }
        if let select = options?.select { add { $0.select = select } }
        if let expand = options?.expand, !expand.isEmpty { add { $0.expand = expand } }
        // Each part is encoded alone, since an ampersand may be part of its value.
        let token = ExpansionToken.head(of: query, remaining: query.top.map { $0 - Int64(most) })
        return (parts.map { PercentEncoding.query($0.text) } + ["$skiptoken=\(token)"]).joined(separator: "&")
    }
}
