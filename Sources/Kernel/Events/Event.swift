import Postgres
package import QueryLanguage
import Records

/// A change of a record, as the log keeps it.
package struct Event: Sendable, Equatable {
    /// Its place in the log: from 1 on, without gaps, changes of one record in the order in which they were committed.
    package var position: Int64
    package var id: GUID
    /// When the transaction began that made the change.
    package var at: DateTime
    /// What happened to what: `contacts.person.updated`.
    package var topic: String
    /// Full id of the type: `contacts.person`.
    package var recordType: String
    package var record: GUID
    /// The version that the change gave the record.
    package var version: Int64
    /// The columns and lists that changed, as they are stored; nothing of a new record, everything of one that was purged.
    package var old: [String: Value]
    /// The same as they have become: nothing of a record that was purged.
    package var new: [String: Value]
    package var principal: GUID
    package var onBehalfOf: GUID?
    package var channel: String
    package var changeSet: GUID
    /// The events that led to the change, oldest first; empty for what a person began.
    package var cause: [GUID]

    /// Names of the columns and lists that changed.
    package var changed: [String] { Set(old.keys).union(new.keys).sorted() }
}

extension Event {
    /// What `init(_:)` reads, in its order, from `tessera.event`.
    static let columns: SQL =
        "position, id, at, topic, record_type, record_id, version, old, new, principal_id, on_behalf_of, channel, change_set, cause"

    /// How many columns these are.
    static let width = 14

    init(_ row: PostgresRow) throws {
        position = try row.decode(Int64.self, 0)
        id = GUID(postgres: try row.decode(PostgresUUID.self, 1))
        at = try row.moment(2) ?? DateTime(microseconds: 0)
        topic = try row.decode(String.self, 3)
        recordType = try row.decode(String.self, 4)
        record = GUID(postgres: try row.decode(PostgresUUID.self, 5))
        version = try row.decode(Int64.self, 6)
        old = try row.members(7)
        new = try row.members(8)
        principal = GUID(postgres: try row.decode(PostgresUUID.self, 9))
        onBehalfOf = try row.decode(PostgresUUID?.self, 10).map(GUID.init(postgres:))
        channel = try row.decode(String.self, 11)
        changeSet = GUID(postgres: try row.decode(PostgresUUID.self, 12))
        cause = try row.decode([PostgresUUID].self, 13).map(GUID.init(postgres:))
    }
}
