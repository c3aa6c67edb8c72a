import Catalog

/// SQL functions that queries and indexes rely on, in the schema `tessera`. Whoever needs one adds it to `all`; the plan creates it, and again
/// whenever its text changes.
///
/// A function keeps its arguments and result: an index or a running statement may rely on them. Something else needs another name.
package struct SystemFunction: Sendable, Hashable {
    /// `tessera.iso_duration(interval)`
    package let signature: String
    /// A single CREATE OR REPLACE FUNCTION without a semicolon at its end.
    package let sql: String

    package init(signature: String, sql: String) {
        self.signature = signature
        self.sql = sql
    }

    /// What the ledger remembers.
    package var checksum: String { StorageName.digest(sql) }
}

package enum SystemFunctions {
    package static let all: [SystemFunction] =
        [
            isoDuration, lower, upper, dateInCalendar, momentInCalendar, movedDate, movedMoment, int64, inOneCurrency, denied, allLinkable,
            linkTurn, noLoops, sequenceEvents,
        ] + search

    /// An interval as `Edm.Duration`, in the form of `DayTimeDuration`: `P1DT12H1.5S`, `-PT1H`, `PT0S`. Exact to the microsecond. A day has 24
    /// hours; months, which no duration field holds, count as PostgreSQL's `extract(epoch)` counts them.
    ///
    /// One expression without a subquery, not STRICT, and with casts because `numeric || text` is only STABLE: so PostgreSQL puts it in the place
    /// of the call.
    static let isoDuration = SystemFunction(
        signature: "tessera.iso_duration(interval)",
        sql: """
            CREATE OR REPLACE FUNCTION tessera.iso_duration(value interval) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
            RETURN CASE WHEN \(epoch) < 0 THEN '-P' WHEN \(epoch) >= 0 THEN 'P' END
                || CASE WHEN abs(\(epoch)) >= 86400 THEN div(abs(\(epoch)), 86400)::text || 'D' ELSE '' END
                || CASE WHEN mod(abs(\(epoch)), 86400) > 0 OR \(epoch) = 0 THEN 'T' ELSE '' END
                || CASE WHEN mod(abs(\(epoch)), 86400) >= 3600 THEN div(mod(abs(\(epoch)), 86400), 3600)::text || 'H' ELSE '' END
                || CASE WHEN mod(abs(\(epoch)), 3600) >= 60 THEN div(mod(abs(\(epoch)), 3600), 60)::text || 'M' ELSE '' END
                || CASE WHEN mod(abs(\(epoch)), 60) > 0 OR \(epoch) = 0 THEN trim_scale(mod(abs(\(epoch)), 60))::text || 'S' ELSE '' END
            """
    )

    private static let epoch = "extract(epoch FROM value)"
}
