/// The full name of a record type: the module that owns it, and its key there. Written `contacts.person`.
public struct TypeName: Sendable, Hashable, Comparable, CustomStringConvertible {
    /// The id of the owning module, which may hold dots itself: `acme.scoring`.
    public let module: String
    /// The key of the type in that module.
    public let type: String

    /// Names a type.
    public init(module: String, type: String) {
        self.module = module
        self.type = type
    }

    /// `module.type`
    public var description: String { "\(module).\(type)" }

    /// By module, then by type.
    public static func < (left: TypeName, right: TypeName) -> Bool {
        (left.module, left.type) < (right.module, right.type)
    }
}

/// A mention of a record type in a manifest. `person` is the file's own type; `contacts.person` is another module's.
public struct TypeReference: Sendable, Hashable {
    /// The type that is meant.
    public let name: TypeName
    /// Where it is mentioned.
    public let location: SourceLocation

    init(_ name: TypeName, at location: SourceLocation) {
        self.name = name
        self.location = location
    }
}
