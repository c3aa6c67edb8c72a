import Postgres
import QueryLanguage
import Records

/// Makes instants of moments that are written without a zone. PostgreSQL knows the zones and when their clocks change.
enum LocalTimes {
    static func settle(_ records: inout [Result<ImportedRecord, RecordsError>], _ store: RecordStore) async throws {
        var places: [(record: Int, property: String)] = []
        var clocks: [PostgresTimestamp] = []
        var zones: [String] = []
        for (index, record) in records.enumerated() {
            guard case .success(let record) = record else { continue }
            for (property, zone) in record.localTimes.sorted(by: { $0.key < $1.key }) where zone != "UTC" {
                guard case .dateTime(let moment)? = record.input.values[property],
                    let clock = PostgresTimestamp(microsecondsSince1970: moment.microseconds)
                else { continue }
                places.append((index, property))
                clocks.append(clock)
                zones.append(zone)
            }
        }
        guard !places.isEmpty else { return }
        let sql: SQL = """
            SELECT clock AT TIME ZONE 'UTC' AT TIME ZONE zone FROM unnest(\(bind: clocks), \(bind: zones)) WITH ORDINALITY AS l(clock, zone, n) \
            ORDER BY n
            """
        let rows = try await store.run(sql).rows
        for (place, row) in zip(places, rows) {
            let moment = DateTime(microseconds: try row.decode(PostgresTimestamp.self, 0).microsecondsSince1970)
            records[place.record] = records[place.record].map { record in
                var record = record
                record.input.values[place.property] = .dateTime(moment)
                return record
            }
        }
    }
}
