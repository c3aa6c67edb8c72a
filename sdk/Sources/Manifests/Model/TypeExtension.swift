/// What a module or an overlay adds to a record type of another module.
public struct TypeExtension: Sendable, Hashable {
    /// The type that is extended.
    public let target: TypeReference
    /// Fields to add.
    public let fields: [FieldDeclaration]
    /// Another name for one record of the type.
    public let label: Located<String>?
    /// Another name for several records of the type.
    public let labelPlural: Located<String>?
    /// Other labels for fields that exist.
    public let labels: [LabelChange]
    /// Choices to add to choice fields that exist.
    public let choices: [ChoiceAddition]
    /// Fields that exist and are to be searched, or with another weight.
    public let searches: [SearchChange]
    /// Indexes to add.
    public let indexes: [IndexDeclaration]
    /// Unique combinations to add.
    public let unique: [UniqueDeclaration]
    /// Rules to add.
    public let rules: [RuleDeclaration]
    /// Conditions to add outside of which nobody but administrators reaches a record.
    public let only: [AccessRuleDeclaration]
    /// Where the extension starts.
    public let location: SourceLocation
}

/// Another label for a field.
public struct LabelChange: Sendable, Hashable {
    /// The field.
    public let field: Located<String>
    /// Its new label.
    public let label: String
}

/// A field that exists and is to be searched.
public struct SearchChange: Sendable, Hashable {
    /// The field.
    public let field: Located<String>
    /// Its weight.
    public let weight: SearchWeight
}

/// Choices added to a choice field that exists.
public struct ChoiceAddition: Sendable, Hashable {
    /// The field.
    public let field: Located<String>
    /// The choices, shown after those that exist.
    public let choices: [ChoiceDeclaration]
}
