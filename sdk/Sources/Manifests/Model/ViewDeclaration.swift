/// A saved list: which records of a type, in which order, with which columns.
public struct ViewDeclaration: Sendable, Hashable {
    /// The key, unique in its module.
    public let key: String
    /// The type that is listed.
    public let type: TypeReference
    /// What the view is called.
    public let label: String
    /// What it is for.
    public let description: String?
    /// The fields to show, in order.
    public let columns: [Located<String>]
    /// The condition on the records; all without it.
    public let filter: ExpressionText?
    /// The order, as an `orderby` list: `last_name, first_name desc`.
    public let order: ExpressionText?
    /// Where the key stands.
    public let location: SourceLocation
}

/// A role that a module brings, for administrators to give to users.
public struct RoleDeclaration: Sendable, Hashable {
    /// The key, unique in its module.
    public let key: String
    /// What the role is called.
    public let label: String
    /// What it is for.
    public let description: String?
    /// What it allows, by type.
    public let grants: [GrantDeclaration]
    /// What its holders may do that isn't done with records of a type, by key.
    public let abilities: [String]
    /// Where the key stands.
    public let location: SourceLocation

    /// The ability to see who changed what, and why somebody may.
    public static let audit = "audit"

    /// The ability to keep users, services, teams and roles, as far as one's own rights go.
    public static let users = "users"
}

/// What a role allows on the records of one type.
public struct GrantDeclaration: Sendable, Hashable {
    /// The type.
    public let type: TypeReference
    /// The scopes that are given for actions, as they stand.
    public let stated: [Located<String>]
    /// Whose records may be read.
    public let read: GrantScope
    /// For whom records may be created.
    public let create: GrantScope
    /// Whose records may be changed.
    public let update: GrantScope
    /// Whose records may be deleted.
    public let delete: GrantScope
    /// What is said about further actions, by key: `restore`, `purge`, `export`, `import`, `bulk`, `merge`, `share`, `assign`.
    public let further: [String: GrantScope]
    /// What is said about single fields, in the order of the file.
    public let fields: [FieldGrantDeclaration]
    /// Records that are covered beyond the scopes.
    public let allow: [AccessRuleDeclaration]
    /// Conditions outside of which the role's holders reach nothing of the type.
    public let only: [AccessRuleDeclaration]

    /// The keys of `further`.
    public static let furtherActions = ["restore", "purge", "export", "import", "bulk", "merge", "share", "assign"]
}

/// What a role allows with one field.
public struct FieldGrantDeclaration: Sendable, Hashable {
    /// The field's key.
    public let field: Located<String>
    /// On whose records it is seen; nil for those that are read.
    public let read: GrantScope?
    /// On whose records it is written; nil for those that are changed or made.
    public let update: GrantScope?
}

/// A condition on records that rights depend on.
public struct AccessRuleDeclaration: Sendable, Hashable {
    /// The key, unique in its grant or type.
    public let key: String
    /// The condition, over values of the record itself and `$user`.
    public let when: ExpressionText
    /// What it is about, by key; nil where nothing is said.
    public let actions: [String]?
    /// Where the key stands.
    public let location: SourceLocation

    /// All actions, by key.
    public static let actions = ["read", "create", "update", "delete"] + GrantDeclaration.furtherActions
}

/// Whose records a grant covers.
public enum GrantScope: String, Sendable, Hashable, CaseIterable {
    /// Nobody's.
    case none
    /// The user's own.
    case own
    /// Those of the user's teams.
    case team
    /// Those of the user's teams and the teams below.
    case subtree
    /// Those shared with the user.
    case shared
    /// Everybody's.
    case all
}

/// An event that a module publishes.
public struct EventDeclaration: Sendable, Hashable {
    /// The key, unique in its module; the event's type is `module.key`.
    public let key: String
    /// What the event is called.
    public let label: String
    /// When it is published.
    public let description: String?
    /// What it carries.
    public let fields: [FieldDeclaration]
    /// Where the key stands.
    public let location: SourceLocation
}
