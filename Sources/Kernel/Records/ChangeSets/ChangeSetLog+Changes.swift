import Catalog
import JSONReading
import Permissions
import Postgres
package import QueryLanguage

extension ChangeSetLog {
    /// Where a page of changes ends.
    package struct Place: Sendable, Hashable {
        package var record: GUID
        package var version: Int64

        package init(record: GUID, version: Int64) {
            self.record = record
            self.version = version
        }
    }

    package struct ChangePage: Sendable {
        package var changes: [RecordChange]
        /// Where the next page begins; nil when this is the last.
        package var next: Place?
    }

    /// What a change set did to the records that this access may read, in the order of their ids.
    ///
    /// Values are columns and lists as they are stored. What a record held afterwards is put together from later before-values and what it
    /// holds now. Of purged records no values are shown.
    ///
    /// For those who don't read everything, what is gone is shown where their own change set purged it, and values of fields that they don't see are
    /// left out.
    package func changes(of id: GUID, limit: Int, after place: Place? = nil) async throws -> ChangePage {
        let from = place ?? Place(record: GUID(high: 0, low: 0), version: -1)
        // What may not be read takes no place: it is left out where the page is read, however much of it there is.
        let sql: SQL = """
            SELECT c.record_id, c.version, c.record_type, c.action FROM tessera.change c WHERE c.change_set = \(bind: PostgresUUID(guid: id)) \
            AND (c.record_id, c.version) > (\(bind: PostgresUUID(guid: from.record)), \(bind: from.version)) AND \(isShown) \
            ORDER BY c.record_id, c.version LIMIT \(bind: Int64(limit + 1))
            """
        var found = try await ReadFailure.translating { try await store.statements.query(sql) }.rows.map { row in
            RecordChange(
                recordType: try row.decode(String.self, 2), record: GUID(postgres: try row.decode(PostgresUUID.self, 0)),
                version: try row.decode(Int64.self, 1), action: try row.decode(String.self, 3))
        }
        let isLast = found.count <= limit
        if !isLast { found.removeLast() }
        var images: [Place: Images] = [:]
        for (typeID, changes) in Dictionary(grouping: found, by: \.recordType) {
            guard let type = store.catalog.type(id: typeID) else { continue }
            images.merge(try await self.images(of: changes, type)) { first, _ in first }
        }
        let shown = found.compactMap { change -> RecordChange? in
            guard let images = images[Place(record: change.record, version: change.version)] else { return nil }
            var change = change
            (change.before, change.after) = (images.before, images.after)
            return change
        }
        let next = isLast ? nil : found.last.map { Place(record: $0.record, version: $0.version) }
        return ChangePage(changes: shown, next: next)
    }

    /// Whether a change `c` is of a record that this access may read, or of one that is gone and that it may be shown.
    private var isShown: SQL {
        let types = store.catalog.types
        guard !access.rights.isUnlimited else { return "c.record_type = ANY(\(bind: types.map(\.id)))" }
        let shown = types.filter { access.rights.allows(.read, on: $0.id) }.map { type -> SQL in
            let record: SQL = "SELECT 1 FROM \(raw: type.table.sql) t WHERE t.id = c.record_id"
            let readable = AccessGuard.predicate(.read, on: type, alias: "t", access: access, includeDeleted: true)
            return """
                (c.record_type = \(bind: type.id) AND (EXISTS (\(record) AND \(readable)) \
                OR (c.action = 'purge' AND \(isOwnWork) AND NOT EXISTS (\(record)))))
                """
        }
        return shown.isEmpty ? "FALSE" : "(\(SQL.joined(shown, separator: " OR ")))"
    }

    private typealias Images = (before: [String: Value], after: [String: Value])

    private func images(of changes: [RecordChange], _ type: RecordType) async throws -> [Place: Images] {
        let ids = changes.map { PostgresUUID(guid: $0.record) }
        let lists = type.childTables.map { " || jsonb_build_object('\($0.field)', \(ListRows.stored($0, alias: "t")))" }.joined()
        let guarded = AccessGuard.predicate(.read, on: type, alias: "t", access: access, includeDeleted: true)
        let gone: SQL = access.rights.isUnlimited ? "TRUE" : "c.action = 'purge' AND \(isOwnWork)"
        let hidden = AccessGuard.hiddenNames(of: type, alias: "t", access: access)
        let sql: SQL = """
            SELECT c.record_id, c.version, CASE WHEN t.id IS NULL THEN NULL ELSE c.before - \(hidden) END, (CASE WHEN t.id IS NULL THEN NULL \
            WHEN c.action = 'create' THEN jsonb_strip_nulls(now.image - \(raw: Self.computed)) \
            ELSE (SELECT jsonb_object_agg(k, now.image -> k) FROM jsonb_object_keys(c.before) k) END) - \(hidden) \
            FROM unnest(\(bind: ids), \(bind: changes.map(\.version))) AS i(id, version) \
            JOIN tessera.change c ON c.record_id = i.id AND c.version = i.version \
            LEFT JOIN \(raw: type.table.sql) t ON t.id = c.record_id \
            LEFT JOIN LATERAL (SELECT to_jsonb(t.*)\(raw: lists) || coalesce((SELECT jsonb_object_agg(l.key, l.value) FROM ( \
            SELECT DISTINCT ON (e.key) e.key, e.value FROM tessera.change d, jsonb_each(d.before) e \
            WHERE d.record_id = c.record_id AND d.version > c.version ORDER BY e.key, d.version) l), '{}') AS image) now ON true \
            WHERE (t.id IS NULL AND \(gone)) OR \(guarded)
            """
        var images: [Place: Images] = [:]
        for row in try await ReadFailure.translating({ try await store.statements.query(sql) }).rows {
            let place = Place(record: GUID(postgres: try row.decode(PostgresUUID.self, 0)), version: try row.decode(Int64.self, 1))
            images[place] = (try row.members(2), try row.members(3))
        }
        return images
    }

    /// Columns that the store sets itself.
    private static let computed = "'{id,version,created_at,created_by,updated_at,updated_by}'::text[]"
}

extension PostgresRow {
    fileprivate func members(_ column: Int) throws -> [String: Value] {
        guard let json = try decode(PostgresJSON?.self, column), case .complex(let members) = try JSONReader.value(of: json.bytes) else {
            return [:]
        }
        return members
    }
}
