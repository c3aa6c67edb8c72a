/// A field of a record type, of a link's columns, or of an event.
public struct FieldDeclaration: Sendable, Hashable {
    /// The key: the name of the property in the API and of the column.
    public let key: String
    /// What the field is called.
    public let label: String
    /// What it holds, for people.
    public let description: String?
    /// The type, with what only that type has.
    public let kind: FieldKind
    /// Whether a record must have a value.
    public let isRequired: Bool
    /// Whether two records that are not deleted may not have the same value.
    public let isUnique: Bool
    /// How much it counts that a search finds the field; nil when it isn't searched.
    public let search: SearchWeight?
    /// The value of a new record that brings none.
    public let defaultValue: Located<DefaultValue>?
    /// Whether only modules write the field, never a caller of the API.
    public let isReadOnly: Bool
    /// A condition under which a value is required.
    public let requiredWhen: ExpressionText?
    /// A condition under which the value can't be changed.
    public let readOnlyWhen: ExpressionText?
    /// The property of a vCard that holds the field: `bday`, `n/family`, `adr;work`; nil when cards don't have it.
    public let vcard: String?
    /// Other names, by which an import recognises columns.
    public let alsoCalled: [String]
    /// Where the key stands.
    public let location: SourceLocation
}

/// How much it counts where a search finds its words: records found in a field of greater weight come first.
public enum SearchWeight: String, Sendable, Hashable, CaseIterable {
    /// What names the record: a last name, an organisation's name.
    case high
    /// What tells records apart.
    case normal
    /// What helps to find a record at all, such as the name of a linked one.
    case low
}

/// What a new record gets when nothing else is said.
public enum DefaultValue: Sendable, Hashable {
    /// For text, long text and url.
    case text(String)
    /// For integer.
    case integer(Int64)
    /// For decimal.
    case decimal(DecimalLiteral)
    /// For money: an amount and, if it isn't the deployment's, the currency (ISO 4217).
    case money(amount: DecimalLiteral, currency: String?)
    /// For boolean.
    case boolean(Bool)
    /// For date.
    case date(DateLiteral)
    /// For date: the day on which the record is made, in the deployment's time zone.
    case today
    /// For date-time.
    case dateTime(DateTimeLiteral)
    /// For date-time: the moment at which the record is made.
    case now
    /// For duration.
    case duration(DurationLiteral)
    /// For choice: a key of its choices.
    case choice(String)
    /// For multi-choice: keys of its choices. For tags: tags.
    case list([String])
}
