import Catalog
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

    let client: PostgresClient
    let records: RecordStore

    private struct Known {
        var directory: Directory
        var version: Int64
        var goodUntil: ContinuousClock.Instant
        var rights: [GUID: Rights] = [:]
        /// The roles that `rights` were worked out under.
        var roles: [Role] = []
    }

    private let known = Mutex<Known?>(nil)

    package init(records: RecordStore) {
        self.records = records
        client = records.client
    }

    // MARK: Rights

    /// What a principal may do now, under the roles of the catalog in force.
    ///
    /// - Throws: `principals.unavailable` when the database has to be asked and can't be.
    package func rights(of principal: GUID) async throws -> Rights {
        var directory = try await directory()
        if directory.principals[principal] == nil {
            // Made since, by another process.
            forget()
            directory = try await self.directory()
        }
        let roles = records.catalog.roles
        let kept = known.withLock { state in state?.roles == roles ? state?.rights[principal] : nil }
        if let kept { return kept }
        let rights = directory.rights(of: principal, under: roles)
        known.withLock { state in
            if state?.roles != roles {
                state?.roles = roles
                state?.rights = [:]
            }
            if let count = state?.rights.count, count >= Self.remembered { state?.rights = [:] }
            state?.rights[principal] = rights
        }
        return rights
    }

    /// The access of somebody who came in by a channel.
    package func access(of principal: GUID, channel: Access.Channel) async throws -> Access {
        Access(principal: principal, channel: channel, rights: try await rights(of: principal))
    }

    // MARK: The directory

    /// Who there is, as of a moment ago at most.
    package func directory() async throws -> Directory {
        let now = ContinuousClock.now
        let (fresh, last) = known.withLock { state in (state.flatMap { $0.goodUntil > now ? $0.directory : nil }, state?.version) }
        if let fresh { return fresh }
        return try await PrincipalsError.translating {
            let version = try await self.version()
            if let last, last == version {
                let kept = self.known.withLock { state -> Directory? in
                    guard state?.version == version else { return nil }
                    state?.goodUntil = now + Self.lifetime
                    return state?.directory
                }
                if let kept { return kept }
            }
            // The version is read first: a change in between is seen at the next look.
            let directory = try await self.load()
            self.known.withLock { state in
                if let newer = state?.version, newer > version { return }
                state = Known(directory: directory, version: version, goodUntil: now + Self.lifetime)
            }
            return directory
        }
    }

    /// Makes the next look ask the database, after a change.
    func forget() {
        known.withLock { $0 = nil }
    }

    private func version() async throws -> Int64 {
        try await client.pipelined("SELECT version FROM tessera.directory_state").first?.decode(Int64.self, 0) ?? 0
    }

    private func load() async throws -> Directory {
        try await client.transaction(isolation: .repeatableRead, readOnly: true) { transaction in
            let principals = try await transaction.query("SELECT id, kind, name, disabled_at IS NOT NULL FROM tessera.principal").rows.map {
                row in
                Directory.Principal(
                    id: try row.guid(0), kind: Directory.Principal.Kind(rawValue: try row.decode(String.self, 1)) ?? .service,
                    name: try row.decode(String.self, 2), isDisabled: try row.decode(Bool.self, 3))
            }
            var parents: [GUID: GUID] = [:]
            for row in try await transaction.query("SELECT id, parent_id FROM tessera.team WHERE parent_id IS NOT NULL").rows {
                parents[try row.guid(0)] = try row.guid(1)
            }
            let memberships = try await transaction.query("SELECT principal_id, team_id FROM tessera.membership").rows.map { row in
                (principal: try row.guid(0), team: try row.guid(1))
            }
            let roles = try await transaction.query("SELECT principal_id, role, team_id FROM tessera.role_assignment").rows.map { row in
                let team = try row.decode(PostgresUUID?.self, 2).map(GUID.init(postgres:))
                return (principal: try row.guid(0), assignment: Directory.RoleAssignment(role: try row.decode(String.self, 1), team: team))
            }
            return Directory(principals: principals, parents: parents, memberships: memberships, roles: roles)
        }
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
        } catch let error as PostgresError where error.sqlState == nil || error.sqlState?.hasPrefix("57P") == true {
            throw PrincipalsError(.unavailable, "The database that holds users and roles can't be reached. Try again in a moment.")
        }
    }
}
