/// What a deployment consists of, as the kernel sees it: every record type with all extensions merged in. A value: a changed deployment is
/// another catalog.
package struct Catalog: Sendable, Hashable {
    package var deployment: String
    /// ISO 4217, of amounts that name none.
    package var currency: String
    /// IANA name, of days and numbers that depend on one.
    package var timeZone: String
    package var modules: [CatalogModule]
    /// In the order of the modules, then the integrator's own.
    package private(set) var types: [RecordType]
    /// In the order of the modules, then the integrator's own.
    package private(set) var views: [View]
    /// In the order of the modules, then the integrator's own.
    package private(set) var roles: [Role]
    /// What types demand of everybody, by the type's id: a part of each grant on them.
    package private(set) var demands: [String: [Role.Grant.Clause]]
    /// In the order of the modules, then the integrator's own.
    package private(set) var subscriptions: [EventSubscription]
    private var positionByID: [String: Int]
    private var positionByCollection: [String: Int]
    let shapes: [String: TypeShape]

    package init(
        deployment: String, currency: String, timeZone: String, modules: [CatalogModule], types: [RecordType], views: [View] = [],
        roles: [Role] = [], demands: [String: [Role.Grant.Clause]] = [:], subscriptions: [EventSubscription] = []
    ) {
        self.deployment = deployment
        self.currency = currency
        self.timeZone = timeZone
        self.modules = modules
        self.types = types
        self.views = views
        self.roles = roles
        self.demands = demands
        self.subscriptions = subscriptions
        shapes = Self.shapes(of: types)
        positionByID = Dictionary(types.enumerated().map { ($1.id, $0) }, uniquingKeysWith: { first, _ in first })
        positionByCollection = Dictionary(types.enumerated().map { ($1.collection, $0) }, uniquingKeysWith: { first, _ in first })
    }

    /// Finds a type by its full id: `contacts.person`.
    package func type(id: String) -> RecordType? { positionByID[id].map { types[$0] } }

    /// The type whose grants decide about the records of a type: itself, or what its rights come from in the end.
    package func origin(ofRightsTo type: RecordType) -> RecordType {
        var way = [type]
        // A composition with errors may have circles.
        while let parent = way[way.count - 1].parent.flatMap({ self.type(id: $0.type) }), !way.contains(where: { $0.id == parent.id }) {
            way.append(parent)
        }
        return way[way.count - 1]
    }

    /// Finds a type by the name of its collection: `people`.
    package func type(collection: String) -> RecordType? { positionByCollection[collection].map { types[$0] } }

    /// The links to several types that may lead to records of this one.
    package func anyLinks(to typeID: String) -> [(source: RecordType, field: Field)] {
        types.flatMap { type in
            type.fields.compactMap { field in
                if case .linkAny(let targets) = field.type, targets.contains(typeID) { (type, field) } else { nil }
            }
        }
    }

    /// The links of other types (and of the type itself) that point at a type.
    package func inboundLinks(to typeID: String) -> [InboundLink] {
        types.flatMap { type in
            type.fields.compactMap { field in
                switch field.type {
                case .link(let link) where link.target == typeID: InboundLink(source: type, field: field, inverse: link.inverse)
                case .links(let links) where links.target == typeID: InboundLink(source: type, field: field, inverse: links.inverse)
                default: nil
                }
            }
        }
    }
}

/// A module of the deployment, for documents and status pages.
package struct CatalogModule: Sendable, Hashable {
    package var id: String
    package var version: String
    package var name: String

    package init(id: String, version: String, name: String) {
        self.id = id
        self.version = version
        self.name = name
    }
}

/// A link seen from the record it points at.
package struct InboundLink: Sendable, Hashable {
    package var source: RecordType
    package var field: Field
    /// The collection name under which the target sees the source; nil when the manifest names none.
    package var inverse: String?
}
