import Catalog
import Manifests
import Postgres
import QueryLanguage

/// The records that links to one of several types are set to. No foreign key leads to several tables; so the statement that writes such links
/// does what PostgreSQL does for one: it locks the records that are linked to, against being purged until the write is committed, and fails
/// where one is gone.
struct AnyTargets {
    private struct Claim {
        var target: TableName
        var ids: [GUID]
        /// What a violation is reported under.
        var constraint: String
    }

    private let table: TableName
    private let claims: [Claim]

    init(_ drafts: [WriteDraft], of type: RecordType) {
        table = type.table
        claims = type.fields.flatMap { field -> [Claim] in
            guard case .linkAny(let targets) = field.type else { return [] }
            return targets.compactMap { target in
                let ids = Set(drafts.compactMap { Self.id(in: $0, field: field, target: target) })
                guard !ids.isEmpty else { return nil }
                return Claim(target: TableName(typeID: target), ids: ids.sorted(), constraint: type.constraint(ofAnyLink: field))
            }
        }
    }

    /// The record that a draft links to, unless the same request makes it: then nobody can purge it yet.
    private static func id(in draft: WriteDraft, field: Field, target: String) -> GUID? {
        guard draft.columns["\(field.key)_type"] == .string(target), case .guid(let id)? = draft.columns["\(field.key)_id"] else {
            return nil
        }
        return draft.linksWithin.contains(id) ? nil : id
    }

    /// Common table expressions that lock the records, with a comma before each.
    var locks: SQL {
        var sql = SQL()
        for (position, claim) in claims.enumerated() {
            let ids = claim.ids.map { PostgresUUID(guid: $0) }
            sql += """
                , any\(raw: String(position)) AS MATERIALIZED (SELECT t.id FROM \(raw: claim.target.sql) t WHERE t.id = ANY(\(bind: ids)) \
                ORDER BY t.id FOR KEY SHARE OF t)
                """
        }
        return sql
    }

    /// Holds, or fails with a foreign key violation. Nil when nothing is to be held.
    var condition: SQL? {
        guard !claims.isEmpty else { return nil }
        let tests = claims.enumerated().map { position, claim -> SQL in
            """
            tessera.all_linkable((SELECT count(*) FROM any\(raw: String(position))), \(bind: Int64(claim.ids.count)), \
            '\(raw: table.schema)', '\(raw: table.name)', '\(raw: claim.constraint)')
            """
        }
        return SQL.joined(tests, separator: " AND ")
    }
}

extension RecordType {
    /// The name under which a link to one of several types that leads nowhere is reported, as if it were a foreign key.
    func constraint(ofAnyLink field: Field) -> String { StorageName.derived(key, ["\(field.key)_id"], "any") }
}
