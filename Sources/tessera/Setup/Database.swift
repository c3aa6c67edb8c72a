import Glibc
import Logging
import Postgres
import PrivateCluster

/// A database to work on: named by TESSERA_DATABASE_URL, or the private cluster of the data folder.
struct Database: Sendable {
    let client: PostgresClient
    let url: String
    /// The private cluster, when this process started it and so stops it.
    let cluster: RunningCluster?

    /// Where the private cluster lies.
    static func clusterOptions(_ folder: String?) throws -> PrivateClusterOptions {
        guard let data = folder ?? PrivateCluster.defaultDataDirectory() else {
            throw Failure(.wrongInput, "no data folder: this user has no home; name one with --data, or a database in TESSERA_DATABASE_URL")
        }
        return PrivateClusterOptions(dataDirectory: absolute(data) + "/postgres")
    }

    static var namedURL: String? { getenv("TESSERA_DATABASE_URL").map { String(cString: $0) } }

    /// Opens the database for the length of `body`: a cluster that runs already is used as it is, one that doesn't is started and stopped, also
    /// when the command is interrupted. A server in its first start is waited for.
    ///
    /// - Parameter initialises: whether a data folder without a cluster gets one; only what sets a deployment up does so.
    static func with<R: Sendable>(
        _ options: DeploymentOptions, logger: Logger, pool: PoolOptions = PoolOptions(), initialises: Bool = false,
        _ body: @escaping @Sendable (Database) async throws -> R
    ) async throws -> R {
        try await Interruption.cancelling {
            let (url, cluster) = try await open(options.data, logger: logger, initialises: initialises)
            do {
                let result = try await run(url: url, cluster: cluster, pool: pool, logger: logger) { database in
                    if !initialises { try await database.waitForSetUp() }
                    return try await body(database)
                }
                await cluster?.stop()
                return result
            } catch {
                await cluster?.stop()
                throw error
            }
        }
    }

    /// The URL, and the cluster when it had to be started.
    static func open(
        _ folder: String?, logger: Logger, initialises: Bool = false
    ) async throws -> (url: String, cluster: RunningCluster?) {
        if let url = namedURL { return (url, nil) }
        let clusterOptions = try clusterOptions(folder)
        let line = WaitingLine()
        defer { line.end() }
        do throws(PrivateClusterError) {
            let joined = try await PrivateCluster.join(clusterOptions, logger: logger, initialises: initialises) { waited, what in
                line.show(what, waited)
            }
            return (joined.connectionURL, joined.cluster)
        } catch {
            guard error.code == .notInitialised else { throw error }
            throw Failure(
                .unreachable,
                "there is no database in \(clusterOptions.dataDirectory) yet",
                remedy: "`tessera serve` or `tessera apply` sets one up. For another data folder say --data, for a PostgreSQL of your own "
                    + "TESSERA_DATABASE_URL")
        }
    }

    /// For a server: its own cluster, locked against a second server and waiting for commands; one that a killed server left behind is adopted.
    static func own(_ options: DeploymentOptions, logger: Logger) async throws -> (url: String, cluster: RunningCluster?) {
        if let url = namedURL { return (url, nil) }
        let line = WaitingLine()
        defer { line.end() }
        let cluster = try await PrivateCluster.own(try clusterOptions(options.data), logger: logger) { line.show($1, $0) }
        return (cluster.connectionURL, cluster)
    }

    private static func run<R: Sendable>(
        url: String, cluster: RunningCluster?, pool: PoolOptions, logger: Logger, _ body: @escaping @Sendable (Database) async throws -> R
    ) async throws -> R {
        var pool = pool
        // The private cluster shares this machine; what another PostgreSQL runs on isn't known.
        if namedURL == nil { pool.runningStatements = pool.runningStatements ?? max(4, 2 * sysconf(Int32(_SC_NPROCESSORS_ONLN))) }
        let client = PostgresClient(configuration: try PostgresConfiguration(url: url), options: pool, logger: logger)
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await client.run() }
            let result: Result<R, any Error>
            do {
                result = .success(try await body(Database(client: client, url: url, cluster: cluster)))
            } catch {
                result = .failure(error)
            }
            await client.shutdown()
            group.cancelAll()
            return try result.get()
        }
    }

    static func absolute(_ path: String) -> String {
        if path.hasPrefix("/") { return path }
        guard let folder = getcwd(nil, 0) else { return path }
        defer { free(folder) }
        return "\(String(cString: folder))/\(path)"
    }
}
