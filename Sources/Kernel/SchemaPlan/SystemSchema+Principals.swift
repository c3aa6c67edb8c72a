extension SystemSchema {
    /// Teams, who is in them, who has which role, and what is shared with whom.
    static let principals = Step(
        version: 12,
        title: "teams, roles, shares",
        sql: """
            ALTER TABLE tessera.principal DROP CONSTRAINT principal_kind_check;
            ALTER TABLE tessera.principal
                ADD CONSTRAINT principal_kind_check CHECK (kind IN ('user', 'service', 'system', 'team')),
                ADD COLUMN email text COLLATE "C",
                ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();
            CREATE UNIQUE INDEX principal_by_email ON tessera.principal (lower(email)) WHERE email IS NOT NULL AND disabled_at IS NULL;
            -- A team is a principal, so that it can own what lies in its queue.
            CREATE TABLE tessera.team (
                id uuid PRIMARY KEY REFERENCES tessera.principal ON DELETE CASCADE,
                parent_id uuid REFERENCES tessera.team,
                CHECK (parent_id <> id)
            );
            CREATE INDEX team_by_parent ON tessera.team (parent_id);
            CREATE TABLE tessera.membership (
                principal_id uuid NOT NULL REFERENCES tessera.principal ON DELETE CASCADE,
                team_id uuid NOT NULL REFERENCES tessera.team ON DELETE CASCADE,
                PRIMARY KEY (principal_id, team_id)
            );
            CREATE INDEX membership_by_team ON tessera.membership (team_id, principal_id);
            -- Roles are those of the manifests. One that is held in a team ends with the membership.
            CREATE TABLE tessera.role_assignment (
                principal_id uuid NOT NULL REFERENCES tessera.principal ON DELETE CASCADE,
                role text COLLATE "C" NOT NULL,
                team_id uuid,
                UNIQUE NULLS NOT DISTINCT (principal_id, role, team_id),
                FOREIGN KEY (principal_id, team_id) REFERENCES tessera.membership ON DELETE CASCADE
            );
            INSERT INTO tessera.role_assignment (principal_id, role) VALUES ('00000000-0000-7000-8000-000000000001', 'administrator');
            CREATE TABLE tessera.share (
                record_id uuid NOT NULL,
                grantee_id uuid NOT NULL REFERENCES tessera.principal ON DELETE CASCADE,
                record_type text COLLATE "C" NOT NULL,
                level smallint NOT NULL CHECK (level BETWEEN 1 AND 3),
                cause text COLLATE "C" NOT NULL,
                ends_at timestamptz,
                created_at timestamptz NOT NULL DEFAULT now(),
                created_by uuid NOT NULL REFERENCES tessera.principal,
                PRIMARY KEY (record_id, grantee_id)
            );
            CREATE INDEX share_by_grantee ON tessera.share (grantee_id, record_type, record_id) INCLUDE (level, ends_at);
            -- Rises with every change of who may do what, so that a server sees that what it remembers is old.
            CREATE TABLE tessera.directory_state (
                singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
                version bigint NOT NULL
            );
            INSERT INTO tessera.directory_state (version) VALUES (1);
            CREATE FUNCTION tessera.directory_changed() RETURNS trigger LANGUAGE plpgsql AS $$
            BEGIN
                UPDATE tessera.directory_state SET version = version + 1;
                RETURN NULL;
            END
            $$;
            CREATE TRIGGER directory_changed AFTER INSERT OR UPDATE OR DELETE ON tessera.principal
                FOR EACH STATEMENT EXECUTE FUNCTION tessera.directory_changed();
            CREATE TRIGGER directory_changed AFTER INSERT OR UPDATE OR DELETE ON tessera.team
                FOR EACH STATEMENT EXECUTE FUNCTION tessera.directory_changed();
            CREATE TRIGGER directory_changed AFTER INSERT OR UPDATE OR DELETE ON tessera.membership
                FOR EACH STATEMENT EXECUTE FUNCTION tessera.directory_changed();
            CREATE TRIGGER directory_changed AFTER INSERT OR UPDATE OR DELETE ON tessera.role_assignment
                FOR EACH STATEMENT EXECUTE FUNCTION tessera.directory_changed();
            """
    )
}
