import Catalog
import Logging
import Postgres
import SchemaPlan

/// What a server checks and sets up before it answers, and again when the schema changes.
struct ServerSetup: Sendable {
    let deployment: Deployment
    let options: DeploymentOptions
    let client: PostgresClient
    let logger: Logger

    /// Sets up an empty database; refuses one that doesn't match. One that is just being brought to other manifests is waited for.
    func prepare() async throws {
        if case .differs(let plan) = try await SchemaStatus.check(deployment.catalog, on: client), plan.previousDigest != nil {
            var isTold = false
            while try await SchemaStatus.isApplyUnderWay(on: client) {
                if !isTold { Console.note("waiting for the `tessera apply` that is under way") }
                isTold = true
                try await Task.sleep(for: .seconds(1))
            }
        }
        switch try await SchemaStatus.check(deployment.catalog, on: client) {
        case .matches: return
        case .differs(let plan) where plan.previousDigest == nil && plan.problems.isEmpty:
            Console.note("setting up the database for '\(deployment.catalog.deployment)'")
            try await SchemaApplier(client: client, logger: logger).apply(deployment.catalog, progress: ApplyProgress.show)
            options.writeLock(of: deployment)
        case let status:
            throw Failure(.wrongInput, status.message(arguments: deployment.arguments) ?? "the database doesn't match the manifests")
        }
    }
}
