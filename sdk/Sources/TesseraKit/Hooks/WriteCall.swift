/// The circumstances of a write: the same for all records of one call.
public struct WriteCall: Sendable, Hashable, Codable {
    /// The record type with its module: `contacts.person`.
    public var recordType: String
    /// Who acts: a user, or the service principal of a client or module.
    public var actor: Guid
    /// The person for whom a service acts; nil when the actor acts for itself.
    public var onBehalfOf: Guid?
    /// The way in: `api`, `import`, `cli`, `module` or `system`.
    public var channel: String
    /// The choices of the choice and multi-choice fields among the hook's `reads` and `writes`, by field, in the order of the manifest:
    /// the module's, with those that overlays add or rename.
    public var choices: [String: [ChoiceOption]]

    public init(
        recordType: String, actor: Guid, onBehalfOf: Guid? = nil, channel: String, choices: [String: [ChoiceOption]] = [:]
    ) {
        self.recordType = recordType
        self.actor = actor
        self.onBehalfOf = onBehalfOf
        self.channel = channel
        self.choices = choices
    }

    /// The category of a choice field's value: what code relies on, while integrators rename and add choices.
    ///
    /// ```swift
    /// registry.beforeWrite("deal", reads: ["stage"], writes: ["closed_on"]) { deals, call in
    ///     deals.filter { call.category(of: $0["stage"], in: "stage") == "won" }.map { $0.patch(["closed_on": .null]) }
    /// }
    /// ```
    ///
    /// - Parameters:
    ///   - value: the key of a choice, as the field holds it.
    ///   - field: the key of the field.
    /// - Returns: nil when the value is null, no choice of the field, or a choice without category, and when the hook neither reads nor
    ///   writes the field.
    public func category(of value: FieldValue, in field: String) -> String? {
        guard let key = value.text else { return nil }
        return choices[field]?.first { $0.key == key }?.category
    }
}
