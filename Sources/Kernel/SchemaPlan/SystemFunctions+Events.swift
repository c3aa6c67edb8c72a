import Catalog

/// Gives committed events their positions. See docs/decisions/0029-positions-from-a-locked-counter.md.
extension SystemFunctions {
    /// Moves up to `most` rows of the outbox into the log, in their order, and tells other nodes. One statement for its caller, so that the lock on
    /// the head is held for as long as PostgreSQL needs and no longer, whatever becomes of the caller.
    ///
    /// VOLATILE: each statement in it sees what was committed before it, so that the rows are looked for once the lock is had.
    static let sequenceEvents = SystemFunction(
        signature: "tessera.sequence_events(integer)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.sequence_events(most integer, OUT moved bigint, OUT head bigint) LANGUAGE plpgsql VOLATILE AS $$
            DECLARE
                ids bigint[];
                size bigint;
            BEGIN
                moved := 0;
                SELECT h.position INTO head FROM tessera.event_head h;
                IF NOT EXISTS (SELECT FROM tessera.outbox) THEN
                    RETURN;
                END IF;
                SELECT h.position, h.partition_size INTO head, size FROM tessera.event_head h FOR UPDATE;
                SELECT array_agg(o.id ORDER BY o.id) INTO ids FROM (SELECT id FROM tessera.outbox ORDER BY id LIMIT most) o;
                IF ids IS NULL THEN
                    RETURN;
                END IF;
                moved := cardinality(ids);
                -- Up to the one behind that of the last position.
                FOR part IN head / size .. (head + moved - 1) / size + 1 LOOP
                    IF to_regclass(format('tessera.event_p%s', part)) IS NULL THEN
                        EXECUTE format('CREATE TABLE tessera.event_p%s (LIKE tessera.event INCLUDING ALL)', part);
                        EXECUTE format('ALTER TABLE tessera.event ATTACH PARTITION tessera.event_p%s FOR VALUES FROM (%s) TO (%s)',
                            part, part * size + 1, (part + 1) * size + 1);
                    END IF;
                END LOOP;
                WITH taken AS (DELETE FROM tessera.outbox o WHERE o.id = ANY(ids) RETURNING o.*)
                INSERT INTO tessera.event (position, at, topic, record_type, record_id, version, old, new, principal_id, on_behalf_of, channel,
                    change_set, cause)
                SELECT head + row_number() OVER (ORDER BY t.id), t.at, t.record_type || '.' || t.action || 'd', t.record_type, t.record_id, t.version,
                    t.old, t.new, t.principal_id, t.on_behalf_of, t.channel, t.change_set, t.cause
                FROM taken t;
                head := head + moved;
                UPDATE tessera.event_head SET position = head;
                PERFORM pg_notify('\(DatabaseChannel.events)', head::text);
            END
            $$
            """
    )
}
