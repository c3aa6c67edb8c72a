/// A resolved path: where it starts, and the properties and links it follows.
public struct PropertyPath: Sendable, Hashable {
    /// Where a path starts.
    public enum Root: Sendable, Hashable {
        /// The record that the expression is about.
        case record
        /// The member of a collection that a variable of `any`, `all` or `$count` stands for.
        case variable(Int)
        /// Who the rights are those of, in conditions of rights.
        case user
        /// What happened to the record, in conditions of subscriptions.
        case event
    }

    /// Where the path starts.
    public let root: Root
    /// What it follows, in order. Empty only for a variable over single values, such as the `t` of `tags/any(t:t eq 'x')`.
    public let segments: [PathSegment]

    /// Makes a path.
    public init(root: Root = .record, segments: [PathSegment]) {
        self.root = root
        self.segments = segments
    }

    /// The property that the path ends in; nil for a bare variable.
    public var property: Property? { segments.last?.property }

    /// The names separated by slashes.
    public var displayName: String {
        (root == .user ? "$user/" : root == .event ? "$event/" : "") + segments.map(\.property.name).joined(separator: "/")
    }
}

/// One step of a resolved path.
public struct PathSegment: Sendable, Hashable {
    /// Whose property it is.
    public enum Owner: Sendable, Hashable {
        /// A property or link of an entity.
        case entity(EntityShape)
        /// A member of the structured value that the segment before it yields, or of a variable's structured value.
        case complex(ComplexShape)
    }

    /// The property or link.
    public let property: Property
    /// Whose property it is.
    public let owner: Owner
    /// For a link: the entity type at its other end. For a link to one of several types it is the one that a type segment
    /// named (`subject/contacts.person/name`): the path is null where the link leads to another type. Nil for properties,
    /// and for a link to one of several types that is only tested for null.
    public let target: EntityShape?

    /// Makes a segment.
    public init(property: Property, owner: Owner, target: EntityShape? = nil) {
        self.property = property
        self.owner = owner
        self.target = target
    }
}
