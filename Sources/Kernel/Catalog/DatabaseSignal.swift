/// SQLSTATEs by which functions in the schema `tessera` tell what only Tessera knows to be an error.
package enum DatabaseSignal {
    /// Amounts in several currencies were to become one.
    package static let severalCurrencies = "TS001"
    /// A record would have become one that its writer may not make it.
    package static let denied = "TS002"
    /// Links that may have no loop would have one.
    package static let loop = "TS003"
}

/// Channels of NOTIFY by which functions in the schema `tessera` tell other sessions.
package enum DatabaseChannel {
    /// The event log has grown; the payload is its newest position.
    package static let events = "tessera_events"
}
