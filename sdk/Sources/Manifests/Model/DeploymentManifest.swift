/// A deployment file: which modules run, with which settings, and what the integrator adds.
public struct DeploymentManifest: Sendable, Hashable {
    /// The name of the deployment.
    public let name: Located<String>
    /// What it is for.
    public let description: String?
    /// The modules, in the order of the file.
    public let modules: [ModuleSelection]
    /// The currency of amounts that name none (ISO 4217). Default `USD`.
    public let currency: String
    /// The time zone of days and of people who chose none (IANA). Default `UTC`.
    public let timeZone: Located<String>
    /// What one client may ask of the server; nil when nothing is said about it.
    public let limits: RequestLimits?
    /// Folders to look for manifests in, before the default ones. Relative to the deployment file.
    public let manifestFolders: [Located<String>]
    /// What the integrator adds, written into the deployment file.
    public let overlay: Overlay?
    /// Files with more overlays. Relative to the deployment file.
    public let overlayFiles: [Located<String>]
    /// The file it was read from.
    public let location: SourceLocation
}

/// What one client may ask of a server.
public struct RequestLimits: Sendable, Hashable {
    /// For each principal that has no rate of its own; nil for no limit.
    public let rate: RequestRate?
    /// By the id of a principal, a UUID in lower case.
    public let rates: [String: RequestRate]
}

/// A module that a deployment names.
public struct ModuleSelection: Sendable, Hashable {
    /// The module and the versions that will do.
    public let requirement: Requirement
    /// The settings as written; their types are known once the module's manifest is.
    public let settings: [SettingInput]
}

/// A setting as a deployment writes it, before its type is known.
public struct SettingInput: Sendable, Hashable {
    /// What stands behind a setting's key.
    public enum Value: Sendable, Hashable {
        /// A value; its type is the declaration's matter.
        case scalar(ScalarText)
        /// `{ env: NAME }`
        case environment(String)
        /// `{ file: PATH }`
        case file(String)
    }

    /// The key.
    public let key: Located<String>
    /// What stands behind it.
    public let value: Located<Value>
}

/// What an integrator adds: record types of their own, and extensions of the modules' types.
public struct Overlay: Sendable, Hashable {
    /// The module id under which an integrator's own types live: `custom.project`. No module may have it.
    public static let moduleID = "custom"

    /// Record types of the integrator's own.
    public let types: [RecordTypeDeclaration]
    /// What is added to other types.
    public let extensions: [TypeExtension]
    /// Saved lists.
    public let views: [ViewDeclaration]
    /// Roles.
    public let roles: [RoleDeclaration]
    /// Further occasions for what modules' code does.
    public let subscriptions: [SubscriptionDeclaration]
    /// Where the overlay starts.
    public let location: SourceLocation
}
