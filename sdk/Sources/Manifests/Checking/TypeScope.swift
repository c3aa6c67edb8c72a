/// The names that can be used for a record of one type.
struct TypeScope {
    enum Property {
        /// A field, under its own name.
        case field(FieldDeclaration)
        /// A part of a field: `amount_currency`.
        case derived(FieldDeclaration)
        /// What every record has.
        case system
        /// The records of another type that link to this one.
        case inverse(TypeName)
        /// Declared, but with errors that are reported already.
        case broken

        /// What has the name, for messages.
        var owner: String {
            switch self {
            case .field(let field): "the field '\(field.key)' at \(field.location)"
            case .derived(let field): "a part of the field '\(field.key)' at \(field.location)"
            case .system: "a field that every record has"
            case .inverse(let type): "the inverse of a link from \(type)"
            case .broken: "another field"
            }
        }
    }

    let name: TypeName
    private(set) var properties: [String: Property] = [:]
    /// Whether every name is known: not so while files with errors may hold more.
    let isComplete: Bool
    /// Keys of fields that are declared and broken.
    private let broken: Set<String>

    init(name: TypeName, isComplete: Bool, broken: Set<String> = []) {
        self.name = name
        self.isComplete = isComplete
        self.broken = broken
        for field in Names.systemFields { properties[field] = .system }
    }

    func property(_ name: String) -> Property? {
        properties[name] ?? (UnknownParts.mayBring(name, among: broken) ? .broken : nil)
    }

    /// Adds a name.
    /// - Returns: what has the name already; the first keeps it.
    mutating func add(_ name: String, _ property: Property) -> Property? {
        if let taken = properties[name] { return taken }
        properties[name] = property
        return nil
    }

    /// The names to suggest from.
    var names: [String] { properties.keys.sorted() }
}
