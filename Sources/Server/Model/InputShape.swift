import Catalog
import QueryLanguage

/// What a body may say about a record of one type, by property name.
struct InputShape: Sendable {
    indirect enum Kind: Sendable {
        /// One value, or an array of values.
        case value(PropertyType)
        /// An object whose members are values.
        case members([String: PropertyType])
        /// An array of objects: emails and phones.
        case list([String: PropertyType])
        /// One record, named by its key.
        case toOne(target: Reference)
        /// Records, named by their keys, with what their links hold.
        case toMany(target: Reference, columns: [String: PropertyType])
        /// One record of several types.
        case toAny(targets: [Reference])
        /// Written by the server; what a body says is ignored, as the standard asks (OData Protocol 4.01 section 11.4.3).
        case computed
        /// Links that belong to the other side.
        case inverse(Inverse)
    }

    /// A link seen from the side that doesn't store it.
    struct Inverse: Sendable {
        var typeID: String
        /// The records that hold the link, as people call them.
        var label: String
        /// The field that stores it.
        var field: String
        /// What a link to many holds of its own; nil for single links.
        var columns: [String: PropertyType]?
    }

    /// How another record may be named.
    struct Reference: Sendable, Hashable {
        var typeID: String
        var collection: String
        var label: String
        /// Single properties whose value names one record.
        var keys: [String: PropertyType]
        /// All properties, so that an attempt to write the other record is told from a misspelling.
        var properties: Set<String>
    }

    let kinds: [String: Kind]

    init(_ type: RecordType, shape: TypeShape, catalog: Catalog) {
        var kinds: [String: Kind] = [:]
        for (name, property) in shape.shape.properties {
            kinds[name] = Self.kind(of: property, binding: shape.binding(name), type: type, catalog: catalog)
        }
        self.kinds = kinds
    }

    /// Lists of property names whose values together name one record.
    static func uniqueKeys(of type: RecordType) -> [[String]] {
        let single = type.fields.filter(\.unique).flatMap { field in field.columns.prefix(1).map { [$0.name] } }
        let combined = type.uniques.map { rule in
            rule.fields.flatMap { key in type.field(key)?.columns.prefix(1).map(\.name) ?? [key] }
        }
        return single + combined
    }

    private static func kind(of property: Property, binding: PropertyBinding?, type: RecordType, catalog: Catalog) -> Kind {
        switch binding {
        case .system(let column):
            return column.name == "owner_id" ? .value(.guid) : .computed
        case .column(_, let field):
            return isComputed(type.field(field)) ? .computed : .value(property.type)
        case .address:
            return .members(Dictionary(uniqueKeysWithValues: AddressMember.allCases.map { ($0.rawValue, PropertyType.string) }))
        case .file:
            return .members(Dictionary(uniqueKeysWithValues: FileMember.allCases.map { ($0.rawValue, $0.type) }))
        case .channels:
            guard case .collection(of: .complex(let shape)) = property.type else { return .computed }
            return .list(shape.properties.mapValues(\.type))
        case .toOne(_, let target):
            return .toOne(target: reference(to: target, catalog))
        case .toMany(_, let target):
            return .toMany(target: reference(to: target, catalog), columns: linkColumns(property, catalog))
        case .toAny(_, let targets):
            return .toAny(targets: targets.map { reference(to: $0, catalog) })
        case .inverseOfOne(let source, let column):
            let field = catalog.type(id: source)?.fields.first { $0.columns.contains { $0.name == column } }
            return inverse(source, field: field?.key ?? column, columns: nil, catalog)
        case .inverseOfMany(let source, let table):
            return inverse(source, field: table.field, columns: linkColumns(property, catalog), catalog)
        case .linkColumns, nil:
            return .computed
        }
    }

    private static func inverse(_ typeID: String, field: String, columns: [String: PropertyType]?, _ catalog: Catalog) -> Kind {
        .inverse(Inverse(typeID: typeID, label: catalog.type(id: typeID)?.labelPlural ?? typeID, field: field, columns: columns))
    }

    private static func isComputed(_ field: Field?) -> Bool {
        guard let field else { return true }
        return field.readOnly || field.isNumbered
    }

    /// What a link holds of its own: `_link` on the records that it leads to.
    private static func linkColumns(_ property: Property, _ catalog: Catalog) -> [String: PropertyType] {
        guard case .entityCollection(let name) = property.type,
            case .complex(let link)? = catalog.typeShape(named: name)?.shape.properties[TypeShape.linkMember]?.type
        else { return [:] }
        return link.properties.mapValues(\.type)
    }

    static func reference(to typeID: String, _ catalog: Catalog) -> Reference {
        let type = catalog.type(id: typeID)
        let properties = catalog.typeShape(named: typeID)?.shape.properties ?? [:]
        var keys: [String: PropertyType] = ["id": .guid]
        for key in type.map(uniqueKeys) ?? [] where key.count == 1 {
            if let property = properties[key[0]] { keys[property.name] = property.type }
        }
        return Reference(
            typeID: typeID, collection: type?.collection ?? typeID, label: type?.label ?? typeID, keys: keys,
            properties: Set(properties.keys))
    }
}
