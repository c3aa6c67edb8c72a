import Catalog
import Permissions
import Postgres
package import QueryLanguage
package import Records

/// What becomes of a principal who leaves.
extension PrincipalStore {
    /// Records that are handed over with one statement.
    private static let batch = 500

    /// Ends what a user or service may do, in one step: their tokens, what was shared with them and their background work end, the records they own go
    /// to `successor`, and what they did stays theirs. Deleted records keep their owner until somebody restores them, whose they are then. Doing it again
    /// hands over what is left.
    ///
    /// - Parameter access: whoever does it; the change of owners is in their name, and needs the right to it.
    /// - Returns: how many records have another owner now, and the change set that did it.
    /// - Throws: `principals.not_found`, `principals.invalid` for a successor who isn't active or a record that can't be handed over, with its
    ///   reason, `principals.last_administrator`. Then nothing is changed.
    package func deactivate(
        _ principal: GUID, handingOverTo successor: GUID?, access: Access
    ) async throws -> (handedOver: Int, changeSet: GUID) {
        let changeSet = ChangeSet(id: .version7(), label: "hand over what \(principal) owned")
        let count = try await keeping(principal, access: access) { store, _ in
            let id = PostgresUUID(guid: principal)
            let ended = try await store.run(
                """
                UPDATE tessera.principal SET disabled_at = coalesce(disabled_at, now()), updated_at = now() \
                WHERE id = \(bind: id) AND kind IN ('user', 'service') RETURNING 1
                """)
            guard !ended.isEmpty else { throw PrincipalsError(.notFound, "There is no such user.") }
            _ = try await store.run(
                "UPDATE tessera.token SET revoked_at = now() WHERE principal_id = \(bind: id) AND revoked_at IS NULL")
            _ = try await store.run("DELETE FROM tessera.share WHERE grantee_id = \(bind: id)")
            // Work that waits never begins, and what is at work keeps no further step.
            _ = try await store.run(
                """
                UPDATE tessera.job SET cancel_asked = true, state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END, \
                finished_at = CASE state WHEN 'queued' THEN now() END, file = CASE state WHEN 'queued' THEN NULL ELSE file END \
                WHERE principal_id = \(bind: id) AND state IN ('queued', 'running')
                """)
            try await Self.requireAdministrator(store)
            guard let successor else { return 0 }
            try await Self.requireActive(successor, store)
            var count = 0
            for type in store.catalog.types {
                count += try await Self.handOver(type, from: principal, to: successor, store, changeSet, access)
            }
            return count
        }
        return (count, changeSet.id)
    }

    private static func requireActive(_ successor: GUID, _ store: RecordStore) async throws {
        let found = try await store.run(
            """
            SELECT 1 FROM tessera.principal WHERE id = \(bind: PostgresUUID(guid: successor)) AND kind <> 'system' AND disabled_at IS NULL
            """)
        guard !found.isEmpty else {
            throw PrincipalsError(.invalid, "Whoever takes over has to be an active user or a team.", target: "hand_over_to")
        }
    }

    private static func handOver(
        _ type: RecordType, from principal: GUID, to successor: GUID, _ store: RecordStore, _ changeSet: ChangeSet, _ access: Access
    ) async throws -> Int {
        var count = 0
        while true {
            let sql: SQL = """
                SELECT id FROM \(raw: type.table.sql) WHERE owner_id = \(bind: PostgresUUID(guid: principal)) AND deleted_at IS NULL \
                ORDER BY id LIMIT \(raw: String(batch))
                """
            let ids = try await store.run(sql).rows.map { try $0.guid(0) }
            guard !ids.isEmpty else { return count }
            let items = ids.map { RecordUpdate(key: .id($0), takesAnyVersion: true, input: RecordInput(["owner_id": .guid(successor)])) }
            let outcomes = try await store.update(type, items, options: WriteOptions(changeSet: changeSet), access: access)
            for (id, outcome) in zip(ids, outcomes) {
                if case .failed(let error) = outcome {
                    // Which one it is, is told to those who see all.
                    let which =
                        access.rights.isUnlimited ? "The \(type.label.lowercased()) \(id)" : "One of the \(type.labelPlural.lowercased())"
                    let message = "\(which) can't be handed over: \(error.message)"
                    throw PrincipalsError(.invalid, message, target: "hand_over_to")
                }
            }
            count += ids.count
        }
    }
}
