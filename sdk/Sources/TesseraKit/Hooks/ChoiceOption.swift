/// One of the values that a choice field can take, as the deployment has it.
public struct ChoiceOption: Sendable, Hashable, Codable {
    /// What records hold: `[a-z][a-z0-9_]*`, at most 40 characters.
    public var key: String
    /// What people read.
    public var label: String
    /// The word that code and reports rely on: `open`, `won`. Several choices may share it; nil for a choice without one.
    public var category: String?
    /// Whether it stays on records that have it and is refused for others.
    public var isRetired: Bool

    public init(key: String, label: String, category: String? = nil, isRetired: Bool = false) {
        self.key = key
        self.label = label
        self.category = category
        self.isRetired = isRetired
    }
}
