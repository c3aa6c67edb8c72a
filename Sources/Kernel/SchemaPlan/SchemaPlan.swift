package import Catalog
package import Postgres

/// The difference between the manifests and a database, as statements: what `tessera plan` shows and `tessera apply` does.
package struct SchemaPlan: Sendable, Hashable {
    /// In the order in which they run. Empty when there is nothing to do.
    package var steps: [PlanStep]
    /// Why the plan can't be carried out. `apply` refuses a plan that has any.
    package var problems: [SchemaProblem]
    /// What the database is brought to.
    package var target: DesiredSchema
    /// Digest that `apply` left behind last; nil when it never ran.
    package var previousDigest: String?
    /// Ledger entries of indexes and constraints that the steps drop.
    let forgotten: Set<Ledger.Key>
    /// What roles say otherwise than when `apply` last ran. It holds as soon as the server runs with these manifests.
    package var rightsChanges: [RightsChange]
    /// What becomes of subscriptions.
    package var subscriptionChanges: [SubscriptionChange] = []
    /// What of roles that were made over the API gives nothing any more under this catalog: `intern: contacts.person has no field 'hobby'`.
    package var roleProblems: [String] = []
    /// Choices that went from the manifests since `apply` last ran, and that records have.
    package var heldChoices: [HeldChoice]

    /// Nothing to do and nothing in the way.
    package var isEmpty: Bool { steps.isEmpty && problems.isEmpty && subscriptionChanges.isEmpty }

    package func steps(in phase: PlanStep.Phase) -> [PlanStep] { steps.filter { $0.phase == phase } }

    /// Compares a catalog with the database behind a client. Reads only.
    ///
    /// - Throws: `SchemaError` with `schema.newer_database` when the database was brought up by a newer Tessera; `PostgresError`.
    package static func make(for catalog: Catalog, on client: PostgresClient) async throws -> SchemaPlan {
        let desired = DesiredSchema(catalog: catalog)
        return try await client.withConnection { connection in
            var plan = try await make(for: desired, on: connection)
            plan.roleProblems = try await problems(ofRolesUnder: catalog, on: connection)
            return plan
        }
    }

    private static func problems(ofRolesUnder catalog: Catalog, on connection: PostgresConnection) async throws -> [String] {
        let known: Bool? = try await connection.query("SELECT to_regclass('tessera.role') IS NOT NULL").first?.value(0)
        guard known == true else { return [] }
        return try await connection.query("SELECT id, definition FROM tessera.role ORDER BY id").rows.flatMap { row in
            let id = try row.decode(String.self, 0)
            let found = catalog.role(RoleDefinition(id: id, text: try row.decode(String.self, 1)))
            return found.problems.map { "\(id): \($0)" }
        }
    }

    package static func make(for desired: DesiredSchema, on connection: PostgresConnection) async throws -> SchemaPlan {
        let actual = try await ActualSchema.read(connection, for: desired)
        try actual.checkVersion()
        var facts = PlanFacts()
        while true {
            var diff = SchemaDiff(desired: desired, actual: actual, facts: facts)
            diff.run()
            facts = diff.facts
            // Answers may raise further questions, yet there are only so many tables and columns to ask about.
            if try await facts.ask(connection) { continue }
            let subscriptions = try await SubscriptionRows.changes(to: desired.subscriptions, on: connection)
            return SchemaPlan(
                steps: diff.steps, problems: diff.problems, target: desired, previousDigest: actual.stateDigest, forgotten: diff.forgotten,
                rightsChanges: actual.rights.map { desired.rights.changes(since: $0) } ?? [],
                subscriptionChanges: subscriptions, heldChoices: diff.heldChoices)
        }
    }
}

extension ActualSchema {
    func checkVersion() throws(SchemaError) {
        guard let newest = systemVersions.max(), newest > SystemSchema.latest else { return }
        throw SchemaError(
            .newerDatabase,
            "The database was brought up by a newer Tessera (system step \(newest), this one knows \(SystemSchema.latest)). "
                + "Install that version, or restore a backup from before.")
    }
}
