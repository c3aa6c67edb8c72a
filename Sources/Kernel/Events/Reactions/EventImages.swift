import Catalog
import Postgres
import QueryLanguage
import Records

/// Puts together what records held when events happened to them: from what they hold now, and what later changes replaced.
struct EventImages {
    let store: RecordStore

    /// Where the events are.
    enum Source {
        case log
        /// Put aside for a subscription.
        case deliveries(String)
    }

    /// - Returns: by position. Events of types that the deployment has no longer have none.
    func load(_ events: [Event], from source: Source) async throws -> [Int64: EventImage] {
        var images: [Int64: EventImage] = [:]
        for (id, events) in Dictionary(grouping: events, by: \.recordType) {
            guard let type = store.catalog.type(id: id), let shape = store.catalog.typeShape(named: id) else { continue }
            let columns = RecordType.systemColumns + type.fieldColumns
            let byPosition = Dictionary(events.map { ($0.position, $0) }, uniquingKeysWith: { first, _ in first })
            for row in try await store.run(Self.sql(type, columns, Array(byPosition.keys), source)).rows {
                guard let event = byPosition[try row.decode(Int64.self, 0)] else { continue }
                var (after, before): ([String: Value], [String: Value]) = ([:], [:])
                for (index, column) in columns.enumerated() {
                    after[column.name] = try row.value(1 + index, column.type)
                    before[column.name] = try row.value(1 + columns.count + index, column.type)
                }
                if after["id"]?.isNull == false {
                    // Changes keep no values of these, but the event tells them; when and by whom the change before it was, nothing does.
                    (after["version"], before["version"]) = (.integer(event.version), .integer(event.version - 1))
                    (after["updated_at"], before["updated_at"]) = (.dateTime(event.at), .null)
                    (after["updated_by"], before["updated_by"]) = (.guid(event.principal), .null)
                }
                var image = EventImage(event: event)
                for name in event.old.keys { image.old[name] = before[name] ?? event.old[name] }
                for name in event.new.keys { image.new[name] = after[name] ?? event.new[name] }
                if event.action != "purge" { image.record = shape.ownValues(after) }
                if event.action != "create" { image.before = shape.ownValues(before) }
                images[event.position] = image
            }
        }
        return images
    }

    /// Of a record that was purged since, only what the event itself says is known.
    private static func sql(_ type: RecordType, _ columns: [Column], _ positions: [Int64], _ source: Source) -> SQL {
        let values = ["p", "o"].flatMap { alias in columns.map { "\(alias).\"\($0.name)\"" } }.joined(separator: ", ")
        let from: SQL =
            switch source {
            case .log: "tessera.event e"
            case .deliveries(let id): "(SELECT * FROM tessera.delivery WHERE subscription = \(bind: id)) e"
            }
        return """
            SELECT e.position, \(raw: values) FROM \(from) LEFT JOIN \(raw: type.table.sql) t ON t.id = e.record_id \
            LEFT JOIN LATERAL (SELECT jsonb_object_agg(l.key, l.value) AS before FROM (SELECT DISTINCT ON (c.key) c.key, c.value \
            FROM tessera.change h, jsonb_each(h.before) c WHERE h.record_id = e.record_id AND h.version > e.version \
            ORDER BY c.key, h.version) l) w ON t.version > e.version \
            LEFT JOIN LATERAL jsonb_populate_record(t, coalesce(w.before, '{}') || coalesce(e.new, '{}')) p ON true \
            LEFT JOIN LATERAL jsonb_populate_record(p, coalesce(e.old, '{}')) o ON true \
            WHERE e.position = ANY(\(bind: positions))
            """
    }
}

extension TypeShape {
    /// The record's own values by property name, of those of its columns; none when there was no record.
    fileprivate func ownValues(_ columns: [String: Value]) -> [String: Value] {
        guard columns.contains(where: { !$0.value.isNull }) else { return [:] }
        var values: [String: Value] = [:]
        for property in shape.properties.values where isOwnValue(property) {
            switch bindings[property.ordinal] {
            case .system(let column), .column(let column, _): values[property.name] = columns[column.name] ?? .null
            case .address(let field):
                let members = AddressMember.allCases.map { ($0.rawValue, columns["\(field)_\($0.rawValue)"] ?? .null) }
                values[property.name] =
                    members.allSatisfy(\.1.isNull) ? .null : .complex(Dictionary(members, uniquingKeysWith: { first, _ in first }))
            default: continue
            }
        }
        return values
    }
}
