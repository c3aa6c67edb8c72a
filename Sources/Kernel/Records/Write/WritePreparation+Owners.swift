import Catalog
import Postgres
import QueryLanguage

/// Whom records may be given to.
extension WritePreparation {
    /// Refuses owners who were deactivated: nobody would look after their records. A record that is theirs still is sent back as it is.
    func refuseEndedOwners(in drafts: inout [WriteDraft]) async throws {
        let given = Set(drafts.compactMap(\.givenOwner)).subtracting([access.principal])
        guard !given.isEmpty else { return }
        let ended: SQL = """
            SELECT id FROM tessera.principal WHERE id = ANY(\(bind: given.map(PostgresUUID.init(guid:)))) AND disabled_at IS NOT NULL
            """
        let owners = Set(try await store.statements.query(ended).rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 0)) })
        guard !owners.isEmpty else { return }
        let concerned = drafts.indices.filter { drafts[$0].givenOwner.map(owners.contains) == true }
        let changed = concerned.filter { drafts[$0].isUpdate }.map { PostgresUUID(guid: drafts[$0].id) }
        var standing: [GUID: GUID] = [:]
        if !changed.isEmpty {
            let stored: SQL = "SELECT id, owner_id FROM \(raw: type.table.sql) WHERE id = ANY(\(bind: changed))"
            for row in try await store.statements.query(stored).rows {
                standing[GUID(postgres: try row.decode(PostgresUUID.self, 0))] = GUID(postgres: try row.decode(PostgresUUID.self, 1))
            }
        }
        for index in concerned where !drafts[index].isUpdate || standing[drafts[index].id] != drafts[index].givenOwner {
            drafts[index].refuse("records.invalid", "owner_id", "The owner was deactivated; give it to an active user or a team.")
        }
    }
}

extension WriteDraft {
    /// The owner that it sets.
    fileprivate var givenOwner: GUID? { if case .guid(let owner)? = columns["owner_id"] { owner } else { nil } }
}
