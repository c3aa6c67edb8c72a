/// Least and greatest value, both allowed. A missing end is open.
public struct ValueRange<Bound: Sendable & Hashable>: Sendable, Hashable {
    /// The least allowed value.
    public let min: Bound?
    /// The greatest allowed value.
    public let max: Bound?
}

/// What a `text` or `url` field may say.
public struct TextOptions: Sendable, Hashable {
    /// What a value must match as a whole.
    public let pattern: Located<TextPattern>?
    /// The length in characters (Unicode scalars of the NFC form).
    public let length: ValueRange<Int>?
    /// The language whose order lists are sorted by (BCP 47). Without it, by code point. Never for `url`.
    public let sortLanguage: Located<String>?
}

/// What a `long_text` field may say.
public struct LongTextOptions: Sendable, Hashable {
    /// The length in characters (Unicode scalars of the NFC form).
    public let length: ValueRange<Int>?
}

/// What an `integer` field may say.
public struct IntegerOptions: Sendable, Hashable {
    /// The allowed values.
    public let range: ValueRange<Int64>?
}

/// What a `decimal` field may say.
public struct DecimalOptions: Sendable, Hashable {
    /// All digits of a value, at most: 1...38, default 18.
    public let precision: Int
    /// The digits after the point: 0...precision, default 2.
    public let scale: Int
    /// The allowed values.
    public let range: ValueRange<DecimalLiteral>?
}

/// What a `money` field may say.
public struct MoneyOptions: Sendable, Hashable {
    /// The allowed amounts, whatever the currency.
    public let range: ValueRange<DecimalLiteral>?
}

/// What a `date` field may say.
public struct DateOptions: Sendable, Hashable {
    /// The allowed days.
    public let range: ValueRange<DateLiteral>?
}

/// What a `date_time` field may say.
public struct DateTimeOptions: Sendable, Hashable {
    /// The allowed moments.
    public let range: ValueRange<DateTimeLiteral>?
}

/// What a `duration` field or setting may say.
public struct DurationOptions: Sendable, Hashable {
    /// The allowed lengths of time.
    public let range: ValueRange<DurationLiteral>?
}

/// What a `choice` or `multi_choice` field may say.
public struct ChoiceOptions: Sendable, Hashable {
    /// The choices, in the order of the file, which is the order to sort and show them in.
    public let choices: [ChoiceDeclaration]
}

/// One value that a choice field can take.
public struct ChoiceDeclaration: Sendable, Hashable {
    /// The value that is stored and that the API shows.
    public let key: String
    /// What people see.
    public let label: String
    /// The colour that people see.
    public let color: ChoiceColor?
    /// A word that code and reports rely on when choices are renamed or added: `open`, `won`.
    public let category: String?
    /// Whether records may keep the value but no longer get it.
    public let isRetired: Bool
    /// Where the key stands.
    public let location: SourceLocation
}

/// The colours of the interface's palette.
public enum ChoiceColor: String, Sendable, Hashable, CaseIterable {
    case grey, red, orange, yellow, green, teal, blue, purple, pink, brown
}

/// What an `emails` or `phones` field may say.
public struct ChannelOptions: Sendable, Hashable {
    /// How many a record may have: 1...100, default 20.
    public let maxCount: Int
}

/// What a `tags` field may say.
public struct TagsOptions: Sendable, Hashable {
    /// How many a record may have: 1...1000, default 100.
    public let maxCount: Int
}

/// What a `link` field may say.
public struct LinkOptions: Sendable, Hashable {
    /// The type that is linked to.
    public let target: TypeReference
    /// The name under which the linked record sees the records that link to it.
    public let inverse: Located<String>?
    /// What becomes of the link when the linked record is purged.
    public let onDelete: DeletePolicy
    /// Whether following the link never leads back to where one came from. Only for links to the field's own record type.
    public let isAcyclic: Bool
}

/// What becomes of records that link to a record when that one is purged.
public enum DeletePolicy: String, Sendable, Hashable, CaseIterable {
    /// The link is emptied.
    case clear
    /// The purge is refused.
    case restrict
    /// They are purged too.
    case cascade
}

/// What a `links` field may say.
public struct LinksOptions: Sendable, Hashable {
    /// The type that is linked to.
    public let target: TypeReference
    /// The name under which the linked record sees the records that link to it.
    public let inverse: Located<String>?
    /// The single-link field that is kept in step with the link flagged primary.
    public let primary: Located<String>?
    /// The fields that every link has of its own.
    public let columns: [FieldDeclaration]
}

/// What a `link_any` field may say.
public struct LinkAnyOptions: Sendable, Hashable {
    /// The types that may be linked to.
    public let targets: [TypeReference]
}

/// What an `auto_number` field may say.
public struct AutoNumberOptions: Sendable, Hashable {
    /// How a number is written.
    public let pattern: Located<AutoNumberPattern>
}
