import Catalog
import QueryLanguage

/// Control information: what JSON says about records and values beside them (OData JSON 4.01 section 4.5).
extension QueryCompiler {
    /// `@etag` or `@odata.etag`.
    func controlName(_ name: String) -> String { format.version == .v4_0 ? "@odata.\(name)" : "@\(name)" }

    /// - Parameter showsKey: whether the object has the record's `id`; without it, minimal metadata names the record too (section 4.5.8).
    func controlMembers(of row: QueryRow, shape: TypeShape, type: RecordType, showsType: Bool, showsKey: Bool) -> [String] {
        let address = "'\(type.collection)(' || \(row.alias).\"id\" || ')'"
        let isFull = format.metadata == .full
        var members: [String] = []
        if showsType || isFull { members.append("'#\(shape.entityTypeName)' AS \"\(controlName("type"))\"") }
        if isFull || (format.metadata == .minimal && !showsKey) { members.append("\(address) AS \"\(controlName("id"))\"") }
        if format.metadata != .none { members.append("'W/\"' || \(row.alias).\"version\" || '\"' AS \"\(controlName("etag"))\"") }
        if isFull { members.append("\(address) AS \"\(controlName("editLink"))\"") }
        return members
    }

    /// The type of a value, where JSON doesn't tell: with full metadata always, with minimal metadata where `$metadata` hasn't the property.
    func typeMember(of property: Property, isDeclared: Bool = true) -> [String] {
        guard format.metadata == .full || (format.metadata == .minimal && !isDeclared) else { return [] }
        guard let name = property.type.controlName(format.version) else { return [] }
        return ["'\(name)' AS \"\(property.name)\(controlName("type"))\""]
    }

    /// The type of a structured value, as a member of its own.
    func typeMember(_ name: String) -> [String] {
        format.metadata == .full ? ["'#\(name)' AS \"\(controlName("type"))\""] : []
    }

    /// The links that full metadata tells about beside those expanded: all of them, unless properties are selected, which no link is.
    func links(of shape: TypeShape, query: CheckedQuery?) -> [Property] {
        guard format.metadata == .full, query?.select ?? .everything == .everything else { return [] }
        return Self.ordered(shape).filter { $0.1.isNavigation }.map(\.0)
    }

    /// Where a link can be read, and where its references can. They stand right before the link itself (section 8.2).
    func linkMembers(of link: Property, row: QueryRow, type: RecordType) -> [String] {
        guard format.metadata == .full else { return [] }
        let address = "'\(type.collection)(' || \(row.alias).\"id\" || ')/\(link.name)"
        return [
            "\(address)/$ref' AS \"\(link.name)\(controlName("associationLink"))\"",
            "\(address)' AS \"\(link.name)\(controlName("navigationLink"))\"",
        ]
    }

    /// Properties with their bindings, as the manifest orders them.
    static func ordered(_ shape: TypeShape) -> [(Property, PropertyBinding)] {
        shape.shape.properties.values.sorted { $0.ordinal < $1.ordinal }.compactMap { property in
            shape.bindings.indices.contains(property.ordinal) ? (property, shape.bindings[property.ordinal]) : nil
        }
    }
}

extension PropertyType {
    /// The value of the `type` control information (OData JSON 4.01 section 4.5.3); nil where JSON itself tells the type, or there is none.
    ///
    /// - Parameter version: 4.0 has a hash before primitive types too.
    package func controlName(_ version: ReadFormat.Version) -> String? {
        switch self {
        // Objects say their type themselves.
        case .boolean, .string, .choice, .untyped, .complex, .entity, .entityCollection, .entityOfSeveral: nil
        case .collection(let item): "#Collection(\(item.qualifiedName))"
        case .int64, .decimal, .date, .timeOfDay, .dateTimeOffset, .duration, .guid: version == .v4_0 ? "#\(qualifiedName)" : qualifiedName
        }
    }

    /// A primitive type without `Edm.`, a structured one with its namespace.
    private var qualifiedName: String {
        switch self {
        case .choice: "String"
        case .complex(let shape): "tessera.\(shape.name)"
        default: displayName.hasPrefix("Edm.") ? String(displayName.dropFirst(4)) : displayName
        }
    }
}

extension TypeShape {
    /// The name of the entity type in `$metadata`: what a link to many leads to has one of its own.
    package var entityTypeName: String { shape.name.replacing("/", with: "_") }
}

extension Property {
    /// A member of a structured value; the property itself, if it has none.
    func member(_ name: String) -> Property {
        guard case .complex(let shape) = type else { return self }
        return shape.properties[name] ?? self
    }
}
