package import Catalog
package import Postgres

/// Whether a database is what the manifests ask for: what `serve` looks at before it listens.
package enum SchemaStatus: Sendable {
    case matches
    /// What would have to be done, or what is in the way of it.
    case differs(SchemaPlan)
    /// The database was brought up by a newer Tessera.
    case newer(SchemaError)

    package static func check(_ catalog: Catalog, on client: PostgresClient) async throws -> SchemaStatus {
        do {
            let plan = try await SchemaPlan.make(for: catalog, on: client)
            return plan.isEmpty ? .matches : .differs(plan)
        } catch let error as SchemaError where error.code == .newerDatabase {
            return .newer(error)
        }
    }

    /// The digest that the last apply left behind: what changes with every schema, and costs nothing to ask for.
    package static func appliedDigest(on client: PostgresClient) async throws -> String? {
        try await client.pipelined("SELECT digest FROM tessera.schema_state").first?.decode(String.self, 0)
    }

    /// Whether somebody is bringing the database to other manifests at this moment. Servers go on with theirs meanwhile.
    package static func isApplyUnderWay(on client: PostgresClient) async throws -> Bool {
        let held: SQL = """
            SELECT EXISTS (SELECT FROM pg_locks WHERE locktype = 'advisory' AND granted AND objsubid = 1 \
            AND database = (SELECT oid FROM pg_database WHERE datname = current_database()) \
            AND (classid::bigint << 32) | objid::bigint = \(bind: SchemaApplier.advisoryLock))
            """
        return try await client.pipelined(held).first?.decode(Bool.self, 0) ?? false
    }

    /// What to tell whoever started the server, and what to type; nil when all is well.
    ///
    /// - Parameter arguments: what names the deployment on a command line: `--deployment mine.yaml`
    package func message(arguments: String) -> String? {
        switch self {
        case .matches:
            return nil
        case .newer(let error):
            return error.message
        case .differs(let plan) where !plan.problems.isEmpty:
            let first = plan.problems[0]
            let more = plan.problems.count == 1 ? "" : " (and \(plan.problems.count - 1) more)"
            return "The database can't be brought to the manifests: \(first)\(more)\nSee all with: tessera plan \(arguments)"
        case .differs(let plan):
            let missing = plan.steps.isEmpty ? plan.subscriptionChanges.count : plan.steps.count
            let noun = plan.steps.isEmpty ? "change of subscriptions" : "statement"
            let count =
                missing == 1 ? "1 \(noun) is" : plan.steps.isEmpty ? "\(missing) changes of subscriptions are" : "\(missing) statements are"
            let state = plan.previousDigest == nil ? "The database has not been set up yet" : "The database doesn't match the manifests"
            return """
                \(state): \(count) missing.
                See them with:  tessera plan \(arguments)
                Do it with:     tessera apply \(arguments)
                """
        }
    }
}
