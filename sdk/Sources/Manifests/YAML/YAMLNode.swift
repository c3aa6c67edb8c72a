/// A value of a YAML document and its place. Broken values, already reported, stay in the tree so that nothing is reported twice.
struct YAMLNode: Sendable {
    struct Entry: Sendable {
        let key: Located<String>
        let value: YAMLNode
    }

    struct Scalar: Sendable {
        let text: ScalarText
        /// Characters from the start of the value to the start of its content: 1 after a quote.
        let contentOffset: Int
        /// Whether the content stands in the file character by character.
        let isVerbatim: Bool
    }

    enum Content: Sendable {
        case scalar(Scalar)
        case sequence([YAMLNode])
        case mapping([Entry])
        case broken
    }

    let content: Content
    let location: SourceLocation
    /// Whether a mapping was to have more keys than it says, from a merge key or under a key that can't be read: what isn't there isn't missing.
    let isOpen: Bool

    init(content: Content, location: SourceLocation, isOpen: Bool = false) {
        self.content = content
        self.location = location
        self.isOpen = isOpen
    }
}

extension YAMLNode {
    /// What the value is, for messages.
    var kindName: String {
        switch content {
        case .scalar(let scalar): scalar.text.isNull ? "nothing" : "'\(Self.shortened(scalar.text.text))'"
        case .sequence: "a list"
        case .mapping: "a mapping"
        case .broken: "a broken value"
        }
    }

    /// Whether the value, as a key, is the merge key of YAML 1.1.
    var isMergeKey: Bool {
        if case .scalar(let scalar) = content { scalar.text.isPlain && scalar.text.text == "<<" } else { false }
    }

    /// A text for a message: one line, at most 40 characters.
    static func shortened(_ text: String) -> String {
        let scalars = text.unicodeScalars
        var short = ""
        for scalar in scalars.prefix(40) { short.unicodeScalars.append(scalar.properties.generalCategory == .control ? " " : scalar) }
        return scalars.count > 40 ? short + "…" : short
    }

    /// The value behind a key of a mapping.
    func value(of key: String) -> YAMLNode? {
        guard case .mapping(let entries) = content else { return nil }
        return entries.first { $0.key.value == key }?.value
    }
}
