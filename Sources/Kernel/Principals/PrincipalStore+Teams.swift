import Permissions
import Postgres
package import QueryLanguage
package import Records

/// The tree of teams, and who is in them.
extension PrincipalStore {
    /// Makes a team below another, or at the top.
    package func createTeam(
        name: String, below parent: GUID? = nil, id: GUID = .version7(), access: Access
    ) async throws -> GUID {
        let name = try Self.checked(name: name)
        let above = parent.map { PostgresUUID(guid: $0) }
        try await keeping(nil, access: access) { store, keeper in
            if let keeper, parent.map({ keeper.reaches($0) }) != true { try Self.require("A new team lies below one of yours.") }
            _ = try await store.run(
                "INSERT INTO tessera.principal (id, kind, name) VALUES (\(bind: PostgresUUID(guid: id)), 'team', \(bind: name))")
            _ = try await store.run("INSERT INTO tessera.team (id, parent_id) VALUES (\(bind: PostgresUUID(guid: id)), \(bind: above))")
        }
        return id
    }

    /// Puts a team below another, or at the top.
    ///
    /// Others' reach changes with it, so only administrators do it.
    ///
    /// - Throws: `principals.invalid` when that would be below itself, `principals.forbidden`.
    package func move(_ team: GUID, below parent: GUID?, access: Access) async throws {
        if !access.rights.isUnlimited { try Self.require("Teams are moved by administrators.") }
        try await changing {
            try await self.records.transaction { store in
                // Two moves at once could make a circle that neither sees.
                _ = try await store.run("LOCK TABLE tessera.team IN SHARE ROW EXCLUSIVE MODE")
                if let parent {
                    let above: SQL = """
                        WITH RECURSIVE above AS (SELECT id, parent_id FROM tessera.team WHERE id = \(bind: PostgresUUID(guid: parent)) \
                        UNION SELECT t.id, t.parent_id FROM tessera.team t JOIN above a ON t.id = a.parent_id) \
                        SELECT 1 FROM above WHERE id = \(bind: PostgresUUID(guid: team))
                        """
                    guard try await store.run(above).isEmpty else {
                        throw PrincipalsError(.invalid, "A team can't lie below itself.", target: "parent_id")
                    }
                }
                let moved = try await store.run(
                    """
                    UPDATE tessera.team SET parent_id = \(bind: parent.map { PostgresUUID(guid: $0) }) \
                    WHERE id = \(bind: PostgresUUID(guid: team)) RETURNING 1
                    """)
                guard !moved.isEmpty else { throw PrincipalsError(.notFound, "There is no such team.") }
            }
        }
    }

    package func rename(_ team: GUID, to name: String, access: Access) async throws {
        let name = try Self.checked(name: name)
        try await keeping(team, access: access) { store, _ in
            _ = try await store.run(
                """
                UPDATE tessera.principal SET name = \(bind: name), updated_at = now() WHERE id = \(bind: PostgresUUID(guid: team)) \
                AND kind = 'team'
                """)
        }
    }
}
