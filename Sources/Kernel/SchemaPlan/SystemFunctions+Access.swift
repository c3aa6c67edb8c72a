import Catalog

/// Ends a write whose rows have become what their writer may not make them: see `AccessGuard.granting`.
extension SystemFunctions {
    static let denied = SystemFunction(
        signature: "tessera.denied()",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.denied() RETURNS jsonb
            LANGUAGE plpgsql VOLATILE PARALLEL SAFE AS $$
            BEGIN
                RAISE EXCEPTION USING ERRCODE = '\(DatabaseSignal.denied)', MESSAGE = 'The record would become one that its writer may not make it.';
            END
            $$
            """
    )
}
