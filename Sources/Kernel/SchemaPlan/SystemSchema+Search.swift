extension SystemSchema {
    /// Which types' words are collected, and by which rules.
    static let search = Step(
        version: 3,
        title: "state of searches",
        sql: """
            CREATE TABLE tessera.search_state (
                record_type text COLLATE "C" PRIMARY KEY,
                digest text COLLATE "C" NOT NULL,
                filled_at timestamptz NOT NULL DEFAULT now()
            );
            """
    )

    /// The same for whatever is derived from records.
    static let fillings = Step(
        version: 16,
        title: "state of all that is derived from records",
        sql: """
            ALTER TABLE tessera.search_state RENAME TO filling;
            ALTER TABLE tessera.filling RENAME COLUMN record_type TO subject;
            UPDATE tessera.filling SET subject = subject || '.~search';
            """
    )
}
