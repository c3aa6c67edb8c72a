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
