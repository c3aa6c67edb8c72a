import Catalog
import Logging
import Postgres

/// One plan being carried out on one connection, which holds the advisory lock.
struct ApplyRun {
    let applier: SchemaApplier
    let connection: PostgresConnection
    let plan: SchemaPlan
    let progress: @Sendable (ApplyEvent) async -> Void
    /// Steps that are committed.
    private var done = 0

    init(
        applier: SchemaApplier, connection: PostgresConnection, plan: SchemaPlan, progress: @escaping @Sendable (ApplyEvent) async -> Void
    ) {
        self.applier = applier
        self.connection = connection
        self.plan = plan
        self.progress = progress
    }

    mutating func carryOut() async throws {
        try await transaction(plan.steps(in: .system), of: .system, always: false) { _ in }
        let (target, forgotten) = (plan.target, plan.forgotten)
        try await transaction(plan.steps(in: .transaction), of: .transaction, always: true) { connection in
            try await LedgerWriter(connection: connection).write(target, forgetting: forgotten)
        }
        for step in plan.steps(in: .concurrent) {
            if step.isPatient { try await alone(step) } else { try await inTurns(1, of: .concurrent) { try await $0.attemptAlone(step) } }
        }
        for step in plan.steps(in: .finish) { try await transaction([step], of: .finish, always: false) { _ in } }
        // Last, so that a server that looks finds everything in place. Said even when nothing changed in the tables: labels may have.
        _ = try await connection.query("SELECT pg_notify(\(bind: SchemaApplier.channel), \(bind: plan.target.digest))")
    }

    /// Runs steps together.
    private mutating func transaction(
        _ steps: [PlanStep], of phase: PlanStep.Phase, always: Bool, _ ending: @escaping (PostgresConnection) async throws -> Void
    ) async throws {
        guard always || !steps.isEmpty else { return }
        try await inTurns(steps.count, of: phase) { try await $0.attemptOnce(steps, ending) }
    }

    /// Tries again and again while others hold the locks; in between nobody waits behind it.
    private mutating func inTurns(_ count: Int, of phase: PlanStep.Phase, _ attempt: (ApplyRun) async throws -> Void) async throws {
        var pause = applier.options.firstPause
        var attempts = 1
        while true {
            do {
                try await attempt(self)
                done += count
                await progress(.committed(phase))
                return
            } catch let blocked as BlockedStep {
                try await wait(for: blocked, attempt: attempts, &pause)
                attempts += 1
            }
        }
    }

    /// In milliseconds.
    private var lockTimeout: Int64 {
        let timeout = applier.options.lockTimeout.components
        return max(1, timeout.seconds * 1_000 + timeout.attoseconds / 1_000_000_000_000_000)
    }

    private func attemptOnce(_ steps: [PlanStep], _ ending: (PostgresConnection) async throws -> Void) async throws {
        try await connection.execute("BEGIN; SET LOCAL lock_timeout = \(lockTimeout); SET LOCAL statement_timeout = 0")
        do {
            for (index, step) in steps.enumerated() { try await send(step, number: done + index + 1) }
            try await ending(connection)
            try await connection.execute("COMMIT")
        } catch {
            await rollBack()
            throw error
        }
    }

    /// A statement that is a transaction of its own, or commits piece by piece.
    private func attemptAlone(_ step: PlanStep) async throws {
        try await connection.execute("SET lock_timeout = \(lockTimeout); SET statement_timeout = 0")
        do {
            try await send(step, number: done + 1)
            try await connection.execute("RESET lock_timeout; RESET statement_timeout")
        } catch {
            await reset()
            throw error
        }
    }

    private func rollBack() async {
        await Task {
            do {
                try await connection.execute("ROLLBACK")
            } catch {
                applier.logger.debug("the transaction ended with its connection", metadata: ["error": "\(error)"])
            }
        }.value
    }

    /// Outside of a transaction, as PostgreSQL asks for concurrent builds. Nobody queues behind a patient step, so it may take its time, and tells
    /// what it takes it for.
    private mutating func alone(_ step: PlanStep) async throws {
        let (number, total) = (done + 1, plan.steps.count)
        try await connection.execute("SET lock_timeout = 0; SET statement_timeout = 0")
        do {
            let watch = PatientStep(step: step, session: try await session(), applier: applier)
            let progress = progress
            try await withThrowingTaskGroup(of: Void.self) { group in
                group.addTask { await watch.report { await progress(.working(step, number: number, of: total, for: $0, $1)) } }
                defer { group.cancelAll() }
                try await send(step, number: number)
            }
            try await connection.execute("RESET lock_timeout; RESET statement_timeout")
        } catch {
            await reset()
            guard let blocked = error as? BlockedStep else { throw error }
            // A deadlock: someone else's statement went on. What a broken build leaves behind is cleared away by the next plan.
            throw SchemaError(
                .lockTimeout, "\(step.summary) got in the way of another session. Apply again to go on from here.", cause: blocked.error)
        }
        done += 1
        await progress(.committed(.concurrent))
    }

    private func session() async throws -> Int32 {
        try await connection.query("SELECT pg_backend_pid()").first?.decode(Int32.self, 0) ?? 0
    }

    private func reset() async {
        await Task {
            do {
                try await connection.execute("RESET lock_timeout; RESET statement_timeout")
            } catch {
                applier.logger.debug("settings went with their connection", metadata: ["error": "\(error)"])
            }
        }.value
    }

    private func send(_ step: PlanStep, number: Int) async throws {
        try Task.checkCancellation()
        await progress(.starting(step, number: number, of: plan.steps.count))
        let clock = ContinuousClock()
        let start = clock.now
        do {
            // Sent together, they are one transaction where there is none around them.
            try await connection.execute(step.note.map { "\(step.sql);\n\($0)" } ?? step.sql)
        } catch let error as PostgresError where error.isLockTimeout || error.sqlState == "40P01" {
            throw BlockedStep(step: step, error: error)
        } catch let error as PostgresError where error.code == .server && !error.isShutdown {
            throw SchemaError(.statementFailed, Self.explanation(of: error, at: step), cause: error)
        }
        await progress(.finished(step, number: number, of: plan.steps.count, took: clock.now - start))
    }

    // MARK: Waiting for others

    /// A step that waited for a lock in vain.
    private struct BlockedStep: Error {
        var step: PlanStep
        var error: PostgresError
    }

    private func wait(for blocked: BlockedStep, attempt: Int, _ pause: inout Duration) async throws {
        let holders = try await holders(of: blocked.step)
        guard attempt < applier.options.attempts else {
            let who = holders.isEmpty ? "Others keep the tables locked" : "Locked by \(holders.joined(separator: "; "))"
            let what = blocked.step.phase <= .transaction ? "Nothing of this transaction was done" : "What came before is kept"
            throw SchemaError(
                .lockTimeout,
                "No lock was to be had for: \(blocked.step.summary). \(who). \(what); apply again later, or end "
                    + "those sessions with SELECT pg_terminate_backend(PID).",
                cause: blocked.error)
        }
        await progress(.retrying(attempt: attempt, of: applier.options.attempts, after: pause, holders: holders))
        try await applier.sleep(&pause)
    }

    /// A session `a` of pg_stat_activity for people: `4711 (psql, idle in transaction, in a transaction for 12 s)`.
    static let sessionText = """
        a.pid::text || ' (' || coalesce(nullif(a.application_name, ''), 'unnamed') || ', ' || coalesce(a.state, 'unknown') \
        || coalesce(', in a transaction for ' || round(extract(epoch FROM clock_timestamp() - a.xact_start)) || ' s', '') || ')'
        """

    private func holders(of step: PlanStep) async throws -> [String] {
        let tables = step.locks.map(\.table.sql)
        guard !tables.isEmpty else { return [] }
        let rows = try await connection.query(
            """
            SELECT DISTINCT \(raw: Self.sessionText)
            FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
            WHERE l.database = (SELECT oid FROM pg_database WHERE datname = current_database())
                AND l.relation = ANY(SELECT to_regclass(name) FROM unnest(\(bind: tables)::text[]) AS name)
                AND l.granted AND a.pid <> pg_backend_pid()
            ORDER BY 1 LIMIT 5
            """
        ).rows
        return try rows.map { try $0.value(0) }
    }

    // MARK: What went wrong

    private static func explanation(of error: PostgresError, at step: PlanStep) -> String {
        let what = "\(step.summary) failed: \(error)."
        switch (step.phase, error.sqlState) {
        case (.concurrent, "23505"):
            return "\(what) Records repeat each other's values since the plan was made. Change or delete them, then apply again."
        case (.concurrent, "23514"), (.concurrent, "23502"), (.concurrent, "23503"):
            return "\(what) Records that break it were written since the plan was made. Look at `tessera plan`, then apply again."
        case (.concurrent, _), (.finish, _):
            return "\(what) What came before is kept; apply again to go on from here."
        default:
            return "\(what) Nothing of its transaction was done."
        }
    }
}

extension PostgresError {
    /// The server went down or was told to end the session (class 57 without a cancelled statement).
    fileprivate var isShutdown: Bool { sqlState?.hasPrefix("57P") ?? false }
}
