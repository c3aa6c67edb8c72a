/// A change of a record, as the handler of a subscription is told of it.
public struct RecordEvent: Sendable, Hashable, Codable {
    /// The event's own id, the same however often it is handled: with the subscription's id it makes a key for effects outside of the server.
    public var id: Guid
    /// Its place in the log: from 1 on, rising.
    public var position: Int64
    /// What happened to what: `contacts.person.updated`.
    public var topic: String
    /// When the transaction began that made the change.
    public var at: Timestamp
    /// The record type with its module: `contacts.person`.
    public var recordType: String
    /// The record's id.
    public var recordID: Guid
    /// The version that the change gave the record.
    public var version: Int64
    /// Names of the values and lists that changed: `job_title`, `emails`, `address_city`.
    public var changed: Set<String>
    /// What they held before; empty for a new record. Lists as they are stored.
    public var old: [String: FieldValue]
    /// What they hold since; empty for a record that was purged.
    public var new: [String: FieldValue]
    /// The record's own values as they were after the event, by the names that `FieldValue` tells; empty for a record that was purged. Lists
    /// aren't among them: ``RecordStoreClient/get(_:_:fields:)`` reads them.
    public var record: [String: FieldValue]
    /// Who acted, and for whom.
    public var actor: Guid
    public var onBehalfOf: Guid?
    /// The way in: `api`, `import`, `cli`, `module` or `system`.
    public var channel: String
    /// What was written together.
    public var changeSet: Guid
    /// The events that led to this one, oldest first; empty for what a person began.
    public var cause: [Guid]

    public init(
        id: Guid, position: Int64, topic: String, at: Timestamp, recordType: String, recordID: Guid, version: Int64,
        changed: Set<String> = [], old: [String: FieldValue] = [:], new: [String: FieldValue] = [:], record: [String: FieldValue] = [:],
        actor: Guid, onBehalfOf: Guid? = nil, channel: String = "api", changeSet: Guid, cause: [Guid] = []
    ) {
        self.id = id
        self.position = position
        self.topic = topic
        self.at = at
        self.recordType = recordType
        self.recordID = recordID
        self.version = version
        self.changed = changed
        self.old = old
        self.new = new
        self.record = record
        self.actor = actor
        self.onBehalfOf = onBehalfOf
        self.channel = channel
        self.changeSet = changeSet
        self.cause = cause
    }

    /// A value of the record as it was after the event; `.null` when it has none.
    public subscript(field: String) -> FieldValue { record[field] ?? .null }
}
