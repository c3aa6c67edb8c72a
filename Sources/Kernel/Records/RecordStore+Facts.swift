package import Catalog
package import Permissions
import Postgres
package import QueryLanguage

/// What of records decides about rights to them, for the back end in memory.
extension RecordStore {
    /// By id; records that there aren't are left out, deleted ones are there.
    ///
    /// - Parameter reading: the fields and system columns that conditions read, of a type by its full id.
    package func facts(
        of ids: [GUID], _ type: RecordType, reading names: (_ type: String) -> Set<String>
    ) async throws -> [GUID: RecordFacts] {
        let keys = ids.map { PostgresUUID(guid: $0) }
        let owners = try await run(
            """
            SELECT id, owner_id, created_by, \(identifier: type.parent?.column ?? "id"), deleted_at IS NOT NULL FROM \(raw: type.table.sql) \
            WHERE id = ANY(\(bind: keys))
            """)
        var facts: [GUID: RecordFacts] = [:]
        var above: [GUID: GUID] = [:]
        for row in owners.rows {
            let id = GUID(postgres: try row.decode(PostgresUUID.self, 0))
            facts[id] = RecordFacts(
                owner: GUID(postgres: try row.decode(PostgresUUID.self, 1)), creator: GUID(postgres: try row.decode(PostgresUUID.self, 2)),
                moment: .now, id: id, isDeleted: try row.decode(Bool.self, 4))
            if type.parent != nil { above[id] = try row.decode(PostgresUUID?.self, 3).map(GUID.init(postgres:)) }
        }
        guard !facts.isEmpty else { return [:] }
        let shares = try await run(
            """
            SELECT record_id, grantee_id, level FROM tessera.share WHERE record_id = ANY(\(bind: keys)) AND record_type = \(bind: type.id) \
            AND (ends_at IS NULL OR ends_at > now())
            """)
        for row in shares.rows {
            let (id, grantee) = (try row.decode(PostgresUUID.self, 0), try row.decode(PostgresUUID.self, 1))
            facts[GUID(postgres: id)]?.shares[GUID(postgres: grantee)] = ShareLevel(rawValue: Int(try row.decode(Int64.self, 2)))
        }
        let read = names(type.id)
        if !read.isEmpty {
            for (id, values) in try await valuesForRights(of: ids, type, reading: read) { facts[id]?.values = values }
        }
        if let link = type.parent, let parent = catalog.type(id: link.type) {
            let parents = try await self.facts(of: Array(Set(above.values)), parent, reading: names)
            for (id, parent) in above { facts[id]?.parents[link] = parents[parent] }
        }
        return facts
    }

    /// What records hold, by property, whoever asks.
    private func valuesForRights(
        of ids: [GUID], _ type: RecordType, reading names: Set<String>
    ) async throws -> [GUID: [String: Value]] {
        let everything = Access(principal: .administrator, channel: .system, rights: .unlimited)
        return try await ReadFailure.translating {
            try await StoredValues(store: self, type: type, access: everything).load(ids, fields: names, includeDeleted: true)
                .mapValues(\.values)
        }
    }
}
