import Catalog
package import Permissions
import Postgres
package import QueryLanguage
package import Records

/// A user, service or team as lists show it.
package struct PrincipalEntry: Sendable, Equatable {
    package var id: GUID
    package var kind: Directory.Principal.Kind
    package var name: String
    package var email: String?
    package var isDisabled: Bool
    /// Of a team: the team above it.
    package var parent: GUID?
    /// Teams that it is in, by id.
    package var teams: [GUID]
    package var roles: [Directory.RoleAssignment]

    package var value: Value {
        var members: [String: Value] = [
            "id": .guid(id), "kind": .string(kind.rawValue), "name": .string(name), "active": .bool(!isDisabled),
        ]
        if kind == .team {
            members["parent_id"] = parent.map(Value.guid) ?? .null
        } else {
            members["email"] = email.map(Value.string) ?? .null
            members["teams"] = .collection(teams.map(Value.guid))
            members["roles"] = .collection(
                roles.map { .complex(["role": .string($0.role), "team_id": $0.team.map(Value.guid) ?? .null]) })
        }
        return .complex(members)
    }
}

/// Users and services.
extension PrincipalStore {
    /// Makes a user or service, with teams and roles. Without a role it may do nothing; it has no token yet.
    ///
    /// - Throws: `principals.invalid` for a name or address that is none, `principals.not_unique` for an address that another active user has,
    ///   `principals.unknown_role`, `principals.not_found` for a team. Then nothing is made.
    package func create(
        _ kind: Directory.Principal.Kind, name: String, email: String? = nil, teams: [GUID] = [], roles: [Directory.RoleAssignment] = [],
        id: GUID = .version7(), access: Access
    ) async throws -> GUID {
        guard kind == .user || kind == .service else { throw PrincipalsError(.invalid, "A \(kind.rawValue) can't be made this way.") }
        let name = try Self.checked(name: name)
        let email = try email.map(Self.checked(email:))
        for role in roles { try await requireKnown(role) }
        try await keeping(id, access: access) { store, _ in
            _ = try await store.run(
                """
                INSERT INTO tessera.principal (id, kind, name, email) \
                VALUES (\(bind: PostgresUUID(guid: id)), \(bind: kind.rawValue), \(bind: name), \(bind: email))
                """)
            try await Self.put(id, into: teams, store)
            try await Self.give(roles, to: id, store)
        }
        return id
    }

    /// Changes what is given and leaves the rest: teams and roles are given whole.
    ///
    /// - Throws: as `create`, and `principals.not_found`, `principals.last_administrator`.
    package func change(
        _ id: GUID, name: String? = nil, email: String?? = nil, teams: [GUID]? = nil, roles: [Directory.RoleAssignment]? = nil,
        access: Access
    ) async throws {
        let name = try name.map(Self.checked(name:))
        let given = try email.map { try $0.map(Self.checked(email:)) }
        for role in roles ?? [] { try await requireKnown(role) }
        let principal = PostgresUUID(guid: id)
        try await keeping(id, access: access) { store, _ in
            let found = try await store.run(
                """
                UPDATE tessera.principal SET name = coalesce(\(bind: name), name), updated_at = now(), \
                email = CASE WHEN \(bind: given != nil) THEN \(bind: given ?? nil) ELSE email END \
                WHERE id = \(bind: principal) AND kind <> 'team' RETURNING 1
                """)
            guard !found.isEmpty else { throw PrincipalsError(.notFound, "There is no such user.") }
            if let teams {
                let kept = teams.map { PostgresUUID(guid: $0) }
                _ = try await store.run(
                    "DELETE FROM tessera.membership WHERE principal_id = \(bind: principal) AND team_id <> ALL(\(bind: kept))")
                try await Self.put(id, into: teams, store)
            }
            if let roles {
                _ = try await store.run("DELETE FROM tessera.role_assignment WHERE principal_id = \(bind: principal)")
                try await Self.give(roles, to: id, store)
                try await Self.requireAdministrator(store)
            }
        }
    }

    private static func put(_ id: GUID, into teams: [GUID], _ store: RecordStore) async throws {
        _ = try await store.run(
            """
            INSERT INTO tessera.membership (principal_id, team_id) SELECT \(bind: PostgresUUID(guid: id)), t \
            FROM unnest(\(bind: teams.map { PostgresUUID(guid: $0) })) t ON CONFLICT DO NOTHING
            """)
    }

    private static func give(_ roles: [Directory.RoleAssignment], to id: GUID, _ store: RecordStore) async throws {
        for role in roles {
            _ = try await store.run(
                """
                INSERT INTO tessera.role_assignment (principal_id, role, team_id) VALUES (\(bind: PostgresUUID(guid: id)), \
                \(bind: role.role), \(bind: role.team.map { PostgresUUID(guid: $0) })) ON CONFLICT DO NOTHING
                """)
        }
    }

    /// All principals of some kinds, by name.
    package func entries(_ kinds: Set<Directory.Principal.Kind>) async throws -> [PrincipalEntry] {
        try await entries("p.kind = ANY(\(bind: kinds.map(\.rawValue).sorted()))")
    }

    package func entry(_ id: GUID) async throws -> PrincipalEntry? {
        try await entries("p.id = \(bind: PostgresUUID(guid: id))").first
    }

    /// A user, service or team by its id, its mail address or its name, as people type it.
    ///
    /// - Throws: `principals.not_found`, also for a name that several have.
    package func find(_ text: String, _ kinds: Set<Directory.Principal.Kind>) async throws -> PrincipalEntry {
        let all = try await entries(kinds)
        let wanted = CaseMapping.lowercased(text)
        let found =
            GUID(text).map { id in all.filter { $0.id == id } }
            ?? all.filter { $0.email.map(CaseMapping.lowercased) == wanted || CaseMapping.lowercased($0.name) == wanted }
        guard found.count == 1, let entry = found.first else {
            let what = kinds.contains(.team) ? "team" : "user"
            let hint = found.isEmpty ? "There is no \(what) '\(text)'." : "Several are called '\(text)': use the id."
            throw PrincipalsError(.notFound, hint)
        }
        return entry
    }

    private func entries(_ condition: SQL) async throws -> [PrincipalEntry] {
        let sql: SQL = """
            SELECT p.id, p.kind, p.name, p.email, p.disabled_at IS NOT NULL, t.parent_id, \
            ARRAY(SELECT m.team_id FROM tessera.membership m WHERE m.principal_id = p.id ORDER BY m.team_id), \
            ARRAY(SELECT r.role FROM tessera.role_assignment r WHERE r.principal_id = p.id ORDER BY r.role, r.team_id), \
            ARRAY(SELECT coalesce(r.team_id, '00000000-0000-0000-0000-000000000000') FROM tessera.role_assignment r \
            WHERE r.principal_id = p.id ORDER BY r.role, r.team_id) \
            FROM tessera.principal p LEFT JOIN tessera.team t ON t.id = p.id WHERE \(condition) ORDER BY p.name, p.id
            """
        return try await PrincipalsError.translating {
            try await self.records.run(sql).rows.map { row in
                let teams = try row.decode([PostgresUUID].self, 8).map(GUID.init(postgres:))
                let roles = try zip(row.decode([String].self, 7), teams).map { role, team in
                    Directory.RoleAssignment(role: role, team: team == GUID(high: 0, low: 0) ? nil : team)
                }
                return PrincipalEntry(
                    id: try row.guid(0), kind: Directory.Principal.Kind(rawValue: try row.decode(String.self, 1)) ?? .service,
                    name: try row.decode(String.self, 2), email: try row.decode(String?.self, 3), isDisabled: try row.decode(Bool.self, 4),
                    parent: try row.decode(PostgresUUID?.self, 5).map(GUID.init(postgres:)),
                    teams: try row.decode([PostgresUUID].self, 6).map(GUID.init(postgres:)), roles: roles)
            }
        }
    }

    // MARK: Roles

    /// - Throws: `principals.unknown_role`, `principals.invalid` for an administrator of a team alone.
    private func requireKnown(_ assignment: Directory.RoleAssignment) async throws {
        let known = try await self.roles().map(\.id) + [Directory.administratorRole]
        guard known.contains(assignment.role) else {
            let hint =
                Spelling.closest(to: assignment.role, in: known).map { " Did you mean \($0)?" }
                ?? " There are \(known.joined(separator: ", "))."
            throw PrincipalsError(.unknownRole, "This deployment has no role '\(assignment.role)'.\(hint)", target: "roles")
        }
        guard assignment.role != Directory.administratorRole || assignment.team == nil else {
            throw PrincipalsError(.invalid, "An administrator is one everywhere: leave the team out.", target: "roles")
        }
    }

    /// Somebody active who may do everything has to be left, or nobody could change anything any more.
    static func requireAdministrator(_ store: RecordStore) async throws {
        // Two who take the last two administrators away meet here.
        _ = try await store.run("LOCK TABLE tessera.role_assignment IN SHARE ROW EXCLUSIVE MODE")
        let left = try await store.run(
            """
            SELECT 1 FROM tessera.role_assignment r JOIN tessera.principal p ON p.id = r.principal_id \
            WHERE r.role = \(bind: Directory.administratorRole) AND r.team_id IS NULL AND p.disabled_at IS NULL LIMIT 1
            """)
        guard !left.isEmpty else {
            throw PrincipalsError(
                .lastAdministrator, "Nobody would be left who may do everything: make somebody else an administrator first.")
        }
    }

    // MARK: Changing

    /// Runs a change; what it breaks is told in terms a caller can act on, and what was remembered is forgotten.
    func changing<R: Sendable>(_ body: () async throws -> R) async throws -> R {
        defer { forget() }
        do {
            return try await PrincipalsError.translating(body)
        } catch {
            // The store tells its own callers nothing of constraints that aren't of records.
            guard let cause = error as? PostgresError ?? (error as? RecordsError)?.cause as? PostgresError else { throw error }
            switch cause.sqlState {
            case "23505" where cause.constraint == "principal_by_email":
                throw PrincipalsError(.notUnique, "Another active user has this mail address.", target: "email")
            case "23505": throw PrincipalsError(.notUnique, "There is one with this id already.", target: "id")
            case "23503" where cause.constraint == "role_assignment_principal_id_team_id_fkey":
                throw PrincipalsError(.invalid, "The principal isn't in that team: put them in first.", target: "team_id")
            case "23503" where cause.constraint == "team_parent_id_fkey":
                throw PrincipalsError(.invalid, "There is no such team to lie below.", target: "parent_id")
            case "23503": throw PrincipalsError(.notFound, "There is no such user or team.")
            default: throw error
            }
        }
    }

    static func checked(name: String) throws -> String {
        let text = normalizedNFC(name)
        guard (1...200).contains(text.unicodeScalars.count), !text.unicodeScalars.contains(where: { $0.value < 0x20 }) else {
            throw PrincipalsError(.invalid, "A name has 1 to 200 characters on one line.", target: "name")
        }
        return text
    }

    private static func checked(email: String) throws -> String {
        let parts = email.split(separator: "@", omittingEmptySubsequences: false)
        guard parts.count == 2, parts.allSatisfy({ !$0.isEmpty }), email.utf8.count <= 254, !email.utf8.contains(where: { $0 <= 0x20 })
        else {
            throw PrincipalsError(.invalid, "'\(email)' is no mail address; write it like name@example.com.", target: "email")
        }
        return email
    }
}
