import Catalog
import Manifests
import Permissions
import Postgres
import QueryLanguage

/// Removes records for good, with all that follows: records whose links are to be followed are purged too, all other links to them are
/// emptied. Each record that is changed or removed on the way gets its version, its before-values and its event.
///
/// Several statements, so that it needs a transaction around it. Whatever is purged is locked first: from then on nobody can link to it, and the
/// statements behind see every link there is.
struct Purge {
    let catalog: Catalog
    let type: RecordType
    let access: Access
    let changeSet: ChangeSet
    let runner: StatementRunner

    /// Rows in the order of the drafts.
    func run(_ drafts: [WriteDraft]) async throws -> [VersionRow] {
        let open = try await lock(drafts)
        let doomed = try await following(open)
        for (type, ids) in doomed.inOrder { try await release(linksTo: type, ids, doomed) }
        // Those that link before those that they link to.
        for (type, ids) in doomed.inOrder.reversed() where type.id != self.type.id {
            for start in stride(from: 0, to: ids.count, by: BatchRunner.rowsPerStatement) {
                let chunk = ids[start..<min(start + BatchRunner.rowsPerStatement, ids.count)]
                let rows = try await remove(type, chunk.enumerated().map { WriteDraft(index: $0, id: $1, isUpdate: true) })
                guard rows.allSatisfy({ $0.after != nil }) else {
                    throw RecordsError(.unavailable, "What lets you purge what goes with it was changed at the same moment; try again.")
                }
            }
        }
        let asked = Set(drafts.map(\.id))
        let others = doomed.ids(of: type).filter { !asked.contains($0) }
        let rows = try await remove(type, drafts + others.map { WriteDraft(index: 0, id: $0, isUpdate: true) })
        // What was found and locked at the beginning has to be gone at the end: otherwise its links have been emptied for nothing.
        let found = Set(doomed.ids(of: type))
        for (id, row) in zip(drafts.map(\.id) + others, rows) where found.contains(id) && row.after == nil {
            throw RecordsError.forbiddenRecord(.purge, type)
        }
        // No foreign key leads from shares, whose causes may speak of the record. They go last: rights may hang on them until then.
        let all = doomed.inOrder.flatMap(\.ids).map { PostgresUUID(guid: $0) }
        _ = try await runner.query("DELETE FROM tessera.share WHERE record_id = ANY(\(bind: all))")
        // What subscriptions have put aside of them holds values. What they haven't come to yet they drop when they come to the purge.
        _ = try await runner.query("DELETE FROM tessera.delivery WHERE record_id = ANY(\(bind: all))")
        // Nor is anybody told again what the requests that wrote them were answered.
        _ = try await runner.query(
            """
            UPDATE tessera.kept_answer SET body = NULL WHERE length(body) > 0 \
            AND change_set IN (SELECT c.change_set FROM tessera.change c WHERE c.record_id = ANY(\(bind: all)))
            """)
        return Array(rows.prefix(drafts.count))
    }

    /// The records that are there and have the version expected.
    private func lock(_ drafts: [WriteDraft]) async throws -> [GUID] {
        let guarded = AccessGuard.predicate(.purge, on: type, alias: "t", access: access, includeDeleted: true)
        let ids = drafts.map { PostgresUUID(guid: $0.id) }
        let result = try await runner.query(
            """
            SELECT t.id, t.version FROM \(raw: type.table.sql) t WHERE t.id = ANY(\(bind: ids)) AND \(guarded) ORDER BY t.id FOR UPDATE OF t
            """)
        var versions: [GUID: Int64] = [:]
        for row in result.rows { versions[GUID(postgres: try row.decode(PostgresUUID.self, 0))] = try row.decode(Int64.self, 1) }
        return drafts.filter { draft in versions[draft.id].map { draft.expectedVersion ?? $0 == $0 } ?? false }.map(\.id)
    }

    /// The records themselves and those whose links say that they go with them, locked. Whoever purges them must be allowed to purge all.
    private func following(_ ids: [GUID]) async throws -> Doomed {
        var doomed = Doomed()
        var open: [(type: RecordType, ids: [GUID])] = [(type, doomed.add(ids, of: type))]
        while let (target, ids) = open.popLast() {
            guard !ids.isEmpty else { continue }
            for inbound in catalog.inboundLinks(to: target.id) {
                guard case .link(let link) = inbound.field.type, link.onDelete == .cascade else { continue }
                let targets = ids.map { PostgresUUID(guid: $0) }
                let guarded = AccessGuard.predicate(.purge, on: inbound.source, alias: "t", access: access, includeDeleted: true)
                let result = try await runner.query(
                    """
                    SELECT t.id, \(guarded) FROM \(raw: inbound.source.table.sql) t WHERE t.\(identifier: "\(inbound.field.key)_id") = ANY(\(bind: targets)) \
                    ORDER BY t.id FOR UPDATE OF t
                    """)
                guard try result.rows.allSatisfy({ try $0.decode(Bool?.self, 1) == true }) else {
                    throw RecordsError.forbidden(.purge, along: inbound.source)
                }
                let found = try result.rows.map { GUID(postgres: try $0.decode(PostgresUUID.self, 0)) }
                open.append((inbound.source, doomed.add(found, of: inbound.source)))
            }
        }
        return doomed
    }

    /// Empties the links of records that stay.
    private func release(linksTo type: RecordType, _ targets: [GUID], _ doomed: Doomed) async throws {
        let inbound = catalog.inboundLinks(to: type.id)
        // Lists first: they take the single links along that follow them.
        for (source, field) in inbound.map({ ($0.source, $0.field) }) {
            guard case .links(let links) = field.type, let table = source.childTable(of: field) else { continue }
            let kept = doomed.ids(of: source)
            let statement = ListReleaseStatement(source: source, table: table, links: links, access: access, changeSet: changeSet)
            guard try await !runner.query(statement.locking(targets: targets, except: kept)).isEmpty else { continue }
            _ = try await runner.query(statement.sql(targets: targets, except: kept))
        }
        for (source, field) in inbound.map({ ($0.source, $0.field) }) {
            guard case .link(let link) = field.type, link.onDelete == .clear else { continue }
            let statement = ReleaseStatement(source: source, field: field, access: access, changeSet: changeSet)
            _ = try await runner.query(statement.sql(targets: targets, except: doomed.ids(of: source)))
        }
        // No foreign key leads to several tables, so that nothing else would see to these.
        for (source, field) in catalog.anyLinks(to: type.id) {
            let statement = ReleaseStatement(source: source, field: field, access: access, changeSet: changeSet)
            _ = try await runner.query(statement.sql(targets: targets, except: doomed.ids(of: source)))
        }
    }

    private func remove(_ type: RecordType, _ drafts: [WriteDraft]) async throws -> [VersionRow] {
        let statement = RemovalStatement(action: .purge, type: type, access: access, changeSet: changeSet)
        return try VersionRow.rows(of: try await runner.query(statement.sql(for: drafts)))
    }
}

/// Records that a purge removes, by type, in the order in which they were found.
private struct Doomed {
    private var order: [RecordType] = []
    private var known: [String: [GUID]] = [:]
    private var all: Set<GUID> = []

    var inOrder: [(type: RecordType, ids: [GUID])] { order.map { ($0, ids(of: $0)) } }

    func ids(of type: RecordType) -> [GUID] { known[type.id] ?? [] }

    /// Those that weren't known yet. Ids are unique over all types.
    mutating func add(_ ids: [GUID], of type: RecordType) -> [GUID] {
        let new = ids.filter { all.insert($0).inserted }
        guard !new.isEmpty else { return [] }
        if known[type.id] == nil { order.append(type) }
        known[type.id, default: []] += new
        return new
    }
}
