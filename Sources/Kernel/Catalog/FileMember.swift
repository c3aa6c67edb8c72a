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

    static let shape = ComplexShape(
        name: "file", properties: allCases.map { Property(name: $0.rawValue, type: $0.type, isNullable: false) })
}

extension PropertyType {
    /// Whether this is what a file property shows.
    package var isFile: Bool { if case .complex(let shape) = self { shape.name == "file" } else { false } }
}
