import Catalog
import QueryLanguage
import Records

/// The answer to a new record that brought others with it.
extension Call {
    /// The query with every link expanded that holds a new record, unless the client says how (OData Protocol 4.01 section 11.4.2.2).
    func showing(_ tree: RecordTree, in query: CheckedQuery, of type: ApiType) -> CheckedQuery {
        var query = query
        for (name, inner) in Dictionary(grouping: tree.nested, by: \.property).sorted(by: { $0.key < $1.key }) {
            guard !query.expand.contains(where: { $0.link.name == name }), let link = query.shape.properties[name],
                let shape = link.type.entityName.flatMap({ model.catalog.entityShape(named: $0) }),
                let reached = model.typesByID[model.catalog.typeShape(named: shape.name)?.recordType ?? ""]
            else { continue }
            // What any of them brought is shown of all.
            let shown = inner.reduce(CheckedQuery(shape: shape)) { showing($1.tree, in: $0, of: reached) }
            // What goes beyond the limits of an answer is left for the client to ask for.
            for part in [shown, CheckedQuery(shape: shape)] {
                var more = query
                more.expand.append(CheckedExpand(link: link, query: part))
                guard (try? ReadLimits.pageSize(1, of: more)) != nil else { continue }
                query = more
                break
            }
        }
        return query
    }
}

extension RecordTree.Nested {
    /// The property of the outer record that it stands in.
    fileprivate var property: String { String(path.prefix { $0 != "/" }) }
}

extension PropertyType {
    /// The shape that a link leads to; nil for anything but links of one type.
    fileprivate var entityName: String? {
        switch self {
        case .entity(let name), .entityCollection(let name): name
        default: nil
        }
    }
}
