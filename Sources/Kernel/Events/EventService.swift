import Catalog
package import Logging
import Postgres
import Records
import ServiceLifecycle

/// Runs a node's event bus until it is told to stop: woken by commits of its own store, by other nodes' notifications, and by the clock.
package struct EventService: Service {
    package struct Options: Sendable {
        /// So long at most until events of a writer are moved that woke no sequencer: one that was killed, or a command beside the server.
        package var beat: Duration = .seconds(1)
        /// Between two looks for what is kept too long.
        package var clearance: Duration = .seconds(300)

        package init() {}
    }

    private let bus: EventBus
    private let options: Options
    private let clock: any Clock<Duration>
    private let logger: Logger

    package init(_ bus: EventBus, options: Options = Options(), clock: any Clock<Duration> = ContinuousClock(), logger: Logger) {
        self.bus = bus
        self.options = options
        self.clock = clock
        self.logger = logger
    }

    package func run() async throws {
        let sequencing = pump("Moving events into the log", options.beat)
        let clearing = pump("Clearing the event log", options.clearance)
        let pumps = FollowerPumps()
        let (newcomers, newcomer) = AsyncStream.makeStream(of: (follower: any Follower, pump: Pump).self)
        bus.store.onCommit { sequencing.wake() }
        await withTaskGroup(of: Void.self) { group in
            group.addTask {
                await sequencing.run {
                    let moved = try await bus.sequencer.move().moved
                    if moved > 0 { pumps.wake() }
                    return moved == Sequencer.batch
                }
            }
            group.addTask {
                await clearing.run {
                    try await bus.retention.clear()
                    return false
                }
            }
            group.addTask { await cancelWhenGracefulShutdown { await listen { pumps.wake() } } }
            // Manifests that are applied while the server runs bring new ones.
            group.addTask {
                await pump("Looking for subscriptions", options.beat).run {
                    for follower in bus.followers where !pumps.has(follower.id) {
                        let pump = pump("The subscription \(follower.id)", options.beat)
                        pumps.add(pump, follower.id)
                        newcomer.yield((follower, pump))
                    }
                    return false
                }
                newcomer.finish()
            }
            for await (follower, pump) in newcomers { group.addTask { await pump.run { try await follower.advance() } } }
        }
    }

    private func pump(_ name: String, _ beat: Duration) -> Pump { Pump(name, beat: beat, clock: clock, logger: logger) }

    /// Wakes on whatever comes of the channel, a lost and found connection included. While nothing can be heard, the clock has to do.
    private func listen(_ wake: @Sendable () -> Void) async {
        while !Task.isCancelled {
            do {
                for try await _ in try await bus.store.client.notifications(channel: DatabaseChannel.events) { wake() }
            } catch {
                logger.debug("Other nodes' events aren't heard of.", metadata: ["error": "\(error)"])
            }
            try? await clock.sleep(for: options.beat)
        }
    }
}
