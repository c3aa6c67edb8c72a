package import Catalog
import Events
package import Files
import HummingbirdCore
package import Jobs
package import Logging
package import NIOCore
import NIOPosix
package import Principals
package import Records
import ServiceLifecycle

/// The HTTP server: a service that answers until it is told to stop, and then finishes what is running.
package final class TesseraServer: Service {
    /// Threads for half the cores: PostgreSQL and its client need the rest, and fewer threads wake each other less often (measured on two
    /// cores: 72 against 78 µs of the server's time for a record by id). They live as long as the process.
    private static let eventLoops = MultiThreadedEventLoopGroup(numberOfThreads: max(1, System.coreCount / 2))

    private let configuration: ServerConfiguration
    private let api: Api
    private let load: RequestLoad
    private let logger: Logger
    private let onListening: @Sendable (SocketAddress?) async -> Void

    /// - Parameters:
    ///   - principals: the one store of the process, so that nobody in it goes by what another has remembered.
    ///   - onListening: called once, with the address in use (a port of 0 has become a real one).
    package init(
        configuration: ServerConfiguration, store: RecordStore, files: FileStore, jobs: JobQueue, tokens: TokenStore,
        principals: PrincipalStore, logger: Logger,
        onListening: @escaping @Sendable (SocketAddress?) async -> Void = { _ in }
    ) {
        self.configuration = configuration
        self.logger = logger
        self.onListening = onListening
        load = RequestLoad(limit: configuration.limits.concurrentRequests)
        api = Api(
            store: store, files: files, jobs: jobs, tokens: tokens, principals: principals, configuration: configuration, load: load,
            logger: logger)
    }

    /// Puts another catalog in force, for the store and for every document: after the database has been brought to it.
    package func use(_ catalog: Catalog) {
        api.store.replaceCatalog(with: catalog)
        api.use(catalog)
    }

    package func run() async throws {
        let channel = ConnectionChannel(responder: api, limits: configuration.limits, load: load)
        let onListening = onListening
        let address: BindAddress =
            switch configuration.listen {
            case .tcp(let host, let port): .hostname(host, port: port)
            case .unixSocket(let path): .unixDomainSocket(path: path)
            }
        var quiet = logger
        quiet.logLevel = max(.warning, logger.logLevel)
        let server = channel.server(
            configuration: HummingbirdCore.ServerConfiguration(
                address: address, backlog: 1_024,
                availableConnectionsDelegate: MaximumAvailableConnections(configuration.limits.connections)),
            onServerRunning: { await onListening($0.localAddress) },
            eventLoopGroup: Self.eventLoops,
            logger: quiet)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await self.api.feed.run() }
            try await finishing(server)
            group.cancelAll()
        }
    }

    /// Runs the server; a shutdown waits for what is running, but no longer than its limit.
    private func finishing(_ server: any Service) async throws {
        let limit = configuration.limits.shutdownTime
        let logger = logger
        try await withThrowingTaskGroup(of: Bool.self) { group in
            group.addTask {
                try await server.run()
                return true
            }
            group.addTask {
                try? await gracefulShutdown()
                guard !Task.isCancelled else { return false }
                try? await Task.sleep(for: limit)
                return false
            }
            let isFinished = try await group.next() ?? true
            if !isFinished { logger.warning("Requests were still running when the time to shut down had passed; they were cut off.") }
            group.cancelAll()
        }
    }
}
