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
