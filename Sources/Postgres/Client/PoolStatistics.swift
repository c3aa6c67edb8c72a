/// Counters and levels of a client, for `/metrics`.
package struct PoolStatistics: Sendable, Hashable {
    /// Open connections, both kinds, the one that listens included.
    package var openConnections = 0
    /// Connections of the pool that wait for a caller.
    package var idleConnections = 0
    /// Connections of the pool that belong to a caller.
    package var leasedConnections = 0
    /// Callers that wait for a connection of the pool.
    package var waitingCallers = 0
    /// Statements sent on shared connections and not answered.
    package var pipelinedInFlight = 0
    /// Statements that wait for room on a shared connection.
    package var pipelinedWaiting = 0
    /// Statements answered since the start, failed ones included.
    package var statements: UInt64 = 0
    /// Statements that had to be prepared first.
    package var prepared: UInt64 = 0
    /// Connections opened since the start.
    package var connectionsOpened: UInt64 = 0
    /// Connections lost since the start, other than by closing them.
    package var connectionsLost: UInt64 = 0
    /// Attempts to connect that the server refused for good: a wrong password, no right to connect.
    package var connectionsRefused: UInt64 = 0
    /// Callers that waited in vain.
    package var acquireTimeouts: UInt64 = 0
    /// Cancel requests sent to the server.
    package var cancelsSent: UInt64 = 0
    /// false from the first failed attempt to connect until one succeeds.
    package var isServerReachable = true

    package init() {}
}
