/// A composition with errors, as far as it could be made out: for finding further errors, never for running.
public struct PartialComposition: Sendable {
    /// What could be made out. Broken declarations are missing in it.
    public let composition: Composition
    let unknown: UnknownParts

    /// Whether a name that a record type doesn't have may be that of a declaration that is broken, or that stands in a file that can't be
    /// read, so that it can't be called wrong yet.
    public func mayHave(_ name: String, of type: TypeName) -> Bool {
        !unknown.isComplete(type) || UnknownParts.mayBring(name, among: unknown.fields[type, default: []])
    }
}

/// What files declare that can't be made out.
struct UnknownParts: Sendable {
    /// Keys of fields that are declared and broken, by type.
    var fields: [TypeName: Set<String>] = [:]
    /// Whether there may be more of any type.
    var isOpen = false
    /// Record types whose fields can't be made out.
    var openTypes: Set<TypeName> = []
    /// Record types that are declared and broken.
    var types: Set<TypeName> = []
    /// Modules that may have more record types.
    var modules: Set<String> = []

    mutating func merge(_ other: UnknownParts) {
        fields.merge(other.fields) { $0.union($1) }
        isOpen = isOpen || other.isOpen
        openTypes.formUnion(other.openTypes)
        types.formUnion(other.types)
        modules.formUnion(other.modules)
    }

    /// Whether all fields of a type are known by their keys.
    func isComplete(_ type: TypeName) -> Bool { !isOpen && !openTypes.contains(type) }

    /// Whether a record type that isn't there may be one that is broken.
    func mayBe(_ type: TypeName) -> Bool { types.contains(type) || modules.contains(type.module) }

    /// Whether one of these fields may be what has a name: a field brings further names with it, such as `amount_currency` and `primary_email`.
    static func mayBring(_ name: String, among fields: Set<String>) -> Bool {
        fields.contains { name == $0 || name.hasPrefix("\($0)_") || name.hasPrefix("primary_") }
    }

    /// Compares the keys of a type or extension with the fields that were built of it.
    mutating func note(_ object: CheckedObject?, of type: TypeName, built: [FieldDeclaration]) {
        guard let object, !object.isLost("fields") else {
            openTypes.insert(type)
            return
        }
        let broken = Set(object.map("fields").map(\.key.value)).subtracting(built.map(\.key))
        if !broken.isEmpty { fields[type, default: []].formUnion(broken) }
    }
}

extension CheckedObject {
    /// Whether the key is there, and what it holds can't be used.
    func isBroken(_ key: String) -> Bool { has(key) && values[key] == nil }

    /// The same, or it stands there misspelt, or more than can be read was to be there.
    func isLost(_ key: String) -> Bool {
        if case .map(let map)? = values[key]?.value.value, map.isOpen { return true }
        return isBroken(key) || !has(key) && (isOpen || meantKeys.contains(key))
    }
}
