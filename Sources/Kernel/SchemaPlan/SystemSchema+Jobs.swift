extension SystemSchema {
    /// The queue of background work.
    static let jobs = """
        CREATE TABLE tessera.job (
            id uuid PRIMARY KEY,
            kind text COLLATE "C" NOT NULL,
            label text COLLATE "C" NOT NULL,
            state text COLLATE "C" NOT NULL DEFAULT 'queued' CHECK (state IN ('queued', 'running', 'done', 'failed', 'cancelled')),
            principal_id uuid NOT NULL REFERENCES tessera.principal,
            on_behalf_of uuid REFERENCES tessera.principal,
            channel text COLLATE "C" NOT NULL,
            input jsonb NOT NULL,
            progress_done bigint NOT NULL DEFAULT 0,
            progress_total bigint,
            progress_message text COLLATE "C",
            result jsonb,
            error_code text COLLATE "C",
            error_message text COLLATE "C",
            error_details jsonb,
            -- How often a worker has taken it up.
            attempts integer NOT NULL DEFAULT 0,
            cancel_asked boolean NOT NULL DEFAULT false,
            created_at timestamptz NOT NULL DEFAULT now(),
            run_after timestamptz NOT NULL DEFAULT now(),
            started_at timestamptz,
            finished_at timestamptz,
            -- The worker that has it, and until when it counts as alive without another sign.
            worker uuid,
            lease_until timestamptz
        );
        CREATE INDEX job_open ON tessera.job (run_after, id) WHERE state IN ('queued', 'running');
        CREATE INDEX job_finished ON tessera.job (finished_at) WHERE finished_at IS NOT NULL;
        """
}

extension SystemSchema {
    /// When somebody's last job began, so that principals take turns.
    static let turns = Step(
        version: 15,
        title: "turns of background work",
        sql: "CREATE INDEX job_by_principal ON tessera.job (principal_id, started_at) WHERE started_at IS NOT NULL;"
    )

    /// When a job was last taken up, beside when it first was.
    static let attempts = Step(
        version: 17,
        title: "when jobs were taken up last",
        sql: """
            ALTER TABLE tessera.job ADD COLUMN attempt_started_at timestamptz;
            UPDATE tessera.job SET attempt_started_at = started_at;
            """
    )
}
