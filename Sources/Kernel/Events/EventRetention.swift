package import Logging
import Postgres
package import Records

/// Removes old events: whole partitions where all of one is old, single rows where a partition takes long to fill. What a subscription hasn't handled
/// is kept, up to a limit.
package struct EventRetention: Sendable {
    package struct Limits: Sendable, Hashable {
        /// Days that events are kept.
        package var days = 14
        /// Days that they are kept for a subscription that is behind. Then they go, and it is lost.
        package var daysForSubscriptions = 30

        package init() {}
    }

    /// Rows that one round removes one by one, at most.
    private static let rows = 20_000

    private let store: RecordStore
    private let limits: Limits
    private let logger: Logger

    package init(_ store: RecordStore, _ limits: Limits = Limits(), logger: Logger) {
        self.store = store
        self.limits = limits
        self.logger = logger
    }

    /// Removes what is too old. Nodes take turns at the head's lock, which isn't waited for: the next round comes.
    package func clear() async throws {
        let log = EventLog(store)
        let (first, head) = (try await log.first(), try await log.head())
        guard first <= head else { return }
        let old = try await Self.last(store, olderThan: limits.days, from: first, to: head)
        guard old >= first else { return }
        let tooOld = try await Self.last(store, olderThan: limits.daysForSubscriptions, from: first, to: head)
        // One day of a partition that fills slowly, so that busy ones go as a whole.
        let overdue = try await Self.last(store, olderThan: limits.days + 1, from: first, to: head)
        for line in try await remove(from: first, through: old, except: tooOld, overdue: overdue) { logger.warning("\(line)") }
    }

    /// - Returns: what an operator has to know.
    private func remove(from first: Int64, through old: Int64, except tooOld: Int64, overdue: Int64) async throws -> [String] {
        try await store.transaction { store in
            // Readers come before: what they lock is left for the next round.
            _ = try await store.run("SET LOCAL lock_timeout = '250ms'")
            guard let size = try await store.run("SELECT partition_size FROM tessera.event_head FOR UPDATE").first?.decode(Int64.self, 0)
            else {
                return []
            }
            var lines: [String] = []
            for row in try await store.run(
                """
                UPDATE tessera.subscription SET state = 'lost', failed_at = now(), \
                error = 'It was behind for so long that events which it had not handled were removed: those up to position ' || \(bind: tooOld) || '.' \
                WHERE state IN ('active', 'paused', 'halted') AND position < \(bind: tooOld) RETURNING id, position
                """
            ).rows {
                let (id, position) = (try row.decode(String.self, 0), try row.decode(Int64.self, 1))
                lines.append(
                    "The subscription \(id) is lost: it stands at \(position), and events up to \(tooOld) are too old to be kept for it.")
            }
            let held = try await store.run(
                """
                SELECT id, position FROM tessera.subscription WHERE state IN ('active', 'paused', 'halted') AND position < \(bind: old) \
                ORDER BY position
                """)
            for row in held.rows {
                let (id, position) = (try row.decode(String.self, 0), try row.decode(Int64.self, 1))
                lines.append(
                    "The subscription \(id) holds \(old - max(position, first - 1)) events back that are older than \(limits.days) days.")
            }
            let limit = min(old, try held.first?.decode(Int64.self, 1) ?? old)
            guard limit >= first else { return lines }
            // Partitions end at the multiples of their size.
            for part in (first - 1) / size..<max(limit / size, (first - 1) / size) {
                _ = try await store.run("DROP TABLE tessera.\(identifier: "event_p\(part)")")
            }
            let rest = max(first, limit / size * size + 1)
            let last = min(limit, overdue, rest + Int64(Self.rows) - 1)
            if last >= rest { _ = try await store.run("DELETE FROM tessera.event WHERE position BETWEEN \(bind: rest) AND \(bind: last)") }
            return lines
        }
    }

    /// The last position whose event is older than so many days, `first - 1` when none is.
    static func last(_ store: RecordStore, olderThan days: Int, from first: Int64, to head: Int64) async throws -> Int64 {
        try await EventLog(store).last(before: "now() - make_interval(days => \(bind: Int32(days)))", from: first, to: head)
    }
}
