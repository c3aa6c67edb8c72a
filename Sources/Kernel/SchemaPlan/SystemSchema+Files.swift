extension SystemSchema {
    /// Contents move out of the database: a file's digest is its key in the store, and equal contents are kept once.
    static let filesSQL = """
        CREATE TABLE tessera.content (
            digest bytea PRIMARY KEY CHECK (length(digest) = 32),
            size bigint NOT NULL CHECK (size >= 0),
            -- When an upload last had this content: it isn't collected for a day after that.
            used_at timestamptz NOT NULL DEFAULT now()
        );
        INSERT INTO tessera.content (digest, size) SELECT DISTINCT ON (digest) digest, size FROM tessera.file;
        ALTER TABLE tessera.file
            DROP COLUMN content,
            -- Since when no record refers to it, as the sweep has seen.
            ADD COLUMN unreferenced_since timestamptz,
            ADD CONSTRAINT file_content_fkey FOREIGN KEY (digest) REFERENCES tessera.content;
        CREATE INDEX file_by_digest ON tessera.file (digest);
        CREATE INDEX file_unreferenced ON tessera.file (unreferenced_since) WHERE unreferenced_since IS NOT NULL;
        """
}
