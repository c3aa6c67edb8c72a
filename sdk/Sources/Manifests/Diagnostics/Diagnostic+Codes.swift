extension Diagnostic.Code {
    /// The file can't be read.
    public static let unreadable = Self(rawValue: "manifest.unreadable")
    /// The text is not well-formed YAML.
    public static let syntax = Self(rawValue: "manifest.syntax")
    /// Well-formed YAML that uses what manifests forbid: anchors, aliases, tags, merge keys, several documents.
    public static let forbiddenYAML = Self(rawValue: "manifest.forbidden_yaml")
    /// A key stands twice in one mapping.
    public static let duplicateKey = Self(rawValue: "manifest.duplicate_key")
    /// Deeper, longer or larger than the limits.
    public static let tooLarge = Self(rawValue: "manifest.too_large")
    /// A key that the language doesn't have.
    public static let unknownKey = Self(rawValue: "manifest.unknown_key")
    /// A required key is missing.
    public static let missingKey = Self(rawValue: "manifest.missing_key")
    /// A value of the wrong type.
    public static let wrongType = Self(rawValue: "manifest.wrong_type")
    /// A value that isn't written as its type asks, or is outside its range.
    public static let invalidValue = Self(rawValue: "manifest.invalid_value")
    /// A name that the platform keeps for itself.
    public static let reservedName = Self(rawValue: "manifest.reserved_name")
    /// Two things of one name, or the same thing claimed by two owners.
    public static let doubleClaim = Self(rawValue: "manifest.double_claim")
    /// A reference to something that doesn't exist.
    public static let unknownReference = Self(rawValue: "manifest.unknown_reference")
    /// Keys that contradict one another.
    public static let contradiction = Self(rawValue: "manifest.contradiction")
    /// A module that no folder has.
    public static let missingModule = Self(rawValue: "manifest.missing_module")
    /// A module is there, but not in a version that is asked for.
    public static let versionConflict = Self(rawValue: "manifest.version_conflict")
    /// Modules that require one another in a circle.
    public static let dependencyCycle = Self(rawValue: "manifest.dependency_cycle")
    /// A setting that is unknown, missing, or of the wrong type.
    public static let setting = Self(rawValue: "manifest.setting")
    /// The lock file and the manifests differ.
    public static let lockDiffers = Self(rawValue: "manifest.lock_differs")
    /// Written correctly, but this version of Tessera doesn't do it.
    public static let notSupported = Self(rawValue: "manifest.not_supported")
}
