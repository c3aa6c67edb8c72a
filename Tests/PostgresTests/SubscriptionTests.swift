import Testing

@testable import Postgres

/// What decides by chance when there is a server, in the orders that it can come in.
@Suite("Subscriptions") struct SubscriptionTests {
    private let first = PostgresNotification.notification(payload: "1", processID: 7)

    @Test("begins without a word of an interruption, also when the server is quicker than whoever waits for it")
    func quickServer() async throws {
        let subscription = Subscription(channel: "a")
        subscription.begin()
        try await subscription.waitForStart()
        subscription.deliver(first)
        #expect(try await subscription.next() == first)
        subscription.begin()
        #expect(try await subscription.next() == .reconnected)
    }

    @Test("begins with the last LISTEN of its channel that is on its way, once")
    func severalListens() async throws {
        var registry = ListenerRegistry()
        let (one, other) = (Subscription(channel: "a"), Subscription(channel: "a"))
        for subscription in [one, other] where registry.add(subscription) { registry.ask("a") }
        registry.confirm("a")
        #expect(!one.hasBegun && !other.hasBegun)
        registry.confirm("a")
        #expect(one.hasBegun && other.hasBegun)
        registry.deliver(first, on: "a")
        for subscription in [one, other] { #expect(try await subscription.next() == first) }
    }

    @Test("tells those who listened before, after an interruption, and nobody else")
    func interruption() async throws {
        var registry = ListenerRegistry()
        let (one, other) = (Subscription(channel: "a"), Subscription(channel: "a"))
        let asksForOne = registry.add(one)
        registry.ask("a")
        registry.confirm("a")
        registry.connectionLost()
        registry.ask("a")
        let asksForOther = registry.add(other)
        #expect(asksForOne && asksForOther)
        registry.ask("a")
        for _ in 0..<2 { registry.confirm("a") }
        registry.deliver(first, on: "a")
        #expect(try await one.next() == .reconnected)
        for subscription in [one, other] { #expect(try await subscription.next() == first) }
    }
}
