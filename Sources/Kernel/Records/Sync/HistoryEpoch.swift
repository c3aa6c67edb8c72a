import Postgres

/// Which line of history a database follows, as tokens name it.
///
/// A folder that was copied and put back has the cluster's identifier and all that was in it, and uses the numbers of transactions again that were used
/// after the copy. So every start of PostgreSQL begins an epoch with a mark that nobody else has. A token names the newest epoch that its snapshot sees.
/// The history is another one when that epoch isn't known here, or when a later one began with a transaction that the token's snapshot reaches beyond: the
/// token would have named that later one.
enum HistoryEpoch {
    /// The database itself: the cluster, the database in it, and the table of changes, which a restored dump makes anew.
    private static let database = """
        (SELECT concat_ws('.', s.system_identifier, d.oid, 'tessera.change'::regclass::oid) \
        FROM pg_control_system() AS s, pg_database AS d WHERE d.datname = current_database())
        """

    /// SQL: what a token of a snapshot says about the history that it belongs to.
    static func name(at snapshot: String) -> String {
        """
        (SELECT concat_ws('.', \(database), e.mark) FROM tessera.epoch AS e WHERE pg_visible_in_snapshot(e.xid, \(snapshot)) \
        ORDER BY e.xid DESC LIMIT 1)
        """
    }

    /// SQL: whether a token that said `name` and reaches as far as `snapshot` is of this history.
    static func holds(_ name: String, _ snapshot: String) -> String {
        """
        (EXISTS (SELECT 1 FROM tessera.epoch AS e WHERE concat_ws('.', \(database), e.mark) = \(name) AND NOT EXISTS ( \
        SELECT 1 FROM tessera.epoch AS l WHERE l.xid > e.xid AND l.xid < pg_snapshot_xmax(\(snapshot)))) \
        AND pg_snapshot_xmax(\(snapshot)) <= pg_snapshot_xmax(pg_current_snapshot()))
        """
    }
}

extension RecordStore {
    /// Begins an epoch of the history if PostgreSQL was started since the last one. To be called before anything is written by a process that may be the
    /// first to work on a database that was put back; one that others have begun is left alone.
    ///
    /// Epochs are kept for as long as a token can name them.
    package func beginEpoch() async throws {
        let kept = SyncToken.lifetime + 24 * 3_600
        try await ReadFailure.translating {
            _ = try await statements.query(
                """
                INSERT INTO tessera.epoch (postmaster) SELECT pg_postmaster_start_time() \
                WHERE NOT EXISTS (SELECT 1 FROM tessera.epoch WHERE postmaster = pg_postmaster_start_time()) ON CONFLICT (postmaster) DO NOTHING
                """)
            _ = try await statements.query(
                """
                DELETE FROM tessera.epoch WHERE started_at < (SELECT max(e.started_at) FROM tessera.epoch AS e \
                WHERE e.started_at < now() - make_interval(secs => \(bind: Double(kept))))
                """)
        }
    }
}
