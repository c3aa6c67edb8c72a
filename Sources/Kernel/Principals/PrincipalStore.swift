package import Catalog
import Logging
package import Permissions
import Postgres
package import QueryLanguage
package import Records
import Synchronization

/// Users, services and teams, and the rights that each has under the roles of the deployment.
///
/// What it read is kept for a moment and then compared by its version, so that a change on this node holds at once and one on another node
/// within `lifetime`. Shares aren't kept: they are looked up by every statement.
package final class PrincipalStore: Sendable {
    /// How long another node's change may go unnoticed.
    package static let lifetime: Duration = .seconds(2)

    /// Principals whose rights are kept at once.
    private static let remembered = 10_000

    let records: RecordStore

    private struct Known {
        var directory: Directory
        var version: Int64
        var goodUntil: ContinuousClock.Instant
        /// Roles that were made over the API.
        var definitions: [RoleDefinition]
        /// What was worked out under a catalog: roles and what principals may do under them.
        var generation: Int?
        var roles: [Role] = []
        var rights: [GUID: Rights] = [:]

        var look: Look { Look(directory: directory, definitions: definitions, version: version) }
    }

    /// What the database said of who there is, and which roles there are beside the manifests'.
    struct Look: Sendable {
        var directory: Directory
        var definitions: [RoleDefinition]
        var version: Int64
    }

    private let known = Mutex<Known?>(nil)
    /// How often it was forgotten: what was asked for before that isn't kept.
    private let forgotten = Mutex(0)

    package init(records: RecordStore) {
        self.records = records
    }

    // MARK: Rights

    /// What a principal may do now, under the roles of the catalog in force.
    ///
    /// - Throws: `principals.unavailable` when the database has to be asked and can't be.
    package func rights(of principal: GUID) async throws -> Rights {
        var look = try await look()
        if look.directory.principals[principal] == nil {
            // Made since, by another process.
            forget()
            look = try await self.look()
        }
        let (catalog, generation) = records.currentCatalog
        let version = look.version
        let kept = known.withLock { state in
            state?.version == version && state?.generation == generation ? state?.rights[principal] : nil
        }
        if let kept { return kept }
        let rights = look.directory.rights(of: principal, under: roles(look, catalog, generation))
        known.withLock { state in
            guard state?.version == version, state?.generation == generation else { return }
            if let count = state?.rights.count, count >= Self.remembered { state?.rights = [:] }
            state?.rights[principal] = rights
        }
        return rights
    }

    /// The roles in force: those of the manifests, then those that were made over the API.
    package func roles() async throws -> [Role] {
        let (catalog, generation) = records.currentCatalog
        return roles(try await look(), catalog, generation)
    }

    private func roles(_ look: Look, _ catalog: Catalog, _ generation: Int) -> [Role] {
        let kept = known.withLock { state in
            state?.version == look.version && state?.generation == generation ? state?.roles : nil
        }
        if let kept { return kept }
        let roles = catalog.roles + look.definitions.map { catalog.role($0).role }
        known.withLock { state in
            guard state?.version == look.version else { return }
            state?.generation = generation
            state?.roles = roles
            state?.rights = [:]
        }
        return roles
    }

    /// Whether somebody may come in: they are known and weren't deactivated.
    package func isActive(_ principal: GUID) async throws -> Bool {
        if try await look().directory.principals[principal] == nil { forget() }
        return try await look().directory.principals[principal].map { !$0.isDisabled } ?? false
    }

    /// The access of somebody who came in by a channel.
    package func access(of principal: GUID, channel: Access.Channel) async throws -> Access {
        Access(principal: principal, channel: channel, rights: try await rights(of: principal))
    }

    // MARK: The directory

    /// Who there is, as of a moment ago at most.
    package func directory() async throws -> Directory { try await look().directory }

    func look() async throws -> Look {
        let now = ContinuousClock.now
        let (fresh, last) = known.withLock { state in (state.flatMap { $0.goodUntil > now ? $0.look : nil }, state?.version) }
        if let fresh { return fresh }
        let round = forgotten.withLock { $0 }
        return try await PrincipalsError.translating {
            let version = try await self.version()
            if let last, last == version {
                let kept = self.known.withLock { state -> Look? in
                    guard state?.version == version else { return nil }
                    state?.goodUntil = now + Self.lifetime
                    return state?.look
                }
                if let kept { return kept }
            }
            // The version is read first: a change in between is seen at the next look.
            let (directory, definitions) = try await self.load()
            self.known.withLock { state in
                if let newer = state?.version, newer > version { return }
                // Something was changed in the meantime, which this may not show yet.
                guard self.forgotten.withLock({ $0 }) == round else { return }
                state = Known(directory: directory, version: version, goodUntil: now + Self.lifetime, definitions: definitions)
            }
            return Look(directory: directory, definitions: definitions, version: version)
        }
    }

    /// Makes the next look ask the database, after a change.
    package func forget() {
        forgotten.withLock { $0 += 1 }
        known.withLock { $0 = nil }
    }

    private func version() async throws -> Int64 {
        let sql: SQL = "SELECT version FROM tessera.directory_state"
        let result = try await records.isInTransaction ? records.run(sql) : records.client.pipelined(sql)
        return try result.first?.decode(Int64.self, 0) ?? 0
    }

    private func load() async throws -> (Directory, [RoleDefinition]) {
        guard !records.isInTransaction else { return try await Self.load { try await self.records.run($0) } }
        return try await records.client.transaction(isolation: .repeatableRead, readOnly: true) { transaction in
            try await Self.load { try await transaction.query($0) }
        }
    }

    /// Reads all there is; `run` has to see one moment.
    static func load(
        _ run: (SQL) async throws -> PostgresResult
    ) async throws -> (directory: Directory, definitions: [RoleDefinition]) {
        let principals = try await run("SELECT id, kind, name, disabled_at IS NOT NULL FROM tessera.principal").rows.map {
            row in
            Directory.Principal(
                id: try row.guid(0), kind: Directory.Principal.Kind(rawValue: try row.decode(String.self, 1)) ?? .service,
                name: try row.decode(String.self, 2), isDisabled: try row.decode(Bool.self, 3))
        }
        var parents: [GUID: GUID] = [:]
        for row in try await run("SELECT id, parent_id FROM tessera.team WHERE parent_id IS NOT NULL").rows {
            parents[try row.guid(0)] = try row.guid(1)
        }
        let memberships = try await run("SELECT principal_id, team_id FROM tessera.membership").rows.map { row in
            (principal: try row.guid(0), team: try row.guid(1))
        }
        let roles = try await run("SELECT principal_id, role, team_id FROM tessera.role_assignment").rows.map { row in
            let team = try row.decode(PostgresUUID?.self, 2).map(GUID.init(postgres:))
            return (principal: try row.guid(0), assignment: Directory.RoleAssignment(role: try row.decode(String.self, 1), team: team))
        }
        let definitions = try await run("SELECT id, definition FROM tessera.role ORDER BY id").rows.map { row in
            RoleDefinition(id: try row.decode(String.self, 0), text: try row.decode(String.self, 1))
        }
        return (Directory(principals: principals, parents: parents, memberships: memberships, roles: roles), definitions)
    }
}

extension PostgresRow {
    func guid(_ column: Int) throws -> GUID { GUID(postgres: try decode(PostgresUUID.self, column)) }
}

extension PrincipalsError {
    /// Runs `body`; a database that can't be reached becomes an error that says so.
    static func translating<R: Sendable>(_ body: () async throws -> R) async throws -> R {
        do {
            return try await body()
        } catch let error as PostgresError where error.isReadOnly {
            throw PrincipalsError(.unavailable, PostgresError.takesNoWrites)
        } catch let error as PostgresError where error.sqlState == nil || error.sqlState?.hasPrefix("57P") == true {
            throw PrincipalsError(.unavailable, "The database that holds users and roles can't be reached. Try again in a moment.")
        }
    }
}
