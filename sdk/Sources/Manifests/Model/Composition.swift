/// A deployment put together and checked: what the kernel compiles its catalog from.
///
/// Every name in it resolves, no two owners claim the same thing, and every setting has its type. Expressions are still text.
public struct Composition: Sendable, Hashable {
    /// The deployment file.
    public let deployment: DeploymentManifest
    /// The modules, each after those that it requires; else in the order of their ids.
    public let modules: [ResolvedModule]
    /// The overlays: the deployment file's own, then those of its overlay files, in order.
    public let overlays: [Overlay]
    /// All record types with every extension merged in: the modules' in their order, then the integrator's own.
    public let types: [ComposedType]

    /// Finds a record type.
    public func type(_ name: TypeName) -> ComposedType? {
        types.first { $0.name == name }
    }

    /// Finds a module.
    public func module(_ id: String) -> ResolvedModule? {
        modules.first { $0.manifest.id.value == id }
    }
}

/// A module as chosen for a deployment.
public struct ResolvedModule: Sendable, Hashable {
    /// What it declares.
    public let manifest: ModuleManifest
    /// Its settings, by key, with defaults filled in. Settings without value and default are missing.
    public let settings: [String: SettingValue]
    /// The path of its manifest file.
    public let path: String
    /// The SHA-256 digest of its manifest file, 64 hexadecimal digits in lower case.
    public let sha256: String
}

/// A record type with everything that extensions and overlays add.
public struct ComposedType: Sendable, Hashable {
    /// The declaration by its owner, as written.
    public let declaration: RecordTypeDeclaration
    /// What one record is called, after all changes.
    public let label: String
    /// What several records are called, after all changes.
    public let labelPlural: String
    /// The fields in order: the owner's, then those of extensions in the order of the modules, then of overlays. Labels and choices are the
    /// final ones.
    public let fields: [ComposedField]
    /// The indexes, with the module that each belongs to.
    public let indexes: [Owned<IndexDeclaration>]
    /// The unique combinations of fields, with the module that each belongs to.
    public let unique: [Owned<UniqueDeclaration>]
    /// The rules, with the module that each belongs to.
    public let rules: [Owned<RuleDeclaration>]
    /// Conditions outside of which nobody but administrators reaches a record, with the module that each belongs to.
    public let only: [Owned<AccessRuleDeclaration>]

    /// The full name.
    public var name: TypeName { declaration.name }

    /// Finds a field.
    public func field(_ key: String) -> ComposedField? {
        fields.first { $0.key == key }
    }
}

/// A field of a record type, and whose it is.
public struct ComposedField: Sendable, Hashable {
    /// The id of the module that declares the field, or ``Overlay/moduleID``.
    public let owner: String
    /// The declaration, with the final label and choices.
    public let declaration: FieldDeclaration

    /// The key.
    public var key: String { declaration.key }
}

/// A declaration, and whose it is.
public struct Owned<Declaration: Sendable & Hashable>: Sendable, Hashable {
    /// The id of the module that declares it, or ``Overlay/moduleID``.
    public let owner: String
    /// What is declared.
    public let declaration: Declaration
}
