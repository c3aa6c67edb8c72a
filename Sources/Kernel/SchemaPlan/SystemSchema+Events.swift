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

    /// Subscriptions of manifests, and the events that they have put aside.
    static let deliveries = Step(
        version: 20,
        title: "subscriptions of manifests",
        sql: """
            ALTER TABLE tessera.subscription DROP CONSTRAINT subscription_state_check;
            ALTER TABLE tessera.subscription
                ADD CONSTRAINT subscription_state_check CHECK (state IN ('active', 'paused', 'halted', 'lost', 'retired')),
                -- Whether a manifest declares it; it is retired when none does any more.
                ADD COLUMN is_declared boolean NOT NULL DEFAULT false,
                -- Whom its handler acts as.
                ADD COLUMN principal_id uuid REFERENCES tessera.principal,
                ADD COLUMN handled bigint NOT NULL DEFAULT 0,
                -- Passed over, since they were tried often enough.
                ADD COLUMN skipped bigint NOT NULL DEFAULT 0,
                -- Events a second over the last minute, as of moved_at.
                ADD COLUMN rate double precision NOT NULL DEFAULT 0;
            CREATE TABLE tessera.delivery (
                subscription text COLLATE "C" NOT NULL REFERENCES tessera.subscription ON DELETE CASCADE,
                -- waiting: to be tried at due_at; quiet: its record comes to rest; held: behind another one of its record; parked: for somebody to look at.
                state text COLLATE "C" NOT NULL CHECK (state IN ('waiting', 'quiet', 'held', 'parked')),
                due_at timestamptz CHECK ((due_at IS NOT NULL) = (state IN ('waiting', 'quiet'))),
                attempts integer NOT NULL DEFAULT 0,
                error text COLLATE "C",
                failed_at timestamptz,
                -- The event, which outlives its place in the log.
                position bigint NOT NULL,
                id uuid NOT NULL,
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
                cause uuid[] NOT NULL,
                PRIMARY KEY (subscription, position)
            );
            CREATE INDEX delivery_by_due ON tessera.delivery (subscription, due_at);
            CREATE INDEX delivery_by_record ON tessera.delivery (subscription, record_id, position);
            """
    )
}
