import Catalog

/// Ends a write that would close a loop of links that may have none; what sets such links asks this when it has set them. See
/// docs/decisions/0021-links-without-loops.md.
extension SystemFunctions {
    /// Writers of one link take turns, until their transactions end; VOLATILE, so that the walk behind the lock sees what the calling statement
    /// and those that held the lock before have written. Each step looks one record up by its key, whatever the planner thinks of the whole.
    static let noLoops = SystemFunction(
        signature: "tessera.no_loops(text, text, text, uuid[])",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.no_loops(schema_name text, table_name text, column_name text, ids uuid[])
            RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
            DECLARE
                closes boolean;
            BEGIN
                IF ids IS NULL THEN
                    RETURN true;
                END IF;
                PERFORM tessera.link_turn(schema_name, table_name, column_name);
                EXECUTE format(
                    'WITH RECURSIVE up AS (
                        SELECT o.id AS origin, (SELECT t.%1$I FROM %2$I.%3$I t WHERE t.id = o.id) AS here FROM unnest($1) AS o(id)
                        UNION
                        SELECT u.origin, (SELECT t.%1$I FROM %2$I.%3$I t WHERE t.id = u.here) FROM up u
                        WHERE u.here IS NOT NULL AND u.here <> u.origin)
                    SELECT EXISTS (SELECT FROM up WHERE here = origin)', column_name, schema_name, table_name)
                    INTO closes USING ids;
                IF closes THEN
                    RAISE EXCEPTION USING ERRCODE = '\(DatabaseSignal.loop)', MESSAGE = 'The links would lead back to where they began.',
                        SCHEMA = schema_name, TABLE = table_name, COLUMN = column_name;
                END IF;
                RETURN true;
            END
            $$
            """
    )

    /// Waits for the turn to set a link, which lasts as long as the transaction.
    static let linkTurn = SystemFunction(
        signature: "tessera.link_turn(text, text, text)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.link_turn(schema_name text, table_name text, column_name text)
            RETURNS boolean LANGUAGE plpgsql VOLATILE AS $$
            BEGIN
                PERFORM pg_advisory_xact_lock(hashtextextended(format('tessera.link %s.%s.%s', schema_name, table_name, column_name), 0));
                RETURN true;
            END
            $$
            """
    )
}
