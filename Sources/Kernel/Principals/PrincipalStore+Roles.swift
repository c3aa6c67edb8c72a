package import Catalog
import JSONReading
import Permissions
import Postgres
package import QueryLanguage
package import Records

/// A role as lists show it.
package struct RoleEntry: Sendable {
    package var role: Role
    /// Of one that was made over the API: what stands in a manifest behind its key.
    package var definition: Value?
    /// What in it gives nothing, because the deployment has no such thing any more.
    package var problems: [String]
}

/// Roles that administrators keep over the API, beside those of the manifests.
extension PrincipalStore {
    /// What a definition may have.
    package static let roleMembers = ["label", "description", "grants", "may"]

    /// Every role but the platform's own.
    package func roleEntries() async throws -> [RoleEntry] {
        let catalog = records.catalog
        return catalog.roles.map { RoleEntry(role: $0, problems: []) }
            + (try await look().definitions.map { definition in
                let (role, problems) = catalog.role(definition)
                return RoleEntry(role: role, definition: try JSONReader.value(of: Array(definition.text.utf8)), problems: problems)
            })
    }

    /// Makes a role.
    ///
    /// - Parameter definition: an object with members of `roleMembers`, as in a manifest.
    /// - Throws: `principals.invalid` for an id that is none, `principals.not_unique`, `principals.invalid_role`. Then nothing is made.
    package func createRole(_ id: String, _ definition: Value, access: Access) async throws {
        guard RoleDefinition.isID(id) else {
            throw PrincipalsError(
                .invalid, "An id has 1 to 40 small letters, digits and underscores, and begins with a letter; 'administrator' is taken.",
                target: "id")
        }
        let (text, role) = try checked(id, definition)
        try await keeping(nil, access: access) { store, keeper in
            try Self.require(keeper?.refusal(of: role))
            let made = try await store.run(
                """
                INSERT INTO tessera.role (id, definition, updated_by) VALUES (\(bind: id), \(bind: text), \
                \(bind: PostgresUUID(guid: access.principal))) ON CONFLICT DO NOTHING RETURNING 1
                """)
            guard !made.isEmpty else { throw PrincipalsError(.notUnique, "There is a role '\(id)' already.", target: "id") }
            // Given while an earlier role of this name went: nobody holds what has just been made.
            _ = try await store.run("DELETE FROM tessera.role_assignment WHERE role = \(bind: id)")
        }
    }

    /// Changes the members that are given, each as a whole. Null leaves one out.
    ///
    /// - Throws: `principals.not_found` for what isn't a role that was made over the API, `principals.invalid_role`. Then nothing is changed.
    package func changeRole(_ id: String, _ given: [String: Value], access: Access) async throws {
        try await keeping(nil, access: access) { store, keeper in
            let found = try await store.run("SELECT definition FROM tessera.role WHERE id = \(bind: id) FOR UPDATE")
            guard let row = found.first else { throw self.noRole(id) }
            guard case .complex(var members) = try JSONReader.value(of: Array(try row.decode(String.self, 0).utf8)) else {
                throw self.noRole(id)
            }
            members.merge(given) { _, new in new }
            let (text, role) = try self.checked(id, .complex(members.filter { !$0.value.isNull }))
            try Self.require(keeper?.refusal(ofRole: id) ?? keeper?.refusal(of: role) ?? keeper?.refusal(ofHoldersOf: id))
            _ = try await store.run(
                """
                UPDATE tessera.role SET definition = \(bind: text), updated_at = now(), \
                updated_by = \(bind: PostgresUUID(guid: access.principal)) WHERE id = \(bind: id)
                """)
        }
    }

    /// Takes a role away that nobody holds.
    ///
    /// - Throws: `principals.not_found` for what isn't a role that was made over the API, `principals.role_in_use`.
    package func deleteRole(_ id: String, access: Access) async throws {
        try await keeping(nil, access: access) { store, keeper in
            _ = try await store.run("LOCK TABLE tessera.role_assignment IN SHARE ROW EXCLUSIVE MODE")
            let holders = try await store.run("SELECT count(*) FROM tessera.role_assignment WHERE role = \(bind: id)")
            let count = try holders.first?.decode(Int64.self, 0) ?? 0
            guard !self.records.catalog.roles.contains(where: { $0.id == id }) else { throw self.noRole(id) }
            try Self.require(keeper?.refusal(ofRole: id))
            guard count == 0 else {
                let who = count == 1 ? "Somebody holds" : "\(count) users and services hold"
                throw PrincipalsError(.roleInUse, "\(who) the role '\(id)'. Take it from them first.", target: "id")
            }
            let gone = try await store.run("DELETE FROM tessera.role WHERE id = \(bind: id) RETURNING 1")
            guard !gone.isEmpty else { throw self.noRole(id) }
        }
    }

    private func checked(_ id: String, _ definition: Value) throws -> (text: String, role: Role) {
        let text = definition.json
        let (role, problems) = records.catalog.role(RoleDefinition(id: id, text: text))
        guard problems.isEmpty else {
            let told = problems.joined(separator: "; ")
            throw PrincipalsError(.invalidRole, "This can't be a role: \(told)\(told.hasSuffix("?") ? "" : ".")")
        }
        return (text, role)
    }

    private func noRole(_ id: String) -> PrincipalsError {
        guard records.catalog.roles.contains(where: { $0.id == id }) || id == Directory.administratorRole else {
            return PrincipalsError(.notFound, "There is no role '\(id)'.")
        }
        return PrincipalsError(.invalid, "'\(id)' comes with the deployment: change it in the manifest.", target: "id")
    }
}
