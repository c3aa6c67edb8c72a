package import Catalog
import JSONReading
import QueryLanguage
package import Records

/// Writes records as CSV: one row each, in the form that an import of the same collection reads back.
package struct Exporter: Sendable {
    let store: RecordStore
    let type: RecordType
    let access: Access

    package init(store: RecordStore, type: RecordType, access: Access) {
        self.store = store
        self.type = type
        self.access = access
    }

    /// Streams the records of a request; `write` gets pieces of some ten kilobytes. `$select` and `$expand` choose columns; without `$select` all are written.
    ///
    /// - Returns: how many records there were.
    package func run(_ request: ListRequest, write: ([UInt8]) async throws -> Void, progress: (Int) -> Void) async throws -> Int {
        let columns = try columns(of: request.query)
        let records = try ExportedRecords(store: store, request: request, columns: columns, access: access)
        var writer = CSVWriter()
        writer.row(columns.map(\.header))
        var count = 0
        try await records.forEach { record in
            for column in columns { writer.field(column.cell(record)) }
            writer.endRow()
            count += 1
            guard writer.count > 64 * 1024 else { return }
            try await write(writer.take())
            progress(count)
        }
        try await write(writer.take())
        return count
    }

    /// The columns that a query asks for: those of `$select` in its order, then the links to many that `$expand` names.
    private func columns(of query: CheckedQuery) throws -> [ExportColumn] {
        let all = ExportColumn.columns(of: type, catalog: store.catalog)
        let expanded = try query.expand.map { item in
            guard item.options == nil, let field = type.field(item.link.name), case .links = field.type else {
                throw RecordsError(
                    .notSupported,
                    "An export shows links to many by their name alone; export \(item.link.name) from its own collection and link by id.")
            }
            return field.key
        }
        guard case .properties(let selected) = query.select else { return all }
        let chosen = selected.flatMap { item in
            all.filter { column in
                guard column.property == item.property.name else { return false }
                return item.members.isEmpty || item.members.contains { column.header.hasSuffix("/\($0.name)") }
            }
        }
        return chosen + expanded.flatMap { key in all.filter { $0.property == key } }
    }
}
