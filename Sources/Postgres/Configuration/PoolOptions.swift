/// How many connections the client keeps and how long it waits for them.
package struct PoolOptions: Sendable, Hashable {
    /// Connections that belong to one caller at a time: lists, transactions, COPY. At least 1.
    package var maxConnections: Int
    /// Statements of unknown cost that run at once as long as they are young; nil for as many as there are connections. Twice the processors of
    /// the database's machine keeps them busy, and answers come in an even time.
    package var runningStatements: Int?
    /// How long a statement of unknown cost counts as young.
    package var youngTime: Duration
    /// Connections that many callers share for short statements. At least 1.
    package var pipelineConnections: Int
    /// Statements in flight on one shared connection; more wait in the client, where they can still be sent elsewhere.
    package var pipelineDepth: Int
    /// A shared connection whose oldest statement isn't answered for so long gets no others until it is.
    package var stallTime: Duration
    /// A statement that waits so long for a lock on a shared connection gives up its place, and waits on a connection of its own; for a second, so do
    /// all that are like it, from the start. At least a millisecond.
    package var sharedLockWait: Duration
    /// Prepared statements kept per connection; the one used longest ago goes first.
    package var preparedStatementLimit: Int
    /// How long a caller waits for a connection before it gets `postgres.pool_exhausted`.
    package var acquireTimeout: Duration
    /// A connection of the pool that nobody used for so long is closed.
    package var idleTimeout: Duration
    /// A connection that was idle for so long is asked whether it is still there.
    package var healthCheckInterval: Duration
    /// How long an answer to a health check, or to a cancel, may take before the connection is given up.
    package var answerTimeout: Duration
    /// A connection that is as old and refuses a write, since it leads to a standby or a database set to read only, is replaced.
    package var replacementAge: Duration
    /// The longest pause between attempts to reach a server that is away.
    package var maxReconnectDelay: Duration

    package init(
        maxConnections: Int = 32, runningStatements: Int? = nil, youngTime: Duration = .milliseconds(50), pipelineConnections: Int = 2,
        pipelineDepth: Int = 64, stallTime: Duration = .milliseconds(100),
        sharedLockWait: Duration = .milliseconds(10), preparedStatementLimit: Int = 256,
        acquireTimeout: Duration = .seconds(10), idleTimeout: Duration = .seconds(300), healthCheckInterval: Duration = .seconds(30),
        answerTimeout: Duration = .seconds(5), replacementAge: Duration = .seconds(1), maxReconnectDelay: Duration = .seconds(5)
    ) {
        self.maxConnections = max(1, maxConnections)
        self.runningStatements = runningStatements.map { max(1, $0) }
        self.youngTime = youngTime
        self.pipelineConnections = max(1, pipelineConnections)
        self.pipelineDepth = max(1, pipelineDepth)
        self.stallTime = max(.milliseconds(1), stallTime)
        self.sharedLockWait = max(.milliseconds(1), sharedLockWait)
        self.preparedStatementLimit = max(1, preparedStatementLimit)
        self.acquireTimeout = acquireTimeout
        self.idleTimeout = idleTimeout
        self.healthCheckInterval = healthCheckInterval
        self.answerTimeout = answerTimeout
        self.replacementAge = replacementAge
        self.maxReconnectDelay = maxReconnectDelay
    }
}
