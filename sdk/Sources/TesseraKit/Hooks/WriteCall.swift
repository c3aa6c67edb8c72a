/// The circumstances of a write: the same for all records of one call.
public struct WriteCall: Sendable, Hashable, Codable {
    /// The record type with its module: `contacts.person`.
    public var recordType: String
    /// The user on whose behalf the write happens; nil for the system itself.
    public var actor: Guid?
    /// The way in: `api`, `import`, `module`, `system`.
    public var channel: String
    /// The set of changes that this write belongs to, and can be undone with.
    public var changeSet: Guid?
    /// When the write happens, as the record will say.
    public var time: Timestamp
    /// Whether nothing will be kept: the check of an import, say.
    public var isDryRun: Bool

    public init(recordType: String, actor: Guid?, channel: String, changeSet: Guid?, time: Timestamp, isDryRun: Bool = false) {
        self.recordType = recordType
        self.actor = actor
        self.channel = channel
        self.changeSet = changeSet
        self.time = time
        self.isDryRun = isDryRun
    }
}
