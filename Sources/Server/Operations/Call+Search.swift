import Catalog
import NIOHTTP1
import QueryLanguage
import Records

/// `GET /api/search?q=anna&types=people,organisations&top=10`: the best hits of several collections in one answer.
extension Call {
    static let mostHits: Int64 = 50

    func searchEverything() async throws -> ServerResponse {
        try options.allow(["q", "types", "top"], of: "search")
        guard let words = options.words, let search = Self.expression(words) else {
            throw APIError(.badRequest, "query.invalid_literal", "search needs q: the words to look for.", target: "q")
        }
        let top = options.system.top ?? 10
        guard (1...Self.mostHits).contains(top) else {
            throw APIError(.badRequest, "query.invalid_literal", "top must be 1 to \(Self.mostHits) here.", target: "top")
        }
        let requests = try searchedTypes().map { type in
            var query = CheckedQuery(shape: type.shape.shape)
            query.search = search
            let shown = type.record.displayField.flatMap { type.property($0) } ?? type.property("id")
            query.select = .properties(shown.map { [CheckedSelect.SelectedProperty(property: $0)] } ?? [])
            return ListRequest(type: type.record, query: query, format: ReadFormat(metadata: .none))
        }
        let hits = try await store.search(requests, top: Int(top), access: access)
        return response(.ok, json: json(of: hits))
    }

    /// The collections that are named, or all that can be searched.
    private func searchedTypes() throws(APIError) -> [ApiType] {
        guard let names = options.types else { return model.orderedTypes.filter(\.record.isSearchable) }
        var types: [ApiType] = []
        for name in names {
            guard let type = model.types[name] else {
                let hint = Spelling.closest(to: name, in: model.types.keys).map { " Did you mean '\($0)'?" } ?? ""
                throw APIError(.badRequest, "query.unknown_name", "There is no collection '\(name)'.\(hint)", target: "types")
            }
            if !types.contains(where: { $0.collection == name }) { types.append(type) }
        }
        return types
    }

    private func json(of hits: [SearchHit]) -> [UInt8] {
        var json = JSONWriter()
        json.object { json in
            json.array("value") { json in
                for hit in hits {
                    json.object { json in
                        json.field("type", hit.type.id)
                        json.field("collection", hit.type.collection)
                        json.field("id", "\(hit.id)")
                        json.key("title")
                        let title = JSONExtract.member(hit.type.displayField ?? "id", of: hit.json) ?? Array("null".utf8)
                        json.raw(String(decoding: title, as: UTF8.self))
                        json.field("field", hit.field)
                        json.key("score")
                        json.raw(Self.hundredths(hit.score))
                        json.field("as_typed", hit.isAsTyped)
                    }
                }
            }
        }
        return json.bytes
    }

    private static func hundredths(_ score: Double) -> String {
        let number = Int((score * 100).rounded())
        return number >= 100 ? "1.00" : "0.\(number < 10 ? "0" : "")\(number)"
    }

    /// `q` in the grammar of `$search`; what isn't well formed there is taken as the words it has, since people type it.
    private static func expression(_ words: String) -> SearchExpression? {
        if let options = try? QueryOptions.parse(urlQuery: "$search=\(PercentEncoding.encode(words))"), let search = options.search {
            return search
        }
        let plain = words.split { $0.isWhitespace }.map { SearchExpression.word(String($0)) }
        guard let first = plain.first else { return nil }
        return plain.dropFirst().reduce(first) { .and($0, $1) }
    }
}
