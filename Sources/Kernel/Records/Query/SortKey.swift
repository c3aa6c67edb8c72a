import Catalog
import QueryLanguage

/// One key of a list's order. Of records the last one is always `id`, in the direction of the key before it, so that every order is total and one
/// index, read either way, serves it.
struct SortKey {
    let sql: String
    let type: PropertyType
    let form: Form
    /// The column, where it is one of the record's own.
    var column: RecordOrder.Key?

    /// What paging has to know of a key, without its SQL.
    struct Form: Sendable, Hashable {
        var isDescending: Bool
        /// Whether rows without a value are possible.
        var isNullable: Bool
    }

    /// As an item of ORDER BY. See `Field.sortCollation` for the place of nulls.
    var ordering: String {
        guard form.isNullable else { return form.isDescending ? "\(sql) DESC" : sql }
        return form.isDescending ? "\(sql) DESC NULLS LAST" : "\(sql) NULLS FIRST"
    }

    /// The items of `$orderby` that count: those behind `id` decide nothing.
    private static func items(of query: CheckedQuery) -> ArraySlice<CheckedOrderItem> {
        if let apply = query.apply {
            // Groups have no id; their keys tell them apart.
            let rest = apply.rowKeys.filter { key in !query.orderBy.contains { $0.expression.kind == key.kind } }
            return query.orderBy[...] + rest.map { CheckedOrderItem(expression: $0, isDescending: false) }
        }
        let end = query.orderBy.firstIndex { systemName($0.expression) == "id" }.map { $0 + 1 } ?? query.orderBy.endIndex
        return query.orderBy[..<end]
    }

    /// The forms of all keys.
    static func forms(of query: CheckedQuery) -> [Form] {
        if query.apply != nil { return items(of: query).map { Form(isDescending: $0.isDescending, isNullable: true) } }
        var forms = items(of: query).map { item in
            Form(isDescending: item.isDescending, isNullable: systemName(item.expression) == nil)
        }
        if items(of: query).last.map({ systemName($0.expression) != "id" }) ?? true {
            forms.append(Form(isDescending: forms.last?.isDescending ?? false, isNullable: false))
        }
        return forms
    }

    /// The types of all keys, in which a cursor carries their values.
    static func types(of query: CheckedQuery) -> [PropertyType] {
        let types = items(of: query).map(\.expression.type)
        return types.count < forms(of: query).count ? types + [.guid] : Array(types)
    }

    /// All keys, compiled; consumes the literals of every item.
    static func keys(of query: CheckedQuery, compiler: QueryCompiler) throws -> [SortKey] {
        let forms = forms(of: query)
        var keys: [SortKey] = []
        let all = query.apply == nil ? query.orderBy[...] : items(of: query)
        for (index, item) in all.enumerated() {
            let piece = try compiler.value(item.expression)
            guard index < items(of: query).count else { continue }
            var sql = piece.operand
            let collation = try compiler.sortCollation(of: item.expression)
            let column = piece.isColumn ? compiler.ownColumn(piece.operand) : nil
            if let collation {
                sql += " COLLATE \"\(collation)\""
            } else if item.expression.type.isText, !piece.isColumn {
                sql += " COLLATE \"C\""
            }
            keys.append(
                SortKey(
                    sql: sql, type: item.expression.type, form: forms[index],
                    column: column.map { RecordOrder.Key(column: $0, collation: collation) }))
        }
        if keys.count < forms.count {
            keys.append(
                SortKey(
                    sql: "\(compiler.record.alias).\"id\"", type: .guid, form: forms[keys.count],
                    column: .init(column: RecordType.systemColumns[0])))
        }
        return keys
    }

    /// The name, when the expression is a property that every record itself has a value of.
    private static func systemName(_ expression: TypedExpression) -> String? {
        guard case .property(let path) = expression.kind, path.root == .record, path.segments.count == 1 else { return nil }
        let name = path.segments[0].property.name
        return RecordType.isNeverNull(name) ? name : nil
    }
}

extension QueryCompiler {
    /// The column of the listed records' own row that a piece of SQL names, if it names one.
    func ownColumn(_ sql: String) -> Column? {
        guard case .record(_, let type) = record.kind else { return nil }
        return (RecordType.systemColumns + type.fieldColumns).first { sql == "\(record.alias).\"\($0.name)\"" }
    }

    /// The language-aware collation that a field declares for being sorted by.
    func sortCollation(of expression: TypedExpression) throws -> String? {
        if case .group = record.kind { return nil }
        guard case .property(let path) = expression.kind, let segment = path.segments.last else { return nil }
        guard case .entity(let entity) = segment.owner else { return nil }
        let shape = try typeShape(entity)
        guard case .column(_, let key) = shape.binding(segment.property.name) else { return nil }
        return try recordType(of: shape).field(key)?.sortCollation
    }
}
