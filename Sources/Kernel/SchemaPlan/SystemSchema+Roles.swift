extension SystemSchema {
    /// Roles that administrators keep over the API, beside those of the manifests.
    static let keptRoles = Step(
        version: 13,
        title: "roles made over the API",
        sql: """
            CREATE TABLE tessera.role (
                -- Without a dot, which the roles of manifests have, so that no deployment brings another of this name.
                id text COLLATE "C" PRIMARY KEY CHECK (id ~ '^[a-z][a-z0-9_]{0,39}$' AND id <> 'administrator'),
                -- As in a manifest, as JSON.
                definition text COLLATE "C" NOT NULL,
                updated_at timestamptz NOT NULL DEFAULT now(),
                updated_by uuid NOT NULL REFERENCES tessera.principal
            );
            CREATE TRIGGER directory_changed AFTER INSERT OR UPDATE OR DELETE ON tessera.role
                FOR EACH STATEMENT EXECUTE FUNCTION tessera.directory_changed();
            """
    )
}
