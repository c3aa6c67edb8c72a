import Postgres
import QueryLanguage
import Records

/// Makes instants of moments that are written without a zone. PostgreSQL knows the zones and when their clocks change.
///
/// A moment that clocks never show, or show twice, where they are put forward or back fails its row: nobody but who wrote it knows which was meant.
enum LocalTimes {
    private struct Place {
        var record: Int
        var property: String
        var time: LocalTime
    }

    static func settle(_ records: inout [Result<ImportedRecord, UnreadRecord>], _ store: RecordStore) async throws {
        var places: [Place] = []
        var clocks: [PostgresTimestamp] = []
        var zones: [String] = []
        for (index, record) in records.enumerated() {
            let (values, times) =
                switch record {
                case .success(let record): (record.input.values, record.localTimes)
                case .failure(let unread): (unread.moments, unread.localTimes)
                }
            for (property, time) in times.sorted(by: { $0.key < $1.key }) where time.zone != "UTC" {
                guard case .dateTime(let moment)? = values[property],
                    let clock = PostgresTimestamp(microsecondsSince1970: moment.microseconds)
                else { continue }
                places.append(Place(record: index, property: property, time: time))
                clocks.append(clock)
                zones.append(time.zone)
            }
        }
        guard !places.isEmpty else { return }
        // With the offset of the day before and that of the day after: where clocks change in between, none, one or both of them show the moment.
        let sql: SQL = """
            SELECT ARRAY(
                SELECT instant FROM (VALUES ((clock - before) AT TIME ZONE 'UTC'), ((clock - after) AT TIME ZONE 'UTC')) AS i(instant)
                WHERE instant AT TIME ZONE zone = clock GROUP BY instant ORDER BY instant)
            FROM (
                SELECT n, zone, clock, (day_before AT TIME ZONE zone) - (day_before AT TIME ZONE 'UTC') AS before,
                    (day_after AT TIME ZONE zone) - (day_after AT TIME ZONE 'UTC') AS after
                FROM (
                    SELECT n, zone, given AT TIME ZONE 'UTC' AS clock, given - interval '24 hours' AS day_before,
                        given + interval '24 hours' AS day_after
                    FROM unnest(\(bind: clocks), \(bind: zones)) WITH ORDINALITY AS l(given, zone, n)) AS days) AS offsets
            ORDER BY n
            """
        let rows = try await store.run(sql).rows
        var refusals: [Int: [String]] = [:]
        for (place, row) in zip(places, rows) {
            let instants = try row.decode([PostgresTimestamp].self, 0)
            guard instants.count == 1 else {
                refusals[place.record, default: []].append(refusal(place.time, isTwice: instants.count > 1))
                continue
            }
            let moment = DateTime(microseconds: instants[0].microsecondsSince1970)
            records[place.record] = records[place.record].map { record in
                var record = record
                record.input.values[place.property] = .dateTime(moment)
                return record
            }
        }
        for (index, reasons) in refusals {
            var known: [String] = []
            if case .failure(let unread) = records[index] { known = [unread.message] }
            records[index] = .failure(UnreadRecord(RecordsError(.invalid, (known + reasons).joined(separator: ". "))))
        }
    }

    private static func refusal(_ time: LocalTime, isTwice: Bool) -> String {
        let what =
            isTwice
            ? "comes twice in \(time.zone), where clocks are put back" : "doesn't exist in \(time.zone), where clocks are put forward"
        return "\(time.header): '\(time.text.prefix(60))' \(what); write it with its offset from UTC, such as +01:00 behind the time"
    }
}
