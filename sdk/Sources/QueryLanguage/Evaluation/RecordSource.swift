/// Where the evaluator reads a record's values.
public protocol RecordSource {
    /// The value at a path that starts at the record: `.null` where there is none.
    ///
    /// A link to many entities and a collection of structured values are given as `.collection` of `.complex`, a single link as
    /// `.complex`, with the members that the expression looks at. Where a segment narrows a link to one of several types
    /// (`target` set, property type `entityOfSeveral`) the value is null if the link leads to another type.
    func value(at path: [PathSegment]) -> Value
}

/// A record held as a dictionary of property names; links and structured values are `.complex`, collections `.collection`.
///
/// A link to one of several types says in its member `@type` which one it leads to.
public struct RecordValues: RecordSource, Sendable, Hashable {
    /// The values by property name; a missing one is null.
    public var values: [String: Value]

    /// Makes a record of its values.
    public init(_ values: [String: Value]) {
        self.values = values
    }

    public func value(at path: [PathSegment]) -> Value {
        guard let first = path.first else { return .null }
        return Value.follow(path.dropFirst(), from: Value.narrowed(values[first.property.name] ?? .null, to: first))
    }
}

extension Value {
    /// What a path leads to from a structured value.
    static func follow(_ path: ArraySlice<PathSegment>, from start: Value) -> Value {
        var value = start
        for segment in path {
            guard case .complex(let members) = value else { return .null }
            value = narrowed(members[segment.property.name] ?? .null, to: segment)
        }
        return value
    }

    /// Null when the segment asks for another type than the one the link leads to.
    static func narrowed(_ value: Value, to segment: PathSegment) -> Value {
        guard let target = segment.target, case .entityOfSeveral = segment.property.type, case .complex(let members) = value else {
            return value
        }
        return members["@type"] == .string(target.name) ? value : .null
    }
}
