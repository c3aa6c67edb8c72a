/// The calendar that Tessera holds, years 1 to 9999, is smaller than PostgreSQL's. What arithmetic takes out of it is null, as in memory.
extension SystemFunctions {
    static let dateInCalendar = SystemFunction(
        signature: "tessera.in_calendar(date)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.in_calendar(value date) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE WHEN value >= '0001-01-01'::date AND value <= '9999-12-31'::date THEN value END
            """
    )

    static let momentInCalendar = SystemFunction(
        signature: "tessera.in_calendar(timestamp with time zone)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.in_calendar(value timestamp with time zone) RETURNS timestamp with time zone
            LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE WHEN value >= '0001-01-01T00:00:00Z'::timestamptz AND value < '10000-01-01T00:00:00Z'::timestamptz THEN value END
            """
    )
}
