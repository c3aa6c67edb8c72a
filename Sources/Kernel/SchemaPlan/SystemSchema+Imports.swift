extension SystemSchema {
    /// Imports that can be taken up again, with the rows that failed or wait for others.
    static let imports = """
        CREATE TABLE tessera.import (
            id uuid PRIMARY KEY,
            -- Where the file came from, and what was in it.
            source text COLLATE "C" NOT NULL,
            digest text COLLATE "C" NOT NULL,
            collection text COLLATE "C" NOT NULL,
            -- Digest of the mapping and the options: with others, the rest of the file would come in differently.
            settings text COLLATE "C" NOT NULL,
            change_set uuid NOT NULL REFERENCES tessera.change_set,
            principal_id uuid NOT NULL REFERENCES tessera.principal,
            state text COLLATE "C" NOT NULL DEFAULT 'running' CHECK (state IN ('running', 'done', 'abandoned')),
            created_at timestamptz NOT NULL DEFAULT now(),
            finished_at timestamptz
        );
        CREATE UNIQUE INDEX import_running ON tessera.import (principal_id, collection, source) WHERE state = 'running';
        CREATE TABLE tessera.import_row (
            import uuid NOT NULL REFERENCES tessera.import ON DELETE CASCADE,
            -- Position among the rows of the file, from 0.
            number bigint NOT NULL,
            line bigint NOT NULL,
            cells text[] NOT NULL,
            reason text COLLATE "C" NOT NULL,
            -- It links to a row further down and is tried again at the end.
            waits boolean NOT NULL,
            PRIMARY KEY (import, number)
        );
        """
}
