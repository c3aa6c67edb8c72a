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
}
