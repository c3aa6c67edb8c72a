extension SystemSchema {
    /// What requests with a key were answered, for those who send them again.
    static let repeats = Step(
        version: 21,
        title: "answers to requests that may be repeated",
        sql: """
            CREATE TABLE tessera.kept_answer (
                principal_id uuid NOT NULL REFERENCES tessera.principal ON DELETE CASCADE,
                key text COLLATE "C" NOT NULL CHECK (length(key) BETWEEN 1 AND 255),
                -- Of method, address and body.
                fingerprint bytea NOT NULL CHECK (length(fingerprint) = 32),
                at timestamptz NOT NULL DEFAULT now(),
                expires_at timestamptz NOT NULL,
                status integer NOT NULL,
                headers jsonb NOT NULL,
                -- NULL where it was too long to be kept, or told of a record that was purged.
                body bytea,
                change_set uuid,
                PRIMARY KEY (principal_id, key)
            );
            CREATE INDEX kept_answer_by_end ON tessera.kept_answer (expires_at);
            CREATE INDEX kept_answer_by_set ON tessera.kept_answer (change_set) WHERE length(body) > 0;
            """
    )
}
