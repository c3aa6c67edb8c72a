import Catalog
import Logging
import ModuleHost
import Postgres
import Records
import SchemaPlan
import Server
import ServiceLifecycle

/// Takes up the deployment's files anew whenever `tessera apply` has run. What can't be taken up yet is tried again. Modules are told their settings once, so
/// that other ones wait for the next start; the log says so.
struct SchemaWatch: Service {
    private static let firstPause = Duration.seconds(1)
    private static let longestPause = Duration.seconds(60)

    /// Why the files are looked at.
    private enum Occasion {
        case changed, retry
    }

    let setup: ServerSetup
    let store: RecordStore
    let server: TesseraServer
    /// What the server's modules were started with.
    private let started: ModuleInputs

    init(setup: ServerSetup, store: RecordStore, server: TesseraServer) {
        self.setup = setup
        self.store = store
        self.server = server
        started = setup.deployment.moduleInputs
    }

    func run() async throws {
        try await cancelWhenGracefulShutdown {
            let (occasions, occasion) = AsyncStream.makeStream(of: Occasion.self)
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask {
                    defer { occasion.finish() }
                    // While the connection was away, an apply may have gone unheard: that it is back is an occasion too.
                    do {
                        for try await _ in try await setup.client.notifications(channel: SchemaApplier.channel) { occasion.yield(.changed) }
                    } catch {
                        // A server that is told to stop while it begins to listen has nothing to complain of.
                        guard Task.isCancelled else { throw error }
                    }
                }
                var inForce = setup.deployment.catalog
                var pause = Self.firstPause
                var told: String?
                var isRetryPlanned = false
                for await reason in occasions {
                    switch reason {
                    case .changed:
                        pause = Self.firstPause
                        // PostgreSQL may have been away, and have come back with an earlier state; a set-up that isn't there yet begins one itself.
                        try? await store.beginEpoch()
                    case .retry: isRetryPlanned = false
                    }
                    guard await !takeUp(&inForce, &told), !isRetryPlanned else { continue }
                    isRetryPlanned = true
                    group.addTask { [pause] in
                        try? await Task.sleep(for: pause)
                        occasion.yield(.retry)
                    }
                    pause = min(pause * 2, Self.longestPause)
                }
                group.cancelAll()
                try await group.waitForAll()
            }
        }
    }

    /// Whether there is nothing left to take up.
    ///
    /// - Parameter told: what stood in the way last time; only what is new is worth a line.
    private func takeUp(_ inForce: inout Catalog, _ told: inout String?) async -> Bool {
        func warn(_ message: String, _ error: (any Error)? = nil) {
            let detail = error.map { "\($0)" }
            guard told != message + (detail ?? "") else { return }
            told = message + (detail ?? "")
            setup.logger.warning("\(message)", metadata: detail.map { ["error": "\($0)"] })
        }
        do {
            let deployment = try setup.options.load()
            let modules = deployment.catalog.modules
            guard modules == setup.deployment.catalog.modules else {
                warn("The deployment's modules have changed; restart the server to load them.")
                return true
            }
            guard case .matches = try await SchemaStatus.check(deployment.catalog, on: setup.client) else {
                warn(
                    "The database was changed, but doesn't match \(deployment.path); the server goes on with what it has. Type "
                        + "`tessera plan \(deployment.arguments)` to see what differs and `tessera apply` with the same to mend it, "
                        + "or restart the server with the deployment that was applied.")
                return false
            }
            let changed = deployment.moduleInputs.changes(since: started)
            // The server's own set-up is announced to it too, and every connection that comes back asks.
            if changed.isEmpty {
                told = nil
            } else {
                warn("Changed: \(changed.joined(separator: ", ")). Modules know them from their start: restart the server to take them up.")
            }
            guard deployment.catalog != inForce else { return true }
            server.use(deployment.catalog)
            inForce = deployment.catalog
            setup.logger.info(
                changed.isEmpty
                    ? "The applied manifests are in force." : "The applied manifests are in force, apart from what needs a restart.")
            return true
        } catch {
            warn("The applied manifests can't be taken up yet; the server goes on with what it has.", error)
            return false
        }
    }
}
