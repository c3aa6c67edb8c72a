import ArgumentParser
import Catalog
import Events
import Files
import Jobs
import Logging
import Manifests
import NIOCore
import NIOPosix
import Postgres
import Principals
import PrivateCluster
import QueryLanguage
import Records
import SchemaPlan
import Server
import ServiceLifecycle
import Transfer

struct ServeCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "serve",
        abstract: "Run the CRM.",
        discussion: """
            Starts the private PostgreSQL of the data folder, or uses TESSERA_DATABASE_URL, loads the deployment's modules and answers the \
            API. An empty database is set up; one that doesn't match the manifests is refused with what to type. At the first start the \
            administrator's token is printed, once. Ctrl-C finishes what is running and stops; a second one ends it at once.

              tessera serve --deployment manifests/deployments/starter.yaml --data /var/lib/tessera --listen 127.0.0.1:8080
            """)

    @OptionGroup var options: DeploymentOptions

    @Option(help: ArgumentHelp("Where to listen. A port of 0 takes a free one.", valueName: "host:port"))
    var listen = "127.0.0.1:8080"

    @Option(
        help: ArgumentHelp("What links in answers begin with, such as https://crm.example.org. Default: the Host header.", valueName: "url")
    )
    var publicAddress: String?

    @Flag(help: "Believe X-Forwarded-Proto and X-Forwarded-Host: only behind a proxy that sets them.")
    var trustForwardedHeaders = false

    @Flag(help: "Answer /metrics without a token: only where nobody else reaches the port.")
    var openMetrics = false

    @Option(
        help: ArgumentHelp(
            "How many requests a principal may send in so many seconds, such as 600/60. Default: what the deployment file says, else no limit.",
            valueName: "requests/seconds"))
    var rateLimit: String?

    @Option(
        help: ArgumentHelp(
            "Another limit for one principal, by its id; may be given several times.", valueName: "principal=requests/seconds"))
    var rateLimitOf: [String] = []

    func validate() throws {
        _ = try ListenAddress(listen)
        _ = try RateLimitOptions(standard: rateLimit, own: rateLimitOf)
        if let publicAddress { try Self.requireAddress(publicAddress) }
    }

    /// Links begin with it, so that it has to lead somewhere.
    private static func requireAddress(_ text: String) throws {
        let rest = ["https://", "http://"].lazy.compactMap { text.lowercased().hasPrefix($0) ? text.dropFirst($0.count) : nil }.first
        guard let host = rest?.prefix(while: { !"/?#".contains($0) }), !host.isEmpty, host.first != ":",
            !text.contains(where: { $0.isWhitespace || "?#@".contains($0) })
        else {
            throw ValidationError("--public-address takes an address such as https://crm.example.org, not '\(text)'")
        }
    }

    func run() async throws {
        try await reportingFailures {
            // Before anything is started that would have to be stopped.
            let stop = await StopSignal()
            let rates = try RateLimitOptions(standard: rateLimit, own: rateLimitOf)
            let address = try ListenAddress(listen)
            let deployment = try options.load()
            let limits = rates.over(deployment.composition.deployment.limits)
            let logger = CommandLog.server
            let modules = try deployment.loadModules(logger: logger)
            try await address.requireFree()
            let (url, cluster) = try await stop.cancelling { [options] in try await Database.own(options, logger: logger) }
            do {
                let client = PostgresClient(configuration: try PostgresConfiguration(url: url), logger: logger)
                let setup = ServerSetup(deployment: deployment, options: options, client: client, logger: logger)
                let store = RecordStore(client: client, catalog: deployment.catalog, hooks: modules, logger: logger)
                let tokens = TokenStore(client: client, logger: logger)
                var settings = Server.ServerConfiguration(listen: .tcp(host: address.host, port: address.port))
                settings.publicAddress = publicAddress
                settings.trustsForwardedHeaders = trustForwardedHeaders
                settings.openMetrics = openMetrics
                settings.version = TesseraVersion.text
                settings.rateLimits = limits
                let readiness = SchemaReadiness(store: store)
                settings.readiness = { await readiness.problems() }
                let files = try FileSettings.open(options, records: store, logger: logger)
                let jobs = JobQueue(client: client)
                let principals = PrincipalStore(records: store)
                let worker = JobWorker(
                    queue: jobs, handlers: [BulkJob(store), EachJob(store), UndoJob(store), ImportJob(files)],
                    access: { try await principals.access(of: $0.principal, channel: $0.channel) },
                    forgetOld: {
                        try await ImportLedger.forgetOld(store)
                        try await store.forgetKeptAnswers()
                    }, logger: logger)
                let server = TesseraServer(
                    configuration: settings, store: store, files: files, jobs: jobs, tokens: tokens, principals: principals, logger: logger
                ) { bound in
                    Console.print("serving http://\(address.host):\(bound?.port ?? address.port)/api")
                }
                let watch = SchemaWatch(setup: setup, store: store, server: server)
                // Stopped in reverse: the front door first, PostgreSQL last.
                var services: [any Service] = []
                if let cluster { services.append(ClusterSupervisor(cluster, logger: logger)) }
                services.append(client)
                let events = EventService(EventBus(store, reactions: modules, logger: logger), logger: logger)
                services.append(FrontDoor(setup: setup, store: store, tokens: tokens, server: server, worker: worker, events: events))
                services.append(watch)
                services.append(FileCollector(files: files, logger: logger))
                var group = ServiceGroupConfiguration(services: services, logger: CommandLog.quiet)
                group.services.append(.init(service: stop, successTerminationBehavior: .gracefullyShutdownGroup))
                let running = ServiceGroup(configuration: group)
                try await stop.cancellingWhenToldTwice { try await running.run() }
            } catch {
                await cluster?.stop()
                throw Failure(listening: "\(address)", error) ?? error
            }
            await cluster?.stop()
        }
    }
}

/// `--rate-limit 600/60 --rate-limit-of 0190…=6000/60`
struct RateLimitOptions {
    let limits: RateLimits

    init(standard: String?, own: [String]) throws {
        var limits = RateLimits()
        if let standard { limits.standard = try Self.limit(standard, "--rate-limit") }
        for text in own {
            let parts = text.split(separator: "=", maxSplits: 1)
            guard parts.count == 2, let principal = GUID(String(parts[0])) else {
                throw ValidationError("--rate-limit-of takes a principal's id and a limit, such as 0190…=6000/60, not '\(text)'")
            }
            limits.own[principal] = try Self.limit(parts[1], "--rate-limit-of")
        }
        self.limits = limits
    }

    /// What the deployment file says, where the options say nothing.
    func over(_ deployment: RequestLimits?) -> RateLimits {
        var limits = limits
        guard let deployment else { return limits }
        limits.standard = limits.standard ?? deployment.rate.flatMap(Self.limit)
        for (id, rate) in deployment.rates {
            guard let principal = GUID(id), let limit = Self.limit(rate) else { continue }
            limits.own[principal] = limits.own[principal] ?? limit
        }
        return limits
    }

    private static func limit(_ rate: RequestRate) -> RateLimit? { RateLimit(requests: rate.requests, seconds: rate.seconds) }

    private static func limit(_ text: some StringProtocol, _ option: String) throws -> RateLimit {
        guard let limit = RateLimit(text) else {
            throw ValidationError(
                "\(option) takes requests/seconds, such as 600/60 (up to 1000000 requests, 86400 seconds), not '\(text)'")
        }
        return limit
    }
}

/// `127.0.0.1:8080`, `[::1]:8080`.
struct ListenAddress: CustomStringConvertible {
    let host: String
    let port: Int
    let description: String

    init(_ text: String) throws {
        guard let colon = text.lastIndex(of: ":"), let port = Int(text[text.index(after: colon)...]), (0...65535).contains(port) else {
            throw ValidationError("--listen takes host:port, such as 127.0.0.1:8080, not '\(text)'")
        }
        var host = text[..<colon]
        if host.hasPrefix("["), host.hasSuffix("]") { host = host.dropFirst().dropLast() }
        self.host = host.isEmpty ? "127.0.0.1" : String(host)
        self.port = port
        description = text
    }

    /// Before anything is set up for a server that couldn't be reached.
    func requireFree() async throws {
        guard port != 0 else { return }
        do {
            try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1).bind(host: host, port: port).get().close()
        } catch {
            throw Failure(listening: description, error) ?? error
        }
    }
}
