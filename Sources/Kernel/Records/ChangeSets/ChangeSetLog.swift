import Catalog
import JSONReading
import Permissions
package import Postgres
package import QueryLanguage

/// The named change sets of a deployment: what was written together, by whom, and how it stands.
package struct ChangeSetLog: Sendable {
    let store: RecordStore
    let access: Access

    package init(_ store: RecordStore, access: Access) {
        self.store = store
        self.access = access
    }

    /// Newest first, without those that came to an end and hold nothing; `before` is the id of the last one seen. Everybody has their own; administrators and who may audit have all.
    package func list(limit: Int, before: GUID? = nil) async throws -> [ChangeSetEntry] {
        let place: SQL = before.map { " AND s.id < \(bind: PostgresUUID(guid: $0))" } ?? ""
        return try await entries("WHERE \(isOwn)\(place) ORDER BY s.id DESC LIMIT \(bind: Int64(limit))")
    }

    /// - Parameter toChange: it is to be written under or taken back: others' are the administrators' alone.
    package func find(_ id: GUID, toChange: Bool = false) async throws -> ChangeSetEntry? {
        try await entries("WHERE s.id = \(bind: PostgresUUID(guid: id)) AND \(toChange && !access.rights.isUnlimited ? isMine : isOwn)")
            .first
    }

    /// Which change sets are there for this access.
    private var isOwn: SQL {
        access.rights.may(.audit) ? "TRUE" : isMine
    }

    /// Whether a change `c` was made by the caller: what they purged they know of.
    var isOwnWork: SQL {
        """
        NOT EXISTS (SELECT 1 FROM tessera.change_set s WHERE s.id = c.change_set AND s.principal_id <> \(bind: PostgresUUID(guid: access.principal)))
        """
    }

    private var isMine: SQL { "s.principal_id = \(bind: PostgresUUID(guid: access.principal))" }

    /// Puts it into the list before its first write.
    package func begin(_ changeSet: ChangeSet) async throws {
        guard let begin = Trace.begin(changeSet, access: access) else { return }
        _ = try await store.run(begin)
    }

    /// Says that no further writes come, and counts them.
    package func finish(_ id: GUID) async throws {
        _ = try await store.run(
            "UPDATE tessera.change_set SET state = 'done', finished_at = now() WHERE id = \(bind: PostgresUUID(guid: id)) AND state = 'running'"
        )
        try await keepCounts(of: [id])
    }

    /// Whether writes may still come under it; keeps it so until the end of the transaction that the store is in.
    package static func isOpen(_ id: GUID, in store: RecordStore) async throws -> Bool {
        let sql: SQL = """
            SELECT 1 FROM tessera.change_set WHERE id = \(bind: PostgresUUID(guid: id)) AND state = 'running' FOR SHARE
            """
        return try await !store.run(sql).rows.isEmpty
    }

    /// - Throws: `changes.ended` where the change set was undone meanwhile, so that nothing may be written under it any more.
    package func requireOpen(_ id: GUID) async throws {
        guard try await !Self.isOpen(id, in: store) else { return }
        throw RecordsError(.changeSetEnded, "The change set \(id) was undone meanwhile, so that nothing more is written under it.")
    }

    // MARK: Reading

    private func entries(_ selection: SQL) async throws -> [ChangeSetEntry] {
        let sql: SQL = """
            SELECT s.id, s.label, s.state, s.principal_id, p.name, s.channel, s.created_at, s.finished_at, s.automation, s.undoes, \
            s.counts, s.refused, s.refused_count FROM tessera.change_set s JOIN tessera.principal p ON p.id = s.principal_id AND s.counts IS DISTINCT FROM '[]' \(selection)
            """
        var entries: [ChangeSetEntry] = []
        var uncounted: [GUID] = []
        for row in try await ReadFailure.translating({ try await store.statements.query(sql) }).rows {
            let state = ChangeSetEntry.State(rawValue: try row.decode(String.self, 2)) ?? .done
            // What is kept counts everything, readable or not.
            let counts = access.rights.isUnlimited ? try row.decode(PostgresJSON?.self, 10) : nil
            var entry = ChangeSetEntry(
                id: GUID(postgres: try row.decode(PostgresUUID.self, 0)), label: try row.decode(String.self, 1), state: state,
                principal: GUID(postgres: try row.decode(PostgresUUID.self, 3)), principalName: try row.decode(String.self, 4),
                channel: try row.decode(String.self, 5), createdAt: try row.moment(6) ?? DateTime(microseconds: 0),
                finishedAt: try row.moment(7), runsAutomation: try row.decode(Bool.self, 8),
                undoes: try row.decode(PostgresUUID?.self, 9).map(GUID.init(postgres:)),
                counts: try counts.map { try Self.items($0).compactMap(ChangeSetEntry.Count.init) } ?? [],
                refused: try row.decode(PostgresJSON?.self, 11).map { try Self.items($0).compactMap(UndoRefusal.init) } ?? [],
                refusedCount: Int(try row.decode(Int64.self, 12)))
            if counts == nil { uncounted.append(entry.id) }
            // Of records that another couldn't put back, an auditor needn't be able to read any.
            if !access.rights.isUnlimited, entry.principal != access.principal { entry.refused = [] }
            entries.append(entry)
        }
        guard !uncounted.isEmpty else { return entries }
        let counted = try await shownCounts(of: uncounted)
        for index in entries.indices where entries[index].counts.isEmpty { entries[index].counts = counted[entries[index].id] ?? [] }
        guard access.rights.isUnlimited else { return entries }
        try await keepCounts(of: entries.filter { uncounted.contains($0.id) && $0.state != .running }.map(\.id))
        return entries
    }

    /// What was done under change sets, counted by record type, as far as the caller may read it.
    func shownCounts(of ids: [GUID]) async throws -> [GUID: [ChangeSetEntry.Count]] {
        try await access.rights.isUnlimited ? counts(of: ids) : readableCounts(of: ids)
    }

    /// What was done under change sets, counted by record type.
    private func counts(of ids: [GUID]) async throws -> [GUID: [ChangeSetEntry.Count]] {
        let sql: SQL = """
            SELECT change_set, record_type, action, count(*) FROM tessera.change \
            WHERE change_set = ANY(\(bind: ids.map(PostgresUUID.init(guid:)))) GROUP BY 1, 2, 3 ORDER BY 2
            """
        return try Self.counts(try await store.run(sql))
    }

    /// The same of records that this access may read, and of those that are gone because the change set purged them.
    private func readableCounts(of ids: [GUID]) async throws -> [GUID: [ChangeSetEntry.Count]] {
        var found: [GUID: [ChangeSetEntry.Count]] = [:]
        for type in store.catalog.types where access.rights.allows(.read, on: type.id) {
            let readable = AccessGuard.predicate(.read, on: type, alias: "t", access: access, includeDeleted: true)
            let sql: SQL = """
                SELECT change_set, record_type, action, count(*) FROM tessera.change c \
                WHERE change_set = ANY(\(bind: ids.map(PostgresUUID.init(guid:)))) AND record_type = \(bind: type.id) AND ((action = 'purge' AND \(isOwnWork)) \
                OR EXISTS (SELECT 1 FROM \(raw: type.table.sql) t WHERE t.id = c.record_id AND \(readable))) GROUP BY 1, 2, 3
                """
            found.merge(try Self.counts(try await store.run(sql))) { $0 + $1 }
        }
        return found
    }

    private static func counts(_ result: PostgresResult) throws -> [GUID: [ChangeSetEntry.Count]] {
        var found: [GUID: [ChangeSetEntry.Count]] = [:]
        for row in result.rows {
            let id = GUID(postgres: try row.decode(PostgresUUID.self, 0))
            let type = try row.decode(String.self, 1)
            if found[id]?.last?.recordType != type { found[id, default: []].append(ChangeSetEntry.Count(recordType: type)) }
            let last = (found[id]?.count ?? 1) - 1
            found[id]?[last].add(Int(try row.decode(Int64.self, 3)), action: try row.decode(String.self, 2))
        }
        return found
    }

    /// Counting a large change set takes a second, and its counts don't change any more.
    /// Keeps what no further write can change: of change sets that were said to be finished, and of those written in one request, which may
    /// take several transactions, once every request that began with them is over.
    private func keepCounts(of ids: [GUID]) async throws {
        let counted = try await counts(of: ids)
        for id in ids {
            let json = Value.collection((counted[id] ?? []).map(\.value)).json
            _ = try await store.run(
                """
                UPDATE tessera.change_set SET counts = \(bind: PostgresJSON(json)) WHERE id = \(bind: PostgresUUID(guid: id)) \
                AND state <> 'running' AND (finished_at <> created_at OR created_at < now() - interval '1 hour')
                """)
        }
    }

    static func items(_ json: PostgresJSON) throws -> [Value] { try JSONReader.value(of: json.bytes).items }
}

extension PostgresRow {
    package func moment(_ column: Int) throws -> DateTime? {
        try decode(PostgresTimestamp?.self, column).map { DateTime(microseconds: $0.microsecondsSince1970) }
    }
}
