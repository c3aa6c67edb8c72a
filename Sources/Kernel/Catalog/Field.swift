package import Manifests
package import QueryLanguage

/// A field of a record type as the deployment has it: the module's declaration with overlays applied.
package struct Field: Sendable, Hashable {
    package var key: String
    package var label: String
    package var description: String?
    package var type: FieldType
    package var required: Bool
    package var unique: Bool
    package var readOnly: Bool
    package var defaultValue: FieldDefault?
    package var requiredWhen: Condition?
    package var readOnlyWhen: Condition?
    /// Module id of whoever declared the field, or `custom` for an overlay's.
    package var owner: String
    /// The property of a vCard that holds the field: `bday`, `n/family`, `adr;work`.
    package var vcard: String?
    package var location: SourceLocation
    /// How much it counts that a search finds the field; nil when it isn't searched.
    package var search: SearchWeight? = nil
    /// Other names, by which an import recognises columns.
    package var alsoCalled: [String] = []
}

/// What a new record gets when its writer says nothing.
package enum FieldDefault: Sendable, Hashable {
    case value(Value)
    /// An amount in a currency: two columns.
    case money(DecimalNumber, currency: String)
    /// The day of the write in the deployment's time zone.
    case today
    /// The moment of the write.
    case now
}

/// A checked expression over a record's own fields, with the text its manifest has.
package struct Condition: Sendable, Hashable {
    package var text: String
    package var expression: TypedExpression
    /// Keys of the fields it reads.
    package var reads: Set<String>
    /// True when it names `null` itself, and so wants to be asked about empty fields.
    package var mentionsNull: Bool
}

/// A condition that every stored record meets. It is not asked while a field it reads is empty, unless it mentions `null`.
package struct Rule: Sendable, Hashable {
    package var id: String
    package var condition: Condition
    package var message: String
    /// The fields an interface marks when the rule is broken.
    package var fields: [String]
    package var owner: String
}

/// Fields whose values together occur once among records that are not deleted.
package struct UniqueRule: Sendable, Hashable {
    package var fields: [String]
    /// What to show when the combination exists already.
    package var message: String?
    package var owner: String
}

/// An index the manifest asks for, in field order.
package struct IndexRule: Sendable, Hashable {
    package var fields: [String]
    package var owner: String
}
