import Catalog

/// Collects the values by which the rows of a file link to one another, so that a rehearsal knows which links will find something. Empty for
/// files whose rows don't.
struct OwnKeys {
    private(set) var values: [String: Set<String>] = [:]
    private let columns: [(column: Int, property: String)]

    init(_ readers: [(column: Int, reader: ColumnReader)], type: RecordType) {
        let wanted = Set(
            readers.compactMap { entry -> String? in
                guard case .link(let field, let property?) = entry.reader.target, case .link(let link) = field.type, link.target == type.id
                else {
                    return nil
                }
                return property
            })
        columns = readers.compactMap { entry in
            guard case .property(let name, _) = entry.reader.target, wanted.contains(name) else { return nil }
            return (entry.column, name)
        }
    }

    mutating func look(at row: TableRow) {
        for (column, property) in columns where column < row.count {
            values[property, default: []].insert(row.text(column).trimmingBlanks())
        }
    }
}
