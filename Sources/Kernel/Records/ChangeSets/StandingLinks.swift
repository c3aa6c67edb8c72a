import Catalog
import Postgres
import QueryLanguage

/// Which of the records that a change set made are linked to by records that the same undo doesn't put back: those stand on them.
struct StandingLinks {
    let store: RecordStore
    let catalog: Catalog
    /// The change set, and those of its undos and their undos.
    let changeSets: [GUID]

    func targets(among ids: [GUID], of type: RecordType) async throws -> Set<GUID> {
        guard !ids.isEmpty else { return [] }
        var found: Set<GUID> = []
        for sql in statements(ids.map { PostgresUUID(guid: $0) }, type) {
            for row in try await store.statements.query(sql).rows { found.insert(GUID(postgres: try row.decode(PostgresUUID.self, 0))) }
        }
        return found
    }

    private func statements(_ ids: [PostgresUUID], _ type: RecordType) -> [SQL] {
        let own: SQL = """
            t.deleted_at IS NULL AND NOT EXISTS (SELECT 1 FROM tessera.change c \
            WHERE c.record_id = t.id AND c.version = t.version AND c.change_set = ANY(\(bind: changeSets.map(PostgresUUID.init(guid:)))))
            """
        var statements: [SQL] = []
        for source in catalog.types {
            for field in source.fields {
                switch field.type {
                case .link(let link) where link.target == type.id:
                    let column = "\(field.key)_id"
                    statements.append(
                        """
                        SELECT DISTINCT t.\(identifier: column) FROM \(raw: source.table.sql) t \
                        WHERE t.\(identifier: column) = ANY(\(bind: ids)) AND \(own)
                        """)
                case .linkAny(let targets) where targets.contains(type.id):
                    let column = "\(field.key)_id"
                    statements.append(
                        """
                        SELECT DISTINCT t.\(identifier: column) FROM \(raw: source.table.sql) t WHERE t.\(identifier: column) = ANY(\(bind: ids)) \
                        AND t.\(identifier: "\(field.key)_type") = \(bind: type.id) AND \(own)
                        """)
                case .links(let links) where links.target == type.id:
                    guard let table = source.childTable(of: field) else { continue }
                    statements.append(
                        """
                        SELECT DISTINCT l.target_id FROM \(raw: table.name.sql) l JOIN \(raw: source.table.sql) t ON t.id = l.source_id \
                        WHERE l.target_id = ANY(\(bind: ids)) AND \(own)
                        """)
                default: continue
                }
            }
        }
        return statements
    }
}
