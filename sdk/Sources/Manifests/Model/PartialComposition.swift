/// A composition with errors, as far as it could be made out: for finding further errors, never for running.
public struct PartialComposition: Sendable {
    /// What could be made out. Broken declarations are missing in it.
    public let composition: Composition
    let unknown: UnknownParts

    /// Whether a name that a record type doesn't have may be that of a declaration that is broken, or that stands in a file that can't be
    /// read, so that it can't be called wrong yet.
    public func mayHave(_ name: String, of type: TypeName) -> Bool {
        guard !unknown.isOpen else { return true }
        return unknown.fields[type, default: []].contains { key in
            // A field brings further names with it: `amount_currency`, `primary_email`.
            name == key || name.hasPrefix("\(key)_") || name.hasPrefix("primary_")
        }
    }
}

/// What files declare that can't be made out.
struct UnknownParts: Sendable {
    /// Keys of fields that are declared and broken, by type.
    var fields: [TypeName: Set<String>] = [:]
    /// Whether there may be more of any type.
    var isOpen = false

    mutating func merge(_ other: UnknownParts) {
        fields.merge(other.fields) { $0.union($1) }
        isOpen = isOpen || other.isOpen
    }

    /// Compares the keys of a type or extension with the fields that were built of it.
    mutating func note(_ object: CheckedObject?, of type: TypeName, built: [FieldDeclaration]) {
        guard let object, !object.isBroken("fields") else {
            isOpen = true
            return
        }
        let broken = Set(object.map("fields").map(\.key.value)).subtracting(built.map(\.key))
        if !broken.isEmpty { fields[type, default: []].formUnion(broken) }
    }
}

extension CheckedObject {
    /// Whether the key is there, and what it holds can't be used.
    func isBroken(_ key: String) -> Bool { has(key) && values[key] == nil }
}
