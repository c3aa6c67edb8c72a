package import Catalog
package import Logging
package import Postgres

/// What `tessera apply` reports while it works.
package enum ApplyEvent: Sendable {
    /// Another apply holds the lock.
    case waitingForOtherApply
    /// A statement is about to be sent.
    case starting(PlanStep, number: Int, of: Int)
    case finished(PlanStep, number: Int, of: Int, took: Duration)
    /// A patient step has been at work for a while: what it does, or for whom it waits.
    case working(PlanStep, number: Int, of: Int, for: Duration, StepState)
    /// A lock wasn't to be had. `holders` says who has it, as far as PostgreSQL tells.
    case retrying(attempt: Int, of: Int, after: Duration, holders: [String])
    /// All steps of a phase are committed.
    case committed(PlanStep.Phase)
}

/// What a patient step is at, as PostgreSQL tells.
package struct StepState: Sendable, Hashable {
    /// A phase of an index build in PostgreSQL's words, such as `building index: scanning table`.
    package var phase: String?
    /// How much of the phase is done, in percent, where that is known.
    package var percent: Int?
    /// The sessions that it waits for.
    package var holders: [String]
}

/// What an apply did.
package struct ApplyReport: Sendable, Hashable {
    package var steps: Int
    package var digest: String
}

/// Brings a database to a catalog: alone, in a few transactions each of which leaves it whole, and from wherever an earlier attempt stopped.
package struct SchemaApplier: Sendable {
    package struct Options: Sendable {
        /// How long a statement waits for a lock. Everybody who comes after it waits as long, so this is short.
        package var lockTimeout: Duration = .seconds(2)
        /// How often a transaction is tried when locks aren't to be had.
        package var attempts = 30
        /// Pause after the first failed attempt; it doubles up to `longestPause`.
        package var firstPause: Duration = .milliseconds(250)
        package var longestPause: Duration = .seconds(5)
        /// How often a patient step tells how it stands.
        package var reportInterval: Duration = .seconds(1)

        package init() {}
    }

    let client: PostgresClient
    let logger: Logger
    let options: Options
    let clock: any Clock<Duration>

    package init(client: PostgresClient, logger: Logger, options: Options = Options(), clock: any Clock<Duration> = ContinuousClock()) {
        self.client = client
        self.logger = logger
        self.options = options
        self.clock = clock
    }

    /// Key of the advisory lock that lets one apply at a time into a database.
    static let advisoryLock: Int64 = 0x7465_7373_6572_6101
    /// Running servers listen here, and take up the new catalog.
    package static let channel = "tessera_schema"

    /// Plans and carries out.
    ///
    /// - Parameter agreed: the plan someone has seen. When the database has changed since, so that other statements would run, nothing is done.
    /// - Throws: `SchemaError`; `PostgresError` when the connection is lost; `CancellationError`.
    @discardableResult
    package func apply(
        _ catalog: Catalog, agreed: SchemaPlan? = nil, progress: @escaping @Sendable (ApplyEvent) async -> Void = { _ in }
    ) async throws -> ApplyReport {
        try await apply(DesiredSchema(catalog: catalog), agreed: agreed, progress: progress)
    }

    @discardableResult
    package func apply(
        _ desired: DesiredSchema, agreed: SchemaPlan? = nil, progress: @escaping @Sendable (ApplyEvent) async -> Void = { _ in }
    ) async throws -> ApplyReport {
        try await client.withConnection { connection in
            try await withAdvisoryLock(connection, progress) {
                let plan = try await SchemaPlan.make(for: desired, on: connection)
                if let agreed, agreed.steps != plan.steps {
                    throw SchemaError(.planChanged, "The database has changed since the plan was shown. Look at `tessera plan` again.")
                }
                guard plan.problems.isEmpty else {
                    throw SchemaError(.refused, "The manifests can't be applied to this database.", problems: plan.problems)
                }
                var run = ApplyRun(applier: self, connection: connection, plan: plan, progress: progress)
                try await run.carryOut()
                logger.info("schema applied", metadata: ["steps": "\(plan.steps.count)", "digest": "\(desired.digest)"])
                return ApplyReport(steps: plan.steps.count + plan.subscriptionChanges.count, digest: desired.digest)
            }
        }
    }

    /// Polls: a session that waited inside PostgreSQL would keep the other's concurrent index builds waiting for its snapshot.
    private func withAdvisoryLock<R: Sendable>(
        _ connection: PostgresConnection, _ progress: @Sendable (ApplyEvent) async -> Void, _ body: () async throws -> R
    ) async throws -> R {
        var pause = options.firstPause
        var hasReported = false
        while true {
            let isOurs: Bool =
                try await connection.query("SELECT pg_try_advisory_lock(\(bind: Self.advisoryLock))").first?.value(0) ?? false
            if isOurs { break }
            if !hasReported { await progress(.waitingForOtherApply) }
            hasReported = true
            try await sleep(&pause)
        }
        do {
            let result = try await body()
            await release(connection)
            return result
        } catch {
            await release(connection)
            throw error
        }
    }

    /// Also when the task is cancelled, since the connection goes back to the pool. A lost connection has lost its lock too.
    private func release(_ connection: PostgresConnection) async {
        await Task {
            do {
                _ = try await connection.query("SELECT pg_advisory_unlock(\(bind: Self.advisoryLock))")
            } catch {
                logger.debug("advisory lock went with its connection", metadata: ["error": "\(error)"])
            }
        }.value
    }

    func sleep(_ pause: inout Duration) async throws {
        try await clock.sleep(for: pause)
        pause = min(pause * 2, options.longestPause)
    }
}
