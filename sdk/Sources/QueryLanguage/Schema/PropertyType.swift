/// The type of a property or of an expression.
public indirect enum PropertyType: Sendable, Hashable {
    /// `Edm.Boolean`
    case boolean
    /// `Edm.Int64`
    case int64
    /// `Edm.Decimal`
    case decimal
    /// `Edm.String`
    case string
    /// A string that is one of a fixed set of keys: an enumeration without numbers.
    case choice(ChoiceType)
    /// `Edm.Date`
    case date
    /// `Edm.TimeOfDay`
    case timeOfDay
    /// `Edm.DateTimeOffset`
    case dateTimeOffset
    /// `Edm.Duration`
    case duration
    /// `Edm.Guid`
    case guid
    /// `Edm.Untyped`: any JSON; can be selected and compared with null, nothing else.
    case untyped
    /// A structured value with members of its own, such as an address.
    case complex(ComplexShape)
    /// A collection of values or of structured values; never of entities.
    case collection(of: PropertyType)
    /// A link to one entity, by the name of its shape.
    case entity(String)
    /// A link to many entities, by the name of their shape.
    case entityCollection(String)
    /// A link to one entity of several types, by the names of their shapes.
    case entityOfSeveral([String])

    /// The type's name for people and error messages, the standard's name where it has one.
    public var displayName: String {
        switch self {
        case .boolean: "Edm.Boolean"
        case .int64: "Edm.Int64"
        case .decimal: "Edm.Decimal"
        case .string: "Edm.String"
        case .choice: "choice"
        case .date: "Edm.Date"
        case .timeOfDay: "Edm.TimeOfDay"
        case .dateTimeOffset: "Edm.DateTimeOffset"
        case .duration: "Edm.Duration"
        case .guid: "Edm.Guid"
        case .untyped: "Edm.Untyped"
        case .complex(let shape): shape.name
        case .collection(let item): "Collection(\(item.displayName))"
        case .entity(let name): name
        case .entityCollection(let name): "Collection(\(name))"
        case .entityOfSeveral(let names): names.joined(separator: " or ")
        }
    }
}

/// The members of a choice.
public struct ChoiceType: Sendable, Hashable {
    /// The keys that values may have, in the order of the manifest.
    public let members: [String]
    /// The categories of the keys that have one: what conditions read as `stage/category`.
    public let categories: [String: String]

    /// Makes a choice of its keys.
    public init(members: [String], categories: [String: String] = [:]) {
        self.members = members
        self.categories = categories
    }

    /// The name under which a path reads the category of a choice.
    public static let categoryName = "category"

    /// The keys of each category, in the order of the manifest.
    public var membersByCategory: [(category: String, members: [String])] {
        var groups: [(category: String, members: [String])] = []
        for member in members {
            guard let category = categories[member] else { continue }
            if let index = groups.firstIndex(where: { $0.category == category }) {
                groups[index].members.append(member)
            } else {
                groups.append((category, [member]))
            }
        }
        return groups
    }
}

/// The members of a structured value.
public final class ComplexShape: Sendable {
    /// The name for people and error messages.
    public let name: String
    /// The members by name.
    public let properties: [String: Property]

    /// Makes a shape.
    public init(name: String, properties: [Property]) {
        self.name = name
        self.properties = Dictionary(properties.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    }
}

extension ComplexShape: Hashable {
    public static func == (left: ComplexShape, right: ComplexShape) -> Bool {
        left === right || (left.name == right.name && left.properties == right.properties)
    }

    public func hash(into hasher: inout Hasher) {
        hasher.combine(name)
    }
}
