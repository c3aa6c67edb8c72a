/// The entity types of a deployment, as far as the type checker needs them.
public protocol QuerySchema: Sendable {
    /// The shape of the entity type that a link names; nil when there is none.
    func entityShape(named name: String) -> EntityShape?
    /// The form in which a phone number is stored for comparison; nil where the schema can't tell, so that comparing numbers is refused.
    func normalisedPhone(_ number: String) -> String?
}

extension QuerySchema {
    public func normalisedPhone(_ number: String) -> String? { nil }
}

/// The properties and links of one entity type.
public final class EntityShape: Sendable {
    /// The type's name, the one that links refer to.
    public let name: String
    /// Properties and links by OData name.
    public let properties: [String: Property]

    /// Makes a shape.
    public init(name: String, properties: [Property]) {
        self.name = name
        self.properties = Dictionary(properties.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

extension EntityShape: Hashable {
    public static func == (left: EntityShape, right: EntityShape) -> Bool {
        left === right || (left.name == right.name && left.properties == right.properties)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}

/// Entity types held in a dictionary: for tests and for schemas that are built once.
public struct FixedSchema: QuerySchema {
    private let shapes: [String: EntityShape]

    /// Makes a schema of its entity types.
    public init(_ shapes: [EntityShape]) {
        self.shapes = Dictionary(shapes.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }

    public func entityShape(named name: String) -> EntityShape? {
        shapes[name]
    }
}
