extension SystemSchema {
    /// Which transaction made each change, so that clients can be told what changed since they looked. What was changed before has none, and is
    /// older than every token.
    static let sync = Step(
        version: 4,
        title: "transactions of changes",
        sql: """
            ALTER TABLE tessera.change ADD COLUMN xid xid8;
            ALTER TABLE tessera.change ALTER COLUMN xid SET DEFAULT pg_current_xact_id();
            CREATE INDEX change_by_transaction ON tessera.change (record_type, xid) WHERE xid IS NOT NULL;
            """
    )
}

extension SystemSchema {
    /// The stretches of the database's history between starts of PostgreSQL. A copy that was put back begins one of its own, so that tokens of the
    /// history that it doesn't have are told from those of its own.
    static let epochs = Step(
        version: 14,
        title: "epochs of the history",
        sql: """
            CREATE TABLE tessera.epoch (
                mark uuid PRIMARY KEY DEFAULT gen_random_uuid(),
                -- The transaction that began it: later ones have higher numbers.
                xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
                postmaster timestamptz NOT NULL UNIQUE DEFAULT pg_postmaster_start_time(),
                started_at timestamptz NOT NULL DEFAULT now()
            );
            INSERT INTO tessera.epoch DEFAULT VALUES;
            """
    )
}

extension SystemSchema {
    /// Which transaction last gave existing records of a type values for a field: no row of `tessera.change` tells of these, so that tokens of before end.
    static let refills = Step(
        version: 23,
        title: "values that records were given by applies",
        sql: """
            CREATE TABLE tessera.refill (
                record_type text COLLATE "C" PRIMARY KEY,
                xid xid8 NOT NULL DEFAULT pg_current_xact_id(),
                at timestamptz NOT NULL DEFAULT now()
            );
            """
    )
}
