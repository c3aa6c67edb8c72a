import Logging
import Postgres
import ServiceLifecycle
import Synchronization

/// Does a piece of work again and again, as `PumpMachine` decides, until it is told to stop.
final class Pump: Sendable {
    private let inputs: AsyncStream<PumpMachine.Input>
    private let feed: AsyncStream<PumpMachine.Input>.Continuation
    /// A wake lies in the stream: any number of them are one.
    private let isWoken = Atomic(false)
    private let name: String
    private let beat: Duration
    private let clock: any Clock<Duration>
    private let logger: Logger

    /// - Parameters:
    ///   - name: what the work is called in the log.
    ///   - beat: so long at most until it is looked whether there is something to do.
    init(_ name: String, beat: Duration, clock: any Clock<Duration>, logger: Logger) {
        (inputs, feed) = AsyncStream.makeStream(of: PumpMachine.Input.self)
        self.name = name
        self.beat = beat
        self.clock = clock
        self.logger = logger
    }

    /// Says that there may be something to do.
    func wake() {
        if !isWoken.exchange(true, ordering: .acquiringAndReleasing) { feed.yield(.wake) }
    }

    /// - Parameter work: one run; whether there is more to do at once.
    func run(_ work: @escaping @Sendable () async throws -> Bool) async {
        await withGracefulShutdownHandler {
            await withTaskCancellationHandler {
                await withDiscardingTaskGroup { group in
                    group.addTask { [feed, beat, clock] in
                        while (try? await clock.sleep(for: beat)) != nil { feed.yield(.tick) }
                    }
                    feed.yield(.tick)
                    var machine = PumpMachine()
                    for await input in inputs {
                        if input == .wake { isWoken.store(false, ordering: .releasing) }
                        for action in machine.handle(input) {
                            switch action {
                            case .run: group.addTask { self.feed.yield(await self.attempt(work)) }
                            case .end:
                                group.cancelAll()
                                return
                            }
                        }
                    }
                }
            } onCancel: {
                feed.yield(.shutdown)
            }
        } onGracefulShutdown: {
            self.feed.yield(.shutdown)
        }
    }

    private func attempt(_ work: () async throws -> Bool) async -> PumpMachine.Input {
        do {
            return .ended(hasMore: try await work())
        } catch {
            let isOutage = (error as? PostgresError)?.isOutage ?? false
            if !Task.isCancelled {
                logger.log(
                    level: isOutage ? .debug : .warning, "\(name) failed; the next look tries again.", metadata: ["error": "\(error)"])
            }
            return .failed
        }
    }
}
