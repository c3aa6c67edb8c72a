/// Who listens to which channel. Pure bookkeeping; the core sends the LISTEN and UNLISTEN it asks for.
struct ListenerRegistry {
    private var subscriptions: [String: [Subscription]] = [:]
    /// Channels the server has confirmed on the present connection.
    private var confirmed: Set<String> = []
    /// How many LISTENs of a channel are on their way. The last one counts: an UNLISTEN may stand between them.
    private var asked: [String: Int] = [:]

    var isEmpty: Bool { subscriptions.isEmpty }
    var channels: [String] { subscriptions.keys.sorted() }

    /// True when the server has to be told.
    mutating func add(_ subscription: Subscription) -> Bool {
        subscriptions[subscription.channel, default: []].append(subscription)
        if confirmed.contains(subscription.channel) {
            subscription.begin()
            return false
        }
        return true
    }

    /// True when nobody listens to the channel any more.
    mutating func remove(_ subscription: Subscription) -> Bool {
        let channel = subscription.channel
        guard var list = subscriptions[channel] else { return false }
        list.removeAll { $0 === subscription }
        subscriptions[channel] = list.isEmpty ? nil : list
        if list.isEmpty { confirmed.remove(channel) }
        return list.isEmpty
    }

    /// A LISTEN is on its way.
    mutating func ask(_ channel: String) { asked[channel, default: 0] += 1 }

    /// The server listens now. Those who had listened before learn that they may have missed something.
    mutating func confirm(_ channel: String) {
        let rest = (asked[channel] ?? 1) - 1
        asked[channel] = rest > 0 ? rest : nil
        guard rest <= 0, let list = subscriptions[channel] else { return }
        confirmed.insert(channel)
        for subscription in list { subscription.begin() }
    }

    mutating func connectionLost() {
        confirmed.removeAll()
        asked.removeAll()
    }

    func deliver(_ notification: PostgresNotification, on channel: String) {
        for subscription in subscriptions[channel] ?? [] { subscription.deliver(notification) }
    }

    /// Nobody who hasn't begun will.
    mutating func failPending(_ error: PostgresError) {
        for (channel, list) in subscriptions {
            let remaining = list.filter { $0.hasBegun }
            for subscription in list where !subscription.hasBegun { subscription.fail(error) }
            subscriptions[channel] = remaining.isEmpty ? nil : remaining
        }
    }

    mutating func fail(_ channel: String, _ error: PostgresError) {
        asked[channel] = nil
        for subscription in subscriptions.removeValue(forKey: channel) ?? [] { subscription.fail(error) }
    }

    mutating func endAll() {
        for list in subscriptions.values {
            for subscription in list { subscription.end() }
        }
        subscriptions.removeAll()
        connectionLost()
    }
}
