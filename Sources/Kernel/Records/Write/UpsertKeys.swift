import Catalog
import QueryLanguage

/// The values by which the inputs of an upsert find their records, in the form they are stored in.
///
/// Of emails and phones the primary entry counts, which an input gives itself or in its list. A link counts by the record it leads to, whether
/// an input names that by its id or by another key.
struct UpsertKeys {
    let type: RecordType
    let properties: [String]
    let stored: StoredKeys
    let links: LinkResolver

    init(_ store: RecordStore, _ type: RecordType, by properties: [String], options: WriteOptions, access: Access) {
        self.type = type
        self.properties = properties
        stored = StoredKeys(store: store, type: type, access: access)
        links = LinkResolver(store: store, catalog: store.catalog, access: access, options: options)
    }

    /// In the order of the inputs; an input without a value, or whose link leads to no record, or to several, fails.
    func values(of inputs: [RecordInput]) async throws -> [Result<[Value], RecordsError>] {
        var keys = inputs.map { _ in Result<[Value], RecordsError>.success([]) }
        for property in properties {
            let column = try await column(of: property, inputs)
            for (index, value) in column.enumerated() {
                keys[index] = keys[index].flatMap { known in
                    value.flatMap { value in
                        guard !value.isNull else { return .failure(Self.missing(property)) }
                        return .success(known + [value])
                    }
                }
            }
        }
        return try await tidied(keys, inputs)
    }

    /// The keys as modules make them, where they write the properties.
    private func tidied(_ keys: [Result<[Value], RecordsError>], _ inputs: [RecordInput]) async throws -> [Result<[Value], RecordsError>] {
        var keys = keys
        let complete = keys.indices.filter { if case .success = keys[$0] { true } else { false } }
        let values = complete.compactMap { try? keys[$0].get() }
        let tidied = try await stored.values(values, of: properties, in: complete.map { inputs[$0] })
        for (index, values) in zip(complete, tidied) {
            let missing = values.firstIndex(where: \.isNull).map { properties[$0] }
            keys[index] = missing.map { .failure(Self.missing($0)) } ?? .success(values)
        }
        return keys
    }

    private static func missing(_ property: String) -> RecordsError {
        RecordsError(.invalid, "The key property \(property) has no value.", target: property)
    }

    private func column(of property: String, _ inputs: [RecordInput]) async throws -> [Result<Value, RecordsError>] {
        let field = type.fields.first { field in
            field.key == property || field.primaryProperty == property || field.isLinkToOne && "\(field.key)_id" == property
        }
        if let field, case .link(let link) = field.type { return try await self.links(field, link, inputs) }
        let given = inputs.map { input in
            field.flatMap { Self.primaryEntry(of: $0, property, in: input) } ?? input.values[property] ?? .null
        }
        return try stored.checked(given, of: property).map { .success($0) }
    }

    /// The address or number by which an input is found: the entry that its list flags, else the list's first, as the list is stored.
    private static func primaryEntry(of field: Field, _ property: String, in input: RecordInput) -> Value? {
        guard let primary = field.primaryProperty else { return nil }
        var entry = input.values[primary]
        if case .collection(let items)? = input.values[field.key] {
            let flagged = items.first { if case .complex(let members) = $0 { members["is_primary"] == .bool(true) } else { false } }
            entry = flagged ?? items.first
        }
        guard case .complex(let members)? = entry else { return entry }
        return members["address"] ?? members["number"] ?? .null
    }

    private func links(_ field: Field, _ link: Link, _ inputs: [RecordInput]) async throws -> [Result<Value, RecordsError>] {
        let given = inputs.map { $0.values["\(field.key)_id"] ?? $0.values[field.key] ?? .null }
        var questions: [LinkResolver.Question: Set<Value>] = [:]
        for case .complex(let members) in given where members["id"] == nil {
            for (property, value) in members { questions[.init(target: link.target, property: property), default: []].insert(value) }
        }
        let answers = try await self.links.answers(to: questions)
        return given.map { value in
            guard case .complex(let members) = value else { return .success(value) }
            if let id = members["id"] { return .success(id) }
            guard let (property, value) = members.first else { return .success(.null) }
            let found = answers[.init(target: link.target, property: property)]?[value] ?? .init()
            if found.ids.count == 1, let id = found.ids.first { return .success(.guid(id)) }
            let message = self.links.missing(link.target, property, value, found)
            return .failure(
                RecordsError(
                    .invalid, message, target: field.key,
                    details: [RecordsError.Detail(code: "records.link_target_missing", target: field.key, message: message)]))
        }
    }
}

extension Field {
    fileprivate var isLinkToOne: Bool { if case .link = type { true } else { false } }
}
