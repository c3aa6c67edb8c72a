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
        var page = try await step(of: id, limit: limit, after: place)
        // What may not be read takes no place, and no page ends at it.
        while page.changes.count < limit, let next = page.next {
            let more = try await step(of: id, limit: limit, after: next)
            page.changes += more.changes
            page.next = more.next
        }
        guard page.changes.count > limit || page.next != nil else { return page }
        page.changes = Array(page.changes.prefix(limit))
        page.next = page.changes.last.map { Place(record: $0.record, version: $0.version) }
        return page
    }

    /// The readable ones among the next changes. `next` is where the step ended, whether that may be read or not.
    private func step(of id: GUID, limit: Int, after place: Place?) async throws -> ChangePage {
        let from = place ?? Place(record: GUID(high: 0, low: 0), version: -1)
        let sql: SQL = """
            SELECT record_id, version, record_type, action FROM tessera.change WHERE change_set = \(bind: PostgresUUID(guid: id)) \
            AND (record_id, version) > (\(bind: PostgresUUID(guid: from.record)), \(bind: from.version)) \
            ORDER BY record_id, version LIMIT \(bind: Int64(limit + 1))
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
