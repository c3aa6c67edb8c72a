/// What a listener gets.
package enum PostgresNotification: Sendable, Hashable {
    case notification(payload: String, processID: Int32)
    /// The connection was lost and is back: notifications sent in between are gone, so look at the data itself.
    case reconnected
    /// The listener was too slow, and notifications were dropped: look at the data itself.
    case overflowed
}

/// The notifications of one channel, for one task. The listening ends when the sequence and its iterators are let go of.
package struct PostgresNotifications: AsyncSequence, Sendable {
    package typealias Element = PostgresNotification

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let membership: Membership

        /// nil when the client has been shut down or the task cancelled.
        package mutating func next() async throws -> PostgresNotification? { try await membership.subscription.next() }
    }

    /// Ends the subscription with its last holder.
    final class Membership: Sendable {
        let core: ClientCore
        let subscription: Subscription

        init(core: ClientCore, subscription: Subscription) {
            self.core = core
            self.subscription = subscription
        }

        deinit { core.submit(.unsubscribe(subscription)) }
    }

    private let membership: Membership

    init(core: ClientCore, subscription: Subscription) {
        self.membership = Membership(core: core, subscription: subscription)
    }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(membership: membership) }
}
