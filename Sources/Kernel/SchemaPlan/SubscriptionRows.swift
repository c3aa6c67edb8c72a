import Catalog
import Manifests
import Postgres

/// A subscription that a catalog asks for: a row that keeps its place in the log.
package struct DesiredSubscription: Sendable, Hashable {
    package var id: String
    /// Id and name of the module that its handler acts as.
    package var module: String
    package var moduleName: String
    package var startsAtBeginning: Bool
}

extension DesiredSubscription {
    init(_ subscription: EventSubscription, _ catalog: Catalog) {
        let module = subscription.handler.module
        self.init(
            id: subscription.id, module: module, moduleName: catalog.modules.first { $0.id == module }?.name ?? module,
            startsAtBeginning: subscription.start == .beginning)
    }
}

/// What becomes of a subscription by `apply`.
package struct SubscriptionChange: Sendable, Hashable, CustomStringConvertible {
    package enum Kind: String, Sendable, Hashable {
        case new, back, retired
    }

    package var id: String
    package var kind: Kind
    package var startsAtBeginning = false

    package var description: String {
        switch kind {
        case .new: "\(id): new, from \(startsAtBeginning ? "the oldest event that is kept" : "now") on"
        case .back: "\(id): back, from where it stood"
        case .retired: "\(id): retired, and keeps its place"
        }
    }
}

/// Brings `tessera.subscription` to what the manifests declare.
enum SubscriptionRows {
    /// What would change; nothing of a database that has no such table yet.
    static func changes(to desired: [DesiredSubscription], on connection: PostgresConnection) async throws -> [SubscriptionChange] {
        let known: Bool? = try await connection.query(
            """
            SELECT EXISTS (SELECT FROM pg_attribute WHERE attrelid = to_regclass('tessera.subscription') AND attname = 'is_declared')
            """
        ).first?.value(0)
        var states: [String: String] = [:]
        if known == true {
            for row in try await connection.query("SELECT id, state FROM tessera.subscription WHERE is_declared").rows {
                states[try row.value(0)] = try row.decode(String.self, 1)
            }
        }
        let wanted = desired.compactMap { subscription -> SubscriptionChange? in
            switch states[subscription.id] {
            case nil: SubscriptionChange(id: subscription.id, kind: .new, startsAtBeginning: subscription.startsAtBeginning)
            case "retired": SubscriptionChange(id: subscription.id, kind: .back)
            default: nil
            }
        }
        let ids = Set(desired.map(\.id))
        let gone = states.filter { !ids.contains($0.key) && $0.value != "retired" }.keys.sorted()
        return wanted + gone.map { SubscriptionChange(id: $0, kind: .retired) }
    }

    /// Modules act as principals of their own, whose ids follow from theirs.
    static func write(_ desired: [DesiredSubscription], on connection: PostgresConnection) async throws {
        let (ids, modules) = (desired.map(\.id), desired.map(\.module))
        if !desired.isEmpty {
            _ = try await connection.query(
                """
                INSERT INTO tessera.principal AS p (id, kind, name)
                SELECT DISTINCT md5('tessera.module:' || module)::uuid, 'system', name
                FROM unnest(\(bind: modules)::text[], \(bind: desired.map(\.moduleName))::text[]) AS m (module, name)
                ON CONFLICT (id) DO UPDATE SET name = excluded.name WHERE p.name <> excluded.name
                """
            )
            // One that comes back goes on where it stood, so that nothing is missed or handled twice.
            _ = try await connection.query(
                """
                WITH log AS (SELECT h.position AS head, coalesce((SELECT min(position) FROM tessera.event), h.position + 1) AS first
                    FROM tessera.event_head h)
                INSERT INTO tessera.subscription AS s (id, position, is_declared, principal_id)
                SELECT d.id, CASE WHEN d.beginning THEN l.first - 1 ELSE l.head END, true, md5('tessera.module:' || d.module)::uuid
                FROM log l, unnest(\(bind: ids)::text[], \(bind: modules)::text[], 
                    \(bind: desired.map { $0.startsAtBeginning ? "t" : "f" })::text[]::boolean[])
                    AS d (id, module, beginning)
                ON CONFLICT (id) DO UPDATE SET principal_id = excluded.principal_id, state = CASE WHEN s.state <> 'retired' THEN s.state
                    WHEN s.position < (SELECT first - 1 FROM log) THEN 'lost' ELSE 'active' END
                WHERE s.state = 'retired' OR s.principal_id IS DISTINCT FROM excluded.principal_id
                """
            )
        }
        _ = try await connection.query(
            """
            UPDATE tessera.subscription SET state = 'retired'
            WHERE is_declared AND state <> 'retired' AND NOT id = ANY(\(bind: ids)::text[])
            """
        )
    }
}
