package import Catalog
package import Postgres

/// A moment that the store wrote and that is yet to come by the database's clock.
package struct FutureMoment: Sendable, Hashable, CustomStringConvertible {
    /// A collection, or the event log.
    package var place: String
    package var seconds: Int64

    /// Clocks that are kept in time are never that far apart.
    private static let tolerance: Int64 = 5
    /// How many of the latest events are looked at, of those that have a position and of those that have none yet; records are found through their index.
    private static let events = 1_000

    package var description: String {
        let (days, hours, minutes) = (seconds / 86_400, seconds / 3_600, seconds / 60)
        let span = days > 1 ? "\(days) days" : hours > 1 ? "\(hours) hours" : minutes > 1 ? "\(minutes) minutes" : "\(seconds) seconds"
        return "\(place) has a moment \(span) ahead of the database's clock"
    }

    /// The one that lies furthest ahead; nil when there is none. Tables that aren't there yet are left out.
    ///
    /// - Parameter catalog: nil looks at events alone.
    package static func furthest(_ catalog: Catalog?, on client: PostgresClient) async throws -> FutureMoment? {
        var questions: [(place: String, table: String, sql: String)] = []
        for type in catalog?.types ?? [] {
            questions.append((type.collection, type.table.sql, "SELECT max(created_at) FROM \(type.table.sql) WHERE deleted_at IS NULL"))
        }
        for (table, order) in [("tessera.outbox", "id"), ("tessera.event", "position")] {
            let latest = "SELECT max(at) FROM (SELECT at FROM \(table) ORDER BY \(order) DESC LIMIT \(events)) AS latest"
            questions.append(("the event log", table, latest))
        }
        var furthest: FutureMoment?
        for question in questions {
            let isThere = try await client.query("SELECT to_regclass(\(bind: question.table)) IS NOT NULL").first?.decode(Bool.self, 0)
            guard isThere == true else { continue }
            let ahead = SQL(verbatim: "SELECT extract(epoch FROM (\(question.sql)) - clock_timestamp())::bigint")
            guard let row = try await client.query(ahead).first, let seconds = try row.decode(Int64?.self, 0),
                seconds > max(tolerance, furthest?.seconds ?? 0)
            else { continue }
            furthest = FutureMoment(place: question.place, seconds: seconds)
        }
        return furthest
    }
}
