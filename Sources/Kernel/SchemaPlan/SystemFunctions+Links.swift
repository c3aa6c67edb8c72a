/// Links to one of several types have no foreign key; what writes them asks this.
extension SystemFunctions {
    static let allLinkable = SystemFunction(
        signature: "tessera.all_linkable(bigint, bigint, text, text, text)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.all_linkable(present bigint, wanted bigint, schema_name text, table_name text, constraint_name text)
            RETURNS boolean LANGUAGE plpgsql IMMUTABLE AS $$
            BEGIN
                IF present < wanted THEN
                    RAISE foreign_key_violation USING MESSAGE = 'A record that is linked to has been purged.',
                        SCHEMA = schema_name, TABLE = table_name, CONSTRAINT = constraint_name;
                END IF;
                RETURN true;
            END
            $$
            """
    )
}
