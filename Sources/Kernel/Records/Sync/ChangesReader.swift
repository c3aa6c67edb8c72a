import Catalog
import Permissions
import Postgres
import QueryLanguage

/// Reads what changed of a list since a token: records that are in it now as they are, others as removed.
struct ChangesReader {
    let store: RecordStore
    let request: ListRequest
    let access: Access
    let token: SyncToken
    /// What tokens of this list are bound to.
    let fingerprint: String
    private let form: ListForm
    let lists: ListCompiler
    private let pageSize: Int
    let search: SearchTree?

    init(store: RecordStore, request: ListRequest, token text: String, access: Access) throws {
        let list = try ListReader(store: store, request: request, access: access)
        form = try list.form()
        guard let token = SyncToken(text, for: list.trackedFingerprint) else { throw Self.otherList }
        // What the categories are decides about the list too.
        guard token.form.categories == form.categories else { throw Self.otherForm }
        guard token.form == form else { throw Self.otherList }
        self.store = store
        self.request = request
        self.access = access
        self.token = token
        fingerprint = list.trackedFingerprint
        pageSize = try list.pageSize()
        var lists = list.compiler
        search = lists.search
        lists.search = nil
        self.lists = lists
    }

    func page(now: Int64) async throws -> ChangesPage {
        guard token.issued <= now + 60, now - token.issued <= SyncToken.lifetime else { throw Self.expired }
        let digest = RightsDigest(type: request.type, access: access)
        try digest.requireTraces()
        try request.query.requireTraces(store.catalog, access: access)
        guard try await digest.current(in: store) == token.rights else { throw Self.otherRights }
        let wanted = pageSize
        let sql = try statement(rows: wanted + 1)
        let result = try await ReadFailure.translating { try await store.statements.query(sql) }
        guard let first = result.first else { throw Self.expired }
        let until: String = try first.decode(String.self, 0)
        guard try first.decode(Bool.self, 2) else { throw Self.expired }
        guard try !first.decode(Bool.self, 7) else { throw Self.otherForm }
        let system = try first.decode(String.self, 1)
        var items: [UInt8] = []
        var (count, last, isFull): (Int, GUID?, Bool) = (0, nil, false)
        // The first row tells about the database even when nothing changed.
        for row in result.rows where !row.isNull(3) {
            count += 1
            isFull = count > wanted || items.count >= ReadLimits.pageBytes
            guard !isFull else { break }
            let id = GUID(postgres: try row.decode(PostgresUUID.self, 3))
            last = id
            let isHere = !row.isNull(4)
            if !isHere, try row.decode(Bool.self, 6) { continue }
            if !items.isEmpty { items.append(UInt8(ascii: ",")) }
            if isHere {
                try row.withBytes(4) { bytes in if let bytes { items.append(contentsOf: bytes) } }
            } else {
                items += Array(removed(id, isDeleted: try row.decode(Bool.self, 5)).utf8)
            }
        }
        guard isFull else {
            let next = SyncToken(
                seen: until, issued: token.until == nil ? now : token.issued, system: system, form: form, rights: token.rights)
            return ChangesPage(items: items, next: .delta(next.encoded(for: fingerprint)))
        }
        // A long answer goes on telling of the same transactions; what commits meanwhile is told after it.
        let next = SyncToken(
            seen: token.seen, issued: token.until == nil ? now : token.issued, system: system, until: until, last: last, form: form,
            rights: token.rights)
        return ChangesPage(items: items, next: .page(next.encoded(for: fingerprint)))
    }

    /// Columns: the snapshot told of, the history that it belongs to, whether the token is of its past, id, JSON if the record is in the list, whether it is deleted,
    /// whether, not being in the list, it never was: it is only linked to what changed. A record made since the token is not such a one: the client may
    /// have read it, in a later page of the list or by the same token. At last, whether records that show in the list were given values by an apply, of
    /// which no change tells.
    private func statement(rows: Int) throws -> SQL {
        let compiler = try lists.makeCompiler()
        var conditions = try lists.rowConditions(compiler) + ["t.\"id\" = g.id"]
        if let filter = request.query.filter { conditions.append(try compiler.condition(filter, .lenient).operand) }
        if let search {
            conditions.append(try SearchCondition(search, type: request.type, compiler: compiler).matches(search))
        }
        let (object, join) = try compiler.object(of: compiler.record, query: request.query).joined()
        let (type, seen, until, last) = (key(0, compiler), key(1, compiler), key(2, compiler), key(3, compiler))
        let window = """
            c.xid >= pg_snapshot_xmin(\(seen)::pg_snapshot) AND NOT pg_visible_in_snapshot(c.xid, \(seen)::pg_snapshot) \
            AND pg_visible_in_snapshot(c.xid, (SELECT snapshot FROM told))
            """
        let links = LinkedChanges(catalog: store.catalog, window: window)
        let types = try links.types(of: request.query, request.type).map { "'\($0.id)'" }.joined(separator: ", ")
        let linked = try links.affected(request.type, request.query).map { ids in
            " UNION ALL SELECT l.id, FALSE FROM (\(ids)) AS l(id)"
        }
        // Without a condition, only a change of the record itself takes it out of the list.
        let isConditional = request.query.filter != nil || search != nil
        // A list with deleted records loses those that were purged alone, and tells of deleted ones as they are.
        let isGone = request.includeDeleted ? "x.id IS NULL" : "x.id IS NULL OR x.deleted_at IS NOT NULL"
        let neverThere = isConditional ? "FALSE" : "NOT bool_or(a.is_own)"
        let readable = compiler.guardCondition(request.type, alias: "x", includeDeleted: true)
        let now = compiler.guardCondition(request.type, alias: "x", includeDeleted: request.includeDeleted)
        let told = access.rights.isUnlimited ? "" : " AND (\(now ?? "TRUE") OR \(wasReadable(window, type, compiler)))"
        // Whoever may not read it any more isn't told what became of it.
        let isDeleted =
            access.rights.isUnlimited
            ? isGone : request.includeDeleted ? "FALSE" : "x.deleted_at IS NOT NULL AND \(readable ?? "TRUE")"
        let text = """
            WITH told AS MATERIALIZED (SELECT coalesce(\(until)::pg_snapshot, pg_current_snapshot()) AS snapshot), \
            changed AS MATERIALIZED (SELECT a.id, \(neverThere) AS never_there FROM ( \
            SELECT c.record_id AS id, TRUE AS is_own FROM tessera.change AS c \
            WHERE c.record_type = \(type) AND \(window)\(linked.joined())) AS a LEFT JOIN \(request.type.table.sql) AS x ON x.id = a.id \
            WHERE a.id > coalesce(\(last)::uuid, '00000000-0000-0000-0000-000000000000')\(told) GROUP BY a.id ORDER BY a.id LIMIT \(rows)) \
            SELECT told.snapshot::text, \(HistoryEpoch.name(at: "told.snapshot")), \
            \(HistoryEpoch.holds(key(4, compiler), "coalesce(\(until), \(seen))::pg_snapshot")), g.id, m.j, \
            coalesce(\(isDeleted), FALSE), g.never_there, EXISTS (SELECT 1 FROM tessera.refill AS f WHERE f.record_type IN (\(types)) \
            AND NOT pg_visible_in_snapshot(f.xid, \(seen)::pg_snapshot) AND pg_visible_in_snapshot(f.xid, told.snapshot)) \
            FROM told LEFT JOIN changed AS g ON TRUE LEFT JOIN \(request.type.table.sql) AS x ON x.id = g.id \
            LEFT JOIN LATERAL (SELECT \(object) AS j FROM \(compiler.record.from.text)\(join) WHERE \(conditions.joined(separator: " AND "))) \
            AS m ON TRUE ORDER BY g.id
            """
        let values = ReadValues(
            literals: compiler.consumedLiterals,
            recordKeys: [
                request.type.id.postgresParameter, token.seen.postgresParameter, token.until.postgresParameter,
                token.last.map { PostgresUUID(guid: $0) }.postgresParameter, token.system.postgresParameter,
            ],
            search: (search.map(SearchCondition.parameters) ?? []).map(\.postgresParameter))
        return CompiledRead(text: text, compiler: compiler).bound(values, access: access)
    }

    /// Whether the record `a.id` could be read before one of the changes that the token hasn't seen: only of such a one the caller may learn that it is
    /// in the list no more. What it held then is put together from what it holds now and the before-values since.
    private func wasReadable(_ window: String, _ typeKey: String, _ compiler: QueryCompiler) -> String {
        let table = request.type.table.sql
        return """
            EXISTS (SELECT 1 FROM tessera.change AS c LEFT JOIN \(table) AS y ON y.id = c.record_id CROSS JOIN LATERAL ( \
            SELECT jsonb_object_agg(e.key, e.value) AS image FROM (SELECT DISTINCT ON (e.key) e.key, e.value FROM tessera.change AS d \
            CROSS JOIN LATERAL jsonb_each(d.before) AS e WHERE d.record_id = c.record_id AND d.version >= c.version ORDER BY e.key, d.version) AS e) \
            AS b CROSS JOIN LATERAL jsonb_populate_record(NULL::\(table), coalesce(to_jsonb(y.*), '{}') || coalesce(b.image, '{}')) AS w \
            WHERE c.record_id = a.id AND c.record_type = \(typeKey) AND c.action <> 'create' AND \(window) \
            AND \(compiler.guardCondition(request.type, alias: "w", includeDeleted: request.includeDeleted) ?? "TRUE"))
            """
    }

    private func key(_ index: Int, _ compiler: QueryCompiler) -> String { compiler.placeholder(.recordKey(index)) }

    /// OData JSON 4.01 section 15.3; 4.0 has an object of another form.
    private func removed(_ id: GUID, isDeleted: Bool) -> String {
        let reason = isDeleted ? "deleted" : "changed"
        let address = "\(request.type.collection)(\(id))"
        guard request.format.version == .v4_0 else {
            return "{\"@removed\":{\"reason\":\"\(reason)\"},\"@id\":\"\(address)\",\"id\":\"\(id)\"}"
        }
        return "{\"@odata.context\":\"$metadata#\(request.type.collection)/$deletedEntity\",\"id\":\"\(address)\",\"reason\":\"\(reason)\"}"
    }

    private static let otherList = RecordsError(
        .badCursor, "The deltatoken belongs to another query or was changed: start anew, with Prefer: track-changes.", target: "deltatoken")

    static let otherForm = RecordsError(
        .syncExpired,
        "The manifests have changed since the deltatoken was given: an apply has given records values, or choices other categories. Read the whole list "
            + "anew, with Prefer: track-changes.",
        target: "deltatoken")

    static let otherRights = RecordsError(
        .syncExpired,
        "Your roles, teams or shares have changed since the deltatoken was given: read the whole list anew, with Prefer: track-changes.",
        target: "deltatoken")

    static let expired = RecordsError(
        .syncExpired,
        "The deltatoken is too old, or of another database, or given before this one was restored from a copy: what changed since can't be told. "
            + "Read the whole list anew, with Prefer: track-changes.",
        target: "deltatoken")
}

extension ListReader {
    /// What a token for changes says of the list.
    func form() throws -> ListForm {
        let types = try LinkedChanges(catalog: store.catalog, window: "").types(of: request.query, request.type)
        return ListForm(list: fingerprint, of: types)
    }
}

extension RecordsError.Code {
    /// What changed since a token can no longer be told.
    package static let syncExpired = RecordsError.Code(description: "records.sync_expired")
}
