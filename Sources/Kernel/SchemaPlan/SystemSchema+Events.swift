extension SystemSchema {
    /// The event log: what the sequencer has moved out of the outbox, by position; and who follows it.
    static let events = Step(
        version: 18,
        title: "event log, subscriptions",
        sql: """
            -- The position of the newest event. Whoever gives positions holds its lock.
            CREATE TABLE tessera.event_head (
                singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
                position bigint NOT NULL,
                -- Positions of one partition. Their names follow from it, so that it stays as it is.
                partition_size bigint NOT NULL DEFAULT 100000 CHECK (partition_size > 0)
            ) WITH (fillfactor = 10);
            INSERT INTO tessera.event_head (position) VALUES (0);
            -- tessera.sequence_events makes the partitions, ahead of the head.
            CREATE TABLE tessera.event (
                position bigint PRIMARY KEY,
                id uuid NOT NULL DEFAULT gen_random_uuid(),
                at timestamptz NOT NULL,
                topic text COLLATE "C" NOT NULL,
                record_type text COLLATE "C" NOT NULL,
                record_id uuid NOT NULL,
                version bigint NOT NULL,
                old jsonb,
                new jsonb,
                principal_id uuid NOT NULL,
                on_behalf_of uuid,
                channel text COLLATE "C" NOT NULL,
                change_set uuid NOT NULL,
                cause uuid[] NOT NULL
            ) PARTITION BY RANGE (position);
            -- Rows stay for milliseconds: what they leave is cleared away early, and the file keeps its size, since cutting it locks writers out.
            ALTER TABLE tessera.outbox SET (
                autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 10000, autovacuum_vacuum_cost_delay = 0, vacuum_truncate = false);
            -- Who follows the log, and how far each has come.
            CREATE TABLE tessera.subscription (
                id text COLLATE "C" PRIMARY KEY,
                -- The last event that was handled.
                position bigint NOT NULL CHECK (position >= 0),
                state text COLLATE "C" NOT NULL DEFAULT 'active' CHECK (state IN ('active', 'lost')),
                -- Since the last success.
                attempts integer NOT NULL DEFAULT 0,
                retry_at timestamptz,
                -- A batch up to here failed: its events are handled one by one.
                careful_until bigint NOT NULL DEFAULT 0,
                -- What went wrong last, also when it was overcome.
                error text COLLATE "C",
                failed_at timestamptz,
                moved_at timestamptz
            );
            """
    )

    /// What became of each record, for people to read: a projection of the log.
    static let history = Step(
        version: 19,
        title: "history of records",
        sql: """
            CREATE TABLE tessera.history (
                record_id uuid NOT NULL,
                version bigint NOT NULL,
                record_type text COLLATE "C" NOT NULL,
                action text COLLATE "C" NOT NULL,
                at timestamptz NOT NULL,
                principal_id uuid NOT NULL,
                on_behalf_of uuid,
                channel text COLLATE "C" NOT NULL,
                change_set uuid NOT NULL,
                -- The columns and lists that changed, as they are stored; nothing of a record that was purged.
                old jsonb,
                new jsonb,
                PRIMARY KEY (record_id, version)
            );
            INSERT INTO tessera.subscription (id, position) VALUES ('tessera.history', 0);
            """
    )
}
