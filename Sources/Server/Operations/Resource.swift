import Catalog
import NIOHTTP1
import QueryLanguage
import Records

/// What a path names, as far as the catalog can tell without the database.
enum Resource: Sendable {
    case serviceDocument, metadata, openAPI, batch, views, search
    case collection(ApiType)
    case count(ApiType)
    case bulk(ApiType)
    /// Where files are sent to.
    case files
    /// A file: what is known of it, or its content.
    case file(GUID, content: Bool)
    /// `/$each`: every record that `$filter` selects.
    case each(ApiType)
    case record(ApiType, RecordKey, Tail)
    case platform(PlatformResource)
    case directory(DirectoryResource)

    /// What follows a record in a path.
    indirect enum Tail: Sendable {
        case record
        case action(Action)
        /// What became of the record.
        case history
        /// A property, or a member of a structured one.
        case property(Property, member: Property?, raw: Bool)
        /// How many values a property that is a list has.
        case elementCount(Property)
        /// The content of the file that a property holds.
        case stream(Property)
        case links(Property, LinkTarget)
        /// A link to one record, and what follows that record.
        case hop(Property, ApiType, Tail)
        /// One of the records that a link to many leads to, and what follows it.
        case pick(Property, ApiType, RecordKey, Tail)
    }

    enum LinkTarget: Sendable {
        case records, count, references
        /// `/affiliations(ID)/$ref`
        case reference(RecordKey)
    }

    enum Action: String, Sendable, CaseIterable {
        case restore, purge
    }

    /// Name of the bulk action of a collection, with and without its namespace.
    static let bulkNames: Set<String> = ["bulk", "tessera.bulk"]

    /// Whether a body may describe many records.
    var holdsMany: Bool {
        switch self {
        case .bulk, .batch: true
        default: false
        }
    }

    /// Whether what is written there is records alone, so that all of it can be rolled back.
    var canBeTried: Bool {
        switch self {
        case .collection, .record, .bulk, .each: true
        default: false
        }
    }

    var route: Route {
        switch self {
        case .serviceDocument: .serviceDocument
        case .metadata: .metadata
        case .openAPI: .openAPI
        case .batch: .batch
        case .views: .views
        case .search: .search
        case .collection: .collection
        case .count: .count
        case .bulk: .bulk
        case .files: .files
        case .file(_, let content): content ? .content : .file
        case .each: .each
        case .record(_, _, let tail): tail.route
        case .platform(let resource): resource.route
        case .directory(let resource): resource.route
        }
    }

    /// What a request gets, the one first that it gets if it has no preference; empty for files, which are as they are. Errors are JSON whatever
    /// it takes.
    func representations(for method: HTTPMethod) -> [Negotiation.Representation] {
        switch self {
        case .metadata: [.xml, .json]
        case .collection where method == .GET || method == .HEAD: [.json, .csv, .workbook, .cards]
        // Clients send one Accept header with everything they ask for, and take text where nothing else can be.
        case .count: [.text, .json]
        case .record(_, _, let tail) where tail.isText: [.text, .json]
        case .platform(.events): [.events]
        case .file(_, content: true): []
        case .record(_, _, let tail) where tail.isStream: []
        default: [.json]
        }
    }

    static func resolve(_ path: ResourcePath, in model: ApiModel) throws(APIError) -> Resource {
        guard let first = path.segments.first else { return .serviceDocument }
        let rest = path.segments.dropFirst()
        if rest.isEmpty, first.key == nil {
            switch first.name {
            case "$metadata": return .metadata
            case "openapi.json": return .openAPI
            case "$batch": return .batch
            case "views": return .views
            case "search": return .search
            default: break
            }
        }
        if first.name == filesName { return try file(first.key, rest) }
        if let resource = try PlatformResource.resolve(first, rest) { return .platform(resource) }
        if let resource = try DirectoryResource.resolve(first, rest) { return .directory(resource) }
        guard let type = model.types[first.name] else { throw unknownCollection(first.name, model) }
        return try resolve(type, key: first.key, rest, model)
    }

    /// Where files are. No collection has a name of the API's own (`Names.reservedCollections`).
    static let filesName = "files"

    private static func file(_ key: ResourcePath.Key?, _ rest: ArraySlice<ResourcePath.Segment>) throws(APIError) -> Resource {
        var rest = rest
        var text: String?
        if case .single(.bare(let id))? = key {
            text = id
        } else if key == nil, rest.isEmpty {
            return .files
        } else if key == nil, let next = rest.popFirst(), next.key == nil {
            text = next.name
        }
        guard let id = text.flatMap({ GUID($0) }) else {
            throw APIError(.badRequest, "odata.bad_key", "A file is named by its id: files(id), files(id)/$value.")
        }
        guard let last = rest.first else { return .file(id, content: false) }
        guard rest.count == 1, last.name == "$value", last.key == nil else {
            throw APIError.notFound("Behind a file stands $value, its content.")
        }
        return .file(id, content: true)
    }

    private static func resolve(
        _ type: ApiType, key: ResourcePath.Key?, _ rest: ArraySlice<ResourcePath.Segment>, _ model: ApiModel
    ) throws(APIError) -> Resource {
        if let key { return .record(type, try recordKey(key, of: type), try tail(type, rest, model)) }
        guard let next = rest.first else { return .collection(type) }
        if rest.count == 1, next.key == nil {
            if next.name == "$count" { return .count(type) }
            if next.name == "$each" { return .each(type) }
            if bulkNames.contains(next.name) { return .bulk(type) }
        }
        // The key as a segment of its own (OData URL Conventions 4.01, section 4.3.6).
        if next.key == nil, let id = GUID(next.name) { return .record(type, .id(id), try tail(type, rest.dropFirst(), model)) }
        throw APIError.notFound(
            "Behind \(type.collection) stands an id, $count, $each or bulk: \(type.collection)(id), \(type.collection)/$count."
        )
    }

    /// The key as the type has it.
    static func recordKey(_ key: ResourcePath.Key, of type: ApiType) throws(APIError) -> RecordKey {
        guard let found = RecordDecoder.recordKey(key, keys: type.keyTypes) else { throw badKey(type) }
        if case .unique(let values) = found {
            let names = Set(values.keys)
            guard type.uniqueKeys.contains(where: { Set($0) == names }) else { throw badKey(type) }
        }
        return found
    }

    private static func badKey(_ type: ApiType) -> APIError {
        let alternatives = type.uniqueKeys.map { keys in " or \(type.collection)(\(keys.map { "\($0)='…'" }.joined(separator: ",")))" }
        return APIError(
            .badRequest, "odata.bad_key", "\(type.record.labelPlural) are named by \(type.collection)(id)\(alternatives.joined()).")
    }

    // MARK: Behind a record

    private static func tail(
        _ type: ApiType, _ rest: ArraySlice<ResourcePath.Segment>, _ model: ApiModel
    ) throws(APIError) -> Tail {
        guard let segment = rest.first else { return .record }
        let next = rest.dropFirst()
        if segment.key == nil, next.isEmpty {
            let name = segment.name.hasPrefix("tessera.") ? String(segment.name.dropFirst(8)) : segment.name
            if let action = Action(rawValue: name), type.property(name) == nil { return .action(action) }
            if name == "history", type.property(name) == nil { return .history }
        }
        if segment.key == nil, model.typesByID[segment.name] != nil {
            throw APIError.notSupported("The type segment '\(segment.name)' is not supported: leave it out.")
        }
        guard let property = type.property(segment.name) else { throw unknownProperty(segment.name, type) }
        switch property.type {
        case .entity(let target):
            return try toOne(property, model.typesByID[target], segment, next, type, model)
        case .entityOfSeveral:
            return try toOne(property, nil, segment, next, type, model)
        case .entityCollection(let name):
            guard let target = model.catalog.typeShape(named: name).flatMap({ model.typesByID[$0.recordType] }) else {
                throw unknownProperty(segment.name, type)
            }
            return try toMany(property, target, segment, next, model)
        default:
            guard segment.key == nil else { throw keyOfValue(property, type) }
            return try propertyTail(property, next)
        }
    }

    private static func toOne(
        _ property: Property, _ target: ApiType?, _ segment: ResourcePath.Segment, _ next: ArraySlice<ResourcePath.Segment>,
        _ type: ApiType,
        _ model: ApiModel
    ) throws(APIError) -> Tail {
        guard segment.key == nil else {
            throw APIError(.badRequest, "odata.bad_key", "\(property.name) leads to one record and takes no key.")
        }
        guard let following = next.first else { return .links(property, .records) }
        if following.name == "$ref", next.count == 1 { return .links(property, .references) }
        guard let target else {
            throw APIError.notSupported("A path through \(property.name), which links to several types, is not supported yet.")
        }
        return .hop(property, target, try tail(target, next, model))
    }

    private static func toMany(
        _ property: Property, _ target: ApiType, _ segment: ResourcePath.Segment, _ next: ArraySlice<ResourcePath.Segment>,
        _ model: ApiModel
    ) throws(APIError) -> Tail {
        if let key = segment.key {
            let key = try recordKey(key, of: target)
            if next.count == 1, next.first?.name == "$ref" { return .links(property, .reference(key)) }
            return .pick(property, target, key, try tail(target, next, model))
        }
        guard let following = next.first else { return .links(property, .records) }
        if following.key == nil, next.count == 1 {
            if following.name == "$count" { return .links(property, .count) }
            if following.name == "$ref" { return .links(property, .references) }
        }
        if following.key == nil, let id = GUID(following.name) {
            return .pick(property, target, .id(id), try tail(target, next.dropFirst(), model))
        }
        throw APIError.notFound("Behind \(property.name) stands an id, $count or $ref.")
    }

    private static func propertyTail(_ property: Property, _ next: ArraySlice<ResourcePath.Segment>) throws(APIError) -> Tail {
        guard let following = next.first else { return .property(property, member: nil, raw: false) }
        if following.name == "$value", next.count == 1 {
            return property.type.isFile ? .stream(property) : .property(property, member: nil, raw: true)
        }
        if case .collection = property.type, following.name == "$count", following.key == nil, next.count == 1 {
            return .elementCount(property)
        }
        if case .complex(let shape) = property.type, following.key == nil, let member = shape.properties[following.name] {
            guard let last = next.dropFirst().first else { return .property(property, member: member, raw: false) }
            if last.name == "$value", next.count == 2 { return .property(property, member: member, raw: true) }
        }
        throw APIError.notFound("There is nothing named '\(following.name)' behind \(property.name).")
    }

    private static func keyOfValue(_ property: Property, _ type: ApiType) -> APIError {
        let place = "\(type.collection)(id)/\(property.name)"
        guard case .collection = property.type else {
            return APIError(.badRequest, "odata.bad_key", "\(property.name) is one value and takes no key: \(place).")
        }
        return APIError(
            .badRequest, "odata.bad_key",
            "The entries of \(property.name) have no keys: \(place) has all of them, and they are changed together, with the record.")
    }

    private static func unknownCollection(_ name: String, _ model: ApiModel) -> APIError {
        let hint = Spelling.closest(to: name, in: model.types.keys).map { " Did you mean '\($0)'?" } ?? " GET /api lists what there is."
        return APIError.notFound("This deployment has no collection '\(name)'.\(hint)")
    }

    private static func unknownProperty(_ name: String, _ type: ApiType) -> APIError {
        let hint = Spelling.closest(to: name, in: type.shape.shape.properties.keys).map { " Did you mean '\($0)'?" } ?? ""
        return APIError.notFound("\(type.record.label) has no property, link or action '\(name)'.\(hint)")
    }
}

extension Resource.Tail {
    var isStream: Bool {
        switch self {
        case .stream: true
        case .hop(_, _, let tail), .pick(_, _, _, let tail): tail.isStream
        case .record, .action, .history, .property, .elementCount, .links: false
        }
    }

    /// Whether the answer is bare text: `$count`, `$value`.
    fileprivate var isText: Bool {
        switch self {
        case .property(_, _, let raw): raw
        case .elementCount, .links(_, .count): true
        case .hop(_, _, let tail), .pick(_, _, _, let tail): tail.isText
        default: false
        }
    }

    var route: Route {
        switch self {
        case .record: .record
        case .action: .action
        case .history: .history
        case .property, .elementCount: .property
        case .stream: .stream
        case .links(_, .records), .links(_, .count): .navigation
        case .links: .reference
        case .hop(_, _, let tail), .pick(_, _, _, let tail): tail.route
        }
    }
}
