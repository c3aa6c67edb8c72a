package import Catalog
import Records
import TesseraKit

/// Whose a record type and its fields are: what modules may hook into.
package struct TypeClaims: Sendable, Hashable {
    /// Id of the module that declares the type.
    package var owner: String
    /// By key.
    package var fields: [String: FieldClaim]

    package init(owner: String, fields: [String: FieldClaim]) {
        self.owner = owner
        self.fields = fields
    }

    package init(_ type: RecordType) {
        owner = type.module
        let claims = type.fields.map { ($0.key, FieldClaim(owner: $0.owner, properties: $0.hookProperties)) }
        fields = Dictionary(claims, uniquingKeysWith: { first, _ in first })
    }

    /// The names under which hooks see a field.
    func properties(of field: String) -> [String] {
        fields[field]?.properties ?? [field]
    }

    /// What is wrong with a hook on this type, as sentences.
    func objections(to hook: BeforeWriteHook, of module: ModuleToLoad) -> [String] {
        guard owner == module.id || module.extends.contains(hook.recordType) else {
            return [
                "It hooks into '\(hook.recordType)', which belongs to '\(owner)'. A manifest that extends '\(hook.recordType)' may do that."
            ]
        }
        var objections: [String] = []
        for field in Set(hook.reads + hook.writes).sorted() where fields[field] == nil {
            objections.append(
                "Its hook on '\(hook.recordType)' names the field '\(field)', which the type doesn't have.\(suggestion(for: field))")
        }
        for field in Set(hook.writes).sorted() {
            guard let fieldOwner = fields[field]?.owner, fieldOwner != module.id else { continue }
            objections.append(
                "Its hook on '\(hook.recordType)' wants to write '\(field)', which belongs to '\(fieldOwner)'. "
                    + "A module writes only fields of its own."
            )
        }
        return objections
    }

    private func suggestion(for field: String) -> String {
        let names = fields.keys.sorted().joined(separator: ", ")
        return names.isEmpty ? "" : " It has \(names)."
    }
}

/// Whose a field is, and the names under which hooks see it.
package struct FieldClaim: Sendable, Hashable {
    package var owner: String
    /// `revenue` and `revenue_currency`, `parent_id`, or the field's key alone.
    package var properties: [String]

    package init(owner: String, properties: [String]) {
        self.owner = owner
        self.properties = properties
    }
}
