package import QueryLanguage

/// What conditions of subscriptions can ask about an event, as members of `$event`.
package enum EventValue: String, Sendable, Hashable, CaseIterable {
    case topic
    /// `create`, `update`, `delete`, `restore`, `purge`.
    case action
    case at
    case version
    case channel
    case actor
    case onBehalfOf = "on_behalf_of"
    case changeSet = "change_set"

    var property: Property {
        switch self {
        case .topic, .action, .channel: Property(name: rawValue, type: .string, isNullable: false)
        case .at: Property(name: rawValue, type: .dateTimeOffset, isNullable: false)
        case .version: Property(name: rawValue, type: .int64, isNullable: false)
        case .actor, .changeSet: Property(name: rawValue, type: .guid, isNullable: false)
        case .onBehalfOf: Property(name: rawValue, type: .guid)
        }
    }

    /// The member that has the record as it was before the event.
    package static let old = "old"
}

extension TypeShape {
    /// What can be asked about events of this type's records.
    func eventScope(of type: RecordType) -> EventScope {
        var changes: [String: [String]] = [:]
        for property in shape.properties.values {
            changes[property.name] = bindings.indices.contains(property.ordinal) ? bindings[property.ordinal].eventNames : nil
        }
        for field in type.fields { changes[field.key] = field.eventNames }
        let own = shape.properties.values.filter { isOwnValue($0) }.map { property in
            // Before the record was made there was nothing.
            Property(
                name: property.name, type: property.type, isFilterable: property.isFilterable, currencyProperty: property.currencyProperty,
                normalForm: property.normalForm, ordinal: property.ordinal)
        }
        let old = Property(
            name: EventValue.old, type: .complex(ComplexShape(name: "\(type.id) before", properties: own)), isNullable: false)
        return EventScope(members: EventValue.allCases.map(\.property) + [old], changes: changes)
    }

    /// Whether a property is kept in the record's own row.
    package func isOwnValue(_ property: Property) -> Bool {
        guard bindings.indices.contains(property.ordinal) else { return false }
        return switch bindings[property.ordinal] {
        case .system, .column, .address: true
        default: false
        }
    }
}

extension PropertyBinding {
    /// What events call a change of the property; nil for what isn't the record's own.
    fileprivate var eventNames: [String]? {
        switch self {
        case .system(let column), .column(let column, _): [column.name]
        case .address(let field): AddressMember.allCases.map { "\(field)_\($0.rawValue)" }
        case .file(let field): ["\(field)_id"]
        case .channels(let table), .toMany(let table, _): [table.field]
        case .toOne(let column, _): [column]
        case .toAny(let field, _): ["\(field)_type", "\(field)_id"]
        case .inverseOfOne, .inverseOfMany, .linkColumns: nil
        }
    }
}
