/// A change of a record, as the handler of a subscription is told of it.
public struct RecordEvent: Sendable, Hashable, Codable {
    /// The subscription that it is handled for: `contacts.greet`.
    public var subscription: String
    /// The event's own id, the same however often it is handled.
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
        subscription: String = "", id: Guid, position: Int64, topic: String, at: Timestamp, recordType: String, recordID: Guid,
        version: Int64,
        changed: Set<String> = [], old: [String: FieldValue] = [:], new: [String: FieldValue] = [:], record: [String: FieldValue] = [:],
        actor: Guid, onBehalfOf: Guid? = nil, channel: String = "api", changeSet: Guid, cause: [Guid] = []
    ) {
        self.subscription = subscription
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

    /// What names the effect of this subscription on this event: the same however often it is handled, so that systems outside of the server that
    /// take an idempotency key do it once.
    public var idempotencyKey: String { "\(subscription):\(id)" }

    /// The event that began it all: itself where a person did.
    public var correlation: Guid { cause.first ?? id }

    /// A value of the record as it was after the event; `.null` when it has none.
    public subscript(field: String) -> FieldValue { record[field] ?? .null }
}
