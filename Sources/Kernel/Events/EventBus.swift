import Catalog
package import Logging
import Postgres
package import Records

/// Everything that a node does for events: it gives positions, and runs what follows the log within the process.
package struct EventBus: Sendable {
    let store: RecordStore
    let sequencer: Sequencer
    let subscriptions: [Subscription]
    private let reactions: (any EventReactions)?
    private let logger: Logger
    let retention: EventRetention

    /// - Parameters:
    ///   - handlers: the kernel's own that follow the log.
    ///   - reactions: the code behind the subscriptions of manifests; none of them is looked after without it.
    package init(
        _ store: RecordStore, handlers: [any EventHandler] = [HistoryProjection()], reactions: (any EventReactions)? = nil,
        keeping limits: EventRetention.Limits = .init(), logger: Logger
    ) {
        self.store = store
        self.reactions = reactions
        self.logger = logger
        sequencer = Sequencer(store)
        subscriptions = handlers.map { Subscription(store, $0) }
        retention = EventRetention(store, limits, logger: logger)
    }

    /// Whatever follows the log here: the kernel's own, then the subscriptions of the manifests in force.
    var followers: [any Follower] {
        guard let reactions else { return subscriptions }
        return subscriptions + store.catalog.subscriptions.map { Reaction($0.id, store, reactions, logger: logger) }
    }

    /// Moves what is in the outbox and lets the handlers handle it: for commands that read what handlers write, and run where no server may.
    package func catchUp() async throws {
        try await sequencer.drain()
        for follower in followers { while try await follower.advance() {} }
    }
}
