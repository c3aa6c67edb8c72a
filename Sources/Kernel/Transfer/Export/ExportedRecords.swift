import Catalog
import JSONReading
import QueryLanguage
import Records

/// The records of an export one by one, with all of their links to many.
struct ExportedRecords {
    private let store: RecordStore
    private let access: Access
    private var request: ListRequest
    /// The links that are shown.
    private var links: [(expand: CheckedExpand, target: RecordType)] = []

    init(store: RecordStore, request: ListRequest, expansions: [(field: Field, selection: String)], access: Access) throws {
        self.store = store
        self.access = access
        self.request = request
        for (field, selection) in expansions {
            let options = try QueryOptions.parse(urlQuery: "$expand=\(field.key)($select=\(selection))")
            let checked = try QueryChecker(schema: store.catalog(for: access)).check(options, on: request.query.shape)
            let target: RecordType? =
                switch field.type {
                case .link(let link): store.catalog(for: access).type(id: link.target)
                case .links(let links): store.catalog(for: access).type(id: links.target)
                default: nil
                }
            if let target { links += checked.expand.map { ($0, target) } }
        }
        guard !links.isEmpty else { return }
        self.request.query.expand = links.map(\.expand)
        // The id is needed to read on where a list of links is cut.
        self.request.query.select = .everything
    }

    func forEach(_ body: ([String: Value]) async throws -> Void) async throws {
        for try await json in store.stream(request, access: access) {
            guard case .complex(var record) = try JSONReader.value(of: json) else { continue }
            for (expand, target) in links where record["\(expand.link.name)@nextLink"] != nil {
                try await complete(expand, of: target, in: &record)
            }
            try await body(record)
        }
    }

    /// Reads all pages of a list of links that an expansion cuts.
    private func complete(_ expand: CheckedExpand, of target: RecordType, in record: inout [String: Value]) async throws {
        guard case .string(let text)? = record["id"], let id = GUID(text) else { return }
        let name = expand.link.name
        var request = ListRequest(type: target, query: expand.query, pageSize: ReadLimits.largestPageSize)
        var items: [Value] = []
        repeat {
            guard let page = try await store.links(self.request.type, id, navigation: name, request: request, access: access) else { break }
            let array = [UInt8(ascii: "[")] + page.items + [UInt8(ascii: "]")]
            if case .collection(let more) = try JSONReader.value(of: array) { items += more }
            request.query.skipToken = page.nextToken
        } while request.query.skipToken != nil
        record[name] = .collection(items)
    }
}
