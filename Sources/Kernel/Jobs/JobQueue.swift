import JSONReading
package import Postgres
package import QueryLanguage
package import Records
import Synchronization

/// The durable queue of background work: rows that workers of any server lease, and give back or finish.
///
/// Principals take turns: who has fewest jobs at work comes first, then who has waited longest since a job of theirs began. Among one's own, order is
/// by time, without promise. Whose jobs have all places of a worker gives one up, between two steps, as soon as somebody waits who has none.
package final class JobQueue: Sendable {
    /// Days that finished jobs and their results are kept.
    package static let keptDays = 7
    /// So often is a job taken up that its worker never finishes, before it is given up.
    static let mostAttempts = 5

    private let client: PostgresClient
    /// Where the statements of those run who want work done.
    private let query: @Sendable (SQL) async throws -> PostgresResult
    private let listeners = Mutex<[@Sendable () -> Void]>([])

    package init(client: PostgresClient) {
        self.client = client
        query = { try await client.query($0) }
    }

    /// The same queue within the transaction of a store, if it is in one: what is put in is there with all else, or not at all. Workers aren't woken; `wake`
    /// does that, once it is kept.
    package init(_ queue: JobQueue, within store: RecordStore) {
        client = queue.client
        query = { try await store.run($0) }
    }

    // MARK: For those who want work done

    /// Puts work into the queue; it is stored when this returns.
    ///
    /// - Parameters:
    ///   - key: names the work, so that who asks for it twice gets the job that is at it already.
    ///   - file: the uploaded file that it works on, which is kept until the job has ended.
    /// - Returns: the job's id: `id`, or that of the open job with the same key.
    @discardableResult
    package func enqueue(
        kind: String, label: String, input: Value, total: Int? = nil, id: GUID = .version7(), key: String? = nil, file: GUID? = nil,
        access: Access
    ) async throws -> GUID {
        let principal = PostgresUUID(guid: access.principal)
        let onBehalfOf = access.onBehalfOf.map { PostgresUUID(guid: $0) }
        let sql: SQL = """
            INSERT INTO tessera.job (id, kind, label, input, progress_total, principal_id, on_behalf_of, channel, key, file) VALUES \
            (\(bind: PostgresUUID(guid: id)), \(bind: kind), \(bind: label), \(bind: PostgresJSON(input.json)), \(bind: total.map(Int64.init)), \
            \(bind: principal), \(bind: onBehalfOf), \(bind: access.channel.rawValue), \(bind: key), \
            \(bind: file.map { PostgresUUID(guid: $0) })) \
            ON CONFLICT (principal_id, key) WHERE key IS NOT NULL AND state IN ('queued', 'running') DO NOTHING RETURNING 1
            """
        let open: SQL = """
            SELECT id FROM tessera.job WHERE principal_id = \(bind: principal) AND key = \(bind: key) AND state IN ('queued', 'running')
            """
        while try await query(sql).rows.isEmpty {
            // Where it has ended in the meantime, this one is put into the queue after all.
            guard let known = try await query(open).first else { continue }
            return GUID(postgres: try known.decode(PostgresUUID.self, 0))
        }
        wake()
        return id
    }

    /// - Parameters:
    ///   - principal: whose job it has to be; nil for anybody's.
    ///   - result: whether its result is read, which may be long.
    package func find(_ id: GUID, of principal: GUID? = nil, result: Bool = true) async throws -> Job? {
        try await jobs("WHERE id = \(bind: PostgresUUID(guid: id))\(Self.isOwn(principal))", results: result).first
    }

    /// Newest first, without their results; `before` is the id of the last one seen.
    ///
    /// - Parameter principal: whose jobs; nil for everybody's.
    package func list(limit: Int, before: GUID? = nil, of principal: GUID? = nil) async throws -> [Job] {
        let place: SQL = before.map { " AND id < \(bind: PostgresUUID(guid: $0))" } ?? ""
        return try await jobs("WHERE TRUE\(place)\(Self.isOwn(principal)) ORDER BY id DESC LIMIT \(bind: Int64(limit))", results: false)
    }

    private static func isOwn(_ principal: GUID?) -> SQL {
        principal.map { " AND principal_id = \(bind: PostgresUUID(guid: $0))" } ?? ""
    }

    /// Asks a job to stop: one that waits never begins, one that runs stops at its next step. False when it has finished already.
    ///
    /// - Parameter principal: whose job it has to be; nil for anybody's.
    package func cancel(_ id: GUID, of principal: GUID? = nil) async throws -> Bool {
        let sql: SQL = """
            UPDATE tessera.job SET cancel_asked = true, state = CASE state WHEN 'queued' THEN 'cancelled' ELSE state END, \
            finished_at = CASE state WHEN 'queued' THEN now() ELSE finished_at END, file = CASE state WHEN 'queued' THEN NULL ELSE file END \
            WHERE id = \(bind: PostgresUUID(guid: id))\(Self.isOwn(principal)) AND state IN ('queued', 'running') RETURNING 1
            """
        let isStopped = try await !query(sql).rows.isEmpty
        wake()
        return isStopped
    }

    private func jobs(_ selection: SQL, results: Bool) async throws -> [Job] {
        let result: SQL = results ? "result" : "NULL::jsonb"
        let sql: SQL = """
            SELECT id, kind, label, state, principal_id, attempts, cancel_asked, progress_done, progress_total, progress_message, created_at, \
            started_at, finished_at, \(result), error_code, error_message, error_details, attempt_started_at FROM tessera.job \(selection)
            """
        return try await query(sql).rows.map { row in
            let code = try row.decode(String?.self, 14)
            return Job(
                id: GUID(postgres: try row.decode(PostgresUUID.self, 0)), kind: try row.decode(String.self, 1),
                label: try row.decode(String.self, 2), state: Job.State(rawValue: try row.decode(String.self, 3)) ?? .failed,
                principal: GUID(postgres: try row.decode(PostgresUUID.self, 4)), attempts: Int(try row.decode(Int32.self, 5)),
                isCancelAsked: try row.decode(Bool.self, 6),
                progress: Job.Progress(
                    done: Int(try row.decode(Int64.self, 7)), total: try row.decode(Int64?.self, 8).map { Int($0) },
                    message: try row.decode(String?.self, 9)),
                createdAt: try row.moment(10) ?? DateTime(microseconds: 0), startedAt: try row.moment(11),
                attemptStartedAt: try row.moment(17), finishedAt: try row.moment(12), result: try row.json(13),
                failure: try code.map {
                    Job.Failure(code: $0, message: try row.decode(String?.self, 15) ?? "", details: try row.json(16) ?? .null)
                })
        }
    }

    // MARK: For workers

    /// Makes this node's workers look for work.
    package func wake() {
        for wake in listeners.withLock({ $0 }) { wake() }
    }

    /// Called whenever there may be something new to do on this node.
    func onWork(_ wake: @escaping @Sendable () -> Void) {
        listeners.withLock { $0.append(wake) }
    }

    /// Work that a worker has leased.
    struct Leased: Sendable {
        var id: GUID
        var kind: String
        var label: String
        var input: Value
        var access: Access
        var attempts: Int
        /// It was asked to stop, and its worker ended before that had heard of it.
        var isCancelAsked: Bool
    }

    /// Leases up to so many jobs: those that wait, and those whose worker has let its lease run out.
    func claim(_ limit: Int, kinds: [String], worker: GUID, lease: Duration) async throws -> [Leased] {
        let open: SQL = """
            j.kind = ANY(\(bind: kinds)) AND ((j.state = 'queued' AND j.run_after <= now()) OR (j.state = 'running' AND j.lease_until < now()))
            """
        let sql: SQL = """
            WITH principal AS MATERIALIZED (SELECT p.id, p.busy, \
            (SELECT max(s.started_at) FROM tessera.job s WHERE s.principal_id = p.id AND s.started_at IS NOT NULL) AS served_at \
            FROM (SELECT principal_id AS id, count(*) FILTER (WHERE state = 'running' AND lease_until >= now()) AS busy \
            FROM tessera.job WHERE state IN ('queued', 'running') GROUP BY principal_id) AS p), \
            turn AS MATERIALIZED (SELECT j.id, p.served_at, \
            p.busy + row_number() OVER (PARTITION BY j.principal_id ORDER BY j.run_after, j.id) AS place \
            FROM tessera.job j JOIN principal p ON p.id = j.principal_id WHERE \(open)) \
            UPDATE tessera.job SET state = 'running', worker = \(bind: PostgresUUID(guid: worker)), attempts = attempts + 1, \
            started_at = coalesce(started_at, now()), attempt_started_at = now(), lease_until = now() + \(bind: PostgresInterval(lease)) \
            WHERE id IN (SELECT j.id FROM tessera.job j JOIN turn t ON t.id = j.id WHERE \(open) \
            ORDER BY t.place, t.served_at NULLS FIRST, j.run_after, j.id LIMIT \(bind: Int64(limit)) FOR UPDATE OF j SKIP LOCKED) \
            RETURNING id, kind, input, principal_id, on_behalf_of, channel, attempts, label, cancel_asked
            """
        return try await client.query(sql).rows.map { row in
            Leased(
                id: GUID(postgres: try row.decode(PostgresUUID.self, 0)), kind: try row.decode(String.self, 1),
                label: try row.decode(String.self, 7), input: try row.json(2) ?? .null,
                access: Access(
                    principal: GUID(postgres: try row.decode(PostgresUUID.self, 3)),
                    onBehalfOf: try row.decode(PostgresUUID?.self, 4).map(GUID.init(postgres:)),
                    channel: Access.Channel(rawValue: try row.decode(String.self, 5)) ?? .system),
                attempts: Int(try row.decode(Int32.self, 6)), isCancelAsked: try row.decode(Bool.self, 8))
        }
    }

    /// Prolongs leases. Tells which of the jobs are still this worker's, and which of them are asked to stop.
    func renew(_ ids: [GUID], worker: GUID, lease: Duration) async throws -> (held: Set<GUID>, cancelled: Set<GUID>) {
        let sql: SQL = """
            UPDATE tessera.job SET lease_until = now() + \(bind: PostgresInterval(lease)) WHERE id = ANY(\(bind: ids.map(PostgresUUID.init(guid:)))) \
            AND state = 'running' AND worker = \(bind: PostgresUUID(guid: worker)) RETURNING id, cancel_asked
            """
        var (held, cancelled): (Set<GUID>, Set<GUID>) = ([], [])
        for row in try await client.query(sql).rows {
            let id = GUID(postgres: try row.decode(PostgresUUID.self, 0))
            held.insert(id)
            if try row.decode(Bool.self, 1) { cancelled.insert(id) }
        }
        return (held, cancelled)
    }

    func note(_ progress: Job.Progress, of id: GUID, worker: GUID) async throws {
        try await Self.change(
            id, worker, client.query,
            """
            progress_done = \(bind: Int64(progress.done)), progress_total = coalesce(\(bind: progress.total.map(Int64.init)), progress_total), \
            progress_message = \(bind: progress.message)
            """)
    }

    /// What becomes of a job at the end of a worker's turn. A worker that has lost its lease changes nothing.
    enum Ending: Sendable, Equatable {
        case done(Value)
        case failed(Job.Failure)
        case cancelled
        /// Another turn, by whoever comes first after the delay. `countsAttempt` is false when the worker was told to stop.
        case again(after: Duration, countsAttempt: Bool)
    }

    func end(_ id: GUID, _ ending: Ending, worker: GUID) async throws {
        let finished: SQL = "finished_at = now(), worker = NULL, lease_until = NULL, file = NULL"
        let assignments: SQL =
            switch ending {
            case .done(let result): "state = 'done', result = \(bind: PostgresJSON(result.json)), \(finished)"
            case .failed(let failure):
                """
                state = 'failed', error_code = \(bind: failure.code), error_message = \(bind: failure.message), \
                error_details = \(bind: PostgresJSON(failure.details.json)), \(finished)
                """
            case .cancelled: "state = 'cancelled', \(finished)"
            case .again(let delay, let counts):
                """
                state = 'queued', worker = NULL, lease_until = NULL, run_after = now() + \(bind: PostgresInterval(delay)), \
                attempts = attempts - \(raw: counts ? "0" : "1")
                """
            }
        try await client.transaction { transaction in
            guard try await Self.change(id, worker, transaction.query, assignments) else { return }
            if case .again = ending { return }
            try await Self.finishChangeSet(id, transaction)
        }
    }

    /// A job that is over writes no more: the change set of the same id, where there is one, is finished with it. One that holds nothing isn't listed.
    private static func finishChangeSet(_ id: GUID, _ transaction: PostgresTransaction) async throws {
        _ = try await transaction.query(
            """
            DELETE FROM tessera.change_set s WHERE s.id = \(bind: PostgresUUID(guid: id)) AND s.state = 'running' \
            AND NOT EXISTS (SELECT 1 FROM tessera.change c WHERE c.change_set = s.id)
            """)
        _ = try await transaction.query(
            """
            UPDATE tessera.change_set SET state = 'done', finished_at = now() WHERE id = \(bind: PostgresUUID(guid: id)) AND state = 'running'
            """)
    }

    /// Changes a job as long as the worker holds it; false when it doesn't any more.
    @discardableResult
    private static func change(
        _ id: GUID, _ worker: GUID, _ query: (SQL) async throws -> PostgresResult, _ assignments: SQL
    ) async throws -> Bool {
        try await !query(
            """
            UPDATE tessera.job SET \(assignments) WHERE id = \(bind: PostgresUUID(guid: id)) AND state = 'running' \
            AND worker = \(bind: PostgresUUID(guid: worker)) RETURNING 1
            """
        ).rows.isEmpty
    }

    /// Whether a job is to give its place up: all places of its worker are taken, its principal has more of them than this one, and somebody waits
    /// who has none anywhere.
    ///
    /// - Parameter places: jobs that the worker does at a time.
    func givesWay(_ id: GUID, worker: GUID, places: Int, kinds: [String]) async throws -> Bool {
        let mine: SQL = "SELECT count(*) FROM tessera.job m WHERE m.state = 'running' AND m.worker = \(bind: PostgresUUID(guid: worker))"
        let sql: SQL = """
            SELECT 1 FROM tessera.job j WHERE j.id = \(bind: PostgresUUID(guid: id)) AND (\(mine)) >= \(bind: Int64(places)) \
            AND (\(mine) AND m.principal_id = j.principal_id) > 1 AND EXISTS (SELECT 1 FROM tessera.job q WHERE q.state = 'queued' \
            AND q.run_after <= now() AND q.kind = ANY(\(bind: kinds)) AND NOT EXISTS (SELECT 1 FROM tessera.job r WHERE r.state = 'running' \
            AND r.lease_until >= now() AND r.principal_id = q.principal_id))
            """
        return try await !client.query(sql).rows.isEmpty
    }

    /// Forgets jobs that finished long ago, with the marks of their steps.
    func forgetOld() async throws {
        _ = try await client.query(
            """
            WITH old AS (DELETE FROM tessera.job WHERE finished_at < now() - make_interval(days => \(raw: String(Self.keptDays))) RETURNING id) \
            DELETE FROM tessera.work_step s USING old WHERE s.work = old.id
            """)
    }
}

extension PostgresRow {
    fileprivate func json(_ column: Int) throws -> Value? {
        try decode(PostgresJSON?.self, column).map { try JSONReader.value(of: $0.bytes) }
    }
}
