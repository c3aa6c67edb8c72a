import Postgres
import QueryLanguage
import Records

/// The events that a subscription has put aside: `waiting` to be tried again, `parked` for somebody to look at, `held` behind one of the same
/// record, `quiet` until its record comes to rest.
struct Deliveries {
    private let store: RecordStore
    private let subscription: String

    init(_ store: RecordStore, _ subscription: String) {
        self.store = store
        self.subscription = subscription
    }

    /// Lets the first event that is held behind a record's others be tried, when there is no other in its way any more.
    func release(_ record: GUID) async throws {
        _ = try await store.run(
            """
            UPDATE tessera.delivery SET state = 'waiting', due_at = now() WHERE subscription = \(bind: subscription) AND position = \
            (SELECT min(position) FILTER (WHERE state = 'held') FROM tessera.delivery WHERE subscription = \(bind: subscription) \
            AND record_id = \(bind: PostgresUUID(guid: record)) HAVING count(*) FILTER (WHERE state IN ('waiting', 'parked')) = 0)
            """)
    }
}
