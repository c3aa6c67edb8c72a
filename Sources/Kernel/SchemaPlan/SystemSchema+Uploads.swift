extension SystemSchema {
    /// Work on uploaded files, and imports that know the job that carries them out.
    static let uploads = """
        ALTER TABLE tessera.job
            -- Of several requests with the same key, the first becomes a job while it is open.
            ADD COLUMN key text COLLATE "C",
            -- The uploaded file that it works on: kept until the job has ended.
            ADD COLUMN file uuid REFERENCES tessera.file;
        CREATE UNIQUE INDEX job_open_key ON tessera.job (principal_id, key) WHERE key IS NOT NULL AND state IN ('queued', 'running');
        CREATE INDEX job_file ON tessera.job (file) WHERE file IS NOT NULL;
        ALTER TABLE tessera.import
            -- The job that has taken it up last.
            ADD COLUMN job uuid,
            -- Rows by what became of them, once it is finished.
            ADD COLUMN counts jsonb;
        CREATE UNIQUE INDEX import_by_job ON tessera.import (job) WHERE job IS NOT NULL;
        """
}
