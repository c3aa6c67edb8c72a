import Catalog
import Logging
import Postgres
import SchemaPlan
import Server
import ServiceLifecycle

/// Takes up the deployment's files anew whenever `tessera apply` has changed the database.
struct SchemaWatch: Service {
    let setup: ServerSetup
    let server: TesseraServer

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            var inForce = setup.deployment.catalog
            for try await notification in try await setup.client.notifications(channel: SchemaApplier.channel) {
                switch notification {
                // While the connection was away, an apply may have gone unheard.
                case .notification, .reconnected, .overflowed: await takeUp(&inForce)
                }
            }
        }
    }

    private func takeUp(_ inForce: inout Catalog) async {
        do {
            let deployment = try setup.options.load()
            let modules = deployment.catalog.modules
            guard modules == setup.deployment.catalog.modules else {
                setup.logger.warning("The deployment's modules have changed; restart the server to load them.")
                return
            }
            guard case .matches = try await SchemaStatus.check(deployment.catalog, on: setup.client) else {
                setup.logger.warning("The database was changed, but doesn't match \(deployment.path); the server goes on with what it has.")
                return
            }
            // The server's own set-up is announced to it too, and every connection that comes back asks.
            guard deployment.catalog != inForce else { return }
            server.use(deployment.catalog)
            inForce = deployment.catalog
            setup.logger.info("The applied manifests are in force.")
        } catch {
            setup.logger.warning(
                "The applied manifests can't be taken up; the server goes on with what it has.", metadata: ["error": "\(error)"])
        }
    }
}
