/// What a module declares: everything that exists once a deployment names it.
public struct ModuleManifest: Sendable, Hashable {
    /// The id: `contacts`, `acme.scoring`. Also the namespace of its types.
    public let id: Located<String>
    /// The version of the module (SemVer 2.0.0).
    public let version: Located<SemanticVersion>
    /// What people call it.
    public let name: String
    /// What it does, in a sentence.
    public let description: String?
    /// Who makes it.
    public let publisher: String?
    /// The licence as an SPDX expression.
    public let license: String?
    /// The versions of the platform that it runs on.
    public let platform: Located<VersionRange>
    /// How its code is run, if it has any.
    public let run: RunDeclaration
    /// Modules that must be there.
    public let requirements: [Requirement]
    /// The settings that a deployment may give.
    public let settings: [SettingDeclaration]
    /// The record types, in the order of the file.
    public let types: [RecordTypeDeclaration]
    /// What it adds to other modules' types.
    public let extensions: [TypeExtension]
    /// Saved lists that it brings.
    public let views: [ViewDeclaration]
    /// Roles that it brings.
    public let roles: [RoleDeclaration]
    /// Events that it publishes beside the changes of its records.
    public let events: [EventDeclaration]
    /// What its code does when records change.
    public let subscriptions: [SubscriptionDeclaration]
    /// The file it was read from.
    public let location: SourceLocation
}

/// A module that another one, or a deployment, asks for.
public struct Requirement: Sendable, Hashable {
    /// The id of the module.
    public let module: Located<String>
    /// The versions that will do.
    public let range: Located<VersionRange>
}

/// How a module's code is run.
public enum RunDeclaration: Sendable, Hashable {
    /// Manifest only, no code.
    case data
    /// A Swift dynamic library of this name, loaded into the server.
    case library(Located<String>)
}

/// A setting that a deployment may give to a module.
public struct SettingDeclaration: Sendable, Hashable {
    /// The key.
    public let key: String
    /// What it is called.
    public let label: String
    /// What it does.
    public let description: String?
    /// The type, with what only that type has.
    public let kind: SettingKind
    /// Whether the deployment must give it.
    public let isRequired: Bool
    /// The value when the deployment gives none. Never for secrets.
    public let defaultValue: SettingValue?
    /// Where the key stands.
    public let location: SourceLocation
}

/// The type of a setting.
public enum SettingKind: Sendable, Hashable {
    /// Text, with pattern and length.
    case text(TextOptions)
    /// A whole number of 64 bits.
    case integer(IntegerOptions)
    /// A decimal number of exact digits.
    case decimal(DecimalOptions)
    /// True or false.
    case boolean
    /// A length of time.
    case duration(DurationOptions)
    /// One of a list of choices.
    case choice(ChoiceOptions)
    /// A text that no manifest and no deployment file holds: it comes from the environment or from a file.
    case secret
}

/// The value of a setting.
public enum SettingValue: Sendable, Hashable {
    /// Of a `text` setting.
    case text(String)
    /// Of an `integer` setting.
    case integer(Int64)
    /// Of a `decimal` setting.
    case decimal(DecimalLiteral)
    /// Of a `boolean` setting.
    case boolean(Bool)
    /// Of a `duration` setting.
    case duration(DurationLiteral)
    /// Of a `choice` setting: the key.
    case choice(String)
    /// Of a `secret` setting: where it is read from when the server starts.
    case secret(SecretSource)
}

/// Where a secret is read from. The secret itself never stands in a file that Tessera parses.
public enum SecretSource: Sendable, Hashable {
    /// The environment variable of this name.
    case environment(String)
    /// The file at this path, without the line break at its end. Relative to the deployment file.
    case file(String)
}
