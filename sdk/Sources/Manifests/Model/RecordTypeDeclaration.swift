/// A record type as its owner declares it: one table, one collection of the API.
public struct RecordTypeDeclaration: Sendable, Hashable {
    /// The full name.
    public let name: TypeName
    /// The key, which is the name without its module.
    public var key: String { name.type }
    /// The name of the collection in the API, unique over the deployment: `people`.
    public let collection: Located<String>
    /// What one record is called: `Person`.
    public let label: String
    /// What several are called: `People`.
    public let labelPlural: String
    /// What the type is for.
    public let description: String?
    /// Other names of the records, by which an import recognises columns.
    public let alsoCalled: [String]
    /// The field whose value names a record to people. Without it, the id does.
    public let display: Located<String>?
    /// The fields, in the order of the file.
    public let fields: [FieldDeclaration]
    /// The link to the record that rights come from. Without it, roles say what may be done.
    public let inherits: Located<String>?
    /// Indexes beside those that unique fields and links have anyway.
    public let indexes: [IndexDeclaration]
    /// Combinations of fields that may not occur twice.
    public let unique: [UniqueDeclaration]
    /// Conditions that every record fulfils.
    public let rules: [RuleDeclaration]
    /// Conditions outside of which nobody but administrators reaches a record.
    public let only: [AccessRuleDeclaration]
    /// Whether a change must name the version that it changes (`If-Match`), and is refused with 428 without.
    public let isETagRequired: Bool
    /// Where the key stands.
    public let location: SourceLocation
}

/// An index over one or several fields.
public struct IndexDeclaration: Sendable, Hashable {
    /// The fields, most significant first. System fields (`created_at`, …) may be among them.
    public let fields: [Located<String>]
    /// Where the declaration starts.
    public let location: SourceLocation
}

/// A combination of fields whose values may not occur twice among the records that are not deleted.
public struct UniqueDeclaration: Sendable, Hashable {
    /// The fields, most significant first.
    public let fields: [Located<String>]
    /// What to show when the combination exists already; a sentence is made from the labels without it.
    public let message: String?
    /// Where the declaration starts.
    public let location: SourceLocation
}

/// A condition that every record of a type fulfils, checked by the store on every way in.
public struct RuleDeclaration: Sendable, Hashable {
    /// The key, unique in its type.
    public let id: String
    /// The condition. A record is refused when it is false; null is as good as true.
    public let check: ExpressionText
    /// The sentence to show when it isn't fulfilled.
    public let message: String
    /// The fields to show the message at.
    public let fields: [Located<String>]
    /// Where the declaration starts.
    public let location: SourceLocation
}
