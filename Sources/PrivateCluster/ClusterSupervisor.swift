package import Logging
import ServiceLifecycle

/// Keeps a private PostgreSQL running for as long as the server runs, and stops it after everything else.
///
/// Put it first in the service group: services are shut down in the opposite order.
package struct ClusterSupervisor: Service {
    /// Waits before the attempts that follow one that failed; when they are used up the service fails.
    package static let pauses: [Duration] = [.seconds(1), .seconds(2), .seconds(4), .seconds(8)]

    /// How often it is looked whether the socket is still there.
    private static let interval = Duration.seconds(2)

    private let cluster: RunningCluster
    private let logger: Logger

    package init(_ cluster: RunningCluster, logger: Logger) {
        self.cluster = cluster
        self.logger = logger
    }

    package func run() async throws {
        let failure = await cancelWhenGracefulShutdown { await superviseUntilCancelled() }
        await cluster.stop()
        if let failure { throw failure }
    }

    private func superviseUntilCancelled() async -> PrivateClusterError? {
        await withTaskGroup(of: PrivateClusterError?.self) { group in
            group.addTask { await self.superviseSocket() }
            group.addTask { await self.superviseProcess() }
            let failure = await group.next()
            group.cancelAll()
            return failure ?? nil
        }
    }

    /// A cleaner of temporary folders, or a session's end, may take the socket away from a server that is well.
    private func superviseSocket() async -> PrivateClusterError? {
        while (try? await ContinuousClock().sleep(for: Self.interval)) != nil {
            guard await cluster.hasLostSocket else { continue }
            logger.error("The socket of PostgreSQL was removed; starting it again", metadata: ["folder": "\(cluster.socketDirectory)"])
            if let failure = await restart() { return failure }
        }
        return nil
    }

    private func superviseProcess() async -> PrivateClusterError? {
        // A server that is told to stop while its PostgreSQL is down doesn't start it again.
        while let end = await cluster.unexpectedEnd(), !Task.isCancelled {
            logger.error("PostgreSQL \(end) unexpectedly; starting it again")
            if let failure = await restart() { return failure }
        }
        return nil
    }

    private func restart() async -> PrivateClusterError? {
        var pauses = Self.pauses[...]
        while true {
            do throws(PrivateClusterError) {
                try await cluster.restart()
                return nil
            } catch {
                guard !Task.isCancelled else { return nil }
                guard let pause = pauses.popFirst() else { return error }
                logger.error("PostgreSQL cannot be started again; trying later", metadata: ["error": "\(error)", "pause": "\(pause)"])
                guard (try? await ContinuousClock().sleep(for: pause)) != nil else { return nil }
            }
        }
    }
}
