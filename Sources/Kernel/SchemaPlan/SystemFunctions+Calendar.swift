/// The calendar that Tessera holds, years 1 to 9999, is smaller than PostgreSQL's. What arithmetic takes out of it is null, as in memory.
extension SystemFunctions {
    /// No two moments of the calendar are further apart, and PostgreSQL's own calendar ends far behind.
    private static let farthest = "interval '3660000 days'"

    static let movedDate = SystemFunction(
        signature: "tessera.moved(date, interval)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.moved(value date, by interval) RETURNS date LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE WHEN by BETWEEN -\(farthest) AND \(farthest) THEN tessera.in_calendar((value::timestamp + by)::date) END
            """
    )

    static let movedMoment = SystemFunction(
        signature: "tessera.moved(timestamp with time zone, interval)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.moved(value timestamp with time zone, by interval) RETURNS timestamp with time zone
            LANGUAGE sql STABLE PARALLEL SAFE
            RETURN CASE WHEN by BETWEEN -\(farthest) AND \(farthest) THEN tessera.in_calendar(value + by) END
            """
    )

    /// A whole number of 64 bits; null beyond.
    static let int64 = SystemFunction(
        signature: "tessera.int64(numeric)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.int64(value numeric) RETURNS bigint LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE WHEN value BETWEEN -9223372036854775808 AND 9223372036854775807 THEN value::bigint END
            """
    )

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
