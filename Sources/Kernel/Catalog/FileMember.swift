package import QueryLanguage

/// What a file property shows of its file. Only the id can be set.
package enum FileMember: String, Sendable, CaseIterable {
    case id, name
    case mediaType = "media_type"
    case size

    package var type: PropertyType {
        switch self {
        case .id: .guid
        case .name, .mediaType: .string
        case .size: .int64
        }
    }

    package var property: Property { Property(name: rawValue, type: type, isNullable: false) }

    static let shape = ComplexShape(name: "file", properties: allCases.map(\.property))
}

extension PropertyType {
    /// Whether this is what a file property shows.
    package var isFile: Bool { if case .complex(let shape) = self { shape.name == "file" } else { false } }
}
