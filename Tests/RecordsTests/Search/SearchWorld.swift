import Catalog
import Postgres
import QueryLanguage
import TestKernel
import Testing

@testable import Records

/// People and firms that are searched, and what a search is to find among them.
struct SearchWorld {
    let base: TestStore

    static let manifest = """
        manifest: 1
        id: crm
        version: "1.0.0"
        name: Searched
        platform: ">=0.1 <1.0"
        run: { mode: data }
        types:
          firm:
            collection: firms
            label: Firm
            label_plural: Firms
            display: name
            fields:
              name: { type: text, label: Name, required: true, search: high }
              site: { type: url, label: Site, search: low }
          human:
            collection: humans
            label: Human
            label_plural: Humans
            display: name
            fields:
              name: { type: text, label: Name, search: high }
              note: { type: long_text, label: Note, search: low }
              emails: { type: emails, label: Emails, search: normal }
              phones: { type: phones, label: Phones, search: normal }
              tags: { type: tags, label: Tags, search: low }
              home: { type: address, label: Home, search: low }
              firm: { type: link, label: Firm, to: firm, inverse: humans, search: low }
              age: { type: integer, label: Age }
              stage:
                type: choice
                label: Stage
                search: normal
                choices: { hot: { label: "Heißer $keep$ Kontakt's" }, cold: { label: Kalt }, lost: { label: Verloren, retired: true } }
              skills:
                type: multi_choice
                label: Skills
                search: low
                choices: { swim: { label: Schwimmen }, dive: { label: Tief tauchen } }
          thing:
            collection: things
            label: Thing
            label_plural: Things
            fields:
              name: { type: text, label: Name }
        """

    static func with<R: Sendable>(_ body: @Sendable (SearchWorld) async throws -> R) async throws -> R {
        try await TestStore.with(["crm": manifest]) { try await body(SearchWorld(base: $0)) }
    }

    /// A human; what isn't given is empty.
    func human(
        _ name: String, note: String? = nil, emails: [String] = [], phones: [String] = [], tags: [String] = [], city: String? = nil,
        firm: GUID? = nil, age: Int64? = nil
    ) async throws -> GUID {
        var values: [String: Value] = ["name": .string(name)]
        if let note { values["note"] = .string(note) }
        if !emails.isEmpty { values["emails"] = Self.list(emails, "address") }
        if !phones.isEmpty { values["phones"] = Self.list(phones, "number") }
        if !tags.isEmpty { values["tags"] = .collection(tags.map { .string($0) }) }
        if let city { values["home"] = .complex(["city": .string(city)]) }
        if let firm { values["firm_id"] = .guid(firm) }
        if let age { values["age"] = .integer(age) }
        return try await base.create("humans", values)
    }

    static func list(_ texts: [String], _ member: String) -> Value {
        .collection(texts.map { .complex([member: .string($0)]) })
    }

    // MARK: Questions

    func request(_ search: String, _ options: String = "", of collection: String = "humans", pageSize: Int = 100) throws -> ListRequest {
        let type = try base.type(collection)
        let text = "search=\(PercentEncoding.query(search))\(options.isEmpty ? "" : "&\(options)")"
        let shape = try #require(base.catalog.entityShape(named: type.id))
        let query = try QueryChecker(schema: base.catalog).check(QueryOptions.parse(urlQuery: text), on: shape)
        return ListRequest(type: type, query: query, format: ReadFormat(metadata: .none), pageSize: pageSize)
    }

    func page(_ search: String, _ options: String = "", of collection: String = "humans", pageSize: Int = 100) async throws -> Page {
        try await base.store.list(try request(search, options, of: collection, pageSize: pageSize), access: .test)
    }

    /// The names of the hits, in their order.
    func names(_ search: String, _ options: String = "", of collection: String = "humans") async throws -> [String] {
        Self.names(try await page(search, "select=name" + (options.isEmpty ? "" : "&\(options)"), of: collection))
    }

    static func names(_ page: Page) -> [String] {
        String(decoding: page.items, as: UTF8.self).split(separator: "}").map { item in
            item.split(separator: ":", maxSplits: 1).last.map { String($0.dropFirst().dropLast()) } ?? ""
        }
    }
}
