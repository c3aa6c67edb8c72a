package import QueryLanguage

/// A record type as queries see it: its properties and links by name, and where each comes from.
package struct TypeShape: Sendable, Hashable {
    package var shape: EntityShape
    package var bindings: [PropertyBinding]
    /// The record type whose rows these are. A shape reached through a link to many has another name than its record type.
    package var recordType: String

    /// The binding of a property by its name.
    package func binding(_ name: String) -> PropertyBinding? {
        guard let property = shape.properties[name], bindings.indices.contains(property.ordinal) else { return nil }
        return bindings[property.ordinal]
    }
}

extension Catalog: QuerySchema {
    package func entityShape(named name: String) -> EntityShape? { shapes[name]?.shape }

    /// A record type by its id, or what a link to many leads to by `<type id>/<property>`.
    package func typeShape(named name: String) -> TypeShape? { shapes[name] }

    static func shapes(of types: [RecordType]) -> [String: TypeShape] {
        var inbound: [String: [(source: RecordType, field: Field)]] = [:]
        for type in types {
            for field in type.fields {
                switch field.type {
                case .link(let link): inbound[link.target, default: []].append((type, field))
                case .links(let links): inbound[links.target, default: []].append((type, field))
                default: break
                }
            }
        }
        var shapes: [String: TypeShape] = [:]
        for type in types {
            var builder = ShapeBuilder(type: type)
            builder.addSystemProperties()
            type.fields.forEach { builder.add($0) }
            inbound[type.id]?.forEach { builder.addInverse(of: $0.field, in: $0.source) }
            shapes[type.id] = builder.finish(named: type.id)
        }
        // What a link to many leads to is the target with the link's own columns beside its properties.
        for type in types {
            for field in type.fields {
                guard case .links(let links) = field.type, let table = type.childTable(of: field) else { continue }
                let ends = [(type.id, field.key, links.target)] + (links.inverse.map { [(links.target, $0, type.id)] } ?? [])
                for (owner, property, reached) in ends {
                    let name = "\(owner)/\(property)"
                    shapes[name] = shapes[reached]?.adding(linkColumnsOf: table, links: links, named: name)
                }
            }
        }
        return shapes
    }
}

extension TypeShape {
    /// Name of the member that holds a link's own columns.
    package static let linkMember = "_link"

    fileprivate func adding(linkColumnsOf table: ChildTable, links: Links, named name: String) -> TypeShape {
        let own = links.columns.flatMap { field in ShapeBuilder.properties(of: field).map(\.property) }
        let complex = ComplexShape(
            name: "\(name)/_link", properties: [Property(name: "is_primary", type: .boolean, isNullable: false)] + own)
        let link = Property(name: Self.linkMember, type: .complex(complex), isNullable: false, ordinal: bindings.count)
        return TypeShape(
            shape: EntityShape(name: name, properties: Array(shape.properties.values) + [link]),
            bindings: bindings + [.linkColumns(table)],
            recordType: recordType
        )
    }
}
