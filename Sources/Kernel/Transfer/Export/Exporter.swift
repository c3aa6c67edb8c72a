package import Catalog
import JSONReading
import QueryLanguage
package import Records

/// Writes records as CSV: one row each, in the form that an import of the same collection reads back.
package struct Exporter: Sendable {
    let store: RecordStore
    let type: RecordType
    let access: Access
    private let columns: [ExportColumn]

    package init(store: RecordStore, type: RecordType, access: Access) {
        self.store = store
        self.type = type
        self.access = access
        columns = ExportColumn.columns(of: type)
    }

    /// Streams the records of a request; `write` gets pieces of some ten kilobytes.
    ///
    /// - Returns: how many records there were.
    package func run(_ request: ListRequest, write: ([UInt8]) async throws -> Void, progress: (Int) -> Void) async throws -> Int {
        var writer = CSVWriter()
        writer.row(columns.map(\.header))
        var count = 0
        for try await json in store.stream(request, access: access) {
            guard case .complex(let record) = try JSONReader.value(of: json) else { continue }
            for column in columns { writer.field(column.cell(record)) }
            writer.endRow()
            count += 1
            guard writer.count > 64 * 1024 else { continue }
            try await write(writer.take())
            progress(count)
        }
        try await write(writer.take())
        return count
    }
}
