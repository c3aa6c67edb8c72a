import Catalog
import Permissions
import Postgres
import QueryLanguage
import Records

/// Changes by whoever may keep users and isn't an administrator.
extension PrincipalStore {
    /// Runs a change in a transaction. Of somebody with limited rights it has to be theirs to make: what it is about is looked at before and after,
    /// while nobody else can change who may do what.
    ///
    /// - Parameters:
    ///   - principal: whom it is about; nil where `body` judges by itself.
    ///   - body: the change; with the keeper who makes it, unless that is an administrator.
    /// - Throws: `principals.forbidden`; then nothing is changed.
    func keeping<R: Sendable>(
        _ principal: GUID?, access: Access, _ body: @Sendable @escaping (RecordStore, Keeper?) async throws -> R
    ) async throws -> R {
        try await changing {
            try await self.records.transaction { store in
                // Every change of who may do what changes this row, so that they come one after the other.
                _ = try await store.run("SELECT 1 FROM tessera.directory_state FOR UPDATE")
                guard !access.rights.isUnlimited else { return try await body(store, nil) }
                let before = try await Self.load { try await store.run($0) }
                let catalog = self.records.catalog
                let roles = catalog.roles + before.definitions.map { catalog.role($0).role }
                // Their rights as they are now, and not as they were when the request came.
                guard before.directory.rights(of: access.principal, under: roles).may(.users) else {
                    throw PrincipalsError(.forbidden, "Your roles don't let you keep users, teams and roles.")
                }
                let keeper = Keeper(access.principal, in: before.directory, under: roles)
                if let principal { try Self.require(keeper.refusal(of: principal)) }
                let result = try await body(store, keeper)
                guard let principal else { return result }
                let after = try await Self.load { try await store.run($0) }
                try Self.require(keeper.refusal(of: principal, in: after.directory))
                return result
            }
        }
    }

    /// Throws where there is a refusal.
    static func require(_ refusal: Keeper.Refusal?) throws {
        guard let refusal else { return }
        throw PrincipalsError(.forbidden, "You may keep users, teams and roles as far as your own rights go. \(refusal)")
    }
}
