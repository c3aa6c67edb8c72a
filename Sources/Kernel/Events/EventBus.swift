package import Logging
import Postgres
package import Records

/// Everything that a node does for events: it gives positions, and runs what follows the log within the process.
package struct EventBus: Sendable {
    let store: RecordStore
    let sequencer: Sequencer
    let subscriptions: [Subscription]
    let retention: EventRetention

    /// - Parameter handlers: what follows the log; the kernel's own unless others are given.
    package init(
        _ store: RecordStore, handlers: [any EventHandler] = [HistoryProjection()], keeping limits: EventRetention.Limits = .init(),
        logger: Logger
    ) {
        self.store = store
        sequencer = Sequencer(store)
        subscriptions = handlers.map { Subscription(store, $0) }
        retention = EventRetention(store, limits, logger: logger)
    }

    /// Moves what is in the outbox and lets the handlers handle it: for commands that read what handlers write, and run where no server may.
    package func catchUp() async throws {
        try await sequencer.drain()
        for subscription in subscriptions { while try await subscription.advance() {} }
    }
}
