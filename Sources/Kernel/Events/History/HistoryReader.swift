package import Catalog
import Permissions
import Postgres
package import QueryLanguage
package import Records

/// Reads the history of records as far as somebody may see it.
///
/// It is there for whoever may read the record as it is now, deleted or not; fields that they don't see on it are nowhere in it. What a record was that
/// has been purged nobody is told; that it was, those who may do everything.
package struct HistoryReader: Sendable {
    package struct Page: Sendable, Equatable {
        /// Newest first.
        package var entries: [HistoryEntry]
        /// The version below which the next page begins; nil when this is the last.
        package var next: Int64?
        /// Whether the newest change of the record is told.
        package var isCurrent: Bool
    }

    /// How long changes are waited for that were just made: so many looks, and the pause between two.
    private static let looks = 100
    private static let pause = Duration.milliseconds(20)

    private let store: RecordStore
    private let access: Access
    private let clock: any Clock<Duration>

    package init(_ store: RecordStore, access: Access, clock: any Clock<Duration> = ContinuousClock()) {
        self.store = store
        self.access = access
        self.clock = clock
    }

    /// A page of what became of a record; nil when there is no such record for this access. Changes that were just made are waited for, two seconds
    /// at most.
    ///
    /// - Parameter before: the version at which the last page ended.
    package func page(of id: GUID, _ type: RecordType, limit: Int, before: Int64? = nil) async throws -> Page? {
        for look in 1...Self.looks {
            guard let isCurrent = try await isCurrent(id, type) else { return nil }
            guard isCurrent || look == Self.looks else {
                try await clock.sleep(for: Self.pause)
                continue
            }
            var entries = try await entries(of: id, type, limit: limit + 1, before: before)
            let isCut = entries.count > limit
            if isCut { entries.removeLast() }
            return Page(entries: entries, next: isCut ? entries.last?.version : nil, isCurrent: isCurrent)
        }
        return nil
    }

    /// Whether history has come to the version that the record has; nil when there is no such record for this access.
    private func isCurrent(_ id: GUID, _ type: RecordType) async throws -> Bool? {
        let sql: SQL = """
            SELECT t.version, h.version FROM (SELECT \(bind: PostgresUUID(guid: id)) AS id) i LEFT JOIN \(readable(type)) t ON t.id = i.id \
            LEFT JOIN LATERAL (SELECT max(version) AS version FROM tessera.history WHERE record_id = i.id AND record_type = \(bind: type.id)) h ON true
            """
        guard let row = try await store.run(sql).first else { return nil }
        let (version, told) = (try row.decode(Int64?.self, 0), try row.decode(Int64?.self, 1))
        guard let version else { return access.rights.isUnlimited && told != nil ? true : nil }
        return told == version
    }

    private func entries(of id: GUID, _ type: RecordType, limit: Int, before: Int64?) async throws -> [HistoryEntry] {
        let hidden = AccessGuard.hiddenNames(of: store.whole(type), alias: "t", access: access)
        let sql: SQL = """
            SELECT h.version, h.action, h.at, h.principal_id, p.name, h.on_behalf_of, h.channel, h.change_set, h.old - \(hidden), h.new - \(hidden) \
            FROM tessera.history h \(raw: access.rights.isUnlimited ? "LEFT JOIN" : "JOIN") \(readable(type)) t ON t.id = h.record_id \
            LEFT JOIN tessera.principal p ON p.id = h.principal_id \
            WHERE h.record_id = \(bind: PostgresUUID(guid: id)) AND h.record_type = \(bind: type.id) AND h.version < \(bind: before ?? .max) \
            ORDER BY h.version DESC LIMIT \(bind: Int64(limit))
            """
        let names = PropertyNames(type, in: store.catalog(for: access), includesUnknown: access.rights.isUnlimited)
        return try await store.run(sql).rows.map { row in
            HistoryEntry(
                version: try row.decode(Int64.self, 0), action: try row.decode(String.self, 1),
                at: try row.moment(2) ?? DateTime(microseconds: 0),
                principal: GUID(postgres: try row.decode(PostgresUUID.self, 3)), principalName: try row.decode(String?.self, 4),
                onBehalfOf: try row.decode(PostgresUUID?.self, 5).map(GUID.init(postgres:)), channel: try row.decode(String.self, 6),
                changeSet: GUID(postgres: try row.decode(PostgresUUID.self, 7)),
                changes: names.changes(from: try row.members(8), to: try row.members(9)))
        }
    }

    /// The records that may be read, deleted ones too, as a table.
    private func readable(_ type: RecordType) -> SQL {
        let guarded = AccessGuard.predicate(.read, on: type, alias: "t", access: access, includeDeleted: true)
        return "(SELECT * FROM \(raw: type.table.sql) t WHERE \(guarded))"
    }
}

/// How columns and lists are named as properties.
private struct PropertyNames {
    private var names: [String: String] = ["owner_id": "owner_id", "deleted_at": "deleted_at"]
    /// Columns that hold the first entry of a list, by the list.
    private var primaries: [String: String] = [:]
    private let includesUnknown: Bool

    /// - Parameter includesUnknown: whether what no field holds any more is shown too, under the name of its column. Who saw it then, no role says.
    init(_ type: RecordType, in catalog: Catalog, includesUnknown: Bool) {
        self.includesUnknown = includesUnknown
        for field in catalog.type(id: type.id)?.fields ?? [] {
            for column in field.columns {
                let isMember = if case .address = field.type { true } else { false }
                names[column.name] = isMember ? "\(field.key)/\(column.name.dropFirst(field.key.count + 1))" : column.name
            }
            names[field.key] = names[field.key] ?? field.key
            if let primary = field.primaryProperty { primaries[field.key] = primary }
        }
    }

    /// By property. Of a list that changed, its first entry isn't told again.
    func changes(from old: [String: Value], to new: [String: Value]) -> [HistoryEntry.Change] {
        let changed = Set(old.keys).union(new.keys)
        let repeated = Set(primaries.compactMap { changed.contains($0.key) ? $0.value : nil })
        return changed.subtracting(repeated).compactMap { name in
            guard let property = names[name] ?? (includesUnknown ? name : nil) else { return nil }
            return HistoryEntry.Change(property: property, from: old[name] ?? .null, to: new[name] ?? .null)
        }.sorted { $0.property < $1.property }
    }
}
