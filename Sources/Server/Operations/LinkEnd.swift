import Catalog
import QueryLanguage
import Records

/// The side of a link that stores it.
struct LinkEnd {
    var source: RecordType
    var field: String
    var isInverse: Bool
    /// Written with PUT, seen from this side.
    var isSingle: Bool
    var target: InputShape.Reference
    var columns: [String: PropertyType]?

    /// The change as it is stored: a link seen from its other side is turned round. A version, which is that of the record seen, says nothing
    /// of the other one.
    func stored(_ change: LinkChange) -> LinkChange {
        guard isInverse else { return change }
        return LinkChange(key: change.target, target: change.key, columns: change.columns, isRemoval: change.isRemoval)
    }

    /// A body's reference taken apart: the key of the record at the other end, and the link's own columns.
    func key(in members: [String: Value]) -> (key: RecordKey, columns: [String: Value]) {
        var keys = members
        var columns: [String: Value] = [:]
        if case .complex(let own)? = keys.removeValue(forKey: TypeShape.linkMember) { columns = own }
        if case .guid(let id)? = keys["id"] { return (.id(id), columns) }
        return (.unique(keys), columns)
    }
}

extension ApiModel {
    /// What the name of a link means for who writes it.
    func linkEnd(_ type: ApiType, _ property: Property) throws(APIError) -> LinkEnd {
        switch (type.shape.binding(property.name), type.input.kinds[property.name]) {
        case (.toOne, .toOne(let target)?):
            return LinkEnd(source: type.record, field: property.name, isInverse: false, isSingle: true, target: target, columns: nil)
        case (.toMany, .toMany(let target, let columns)?):
            return LinkEnd(source: type.record, field: property.name, isInverse: false, isSingle: false, target: target, columns: columns)
        case (.inverseOfOne(let source, let column), _):
            return try inverse(source) { field in field.columns.contains { $0.name == column } }
        case (.inverseOfMany(let source, let table), _):
            return try inverse(source) { $0.key == table.field }
        default:
            throw APIError.notSupported("\(property.name) can't be written through $ref: write it as a property of the record.")
        }
    }

    private func inverse(_ sourceID: String, where isField: (Field) -> Bool) throws(APIError) -> LinkEnd {
        guard let source = typesByID[sourceID], let field = source.record.fields.first(where: isField) else {
            throw APIError.notSupported("This link can't be written from this side.")
        }
        var columns: [String: PropertyType]?
        if case .toMany(_, let own)? = source.input.kinds[field.key] { columns = own }
        let reference = InputShape.reference(to: sourceID, catalog)
        return LinkEnd(
            source: source.record, field: field.key, isInverse: true, isSingle: false, target: reference, columns: columns ?? [:])
    }
}
