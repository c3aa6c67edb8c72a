import Glibc
import Logging
import ModuleHost
import Postgres
import Records
import SchemaPlan

/// A record store in this process, beside a running server or without one: for commands that move much data.
enum DirectStore {
    static func with<R: Sendable>(
        _ options: DeploymentOptions, deployment: Deployment, _ body: @escaping @Sendable (RecordStore) async throws -> R
    ) async throws -> R {
        let logger = CommandLog.quiet
        let modules = try deployment.loadModules(logger: logger)
        return try await Database.with(options, logger: logger) { database in
            try await deployment.requireSchema(on: database.client)
            let store = RecordStore(client: database.client, catalog: deployment.catalog, hooks: modules, logger: logger)
            try await store.beginEpoch()
            return try await body(store)
        }
    }
}

extension Deployment {
    /// What the modules that have code are started with.
    var moduleInputs: ModuleInputs { ModuleInputs(composition, catalog: catalog) }

    /// Loads the modules that have code.
    func loadModules(logger: Logger) throws -> LoadedModules {
        do {
            return try startModules(logger: logger)
        } catch {
            throw Failure(.wrongInput, "\(error)")
        }
    }

    /// The same, for who looks into what is in the way.
    func startModules(logger: Logger) throws(ModuleHostError) -> LoadedModules {
        let path = getenv("TESSERA_MODULE_PATH").map { String(cString: $0) }
        return try ModuleLoader(folders: LibraryFolders(modulePath: path), logger: logger).load(composition, catalog: catalog)
    }

    /// Stops a command whose database isn't what the manifests ask for.
    func requireSchema(on client: PostgresClient) async throws {
        if let message = try await SchemaStatus.check(catalog, on: client).message(arguments: arguments) {
            throw Failure(.wrongInput, message)
        }
    }
}

extension Access {
    /// Whoever may run commands on the deployment's machine is its administrator.
    static let commandLine = Access(principal: .administrator, channel: .commandLine)
}
