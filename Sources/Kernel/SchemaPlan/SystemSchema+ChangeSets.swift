extension SystemSchema {
    /// Change sets with a state and what they undo; work in steps that are carried out once.
    static let changeSets = """
        ALTER TABLE tessera.change_set
            ADD COLUMN state text COLLATE "C" NOT NULL DEFAULT 'done' CHECK (state IN ('running', 'done', 'undone', 'partly_undone')),
            ADD COLUMN finished_at timestamptz,
            -- The change set that this one takes back.
            ADD COLUMN undoes uuid REFERENCES tessera.change_set,
            -- Whether automation may act on these changes.
            ADD COLUMN automation boolean NOT NULL DEFAULT true,
            -- Changes by record type and action, once it is finished.
            ADD COLUMN counts jsonb,
            -- What an undo had to leave as it was, with the reasons: the first thousand, and how many there are.
            ADD COLUMN refused jsonb,
            ADD COLUMN refused_count bigint NOT NULL DEFAULT 0;
        UPDATE tessera.change_set SET finished_at = created_at;
        CREATE INDEX change_set_by_undone ON tessera.change_set (undoes) WHERE undoes IS NOT NULL;
        -- Two undos of one change set would get in each other's way.
        CREATE UNIQUE INDEX change_set_undo_running ON tessera.change_set (undoes) WHERE undoes IS NOT NULL AND state = 'running';
        DROP INDEX tessera.change_by_set;
        CREATE INDEX change_by_set ON tessera.change (change_set, record_id, version);
        -- Long work is cut into numbered steps; a step's mark is written in the transaction of its writes.
        CREATE TABLE tessera.work_step (
            work uuid NOT NULL,
            number integer NOT NULL,
            outcome jsonb,
            at timestamptz NOT NULL DEFAULT now(),
            PRIMARY KEY (work, number)
        );
        """
}
