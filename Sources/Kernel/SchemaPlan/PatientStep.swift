import Logging
import Postgres

/// A step that waits as long as it takes, looked at from another session while it does.
struct PatientStep: Sendable {
    let step: PlanStep
    /// The process of PostgreSQL that carries it out.
    let session: Int32
    let applier: SchemaApplier

    /// Tells how the step stands, again and again until it is cancelled. What can't be told is no reason to stop the step.
    func report(_ tell: (_ elapsed: Duration, StepState) async -> Void) async {
        var elapsed = Duration.zero
        do {
            while true {
                try await applier.clock.sleep(for: applier.options.reportInterval)
                elapsed += applier.options.reportInterval
                await tell(elapsed, try await state())
            }
        } catch is CancellationError {
            return
        } catch {
            applier.logger.debug("can't look at a step", metadata: ["step": "\(step.summary)", "error": "\(error)"])
        }
    }

    private func state() async throws -> StepState {
        let sql: SQL = """
            SELECT p.phase, CASE WHEN p.blocks_total > 0 THEN (100 * p.blocks_done / p.blocks_total)::bigint END,
                ARRAY(SELECT \(raw: ApplyRun.sessionText) FROM pg_stat_activity a WHERE a.pid = ANY(pg_blocking_pids(\(bind: session)))
                    ORDER BY a.pid LIMIT 5)
            FROM (SELECT 1) AS one LEFT JOIN pg_stat_progress_create_index p ON p.pid = \(bind: session)
            """
        guard let row = try await applier.client.query(sql).first else { return StepState(holders: []) }
        return StepState(
            phase: try row.decode(String?.self, 0), percent: try row.decode(Int64?.self, 1).map(Int.init),
            holders: try row.decode([String].self, 2))
    }
}
