package import Catalog
package import Files
import QueryLanguage
package import Records

/// Writes records in a format: one row or card each, in the form that an import of the same collection reads back.
package struct Exporter: Sendable {
    let store: RecordStore
    let type: RecordType
    let access: Access
    let format: ExportFormat
    let files: FileStore?

    /// - Parameter files: where the photos of cards come from; without it, cards have none.
    package init(store: RecordStore, type: RecordType, access: Access, format: ExportFormat = .csv, files: FileStore? = nil) {
        self.store = store
        self.type = type
        self.access = access
        self.format = format
        self.files = files
    }

    /// Streams the records of a request; `write` gets pieces of some ten kilobytes. `$select` and `$expand` choose columns; without `$select` all are written.
    ///
    /// - Parameter notice: told what is left out, and why.
    /// - Returns: how many records there were.
    package func run(
        _ request: ListRequest, write: ([UInt8]) async throws -> Void, notice: @escaping (String) -> Void = { _ in },
        progress: (Int) -> Void
    ) async throws -> Int {
        var form = try form(for: request.query, notice)
        var request = request
        // A card needs its name and its id, whatever is selected: the form chooses.
        if case .vcard = format { request.query.select = .everything }
        let records = try ExportedRecords(store: store, request: request, expansions: form.expansions, access: access)
        var count = 0
        try await records.forEach { record in
            try await form.add(record)
            count += 1
            if let piece = try form.take(atEnd: false) { try await write(piece) }
            if count % 500 == 0 { progress(count) }
        }
        while let piece = try form.take(atEnd: true) { try await write(piece) }
        return count
    }

    private func form(for query: CheckedQuery, _ notice: @escaping (String) -> Void) throws -> any ExportForm {
        guard query.apply == nil else {
            throw RecordsError(.notSupported, "An export is made of records; ask for groups as JSON, or leave out apply.", target: "$apply")
        }
        switch format {
        case .csv: return CSVExport(try columns(of: query))
        case .xlsx: return try XLSXExport(columns(of: query), sheet: type.collection)
        case .vcard(let version):
            let files = files.map { ExportedFiles(store: $0, access: access, notice: notice) }
            let form = try VCardForm(type: type, catalog: store.catalog(for: access)).showing(query)
            return VCardExport(form, files: files, version: version)
        }
    }

    /// The columns that a query asks for: those of `$select` in its order, then the links that `$expand` names.
    private func columns(of query: CheckedQuery) throws -> [ExportColumn] {
        let all = ExportColumn.columns(of: type, catalog: store.catalog(for: access))
        var lists: [String] = []
        var linked: [ExportColumn] = []
        // Named by what they lead to, links aren't there by their ids as well, unless these are selected: an import takes one of them.
        var ids: Set<String> = []
        for item in query.expand {
            guard let field = type.field(item.link.name) else { throw Self.unshown(item.link.name) }
            switch field.type {
            case .links where item.options == nil: lists.append(field.key)
            case .link(let link):
                linked += try columns(of: field, link, item)
                ids.formUnion(field.columns.map(\.name))
            default: throw Self.unshown(item.link.name)
            }
        }
        guard case .properties(let selected) = query.select else { return all.filter { !ids.contains($0.property) } + linked }
        let chosen = selected.flatMap { item in
            all.filter { column in
                guard column.property == item.property.name else { return false }
                return item.members.isEmpty || item.members.contains { column.header.hasSuffix("/\($0.name)") }
            }
        }
        return chosen + lists.flatMap { key in all.filter { $0.property == key } } + linked
    }

    /// The columns of a link to one: what `$select` names of the record that it leads to.
    private func columns(of field: Field, _ link: Link, _ item: CheckedExpand) throws -> [ExportColumn] {
        let catalog = store.catalog(for: access)
        guard let target = catalog.type(id: link.target) else { throw Self.unshown(field.key) }
        if let inner = item.query.expand.first {
            throw RecordsError(
                .notSupported, "An export shows links of the record itself: leave out \(inner.link.name) in the options of \(field.key).",
                target: "$expand")
        }
        guard case .properties(let selected) = item.query.select, item.query.computed.isEmpty else {
            let name = target.displayField ?? "id"
            throw RecordsError(
                .notSupported,
                "Of \(field.key), an export shows what is selected, and no $compute: write \(field.key)($select=\(name)), or select \(field.key)_id.",
                target: "$expand")
        }
        // Whoever may read more than export gets no file of the rest by way of a link.
        guard access.exportsWhatItReads(of: target) else { throw RecordsError.forbidden(.export, target) }
        let names = selected.map(\.property.name)
        guard selected.allSatisfy({ $0.members.isEmpty }),
            let columns = ExportColumn.linked(field, to: target, properties: names, catalog)
        else {
            throw RecordsError(
                .notSupported,
                "Of \(field.key), an export shows properties of one value, and not all of \(names.joined(separator: ", ")) are.",
                target: "$expand")
        }
        return columns
    }

    private static func unshown(_ link: String) -> RecordsError {
        RecordsError(
            .notSupported,
            "An export shows links to many that the record itself holds, by their name alone, and links to one with what $select names of them: "
                + "$expand=NAME($select=…). Export \(link) from its own collection and link by id.",
            target: "$expand")
    }
}
