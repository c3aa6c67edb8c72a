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

    public init(recordType: String, actor: Guid, onBehalfOf: Guid? = nil, channel: String) {
        self.recordType = recordType
        self.actor = actor
        self.onBehalfOf = onBehalfOf
        self.channel = channel
    }
}
