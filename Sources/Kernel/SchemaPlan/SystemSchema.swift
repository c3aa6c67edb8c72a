/// The kernel's own tables, in the schema `tessera`: append-only steps, each run once in a transaction and recorded.
package enum SystemSchema {
    package struct Step: Sendable {
        package let version: Int
        package let title: String
        package let sql: String
    }

    /// Never edit a released step; add one.
    package static let steps: [Step] = [
        Step(
            version: 1,
            title: "principals, tokens, changes, outbox, ledger",
            sql: """
                CREATE TABLE tessera.principal (
                    id uuid PRIMARY KEY,
                    kind text COLLATE "C" NOT NULL CHECK (kind IN ('user', 'service', 'system')),
                    name text COLLATE "C" NOT NULL,
                    created_at timestamptz NOT NULL DEFAULT now(),
                    disabled_at timestamptz
                );
                INSERT INTO tessera.principal (id, kind, name) VALUES ('00000000-0000-7000-8000-000000000001', 'user', 'Administrator');
                CREATE TABLE tessera.token (
                    id uuid PRIMARY KEY,
                    principal_id uuid NOT NULL REFERENCES tessera.principal ON DELETE CASCADE,
                    digest bytea NOT NULL UNIQUE CHECK (length(digest) = 32),
                    label text COLLATE "C" NOT NULL,
                    created_at timestamptz NOT NULL DEFAULT now(),
                    expires_at timestamptz,
                    revoked_at timestamptz
                );
                CREATE TABLE tessera.change_set (
                    id uuid PRIMARY KEY,
                    label text COLLATE "C" NOT NULL,
                    principal_id uuid NOT NULL REFERENCES tessera.principal,
                    channel text COLLATE "C" NOT NULL,
                    created_at timestamptz NOT NULL DEFAULT now()
                );
                -- What a record held before each write: a create has NULL, an update the changed columns only.
                CREATE TABLE tessera.change (
                    change_set uuid NOT NULL,
                    record_id uuid NOT NULL,
                    version bigint NOT NULL,
                    record_type text COLLATE "C" NOT NULL,
                    action text COLLATE "C" NOT NULL,
                    before jsonb,
                    PRIMARY KEY (record_id, version)
                );
                CREATE INDEX change_by_set ON tessera.change (change_set);
                -- Automatic numbers: the last one given in each period.
                CREATE TABLE tessera.counter (
                    record_type text COLLATE "C" NOT NULL,
                    field text COLLATE "C" NOT NULL,
                    period text COLLATE "C" NOT NULL,
                    value bigint NOT NULL,
                    PRIMARY KEY (record_type, field, period)
                );
                CREATE TABLE tessera.outbox (
                    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
                    at timestamptz NOT NULL DEFAULT now(),
                    record_type text COLLATE "C" NOT NULL,
                    action text COLLATE "C" NOT NULL,
                    record_id uuid NOT NULL,
                    version bigint NOT NULL,
                    old jsonb,
                    new jsonb,
                    principal_id uuid NOT NULL,
                    on_behalf_of uuid,
                    channel text COLLATE "C" NOT NULL,
                    change_set uuid NOT NULL,
                    cause uuid[] NOT NULL DEFAULT '{}'
                );
                CREATE TABLE tessera.file (
                    id uuid PRIMARY KEY,
                    name text COLLATE "C" NOT NULL,
                    media_type text COLLATE "C" NOT NULL,
                    size bigint NOT NULL CHECK (size >= 0),
                    digest bytea NOT NULL CHECK (length(digest) = 32),
                    content bytea NOT NULL,
                    created_at timestamptz NOT NULL DEFAULT now(),
                    created_by uuid NOT NULL REFERENCES tessera.principal
                );
                -- Which module owns every table, column, index and sequence. A retired artifact stays until a purge is asked for.
                CREATE TABLE tessera.artifact (
                    kind text COLLATE "C" NOT NULL,
                    name text COLLATE "C" NOT NULL,
                    owner text COLLATE "C" NOT NULL,
                    definition text COLLATE "C" NOT NULL,
                    created_at timestamptz NOT NULL DEFAULT now(),
                    retired_at timestamptz,
                    PRIMARY KEY (kind, name)
                );
                -- The one schema that is in force: what `serve` compares with the manifests.
                CREATE TABLE tessera.schema_state (
                    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
                    digest text COLLATE "C" NOT NULL,
                    document jsonb NOT NULL,
                    applied_at timestamptz NOT NULL DEFAULT now()
                );
                """
        ),
        Step(version: 2, title: "contents of files in a store", sql: filesSQL),
        search,
        sync,
        Step(version: 5, title: "change sets with a state, steps of work", sql: changeSets),
        Step(version: 6, title: "queue of background work", sql: jobs),
        Step(version: 7, title: "imports that resume", sql: imports),
        Step(version: 8, title: "work on uploaded files", sql: uploads),
        principals,
        keptRoles,
        fillings,
        epochs,
        turns,
        attempts,
        events,
        history,
        deliveries,
        repeats,
        phones,
        refills,
    ]

    /// The newest version this build knows.
    package static let latest = steps.map(\.version).max() ?? 0

    /// What has to be there before steps can be recorded.
    static let foundation = """
        CREATE SCHEMA IF NOT EXISTS tessera;
        CREATE TABLE IF NOT EXISTS tessera.system_step (
            version integer PRIMARY KEY,
            title text COLLATE "C" NOT NULL,
            applied_at timestamptz NOT NULL DEFAULT now()
        )
        """
}
